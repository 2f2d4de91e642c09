// SPDX-License-Identifier: BSL-1.0
// EventLoop: asyncio's loop by its own names. One per thread at a time, no locks inside; other threads talk to it by
// call_soon_threadsafe and run_coroutine_threadsafe only.
#pragma once
#include <tarn/core/task.h>

namespace tarn {

/// A scheduled callback. A shared handle; dropping it changes nothing. Python: asyncio.Handle.
class Handle {
 public:
  explicit Handle(internal::CallbackBlock* block) : block_(block) { ++block->refs; }
  Handle(const Handle& other) noexcept : Handle(other.block_) {}
  Handle(Handle&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Handle& operator=(Handle other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Handle() {
    if (block_) block_->release();
  }
  /// It will not be called. May be called again.
  void cancel() const { block_->cancel(); }
  bool cancelled() const { return block_->cancelled; }

 protected:
  internal::CallbackBlock* block_;
};

/// A callback with a time. Python: asyncio.TimerHandle.
class TimerHandle : public Handle {
 public:
  using Handle::Handle;
  /// On the loop's clock: EventLoop::time().
  Duration when() const { return Duration::nanoseconds(block_->when); }
};

/// The event loop. Made by run() and Runner as a rule; by hand where the host owns the thread.
/// Thread: the one that runs it, unless a member says otherwise.   Python: asyncio.EventLoop.
class EventLoop {
 public:
  /// A loop on the Port that TARN_PORT names, or the best one. Errors: OsError if the kernel refuses.
  EventLoop() : EventLoop(&open_port) {}
  explicit EventLoop(LoopFactory factory);
  /// Takes over `port`.
  explicit EventLoop(Port* port);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  /// Closes it.
  ~EventLoop();

  // -- running
  /// Runs until stop(). Errors: RuntimeError if it is closed, runs already, or another loop runs on this thread.
  void run_forever();
  /// Runs until the coroutine or future is done; gives its value or raises its exception.
  /// Errors: RuntimeError "Event loop stopped before Future completed."
  template <Awaitable A>
  AwaitResult<A> run_until_complete(A&& awaitable, std::source_location at = std::source_location::current()) {
    check_can_run();
    auto future = in_loop(std::forward<A>(awaitable), at);
    run_until_done(future);
    return std::move(future).result();
  }
  /// Runs one iteration: for hosts with a loop of their own. Waits for work up to `timeout`. Returns whether something
  /// is left to do: ready work, timers, operations, tasks.
  bool run_once(Duration timeout = {});
  /// Ends run_forever() after the callbacks that are ready now.
  void stop() { state_->stopping = true; }
  /// Frees everything; pending tasks are destroyed with a report each. Again: no effect. Errors: RuntimeError if
  /// running.
  void close();
  bool is_running() const { return state_->running; }
  bool is_closed() const { return state_->closed; }

  // -- scheduling
  /// Calls `f(args…)` in the next iteration, in the order of the calls. Errors: RuntimeError if closed.
  template <class F, class... A>
  Handle call_soon(F&& f, A&&... args) {
    check_call();
    auto* const block = make_block(internal::bind_all(std::forward<F>(f), std::forward<A>(args)...));
    state_->ready.push(block);
    return Handle(block);
  }
  /// Calls it after `delay`. Errors: RuntimeError if closed, ValueError for NaN.
  template <class F, class... A>
  TimerHandle call_later(Duration delay, F&& f, A&&... args) {
    return call_at(time() + refuse_nan(delay), std::forward<F>(f), std::forward<A>(args)...);
  }
  /// Calls it at `when` on the loop's clock. Callbacks of the same moment run in the order of the calls.
  template <class F, class... A>
  TimerHandle call_at(Duration when, F&& f, A&&... args) {
    check_call();
    refuse_nan(when);
    auto* const block = make_block(internal::bind_all(std::forward<F>(f), std::forward<A>(args)...));
    state_->timers.set(block, when.count());
    return TimerHandle(block);
  }
  /// As call_soon, and wakes the loop. Errors: RuntimeError if closed. Thread: any.
  template <class F, class... A>
  void call_soon_threadsafe(F&& f, A&&... args) {
    post(internal::bind_all(std::forward<F>(f), std::forward<A>(args)...));
  }
  /// The loop's monotonic clock: the time since some fixed moment. Python: loop.time() (float seconds there).
  /// Errors: RuntimeError if closed.
  Duration time() const {
    state_->check_open();
    return Duration::nanoseconds(state_->port->now());
  }

  // -- futures and tasks
  template <class T = void>
  Future<T> create_future() {
    return Future<T>(state_);
  }
  /// As tarn::create_task, for a loop that need not run yet.
  template <class T>
  Task<T> create_task(Coro<T> coro, TaskOptions options = {},
                      std::source_location at = std::source_location::current()) {
    check_call();
    return internal::make_task(state_, std::move(coro), options, at);
  }

  // -- errors and debugging
  using ExceptionHandler = Function<void(EventLoop&, const ExceptionContext&)>;
  /// Replaces what happens to exceptions nobody awaits; an empty one restores the default (the log).
  void set_exception_handler(ExceptionHandler handler) { state_->exception_handler = std::move(handler); }
  void call_exception_handler(const ExceptionContext& context) { state_->report(context); }
  /// What happens without a handler: message, exception, task and place go to the log.
  static void default_exception_handler(const ExceptionContext& context);
  void set_debug(bool on) { state_->debug = on; }
  bool get_debug() const { return state_->debug; }
  std::vector<AnyTask> all_tasks() const;

  // -- executors
  /// What to_thread and run_in_executor(f) use. Lifetime: must outlive the loop.
  void set_default_executor(Executor* executor) { state_->executor = executor; }
  /// Joins the default executor's threads if the loop made them. False: some did not end within `timeout`.
  bool shutdown_default_executor(Duration timeout);

  /// The Port it runs on. Lifetime: the loop's.
  Port& port() const { return *state_->port; }
  /// The state behind the face, for the library's own rooms.
  internal::LoopState* state() const { return state_; }

 private:
  template <class F>
  internal::CallbackBlock* make_block(F f) {
    return new internal::CallbackOf<F>(state_, {}, std::move(f));
  }
  template <class F>
  void post(F f);
  template <Awaitable A>
  auto in_loop(A&& awaitable, std::source_location at) {
    using Plain = std::remove_cvref_t<A>;
    if constexpr (internal::is_task<Plain> || internal::is_future<Plain>)
      return Plain(std::forward<A>(awaitable));
    else
      return internal::make_task(state_, internal::as_coro(Plain(std::forward<A>(awaitable))), {}, at);
  }
  void check_can_run() const { state_->check_can_run(); }
  void check_call() const {
    if (state_->closed || state_->debug) [[unlikely]] {
      state_->check_open();
      state_->check_thread();
    }
  }
  static Duration refuse_nan(Duration d);
  friend class Runner;
  /// Runs until `future` is done; what leaves the loop goes through.
  void run_until_done(const AnyFuture& future);

  internal::LoopState* state_;
};

namespace internal {

/// A callable on its way to a loop. It holds no count on the loop: other threads make it.
template <class F>
struct Posted final : Ready {
  F function;
  LoopState* loop;
  Posted(F&& f, LoopState* l) : function(std::move(f)), loop(l) { run = &fire; }
  static void fire(Ready* node, bool drop) {
    auto* const self = static_cast<Posted*>(node);
    struct Freed {
      Posted* posted;
      ~Freed() { delete posted; }
    } freed{self};
    if (drop) return;
    try {
      self->function();
    } catch (...) {
      report_callback_error(self->loop);
    }
  }
  /// Inside a handler: reports, or goes on with what leaves the loop.
  static void report_callback_error(LoopState* loop) {
    const std::exception_ptr error = std::current_exception();
    if (leaves_the_loop(error)) throw;
    loop->report({.message = "Exception in callback", .exception = error});
  }
};

}  // namespace internal

template <class F>
void EventLoop::post(F f) {
  auto* const posted = new internal::Posted<F>(std::move(f), state_);
  if (state_->mailbox->post(posted)) return;
  delete posted;
  internal::throw_loop_closed();
}

/// The loop that runs on this thread. Errors: RuntimeError "no running event loop".
inline EventLoop& get_running_loop() { return *internal::running_loop()->face; }

}  // namespace tarn
