// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/timeouts.h>

#include <tarn/core/internal/done_wait.h>

namespace tarn {

Timeout timeout(OptionalDuration delay) {
  if (!delay) return Timeout(no_timeout);
  if ((*delay).is_nan()) throw ValueError("Invalid delay: NaN (not a number)");
  Timeout scope(get_running_loop().time() + *delay);
  scope.ahead_ = *delay > Duration();
  return scope;
}

Timeout timeout_at(OptionalDuration when) {
  if (when && (*when).is_nan()) throw ValueError("Invalid time: NaN (not a number)");
  return Timeout(when);
}

Timeout::~Timeout() { disarm(); }

Timeout& Timeout::aenter() {
  if (state_ != State::created) throw RuntimeError("Timeout has already been entered");
  task_ = current_task();
  if (!task_) throw RuntimeError("Timeout should be used inside a task");
  state_ = State::active;
  cancelling_ = task_.cancelling();
  reschedule(when_);
  return *this;
}

void Timeout::disarm() {
  if (handle_) handle_->cancel();
  handle_.reset();
}

void Timeout::reschedule(OptionalDuration when) {
  if (state_ == State::created) throw RuntimeError("Timeout has not been entered");
  if (state_ != State::active) throw RuntimeError("Cannot change state of a Timeout that is over");
  if (when && (*when).is_nan()) throw ValueError("Invalid time: NaN (not a number)");
  when_ = when;
  disarm();
  if (!when) return;
  EventLoop& loop = task_.get_loop();
  const auto expire = [this] {
    task_.cancel();
    state_ = State::expiring;
  };
  if (!std::exchange(ahead_, false) && *when <= loop.time())
    handle_ = loop.call_soon(expire);
  else
    handle_ = loop.call_at(*when, expire);
}

bool Timeout::take_back() {
  disarm();
  if (state_ == State::active) state_ = State::finished;
  if (state_ != State::expiring) return false;
  state_ = State::expired;
  return task_.uncancel() <= cancelling_;
}

bool Timeout::aexit(const std::exception_ptr& error) {
  if (take_back() && internal::is_cancelled_error(error)) throw TimeoutError();
  return false;
}

namespace internal {

Coro<> cancel_and_wait(AnyFuture future) {
  future.cancel();
  while (!future.done()) co_await DoneWait(internal_access::state(future));
  internal_access::state(future)->flags |= FutureBase::retrieved * static_cast<std::uint8_t>(future.cancelled());
}

}  // namespace internal
}  // namespace tarn
