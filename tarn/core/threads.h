// SPDX-License-Identifier: BSL-1.0
// Between the loop and other threads: to_thread and run_in_executor lead out, run_coroutine_threadsafe leads in.
#pragma once
#include <tarn/core/event_loop.h>
#include <tarn/core/executor.h>

namespace tarn {

namespace internal {
/// The loop's default executor, made on first use.
Executor& default_executor(LoopState* loop);
}  // namespace internal

/// Calls `f(args…)` on `executor` (nullptr: the loop's default) at once; the Future is the running loop's.
/// Cancel: returns at once; a job that hasn't begun never runs, one that has goes on and its result is dropped.
/// Lifetime: references among the arguments must outlive the job.   Python: loop.run_in_executor.
template <class F, class... A>
auto run_in_executor(Executor* executor, F&& f, A&&... args) {
  using R = std::invoke_result_t<std::decay_t<F>&, std::decay_t<A>...>;
  internal::LoopState* const loop = internal::running_loop();
  Executor& chosen = executor ? *executor : internal::default_executor(loop);
  Future<R> future(loop);
  auto call = internal::bind_call(std::forward<F>(f), std::forward<A>(args)...);
  chosen.execute(new internal::LoopJobOf<R, decltype(call)>(loop, future, std::move(call)));
  return future;
}

namespace internal {
template <class R, class F>
Coro<R> call_in_thread(F f) {
  co_return co_await run_in_executor(nullptr, std::move(f));
}
}  // namespace internal

/// Calls `f(args…)` in a thread of the default executor and gives its value.
/// Errors: what `f` throws.   Cancel: as run_in_executor.   Python: asyncio.to_thread.
template <class F, class... A>
auto to_thread(F&& f, A&&... args) {
  TARN_CHECK_CALLABLE(F);
  using R = std::invoke_result_t<std::decay_t<F>&, std::decay_t<A>...>;
  return internal::call_in_thread<R>(internal::bind_call(std::forward<F>(f), std::forward<A>(args)...));
}

namespace internal {
/// Makes the task of a coroutine that came from another thread and ties the two futures together.
template <class T>
class ThreadsafeStart {
 public:
  ThreadsafeStart(Coro<T> coro, ConcurrentFuture<T> future, LoopState* loop)
      : coro_(std::move(coro)), future_(std::move(future)), loop_(loop) {}
  ThreadsafeStart(ThreadsafeStart&&) noexcept = default;
  ~ThreadsafeStart() {
    if (!coro_.unstarted()) return;  // handed to its task, or moved from
    coro_.close();
    future_.cancel();
  }
  void operator()() {
    if (future_.done()) return;  // cancelled before it began: the destructor closes the coroutine
    Task<T> task = make_task(loop_, std::move(coro_), {}, std::source_location());
    Mailbox* const mailbox = loop_->mailbox;
    LoopState* const loop = loop_;
    future_.state()->set_canceller([task, loop, mailbox]() mutable {
      // On the canceller's thread: the handle goes to the loop, which alone may touch it.
      auto cancel = [task = std::move(task)] { task.cancel(); };
      auto* const posted = new Posted<decltype(cancel)>(std::move(cancel), loop);
      if (!mailbox->post(posted)) delete posted;
    });
    auto copy = [future = future_](const Task<T>& done) {
      auto& target = *future.state();
      if (done.cancelled()) {
        target.fail(plain_cancelled_error(), Fate::cancelled);
      } else if (const std::exception_ptr error = done.exception()) {
        target.fail(error, Fate::error);
      } else if constexpr (std::is_void_v<T>) {
        target.set();
      } else {
        target.set(std::move(const_cast<T&>(done.result())));
      }
    };
    task.add_done_callback(std::move(copy));
  }

 private:
  Coro<T> coro_;
  ConcurrentFuture<T> future_;
  LoopState* loop_;
};
}  // namespace internal

/// Runs a coroutine on a loop of another thread; the result can be waited for by blocking, and cancel() cancels the
/// task.
/// Errors: RuntimeError if the loop is closed.   Thread: any but the loop's own (waiting there would never end).
/// Python: asyncio.run_coroutine_threadsafe.
template <class T>
ConcurrentFuture<T> run_coroutine_threadsafe(Coro<T> coro, EventLoop& loop) {
  ConcurrentFuture<T> future;
  loop.call_soon_threadsafe(internal::ThreadsafeStart<T>(std::move(coro), future, loop.state()));
  return future;
}

}  // namespace tarn
