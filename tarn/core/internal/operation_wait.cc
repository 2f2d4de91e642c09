// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/internal/operation_wait.h>

#include <cerrno>

namespace tarn::internal {

bool OperationWait::cancel_operation(Leaf* leaf, const std::exception_ptr& reason) {
  auto* const self = static_cast<OperationWait*>(leaf);
  self->task_->set_reason(reason);
  if (!self->cancelled) {
    self->cancelled = true;
    self->task_->loop->port->cancel(*self);
  }
  return true;
}

std::int64_t OperationWait::settle() {
  if (cancelled && result == -ECANCELED) task_->raise_cancelled();
  // The kernel had won: nothing may be lost. The next await that suspends raises instead.
  task_->flags =
      static_cast<std::uint8_t>((task_->flags & ~(FutureBase::deliver | FutureBase::must)) | FutureBase::owed);
  return result;
}

}  // namespace tarn::internal
