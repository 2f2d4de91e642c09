// SPDX-License-Identifier: BSL-1.0
// LoopState: the loop's own data, behind EventLoop's face. Futures and tasks hold a count on it, so that a handle that
// outlives its loop still finds a (closed) loop.
//
// One iteration (asyncio's _run_once): ask the Port, collect mail, move due timers to the ready queue, run what was
// ready when the iteration began. What that makes ready runs in the next one.
#pragma once
#include <tarn/base/config.h>
#include <tarn/base/duration.h>
#include <tarn/base/function.h>
#include <tarn/core/internal/mailbox.h>
#include <tarn/core/internal/ready.h>
#include <tarn/core/port.h>

#include <coroutine>
#include <exception>
#include <source_location>
#include <string>

namespace tarn {

class EventLoop;
class Executor;
class ThreadPool;

/// What an exception handler is told. Python: the context dictionary of call_exception_handler.
struct ExceptionContext {
  std::string message;
  std::exception_ptr exception = nullptr;
  std::string task = {};            ///< the task's description, or empty
  std::source_location where = {};  ///< where the task or callback was made; line() is 0 if unknown
};

namespace internal {

struct TaskBase;
class LoopJob;

/// Errors: RuntimeError "Event loop is closed".
[[noreturn]] void throw_loop_closed();
/// Errors: RuntimeError "no running event loop".
[[noreturn]] void throw_no_loop();

/// Something that must not outlive its loop's run: an open stream, a server. The loop closes what is left.
struct LoopResource {
  LoopResource* newer = nullptr;
  LoopResource* older = nullptr;
  /// Lets go of everything that is in flight or open, now. Removes itself from the loop's list.
  void (*abandon)(LoopResource*) noexcept = nullptr;
};

struct LoopState {
  ReadyQueue ready;
  TimerHeap timers;
  static constexpr std::int64_t just_polled = -1;
  static constexpr std::int64_t not_read = INT64_MIN;
  std::int64_t last_poll = 0;
  bool running = false;
  bool stopping = false;
  bool closed = false;
  bool debug = false;
  std::uint32_t tasks_alive = 0;
  TaskBase* oldest_task = nullptr;
  TaskBase* newest_task = nullptr;
  Port* port;
  Mailbox* mailbox;
  EventLoop* face = nullptr;
  std::uint64_t owners = 1;  ///< EventLoop itself and every future's state
  LoopResource* newest_resource = nullptr;
  LoopJob* newest_job = nullptr;   ///< jobs that executors have not brought back
  ThreadPool* own_pool = nullptr;  ///< the default executor, if the loop made it
  Executor* executor = nullptr;    ///< the default executor, if it was set
  Function<void(EventLoop&, const ExceptionContext&)> exception_handler;
  const void* thread = nullptr;  ///< a mark of the thread it runs on; nullptr while it doesn't run

  explicit LoopState(Port* p);
  LoopState(const LoopState&) = delete;
  LoopState& operator=(const LoopState&) = delete;
  ~LoopState();

  void release() noexcept {
    if (--owners == 0) delete this;
  }

  void set_timer(Timer* timer, Duration delay);
  void unset_timer(Timer* timer) {
    if (timer->armed()) timers.unset(timer);
  }

  /// One iteration; waits for work until `deadline` at most (of port->now()).
  void iterate(std::int64_t deadline);
  /// Iterations until stop. Makes this the running loop meanwhile.
  void run_until_stopped();
  /// Refuses to go on when the loop is closed, runs already, or another one runs on this thread.
  void check_can_run() const;
  void check_open() const {
    if (closed) [[unlikely]]
      throw_loop_closed();
  }
  /// In debug mode: refuses calls from a thread other than the one the loop runs on.
  void check_thread() const;

  /// Hands a report to the exception handler, or to the log.
  void report(const ExceptionContext& context) noexcept;

  void add_resource(LoopResource* resource);
  void remove_resource(LoopResource* resource) noexcept;
  void abandon_resources() noexcept;
  void abandon_jobs() noexcept;

 private:
  /// The time, if it had to read the clock and nothing happened since; reading it again costs as much as three tasks.
  std::int64_t ask_port(std::int64_t deadline);
  void run_batch();
};

/// A mark that differs from thread to thread.
const void* this_thread_mark() noexcept;

/// What the hot paths need of this thread, in one cache line.
struct Hot {
  TaskBase* current;                   ///< the task that runs now
  LoopState* loop;                     ///< the loop that runs now
  std::coroutine_handle<> trampoline;  ///< what to resume when the stack is unwound (no symmetric transfer only)
  unsigned depth;                      ///< coroutines started inside each other (no symmetric transfer only)
  std::uint64_t task_number;           ///< of the next task; a multiple of task_number_block: ask for more
};
extern TARN_THREAD_LOCAL Hot hot;

/// The loop that runs on this thread. Errors: RuntimeError "no running event loop".
inline LoopState* running_loop() {
  if (!hot.loop) [[unlikely]]
    throw_no_loop();
  return hot.loop;
}

}  // namespace internal
}  // namespace tarn
