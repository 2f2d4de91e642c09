// SPDX-License-Identifier: BSL-1.0
// OperationWait: awaits one Operation of the Port. The task stays suspended until the Port has given the buffer back,
// cancelled or not; an operation that had won delivers its result, and the cancellation is then owed.
#pragma once
#include <tarn/core/internal/task_state.h>

namespace tarn::internal {

class [[nodiscard("an operation does nothing until it is awaited")]] OperationWait : Operation, Leaf {
 public:
  OperationWait(Op what, int descriptor, void* buffer = nullptr, std::size_t length = 0) {
    op = what;
    fd = descriptor;
    data = buffer;
    size = length;
  }
  /// Before it suspends only. g++ 12 moves awaiters into the frame.
  OperationWait(OperationWait&& other) noexcept : OperationWait(other.op, other.fd, other.data, other.size) {}
  OperationWait& operator=(OperationWait&&) = delete;

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) {
    TaskBase* const self = hot.current;
    complete = [](Operation* o) { static_cast<OperationWait*>(o)->task_->wake(); };
    Leaf::cancel = &cancel_operation;
    if (self->loop->port->submit(*this)) return false;
    task_ = self;
    self->suspend(this, h);
    return true;
  }
  /// As the system call: >= 0, or -errno.
  std::int64_t await_resume() {
    if (task_ && (cancelled || (task_->flags & (FutureBase::deliver | FutureBase::must)))) [[unlikely]]
      return settle();
    return result;
  }

 private:
  /// Errors: CancelledError if the operation gave way to the cancellation.
  std::int64_t settle();
  static bool cancel_operation(Leaf* leaf, const std::exception_ptr& reason);

  TaskBase* task_ = nullptr;  // nullptr: it finished at once
};

}  // namespace tarn::internal
