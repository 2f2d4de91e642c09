// SPDX-License-Identifier: BSL-1.0
// Timeouts: timeout(), timeout_at(), wait_for(). At the deadline the task is cancelled; on the way out the cancellation
// becomes a TimeoutError, unless somebody else had asked for one too.
#pragma once
#include <tarn/core/event_loop.h>
#include <tarn/core/with.h>

namespace tarn {

/// A deadline around a block: `co_await with(timeout(5s), [&](Timeout& t) -> Coro<> {…})`.
/// Errors: TimeoutError at the exit if the deadline passed; RuntimeError outside a task or entered twice.
/// Python: asyncio.Timeout.
class Timeout {
 public:
  /// A moment on the loop's clock, or none.
  explicit Timeout(OptionalDuration when) : when_(when) {}
  /// Only before it is entered.
  Timeout(Timeout&& other) noexcept : when_(other.when_), ahead_(other.ahead_) {}
  Timeout& operator=(Timeout&&) = delete;
  ~Timeout();

  Timeout& aenter();
  /// Always false: raises the TimeoutError itself.
  bool aexit(const std::exception_ptr& error);

  /// The deadline on the loop's clock, if there is one.
  OptionalDuration when() const { return when_; }
  /// Moves the deadline; one in the past fires in the next iteration. Errors: RuntimeError unless entered and running.
  void reschedule(OptionalDuration when);
  /// The deadline passed while the block ran.
  bool expired() const { return state_ == State::expiring || state_ == State::expired; }

  /// For the library: whether the cancellation that ends the block is this deadline's own. Takes its request back.
  bool take_back();

 private:
  enum class State : std::uint8_t { created, active, expiring, expired, finished };
  friend Timeout timeout(OptionalDuration delay);
  void disarm();

  OptionalDuration when_;
  bool ahead_ = false;  ///< it lay in the future a moment ago: entering need not read the clock again
  AnyTask task_;
  std::optional<Handle> handle_;
  State state_ = State::created;
  int cancelling_ = 0;
};

/// A deadline `delay` from now; none: never. Python: asyncio.timeout.
Timeout timeout(OptionalDuration delay);
/// A deadline at a moment of EventLoop::time(). Python: asyncio.timeout_at.
Timeout timeout_at(OptionalDuration when);

namespace internal {

template <class A>
Coro<AwaitResult<A>> wait_for_scoped(A awaitable, OptionalDuration delay) {
  using T = AwaitResult<A>;
  Timeout scope = timeout(delay);
  scope.aenter();
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(awaitable);
      scope.aexit(nullptr);
    } else {
      T value = co_await std::move(awaitable);
      scope.aexit(nullptr);
      co_return value;
    }
  } catch (...) {
    scope.aexit(std::current_exception());
    throw;
  }
}

/// Cancels `future`, waits until it is done whatever it does, and leaves its value to the caller.
Coro<> cancel_and_wait(AnyFuture future);

// The task is made here, not at the call: it must be cancelled before it gets its first step.
template <class A>
Coro<AwaitResult<A>> wait_for_nothing(A awaitable) {
  auto future = ensure_future(std::move(awaitable));
  if (!future.done()) {
    co_await cancel_and_wait(future);
    if (future.cancelled()) throw TimeoutError();
  }
  co_return std::move(future).result();
}

}  // namespace internal

/// Awaits with a limit. Past it the awaited is cancelled and waited for, however long that takes; if it returns a value
/// all the same, that is the result. A limit of zero or less never starts a coroutine.
/// Errors: TimeoutError; what the awaited raises.   Cancel: passed on.   Python: asyncio.wait_for.
template <Awaitable A>
Coro<AwaitResult<A>> wait_for(A&& awaitable, OptionalDuration limit) {
  if (limit && *limit <= Duration() && !(*limit).is_nan())
    return internal::wait_for_nothing<std::decay_t<A>>(std::forward<A>(awaitable));
  return internal::wait_for_scoped<std::decay_t<A>>(std::forward<A>(awaitable), limit);
}

}  // namespace tarn
