// SPDX-License-Identifier: BSL-1.0
// run() and Runner: a loop from its making to its end. When run() returns, nothing that it opened is left.
#pragma once
#include <tarn/core/event_loop.h>

namespace tarn {

/// Trivially destructible, so that it may stand in any expression on g++ 12.2.
struct RunOptions {
  bool debug = false;
  /// Makes the loop's Port: tarn::uring, tarn::epoll; nullptr: as TARN_PORT says, else the best one.
  LoopFactory loop_factory = nullptr;
};

/// Runs coroutines on one loop, one after another, and closes it. Python: asyncio.Runner.
class Runner {
 public:
  explicit Runner(RunOptions options = {}) : options_(options) {}
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  /// Closes it.
  ~Runner();

  /// Runs until the awaitable is done; gives its value or raises its exception. SIGINT cancels it, and a second one
  /// ends the loop: KeyboardInterrupt. Errors: RuntimeError inside a running loop, or after close().
  template <Awaitable A>
  AwaitResult<A> run(A&& awaitable, std::source_location at = std::source_location::current()) {
    EventLoop& loop = get_loop();
    refuse_nested();
    auto coro = internal::as_coro(std::decay_t<A>(std::forward<A>(awaitable)));
    auto task = loop.create_task(std::move(coro), TaskOptions{}, at);
    run_task(task);
    return std::move(task).result();
  }
  /// The loop, made at the first need. Errors: RuntimeError after close(); OsError if the kernel refuses.
  EventLoop& get_loop();
  /// Cancels what still runs and waits for it, reports its errors, joins the default executor (300 s at most), closes
  /// the loop. Again: no effect. Python: Runner.close.
  void close();

 private:
  static void refuse_nested();
  void run_task(const AnyTask& task);
  void cancel_all_tasks();

  RunOptions options_;
  EventLoop* loop_ = nullptr;
  bool closed_ = false;
};

/// Runs `main` on a new loop and gives its value; returns after everything it opened is closed.
/// Errors: what `main` raises; KeyboardInterrupt; RuntimeError inside a running loop.   Python: asyncio.run.
template <Awaitable A>
AwaitResult<A> run(A&& main, RunOptions options = {}, std::source_location at = std::source_location::current()) {
  Runner runner(options);
  if constexpr (std::is_void_v<AwaitResult<A>>) {
    runner.run(std::forward<A>(main), at);
    runner.close();
  } else {
    AwaitResult<A> value = runner.run(std::forward<A>(main), at);
    runner.close();
    return value;
  }
}

}  // namespace tarn
