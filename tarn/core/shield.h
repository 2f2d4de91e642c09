// SPDX-License-Identifier: BSL-1.0
// shield(): lets a caller be cancelled without what it waits for.
#pragma once
#include <tarn/core/task.h>

namespace tarn {

namespace internal {

/// "ValueError exception in shielded future": the caller had gone when the inner failed.
void report_shielded(const AnyFuture& inner, const std::exception_ptr& error) noexcept;

template <class F>
Future<typename F::Value> shield_future(const F& inner) {
  using T = typename F::Value;
  Future<T> outer(internal_access::state(inner)->loop);
  const auto copy = [outer](const F& done) {
    if (outer.done()) {  // the caller has gone: an error must still reach somebody
      if (!outer.cancelled() || done.cancelled()) return;
      if (const std::exception_ptr error = done.exception()) report_shielded(done, error);
      return;
    }
    if (done.cancelled()) {
      outer.cancel();
    } else if (std::exception_ptr error = done.exception()) {
      outer.set_exception(std::move(error));
    } else if constexpr (std::is_void_v<T>) {
      outer.set_result();
    } else if constexpr (std::is_copy_constructible_v<T>) {
      outer.set_result(done.result());
    } else {
      outer.set_result(std::move(const_cast<T&>(done.result())));
    }
  };
  if (inner.done())
    copy(inner);
  else
    inner.add_done_callback(copy);
  return outer;
}

}  // namespace internal

/// A future of the same result: cancelling it, or a task that awaits it, leaves the inner one running. The loop owns
/// the inner task. If the caller has gone and the inner fails, the exception handler is told.
/// Errors: the inner's; CancelledError if the inner is cancelled.   Python: asyncio.shield.
template <Awaitable A>
auto shield(A&& awaitable) {
  return internal::shield_future(ensure_future(std::forward<A>(awaitable)));
}

}  // namespace tarn
