// SPDX-License-Identifier: BSL-1.0
// ConcurrentFuture<T>: a result that crosses threads and can be waited for by blocking.
// Python: concurrent.futures.Future.
#pragma once
#include <tarn/base/atomic.h>
#include <tarn/base/duration.h>
#include <tarn/base/function.h>
#include <tarn/core/outcome.h>

namespace tarn {

namespace internal {

/// The part that doesn't depend on T; its mutex and condition live in concurrent.cc.
class ConcurrentBase {
 public:
  enum class Phase : std::uint8_t { pending, running, cancelled, finished };

  ConcurrentBase();
  ConcurrentBase(const ConcurrentBase&) = delete;
  ConcurrentBase& operator=(const ConcurrentBase&) = delete;

  void retain() noexcept { refs_.add_relaxed(1); }
  void release() noexcept {
    if (refs_.subtract(1) == 1) delete this;
  }

  Phase phase() const;
  bool cancel();
  /// pending → running; false if it was cancelled.
  bool start();
  /// Blocks until it is done. False: the time was up.
  bool wait(OptionalDuration timeout) const;
  void when_done(Function<void()> callback);
  /// cancel() asks this, at once if it was called already; set by who can pass the request on.
  void set_canceller(Function<void()> canceller);

 protected:
  virtual ~ConcurrentBase();
  /// Publishes what `store` writes and calls the callbacks.
  void finish(Phase how, Function<void()> store);

 private:
  struct Sync;
  Sync* const sync_;
  Atomic<int> refs_{1};
};

template <class T>
class ConcurrentState final : public ConcurrentBase {
 public:
  Outcome<Unvoid<T>> outcome;

  template <class... A>
  void set(A&&... a) {
    finish(Phase::finished, [&] { outcome.set(std::forward<A>(a)...); });
  }
  void fail(std::exception_ptr error, Fate fate) {
    finish(fate == Fate::cancelled ? Phase::cancelled : Phase::finished, [&] { outcome.fail(std::move(error), fate); });
  }
};

}  // namespace internal

/// A shared handle. Thread: any.
template <class T>
class ConcurrentFuture {
  using State = internal::ConcurrentState<T>;

 public:
  ConcurrentFuture() : state_(new State) {}
  explicit ConcurrentFuture(State* adopted) : state_(adopted) {}
  ConcurrentFuture(const ConcurrentFuture& other) : state_(other.state_) { state_->retain(); }
  ConcurrentFuture(ConcurrentFuture&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  ConcurrentFuture& operator=(ConcurrentFuture other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~ConcurrentFuture() {
    if (state_) state_->release();
  }

  /// Blocks until there is a value, and copies it (moves it, called on a temporary); raises the exception.
  /// Errors: TimeoutError; CancelledError; whatever the job raised.
  T result(OptionalDuration timeout = {}) const& {
    await_done(timeout);
    if constexpr (std::is_void_v<T>)
      state_->outcome.get();
    else
      return state_->outcome.get();
  }
  T result(OptionalDuration timeout = {}) && {
    await_done(timeout);
    if constexpr (std::is_void_v<T>)
      state_->outcome.get();
    else
      return std::move(state_->outcome.get());
  }
  /// Blocks until it is done; the exception or nullptr. Errors: TimeoutError, CancelledError.
  std::exception_ptr exception(OptionalDuration timeout = {}) const {
    await_done(timeout);
    return state_->outcome.fate() == internal::Fate::error ? state_->outcome.error() : nullptr;
  }
  /// False if it runs or is done: a running job can't be stopped, a coroutine on a loop can be asked to.
  bool cancel() const { return state_->cancel(); }
  bool cancelled() const { return state_->phase() == State::Phase::cancelled; }
  bool running() const { return state_->phase() == State::Phase::running; }
  bool done() const {
    const auto s = state_->phase();
    return s == State::Phase::cancelled || s == State::Phase::finished;
  }
  /// Calls `f()` when it is done, on the thread that finishes it; at once if it is done.
  template <class F>
  void add_done_callback(F f) const {
    state_->when_done(Function<void()>(std::move(f)));
  }
  State* state() const { return state_; }

 private:
  void await_done(OptionalDuration timeout) const {
    if (!state_->wait(timeout)) throw TimeoutError();
    if (state_->phase() == State::Phase::cancelled) throw CancelledError();
  }
  State* state_;
};

}  // namespace tarn
