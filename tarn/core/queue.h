// SPDX-License-Identifier: BSL-1.0
// Queue<T>: items between tasks of one loop, first in, first out; with a size limit, put() waits for room.
#pragma once
#include <tarn/core/internal/ring.h>
#include <tarn/core/internal/waiters.h>
#include <tarn/core/locks.h>

#include <vector>

namespace tarn {

namespace internal {

/// The part of a queue that doesn't depend on what is in it.
class QueueBase {
 public:
  explicit QueueBase(std::size_t maxsize) : maxsize_(maxsize) { none_unfinished_.set(); }

  /// 0: no limit.
  std::size_t maxsize() const { return maxsize_; }
  bool is_shutdown() const { return shutdown_; }

  /// One item that get() gave has been worked on. Errors: ValueError if called more often than there were items.
  void task_done();
  /// Waits until every item that was put has had its task_done(). Cancel: safe.
  Coro<> join();

 protected:
  friend class QueueWait;
  void one_more() {
    if (unfinished_++ == 0) none_unfinished_.clear();
  }
  void shut_down(std::size_t dropped);

  std::size_t maxsize_;
  std::size_t unfinished_ = 0;
  bool shutdown_ = false;
  Event none_unfinished_;
  WaiterList getters_;
  WaiterList putters_;
};

/// Waits in one of a queue's two lines until `blocked` is false; re-checks when woken, and goes to the end of the line
/// again if somebody was faster, as asyncio does.
class QueueWait : protected Waiter {
 public:
  void await_suspend(std::coroutine_handle<> h) {
    task = hot.current;
    handle_ = h;
    Leaf::cancel = &cancel_wait;
    run = &again;
    enlist();
  }

 protected:
  using Blocked = bool (*)(const QueueBase*);
  QueueWait(QueueBase* queue, WaiterList QueueBase::* line, Blocked blocked)
      : queue_(queue), line_(line), blocked_(blocked) {}
  QueueWait(QueueWait&& other) noexcept
      : Waiter(), queue_(other.queue_), line_(other.line_), blocked_(other.blocked_) {}
  ~QueueWait() {
    if (listed) (queue_->*line_).remove(this);
  }
  /// In await_resume: raises what came instead of the turn.
  void finish() {
    if (task) finish_waiting();
  }

 private:
  void finish_waiting();
  void enlist() {
    woken = false;
    (queue_->*line_).push(this);
    task->suspend(this, handle_);
  }
  static void again(Ready* node, bool drop);
  static bool cancel_wait(Leaf* leaf, const std::exception_ptr& reason);

 protected:
  QueueBase* queue_;

 private:
  WaiterList QueueBase::* line_;
  Blocked blocked_;
  std::coroutine_handle<> handle_;
};

template <class T>
struct FifoStore {
  Ring<T> items;
  bool empty() const { return items.empty(); }
  std::size_t size() const { return items.size(); }
  void push(T v) { items.push(std::move(v)); }
  T pop() { return items.pop(); }
};
template <class T>
struct LifoStore {
  std::vector<T> items;
  bool empty() const { return items.empty(); }
  std::size_t size() const { return items.size(); }
  void push(T v) { items.push_back(std::move(v)); }
  T pop() {
    T v = std::move(items.back());
    items.pop_back();
    return v;
  }
};
template <class T>
struct PriorityStore {
  std::vector<T> items;
  bool empty() const { return items.empty(); }
  std::size_t size() const { return items.size(); }
  void push(T v) {
    items.push_back(std::move(v));
    for (std::size_t i = items.size() - 1; i > 0 && items[i] < items[(i - 1) / 2]; i = (i - 1) / 2)
      std::swap(items[i], items[(i - 1) / 2]);
  }
  T pop() {
    std::swap(items.front(), items.back());
    T v = std::move(items.back());
    items.pop_back();
    for (std::size_t i = 0, child = 1; child < items.size(); child = 2 * i + 1) {
      if (child + 1 < items.size() && items[child + 1] < items[child]) ++child;
      if (!(items[child] < items[i])) break;
      std::swap(items[i], items[child]);
      i = child;
    }
    return v;
  }
};

template <class T, class Store>
class BasicQueue : public QueueBase {
 public:
  explicit BasicQueue(std::size_t maxsize = 0) : QueueBase(maxsize) {}
  BasicQueue(const BasicQueue&) = delete;
  BasicQueue& operator=(const BasicQueue&) = delete;

