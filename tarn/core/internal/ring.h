// SPDX-License-Identifier: BSL-1.0
// Ring: a FIFO in one block that doubles, for queues that are filled and emptied for ever.
#pragma once
#include <cstddef>
#include <new>
#include <utility>

namespace tarn::internal {

template <class T>
class Ring {
 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() {
    while (!empty()) pop();
    ::operator delete(slots_, std::align_val_t(alignof(T)));
  }
  bool empty() const { return first_ == last_; }
  std::size_t size() const { return last_ - first_; }
  void push(T value) {
    if (size() == capacity_) grow();
    new (slot(last_)) T(std::move(value));
    ++last_;
  }
  T pop() {
    T* const p = slot(first_);
    T value = std::move(*p);
    p->~T();
    ++first_;
    return value;
  }

 private:
  T* slot(std::size_t i) const { return slots_ + (i & (capacity_ - 1)); }
  void grow() {
    const std::size_t wider = capacity_ ? 2 * capacity_ : 8;
    T* const fresh = static_cast<T*>(::operator new(wider * sizeof(T), std::align_val_t(alignof(T))));
    const std::size_t n = size();
    for (std::size_t i = 0; i < n; ++i) {
      T* const old = slot(first_ + i);
      new (fresh + i) T(std::move(*old));
      old->~T();
    }
    ::operator delete(slots_, std::align_val_t(alignof(T)));
    slots_ = fresh;
    capacity_ = wider;
    first_ = 0;
    last_ = n;
  }
  T* slots_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
};

}  // namespace tarn::internal
