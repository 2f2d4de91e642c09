// SPDX-License-Identifier: BSL-1.0
// OpQueue: a FIFO of Operations through their own `next` and `prev`, so that queueing never allocates.
#pragma once
#include <tarn/core/port.h>

namespace tarn::internal {

class OpQueue {
 public:
  bool empty() const noexcept { return head_ == nullptr; }
  Operation* front() const noexcept { return head_; }

  void push(Operation& op) noexcept {
    op.next = nullptr;
    op.prev = tail_;
    (tail_ != nullptr ? tail_->next : head_) = &op;
    tail_ = &op;
  }

  void remove(Operation& op) noexcept {
    (op.prev != nullptr ? op.prev->next : head_) = op.next;
    (op.next != nullptr ? op.next->prev : tail_) = op.prev;
    op.next = op.prev = nullptr;
  }

  /// Precondition: not empty().
  Operation& pop() noexcept {
    Operation& op = *head_;
    remove(op);
    return op;
  }

  /// Moves everything of `other` to the end of this queue.
  void take(OpQueue& other) noexcept {
    if (other.empty()) return;
    (tail_ != nullptr ? tail_->next : head_) = other.head_;
    other.head_->prev = tail_;
    tail_ = other.tail_;
    other.head_ = other.tail_ = nullptr;
  }

 private:
  Operation* head_ = nullptr;
  Operation* tail_ = nullptr;
};

}  // namespace tarn::internal