  std::size_t qsize() const { return store_.size(); }
  bool empty() const { return store_.empty(); }
  bool full() const { return maxsize_ > 0 && store_.size() >= maxsize_; }

  /// Errors: QueueFull; QueueShutDown.
  void put_nowait(T value) {
    if (shutdown_) [[unlikely]]
      throw QueueShutDown();
    if (full()) [[unlikely]]
      throw QueueFull();
    store_.push(std::move(value));
    one_more();
    getters_.release_next();
  }
  /// Errors: QueueEmpty; QueueShutDown once it is shut down and empty.
  T get_nowait() {
    if (empty()) [[unlikely]] {
      if (shutdown_) throw QueueShutDown();
      throw QueueEmpty();
    }
    T value = store_.pop();
    putters_.release_next();
    return value;
  }

  class [[nodiscard("get() does nothing until it is awaited")]] Get : public QueueWait {
   public:
    explicit Get(BasicQueue* q) : QueueWait(q, &BasicQueue::getters_, &blocked) {}
    bool await_ready() const { return !blocked(queue_); }
    T await_resume() {
      finish();
      return static_cast<BasicQueue*>(queue_)->get_nowait();
    }
    operator Coro<T>() && { return as_coro(std::move(*this)); }

   private:
    static bool blocked(const QueueBase* q) {
      auto* const queue = static_cast<const BasicQueue*>(q);
      return queue->empty() && !queue->shutdown_;
    }
  };
  class [[nodiscard("put() does nothing until it is awaited")]] Put : public QueueWait {
   public:
    Put(BasicQueue* q, T value) : QueueWait(q, &BasicQueue::putters_, &blocked), value_(std::move(value)) {}
    bool await_ready() const { return !blocked(queue_); }
    void await_resume() {
      finish();
      static_cast<BasicQueue*>(queue_)->put_nowait(std::move(value_));
    }
    operator Coro<void>() && { return as_coro(std::move(*this)); }

   private:
    static bool blocked(const QueueBase* q) {
      auto* const queue = static_cast<const BasicQueue*>(q);
      return queue->full() && !queue->shutdown_;
    }
    T value_;
  };

  /// Waits for an item and takes it. Errors: QueueShutDown.   Cancel: safe, no item is lost.   Cost: no allocation.
  Get get() { return Get(this); }
  /// Waits for room and puts. Errors: QueueShutDown.   Cancel: safe; the value is dropped.   Cost: no allocation.
  Put put(T value) { return Put(this, std::move(value)); }

  /// No more puts; gets drain what is there and then raise QueueShutDown. `immediate` drops what is there, too.
  void shutdown(bool immediate = false) {
    std::size_t dropped = 0;
    for (; immediate && !empty(); ++dropped) store_.pop();
    shut_down(dropped);
  }

 private:
  Store store_;
};

}  // namespace internal

/// Python: asyncio.Queue.
template <class T>
class Queue : public internal::BasicQueue<T, internal::FifoStore<T>> {
 public:
  using internal::BasicQueue<T, internal::FifoStore<T>>::BasicQueue;
};
/// The newest first. Python: asyncio.LifoQueue.
template <class T>
class LifoQueue : public internal::BasicQueue<T, internal::LifoStore<T>> {
 public:
  using internal::BasicQueue<T, internal::LifoStore<T>>::BasicQueue;
};
/// The least first, by `<`. Python: asyncio.PriorityQueue.
template <class T>
class PriorityQueue : public internal::BasicQueue<T, internal::PriorityStore<T>> {
 public:
  using internal::BasicQueue<T, internal::PriorityStore<T>>::BasicQueue;
};

}  // namespace tarn
