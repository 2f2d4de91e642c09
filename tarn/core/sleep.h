// SPDX-License-Identifier: BSL-1.0
// sleep(): an awaitable rather than a coroutine, so that a yield costs no frame.
#pragma once
#include <tarn/core/awaitable.h>

namespace tarn {

namespace internal {

class [[nodiscard("a sleep does nothing until it is awaited or made a task")]] Sleep : Timer, Leaf {
 public:
  explicit Sleep(Duration delay) : delay_(delay) {}
  Sleep(Sleep&& other) noexcept : Timer(), Leaf(), delay_(other.delay_) {}
  Sleep& operator=(Sleep&&) = delete;
  ~Sleep() {
    if (armed()) [[unlikely]]
      task_->loop->timers.unset(this);  // the frame is destroyed while it sleeps
  }

  bool await_ready() const {
    if (delay_.is_nan()) [[unlikely]]
      refuse_nan();
    return false;
  }
  void await_suspend(std::coroutine_handle<> h) {
    task_ = hot.current;
    if (delay_.count() <= 0) {  // exactly one yield
      task_->leaf = h;
      task_->loop->ready.push(task_);
      return;
    }
    run = &expire;
    Leaf::cancel = &cancel_sleep;
    task_->suspend(this, h);
    task_->loop->set_timer(this, delay_);
  }
  void await_resume() const { hot.current->check(); }

  /// sleep() is an `async def` in asyncio: it can be kept and passed on as a coroutine.
  operator Coro<void>() && { return as_coro(std::move(*this)); }

 private:
  [[noreturn]] static void refuse_nan();
  // In asyncio the timer's callback sets a future's result, and the task wakes in the iteration after: as here.
  static void expire(Ready* node, bool drop) {
    auto* const self = static_cast<Sleep*>(static_cast<Timer*>(node));
    if (drop) return;
    if (self->cancelled_)
      self->task_->wake_cancelled(self->task_->take_reason());
    else
      self->task_->wake();
  }
  static bool cancel_sleep(Leaf* leaf, const std::exception_ptr& reason) {
    auto* const self = static_cast<Sleep*>(leaf);
    if (self->armed()) {
      self->task_->loop->timers.unset(self);
      self->task_->wake_cancelled(reason);
      return true;
    }
    if (self->cancelled_) return false;
    self->cancelled_ = true;  // its time is up, but its callback has not run
    self->task_->set_reason(reason);
    return true;
  }

  Duration delay_;
  TaskBase* task_ = nullptr;
  bool cancelled_ = false;
};

template <class T>
Coro<T> sleep_with_result(Duration delay, T result) {
  co_await Sleep(delay);
  co_return result;
}

}  // namespace internal

/// Suspends the task for `delay`; zero or less is exactly one yield to the others.
/// Errors: ValueError for NaN.   Cancel: safe.   Cost: no allocation.   Python: asyncio.sleep.
inline internal::Sleep sleep(Duration delay) { return internal::Sleep(delay); }

/// The same, and gives `result`.
template <class T>
Coro<T> sleep(Duration delay, T result) {
  return internal::sleep_with_result(delay, std::move(result));
}

}  // namespace tarn
