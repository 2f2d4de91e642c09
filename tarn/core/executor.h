// SPDX-License-Identifier: BSL-1.0
// Executors: threads for what would block the loop. ThreadPool is Python's ThreadPoolExecutor.
#pragma once
#include <tarn/core/internal/jobs.h>

namespace tarn {

/// Runs jobs elsewhere. Python: concurrent.futures.Executor.
class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() = default;
  /// Takes a job over. Errors: RuntimeError "cannot schedule new futures after shutdown" (the job is then discarded).
  /// Thread: any.
  virtual void execute(internal::Job* job) = 0;

  /// Calls `f(args…)` on one of its threads. Thread: any.   Python: Executor.submit.
  template <class F, class... A>
  auto submit(F&& f, A&&... args) {
    using R = std::invoke_result_t<std::decay_t<F>&, std::decay_t<A>...>;
    ConcurrentFuture<R> future;
    execute(internal::make_submit_job<R>(future, internal::bind_call(std::forward<F>(f), std::forward<A>(args)...)));
    return future;
  }
};

/// What ThreadPoolExecutor's constructor takes by name.
struct ThreadPoolOptions {
  unsigned max_workers = 0;  ///< 0: as Python, processors + 4, at most 32
};

/// Threads that are started when there is work and none is idle, up to a limit; the queue of jobs has none.
/// The destructor waits for everything queued.   Thread: any.   Python: ThreadPoolExecutor.
class ThreadPool final : public Executor {
 public:
  enum class Shutdown : std::uint8_t { run_queued, cancel_queued };

  explicit ThreadPool(ThreadPoolOptions options = {});
  explicit ThreadPool(unsigned max_workers) : ThreadPool(ThreadPoolOptions{.max_workers = max_workers}) {}
  ~ThreadPool() override;

  void execute(internal::Job* job) override;
  /// Takes no more jobs; the threads end when the queue is empty (or at once, with cancel_queued). Doesn't wait.
  void shutdown(Shutdown how = Shutdown::run_queued);
  /// Shuts down and waits. False: a job still ran after `timeout`; its thread is left to itself.
  bool join_for(Duration timeout);
  /// Threads started so far.
  unsigned workers() const;

 private:
  class Crew;
  Crew* crew_;
};

}  // namespace tarn
