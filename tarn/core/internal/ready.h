// SPDX-License-Identifier: BSL-1.0
// What the loop runs: Ready nodes in one FIFO, and timers, which become Ready when they are due. Nodes live in their
// owner (a task's state, an awaiter in a frame, a callback's block): scheduling allocates nothing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tarn::internal {

struct Ready {
  Ready* next = nullptr;
  /// Does the work. `drop`: the loop is closing; free what the node owns and run nothing.
  void (*run)(Ready*, bool drop) = nullptr;
};

/// FIFO of Ready nodes. The last node's `next` is written only when the batch is taken.
struct ReadyQueue {
  Ready* head = nullptr;
  Ready** tail = &head;

  ReadyQueue() = default;
  ReadyQueue(const ReadyQueue&) = delete;
  ReadyQueue& operator=(const ReadyQueue&) = delete;

  bool empty() const { return tail == &head; }
  void push(Ready* node) {
    *tail = node;
    tail = &node->next;
  }
  /// Appends a chain whose last node's `next` field is at `last`.
  void push_chain(Ready* first, Ready** last) {
    *tail = first;
    tail = last;
  }
  Ready* take() {
    *tail = nullptr;
    Ready* const batch = head;
    head = nullptr;
    tail = &head;
    return batch;
  }
  /// Puts back, in front, what of a batch has not run.
  void put_back(Ready* rest) {
    if (!rest) return;
    Ready* last = rest;
    while (last->next) last = last->next;
    const bool was_empty = empty();
    if (!was_empty) last->next = head;
    head = rest;
    if (was_empty) tail = &last->next;
  }
};

/// A moment at which a node becomes ready. Unset: slot is `none`.
struct Timer : Ready {
  static constexpr std::uint32_t none = UINT32_MAX;
  std::int64_t when = 0;
  std::uint32_t slot = none;   ///< its place in the heap
  std::uint32_t sequence = 0;  ///< equal deadlines fire in the order in which they were set
  bool armed() const { return slot != none; }
};

/// A 4-ary heap of timers that knows each one's place: O(log n) to set and to unset, nothing left behind by unset.
class TimerHeap {
 public:
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  std::int64_t next() const { return heap_[0].when; }

  void set(Timer* timer, std::int64_t when) {
    timer->when = when;
    timer->sequence = sequence_++;
    heap_.push_back({});
    up(heap_.size() - 1, {when, timer});
  }
  void unset(Timer* timer) {
    const std::size_t i = timer->slot;
    timer->slot = Timer::none;
    const Entry moved = heap_.back();
    heap_.pop_back();
    if (i == heap_.size()) return;
    if (i > 0 && before(moved, heap_[(i - 1) / 4]))
      up(i, moved);
    else
      down(i, moved);
  }
  /// Moves everything due at `now` to `queue`, in order.
  void release(std::int64_t now, ReadyQueue& queue) {
    while (!heap_.empty() && heap_[0].when <= now) {
      Timer* const timer = heap_[0].timer;
      unset(timer);
      queue.push(timer);
    }
  }

 private:
  struct Entry {
    std::int64_t when;
    Timer* timer;
  };
  static bool before(const Entry& a, const Entry& b) {
    return a.when != b.when ? a.when < b.when : static_cast<std::int32_t>(a.timer->sequence - b.timer->sequence) < 0;
  }
  void place(std::size_t i, Entry entry) {
    heap_[i] = entry;
    entry.timer->slot = static_cast<std::uint32_t>(i);
  }
  void up(std::size_t i, Entry entry) {
    while (i > 0 && before(entry, heap_[(i - 1) / 4])) {
      place(i, heap_[(i - 1) / 4]);
      i = (i - 1) / 4;
    }
    place(i, entry);
  }
  void down(std::size_t i, Entry entry) {
    const std::size_t n = heap_.size();
    for (;;) {
      const std::size_t first = 4 * i + 1;
      if (first >= n) break;
      std::size_t least = first;
      for (std::size_t k = first + 1; k < first + 4 && k < n; ++k)
        if (before(heap_[k], heap_[least])) least = k;
      if (!before(heap_[least], entry)) break;
      place(i, heap_[least]);
      i = least;
    }
    place(i, entry);
  }

  std::vector<Entry> heap_;
  std::uint32_t sequence_ = 0;
};

}  // namespace tarn::internal
