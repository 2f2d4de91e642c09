// SPDX-License-Identifier: BSL-1.0
// Jobs: callables on their way to a thread and back, to a blocking ConcurrentFuture or to a loop's Future.
#pragma once
#include <tarn/core/concurrent.h>
#include <tarn/core/future.h>

namespace tarn::internal {

/// A piece of work on its way to a thread. Whoever takes it calls exactly one of the two, once.
class Job {
 public:
  virtual void run() noexcept = 0;      ///< on a worker's thread; frees or hands on the job
  virtual void discard() noexcept = 0;  ///< it will never run
  Job* next = nullptr;                  ///< the executor's own

 protected:
  ~Job() = default;
};

/// f(args…), once, with its value.
template <class F, class... A>
auto bind_call(F&& f, A&&... args) {
  return
      [f = std::decay_t<F>(std::forward<F>(f)),
       ... args = std::decay_t<A>(std::forward<A>(args))]() mutable -> decltype(auto) { return f(std::move(args)...); };
}

/// Calls `f` and keeps what comes of it.
template <class R, class F, class Into>
void call_into(F& f, Into& into) noexcept {
  try {
    if constexpr (std::is_void_v<R>) {
      f();
      into.set();
    } else {
      into.set(f());
    }
  } catch (...) {
    const Fate fate = fate_of_current_exception();
    into.fail(std::current_exception(), fate);
  }
}

template <class R, class F>
class SubmitJob final : public Job {
 public:
  SubmitJob(ConcurrentFuture<R> future, F&& f) : future_(std::move(future)), function_(std::move(f)) {}
  void run() noexcept override {
    if (future_.state()->start()) call_into<R>(function_, *future_.state());
    delete this;
  }
  void discard() noexcept override {
    future_.cancel();
    delete this;
  }

 private:
  ConcurrentFuture<R> future_;
  F function_;
};

template <class R, class F>
Job* make_submit_job(const ConcurrentFuture<R>& future, F f) {
  return new SubmitJob<R, F>(future, std::move(f));
}

/// A job whose result a loop's Future gets. Three share it: the worker (later the mail it becomes), the loop's list of
/// outstanding jobs, and the future's waiter that notices a cancellation. The last one deletes it, on any thread.
class LoopJob : public Job, public Ready {
 public:
  explicit LoopJob(LoopState* loop);
  LoopJob(const LoopJob&) = delete;
  LoopJob& operator=(const LoopJob&) = delete;

  void run() noexcept final;
  void discard() noexcept final;
  /// Loop's thread: the loop is closing.
  void abandon() noexcept;

  LoopJob* older_job = nullptr;
  LoopJob* newer_job = nullptr;

 protected:
  struct CancelNotice : Ready {
    LoopJob* job = nullptr;
  };
  virtual ~LoopJob();
  virtual void call() noexcept = 0;     ///< worker's thread
  virtual void deliver() noexcept = 0;  ///< loop's thread: outcome into the future, unless that is done
  virtual FutureBase* target() noexcept = 0;
  virtual void forget_target() noexcept = 0;
  void watch();

 private:
  enum class Phase : std::uint8_t { queued, running, cancelled };
  static void arrive(Ready* node, bool drop);
  static void notice_cancel(Ready* node, bool drop);
  void unlink() noexcept;
  void unshare(int shares) noexcept {
    if (shares_.subtract(shares) == shares) delete this;
  }

  Atomic<int> shares_{3};
  Atomic<Phase> phase_{Phase::queued};
  LoopState* loop_;
  Mailbox* mailbox_;
  CancelNotice notice_;
};

template <class R, class F>
class LoopJobOf final : public LoopJob {
 public:
  LoopJobOf(LoopState* loop, const Future<R>& future, F&& f)
      : LoopJob(loop), state_(static_cast<FutureState<R>*>(internal_access::state(future))), function_(std::move(f)) {
    ++state_->refs;
    watch();
  }

 private:
  void call() noexcept override { call_into<R>(function_, outcome_); }
  void deliver() noexcept override {
    if (state_->done()) return;
    if (outcome_.fate() == Fate::pending) outcome_.fail(plain_cancelled_error(), Fate::cancelled);  // it was discarded
    state_->outcome.take(outcome_);
    state_->become(state_->outcome.fate());
  }
  FutureBase* target() noexcept override { return state_; }
  void forget_target() noexcept override { std::exchange(state_, nullptr)->drop(); }

  FutureState<R>* state_;  // loop's thread only
  F function_;
  Outcome<Unvoid<R>> outcome_;
};

}  // namespace tarn::internal
