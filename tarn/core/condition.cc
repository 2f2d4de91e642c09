// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/condition.h>

namespace tarn {

namespace {
Coro<std::exception_ptr> take_again(Lock& lock) {
  std::exception_ptr cancelled;
  for (bool taken = false; !taken;) {
    try {
      co_await lock.acquire();
      taken = true;
    } catch (const CancelledError&) {
      cancelled = std::current_exception();
    }
  }
  co_return cancelled;
}
}  // namespace

Coro<> Condition::wait() {
  if (!locked()) throw RuntimeError("cannot wait on un-acquired lock");
  std::exception_ptr error;
  lock_->release();
  try {
    co_await internal::WaiterAwait<Condition>(this);
  } catch (...) {
    error = std::current_exception();
  }
  const std::exception_ptr cancelled = co_await take_again(*lock_);
  if (cancelled) error = cancelled;
  if (!error) co_return;
  wake(1);  // the notification may have been for this one: somebody else shall have it
  std::rethrow_exception(error);
}

void Condition::wake(std::size_t n) {
  while (n-- > 0 && waiters_.wake_next()) {
  }
}

void Condition::notify(std::size_t n) {
  if (!locked()) throw RuntimeError("cannot notify on un-acquired lock");
  if (n == SIZE_MAX) return waiters_.wake_all();
  wake(n);
}

}  // namespace tarn
