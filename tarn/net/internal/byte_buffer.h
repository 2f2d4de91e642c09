// SPDX-License-Identifier: BSL-1.0
// ByteBuffer: bytes that come in at the back and leave at the front. Both are O(1) amortized: taking moves an offset,
// and what is left is moved down only when room is wanted and at least half of the memory lies free in front.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace tarn::internal {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;
  ~ByteBuffer() { std::free(memory_); }

  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  char* data() noexcept { return memory_ + begin_; }
  std::string_view view() const noexcept { return {memory_ + begin_, size()}; }
  std::size_t capacity() const noexcept { return capacity_; }

  /// Where to write at least `count` more bytes. Earlier pointers are void.
  char* room(std::size_t count) {
    if (capacity_ - end_ < count) make_room(count);
    return memory_ + end_;
  }
  /// How many bytes fit behind the last one without moving anything.
  std::size_t room_left() const noexcept { return capacity_ - end_; }
  /// `count` bytes were written to room().
  void added(std::size_t count) noexcept { end_ += count; }

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(room(bytes.size()), bytes.data(), bytes.size());
    end_ += bytes.size();
  }
  /// Forgets `count` bytes at the front.
  void drop(std::size_t count) noexcept {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void clear() noexcept { begin_ = end_ = 0; }
  /// Empties it and gives the memory back.
  void release() noexcept {
    std::free(std::exchange(memory_, nullptr));
    begin_ = end_ = capacity_ = 0;
  }
  void swap(ByteBuffer& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
  }

 private:
  void make_room(std::size_t count) {
    const std::size_t used = size();
    if (begin_ >= used && capacity_ - used >= count) {
      if (used != 0) std::memmove(memory_, memory_ + begin_, used);
    } else {
      std::size_t bigger = capacity_ * 2;
      if (bigger < used + count) bigger = used + count;
      char* const fresh = static_cast<char*>(std::malloc(bigger));
      if (!fresh) throw std::bad_alloc();
      if (used != 0) std::memcpy(fresh, memory_ + begin_, used);
      std::free(memory_);
      memory_ = fresh;
      capacity_ = bigger;
    }
    begin_ = 0;
    end_ = used;
  }

  char* memory_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace tarn::internal
