// SPDX-License-Identifier: BSL-1.0
// as_completed(): tasks in the order in which they finish.
#pragma once
#include <tarn/core/event_loop.h>
#include <tarn/core/internal/ring.h>

namespace tarn {

namespace internal {

/// The finished, in order, and one signal for whoever waits for the next. Shared by the listening callbacks.
template <class F>
struct Completions {
  Ring<F> finished;
  std::size_t running = 0;    ///< not finished yet
  std::size_t unclaimed = 0;  ///< of those and the finished ones, not yet given out
  bool timed_out = false;
  std::vector<Future<void>> waiting;
  std::optional<TimerHandle> timer;
  std::uint32_t refs = 1;

  Completions() = default;
  Completions(const Completions&) = delete;
  Completions& operator=(const Completions&) = delete;
  ~Completions() {
    if (timer) timer->cancel();
  }

  void wake_all() {
    for (auto& signal : waiting)
      if (!signal.done()) signal.set_result();
    waiting.clear();
  }
  void wake_one() {
    while (!waiting.empty()) {
      Future<void> first = waiting.front();
      waiting.erase(waiting.begin());
      if (first.done()) continue;
      return first.set_result();
    }
  }
};

/// Counts a Completions.
template <class F>
class CompletionsRef {
 public:
  CompletionsRef() : shared_(new Completions<F>) {}
  CompletionsRef(const CompletionsRef& other) : shared_(other.shared_) { ++shared_->refs; }
  CompletionsRef& operator=(const CompletionsRef&) = delete;
  ~CompletionsRef() {
    if (--shared_->refs == 0) delete shared_;
  }
  Completions<F>* operator->() const { return shared_; }
  Completions<F>* get() const { return shared_; }

 private:
  Completions<F>* shared_;
};

template <class F>
Coro<F> next_completed(CompletionsRef<F> shared) {
  while (shared->finished.empty()) {
    if (shared->timed_out) throw TimeoutError();
    Future<void> signal;
    shared->waiting.push_back(signal);
    try {
      co_await signal;
    } catch (const CancelledError&) {
      if (!signal.cancelled() && !shared->finished.empty()) shared->wake_one();  // its turn goes to the next
      throw;
    }
  }
  co_return shared->finished.pop();
}

template <class F>
Coro<std::optional<F>> next_or_end(CompletionsRef<F> shared) {
  if (shared->unclaimed == 0) co_return std::nullopt;
  --shared->unclaimed;
  F next = co_await next_completed(shared);
  co_return next;
}

template <class F>
Coro<typename F::Value> next_value(CompletionsRef<F> shared) {
  F next = co_await next_completed(std::move(shared));
  co_return std::move(next).result();
}

}  // namespace internal

/// Both of asyncio's iterators:
///   `while (auto task = co_await it.next()) …`  gives the original tasks as they finish;
///   `for (auto&& next : it) use(co_await std::move(next));`  gives their values, or raises.
/// Errors: TimeoutError for what is not finished when the time is up; the tasks run on.   Python: asyncio.as_completed.
template <class F>
class AsCompleted {
 public:
  AsCompleted(std::vector<F> futures, OptionalDuration timeout) {
    shared_->running = shared_->unclaimed = futures.size();
    for (const auto& f : futures) {
      const auto finish = [shared = shared_](const F& done) {
        --shared->running;
        if (shared->timed_out) return;
        shared->finished.push(done);
        if (shared->running == 0 && shared->timer) shared->timer->cancel();
        shared->wake_one();
      };
      f.add_done_callback(finish);
    }
    if (timeout && shared_->running > 0) {
      const auto expire = [shared = shared_.get()] {  // whose destructor cancels this
        shared->timed_out = true;
        shared->wake_all();
      };
      shared_->timer = get_running_loop().call_later(*timeout, expire);
    }
  }

  /// The next task to finish, or nothing when all have been given.
  Coro<std::optional<F>> next() { return internal::next_or_end(shared_); }

  class Iterator {
   public:
    explicit Iterator(AsCompleted* range) : range_(range) {}
    Coro<typename F::Value> operator*() const {
      --range_->shared_->unclaimed;
      return internal::next_value(range_->shared_);
    }
    Iterator& operator++() { return *this; }
    bool operator!=(std::nullptr_t) const { return range_->shared_->unclaimed > 0; }

   private:
    AsCompleted* range_;
  };
  Iterator begin() { return Iterator(this); }
  std::nullptr_t end() { return nullptr; }

 private:
  internal::CompletionsRef<F> shared_;
};

/// Begins every argument at the call. Python: asyncio.as_completed.
template <Awaitable A>
auto as_completed(std::vector<A> awaitables, OptionalDuration timeout = {}) {
  auto futures = internal::ensure_futures(std::move(awaitables));
  using F = typename decltype(futures)::value_type;
  return AsCompleted<F>(std::move(futures), timeout);
}

}  // namespace tarn
