// SPDX-License-Identifier: BSL-1.0
// OperationWait: awaits one Operation of the Port. The task stays suspended until the Port has given the buffer back,
// cancelled or not; an operation that had won delivers its result, and the cancellation is then owed.
//
// It is what the rooms above (net, os) wait with; users don't meet it.
#pragma once
#include <tarn/core/coro.h>

namespace tarn {

namespace internal {

/// How many operations in a row may finish at once before their task yields: a peer that always has data must not keep
/// the loop from everybody else.
inline constexpr unsigned immediate_operations_max = 32;

/// Of this thread, since an operation last had to wait.
inline TARN_THREAD_LOCAL unsigned immediate_operations = 0;

/// Counts an operation that needed no waiting. True: it is time to yield.
inline bool spend_immediate_operation() noexcept {
  if (++immediate_operations < immediate_operations_max) return false;
  immediate_operations = 0;
  return true;
}

/// One yield that raises nothing: what a kernel operation has given must not be lost. A cancellation is owed instead.
struct OperationYield {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) const {
    hot.current->leaf = h;
    hot.current->loop->ready.push(hot.current);
  }
  void await_resume() const;
};

}  // namespace internal

/// Awaits an Operation; gives its result as the system call does: >= 0, or -errno (-ECANCELED only after stop()).
/// Cancel: safe: CancelledError only if the operation did not happen; otherwise its result, and the next await raises.
/// Lifetime: what `buffer` points to lives until it returns.   Cost: no allocation.   Thread: the loop's own.
class [[nodiscard("an operation does nothing until it is awaited")]] OperationWait : Operation, internal::Leaf {
 public:
  OperationWait(Op what, int descriptor, void* buffer = nullptr, std::size_t length = 0) {
    op = what;
    fd = descriptor;
    data = buffer;
    size = length;
  }
  OperationWait(const OperationWait&) = delete;
  OperationWait& operator=(const OperationWait&) = delete;

  /// Ends the wait without cancelling the task: the await gives -ECANCELED, or the result if that had won. No effect
  /// unless it is in flight.
  void stop() {
    if (in_flight_ && !cancelled) task_->loop->port->cancel(*this);
  }

  /// Of its own, because g++ 12 copies an awaiter that has a name.
  class Awaiter {
   public:
    explicit Awaiter(OperationWait* wait) : wait_(wait) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) const { return wait_->start(h); }
    std::int64_t await_resume() const { return wait_->end(); }

   private:
    OperationWait* wait_;
  };
  Awaiter operator co_await() noexcept { return Awaiter(this); }

 private:
  // False: it has finished at once, and the task goes on.
  bool start(std::coroutine_handle<> h) {
    internal::TaskBase* const self = internal::hot.current;
    task_ = self;
    complete = &finished;
    if (self->loop->port->submit(*this)) {
      if (!internal::spend_immediate_operation()) return false;
      yielded_ = true;
      self->leaf = h;
      self->loop->ready.push(self);
      return true;
    }
    internal::immediate_operations = 0;
    in_flight_ = yielded_ = true;
    Leaf::cancel = &cancel_operation;
    self->suspend(this, h);
    return true;
  }
  std::int64_t end() {
    if (yielded_ && (asked_ || (task_->flags & (internal::FutureBase::deliver | internal::FutureBase::must))))
        [[unlikely]]
      settle();
    return result;
  }
  static void finished(Operation* operation) {
    auto* const self = static_cast<OperationWait*>(operation);
    self->in_flight_ = false;
    self->task_->wake();
  }
  static bool cancel_operation(internal::Leaf* leaf, const std::exception_ptr& reason);
  /// Errors: CancelledError if the operation gave way to the cancellation.
  void settle();

  internal::TaskBase* task_ = nullptr;
  bool in_flight_ = false;
  bool yielded_ = false;  // the task was suspended meanwhile
  bool asked_ = false;    // the task's cancel() has reached the operation
};

}  // namespace tarn
