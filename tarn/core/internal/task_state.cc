// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/internal/task_state.h>

#include <tarn/base/log.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace tarn::internal {

std::uint64_t more_task_numbers() noexcept {
  static std::atomic<std::uint64_t> next_block{0};
  const std::uint64_t first = next_block.fetch_add(task_number_block, std::memory_order_relaxed);
  return first > 0 ? first : 1;  // asyncio counts from 1, and 0 says that the name is in extras
}

void FutureBase::hold_for_callbacks() noexcept {
  for (const Ready* node = waiters; node; node = node->next)
    if (node->run == &DoneCallbackBase::fire) ++refs;
}

void FutureBase::drop_waiters() noexcept {
  while (waiters) {
    Ready* const node = waiters;
    waiters = node->next;
    node->run(node, true);
  }
}

void FutureBase::report_never_retrieved() noexcept {
  ExceptionContext context;
  context.message = std::string(table->kind) + " exception was never retrieved";
  context.exception = table->error(this);
  if (table->finish) {
    auto* const task = static_cast<TaskBase*>(this);
    context.task = task->name();
    context.where = task->where;
  }
  loop->report(context);
}

void TaskBase::drop_extras() noexcept { delete extras; }

void TaskBase::set_reason(const std::exception_ptr& reason) {
  if (reason != plain_cancelled_error())
    extra().reason = reason;
  else if (extras)
    extras->reason = nullptr;
}

void TaskBase::raise_cancelled() {
  flags &= static_cast<std::uint8_t>(~(deliver | must | owed));
  std::rethrow_exception(take_reason());
}

std::exception_ptr TaskBase::take_reason() {
  if (extras && extras->reason) return std::exchange(extras->reason, nullptr);
  return plain_cancelled_error();
}

bool TaskBase::cancel(const std::exception_ptr& reason) {
  flags |=
      retrieved * (fate == Fate::error);  // cancel() on a failed task marks its exception retrieved, as asyncio does
  if (done()) return false;
  // A task that awaits a task passes the request on, however long the chain: a loop, not a recursion. Two tasks that
  // await each other are a cycle; Brent's method finds it, and the request then breaks it open.
  TaskBase* task = this;
  TaskBase* mark = this;
  for (unsigned steps = 1, limit = 2;; ++steps) {
    if (task->cancels != UINT16_MAX) ++task->cancels;
    Leaf* const leaf_now = task->waiter;
    if (!leaf_now) break;
    if (leaf_now->cancel != &FutureWait::cancel_future) {
      if (leaf_now->cancel(leaf_now, reason)) return true;
      break;
    }
    auto* const wait = static_cast<FutureWait*>(leaf_now);
    if (wait->future->flags & marked) return task->break_cycle(wait, reason);
    if (!wait->future->table->finish || wait->future->done()) {
      if (wait->future->table->cancel(wait->future, reason)) return true;
      break;
    }
    auto* const inner = static_cast<TaskBase*>(wait->future);
    if (inner == mark) return task->break_cycle(wait, reason);
    if (steps == limit) {
      mark = inner;
      limit *= 2;
      steps = 0;
    }
    task = inner;
  }
  task->set_reason(reason);
  task->flags |= must;
  return true;
}

bool TaskBase::break_cycle(FutureWait* wait, const std::exception_ptr& reason) {
  wait->future->untell(wait);
  wait->task = nullptr;
  wake_cancelled(reason);
  return true;
}

int TaskBase::uncancel() {
  if (cancels > 0 && --cancels == 0) flags &= static_cast<std::uint8_t>(~(must | owed));
  return cancels;
}

std::string TaskBase::name() const { return number ? "Task-" + std::to_string(number) : extras->name; }

namespace {
[[noreturn, maybe_unused]] void miscompiled(const TaskBase* task) {
  std::fprintf(stderr,
               "tarn: fatal: the task created at %s:%u stopped without awaiting anything: g++ 12.2 has miscompiled a "
               "coroutine whose body declares nothing (docs/compilers.md)\n",
               task->where.file_name(), static_cast<unsigned>(task->where.line()));
  std::abort();
}
}  // namespace

void TaskBase::resume(std::coroutine_handle<> h) {
  h.resume();
  if constexpr (!TARN_SYMMETRIC_TRANSFER) {
    while (hot.trampoline) {
      hot.depth = 0;
      std::exchange(hot.trampoline, {}).resume();
    }
  }
}

void TaskBase::step(Ready* node, bool drop) {
  if (drop) return;
  auto* const task = static_cast<TaskBase*>(node);
  hot.current = task;
  const std::coroutine_handle<> next = task->leaf;
  if constexpr (TARN_GCC12) task->leaf = nullptr;
  resume(next);
  hot.current = nullptr;
  if constexpr (TARN_GCC12) {
    if (!task->leaf) [[unlikely]]
      miscompiled(task);
  }
  if (task->flags & (finished | must | owed)) task->settle();
}

void TaskBase::settle() {
  if (flags & finished) return table->finish(this);
  if (!waiter) {  // it only yielded: `must` raises when it runs next
    flags = static_cast<std::uint8_t>((flags & ~owed) | must);
    return;
  }
  const std::exception_ptr reason = take_reason();
  if (waiter->cancel(waiter, reason))
    flags &= static_cast<std::uint8_t>(~(must | owed));
  else
    set_reason(reason);
}

void TaskBase::raise_if_it_leaves_the_loop(const std::exception_ptr& error) {
  if (leaves_the_loop(error)) std::rethrow_exception(error);
}

void FutureWait::refuse() const {
  auto* const self = hot.current;
  if (static_cast<FutureBase*>(self) == future) throw RuntimeError("Task cannot await on itself: " + self->name());
  throw RuntimeError("Task " + self->name() + " got a future attached to a different loop");
}

}  // namespace tarn::internal
