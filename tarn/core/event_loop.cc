// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/event_loop.h>

#include <tarn/base/log.h>
#include <tarn/core/executor.h>

namespace tarn {

using internal::hot;

namespace internal {

void throw_loop_closed() { throw RuntimeError("Event loop is closed"); }

bool CallbackBlock::cancel() {
  if (cancelled) return false;
  cancelled = true;
  if (armed()) {
    loop->timers.unset(this);
    release();
  }
  return true;
}

void CallbackBlock::fire(Ready* node, bool drop) {
  auto* const block = static_cast<CallbackBlock*>(node);
  struct Released {
    CallbackBlock* block;
    ~Released() { block->release(); }
  } released{block};
  if (drop || block->cancelled) return;
  try {
    block->act(block, Act::call);
  } catch (...) {
    const std::exception_ptr error = std::current_exception();
    if (leaves_the_loop(error)) throw;
    block->loop->report({.message = "Exception in callback", .exception = error, .where = block->where});
  }
}

}  // namespace internal

std::exception_ptr AnyFuture::exception() const {
  throw_if_not_done();
  state_->flags |= internal::FutureBase::retrieved;
  std::exception_ptr error = state_->table->error(state_);
  if (cancelled()) std::rethrow_exception(error);
  return error;
}

void AnyFuture::throw_if_not_done() const {
  if (!done()) throw InvalidStateError("Exception is not set.");
}

void AnyTask::set_name(std::string_view name) const {
  task()->extra().name = name;
  task()->number = 0;
}

std::vector<AnyTask> all_tasks() { return get_running_loop().all_tasks(); }

EventLoop::EventLoop(LoopFactory factory) : EventLoop((factory ? factory : &open_port)()) {}

EventLoop::EventLoop(Port* port) : state_(new internal::LoopState(port)) { state_->face = this; }

EventLoop::~EventLoop() {
  close();
  state_->face = nullptr;
  state_->release();
}

std::vector<AnyTask> EventLoop::all_tasks() const {
  std::vector<AnyTask> tasks;
  tasks.reserve(state_->tasks_alive);
  for (internal::TaskBase* t = state_->oldest_task; t; t = t->newer) tasks.push_back(AnyTask::of(t));
  return tasks;
}

Duration EventLoop::refuse_nan(Duration d) {
  if (d.is_nan()) throw ValueError("Invalid delay: NaN (not a number)");
  return d;
}

void EventLoop::run_forever() {
  check_can_run();
  state_->run_until_stopped();
}

void EventLoop::run_until_done(const AnyFuture& future) {
  // The stop is a callback of the future, so that it runs after the callbacks registered before it.
  auto* const stop_block = make_block([this] { state_->stopping = true; });
  const Handle stop_handle(stop_block);
  internal::FutureBase* const f = internal_access::state(future);
  f->tell(stop_block);
  try {
    state_->run_until_stopped();
  } catch (...) {
    stop_handle.cancel();
    if (f->done()) f->flags |= internal::FutureBase::retrieved;
    throw;
  }
  if (future.done()) return stop_handle.cancel();  // somebody else's stop() may have been faster than ours
  f->untell(stop_block);
  stop_block->release();
  throw RuntimeError("Event loop stopped before Future completed.");
}

bool EventLoop::run_once(Duration timeout) {
  check_can_run();
  internal::LoopState& s = *state_;
  struct Running {
    internal::LoopState& s;
    explicit Running(internal::LoopState& state) : s(state) {
      s.running = true;
      s.thread = internal::this_thread_mark();
      hot.loop = &s;
    }
    ~Running() {
      s.running = false;
      s.stopping = false;
      s.thread = nullptr;
      hot.loop = nullptr;
    }
  } running(s);
  s.iterate((time() + refuse_nan(timeout)).count());
  return !s.ready.empty() || !s.timers.empty() || s.port->in_flight() > 0 || s.oldest_task;
}

void EventLoop::default_exception_handler(const ExceptionContext& context) {
  std::string text = context.message;
  if (context.exception) text += ": " + describe(context.exception);
  if (!context.task.empty()) text += "\n  task: " + context.task;
  if (context.where.line() > 0)
    text += std::string("\n  created at ") + context.where.file_name() + ":" + std::to_string(context.where.line()) +
            " in " + context.where.function_name();
  log(LogLevel::error, text);
}

}  // namespace tarn
