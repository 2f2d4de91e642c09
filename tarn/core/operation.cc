// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/operation.h>

#include <cerrno>

namespace tarn {

using internal::FutureBase;

namespace {

// The kernel had won: nothing may be lost. The next await that suspends raises instead, unless every request was taken
// back meanwhile.
void owe_cancellation(internal::TaskBase* task) {
  task->flags &= static_cast<std::uint8_t>(~(FutureBase::deliver | FutureBase::must));
  if (task->cancels > 0) task->flags |= FutureBase::owed;
}

}  // namespace

void internal::OperationYield::await_resume() const {
  if (hot.current->flags & FutureBase::must) [[unlikely]]
    owe_cancellation(hot.current);
}

bool OperationWait::cancel_operation(internal::Leaf* leaf, const std::exception_ptr& reason) {
  auto* const self = static_cast<OperationWait*>(leaf);
  self->task_->set_reason(reason);
  self->asked_ = true;
  self->stop();
  return true;
}

void OperationWait::settle() {
  if (asked_ && result == -ECANCELED) task_->raise_cancelled();
  owe_cancellation(task_);
}

}  // namespace tarn
