// SPDX-License-Identifier: BSL-1.0
// How a loop ends: everything in flight is called back from the kernel first, and only then are frames destroyed, for
// a frame holds the buffers that the kernel may still write to.
#include <tarn/core/event_loop.h>
#include <tarn/core/executor.h>

namespace tarn {

namespace internal {
namespace {

void drop_all(ReadyQueue& queue) {
  while (!queue.empty()) {
    for (Ready* node = queue.take(); node;) {
      Ready* const next = node->next;
      node->run(node, true);
      node = next;
    }
  }
}

/// Cancels what the pending tasks wait for, so that no kernel operation, timer or waiter list names their frames. Those
/// that await futures leave them by themselves; a chain of tasks would be walked down once for each of its links.
void cancel_leaves(LoopState& s) {
  for (TaskBase* t = s.oldest_task; t; t = t->newer)
    if (t->waiter && t->waiter->cancel != &FutureWait::cancel_future)
      t->waiter->cancel(t->waiter, plain_cancelled_error());
}

void reap_operations(LoopState& s) {
  while (s.port->in_flight() > 0) s.port->wait(s.port->now() + 1'000'000);
}

void destroy_pending_tasks(LoopState& s) {
  while (TaskBase* const task = s.oldest_task) {
    s.report({.message = "Task was destroyed but it is pending!", .task = task->name(), .where = task->where});
    std::coroutine_handle<> root = task->leaf;
    while (root) {
      // Every frame of ours begins with a PromiseBase at the same offset (Promise's static_assert).
      const std::coroutine_handle<> parent =
          std::coroutine_handle<PromiseBase>::from_address(root.address()).promise().parent;
      if (!parent) break;
      root = parent;
    }
    if (root) root.destroy();
    task->leaf = nullptr;
    task->waiter = nullptr;
    task->table->abandon(task);
    drop_all(s.ready);
  }
}

}  // namespace
}  // namespace internal

void EventLoop::close() {
  internal::LoopState& s = *state_;
  if (s.running) throw RuntimeError("Cannot close a running event loop");
  if (s.closed) return;
  s.closed = true;
  if (s.own_pool) {  // what run() has joined is gone; by hand, nobody waits for a job that still runs
    s.own_pool->shutdown(ThreadPool::Shutdown::cancel_queued);
    s.own_pool->join_for(Duration());
  }
  internal::ReadyQueue last_mail;
  s.mailbox->close(last_mail);
  internal::cancel_leaves(s);
  s.abandon_resources();
  internal::reap_operations(s);
  internal::drop_all(last_mail);
  internal::drop_all(s.ready);
  internal::destroy_pending_tasks(s);
  s.abandon_jobs();
  s.timers.release(INT64_MAX, s.ready);
  internal::drop_all(s.ready);
  s.exception_handler = {};
  delete s.own_pool;
  s.own_pool = nullptr;
  delete s.port;
  s.port = nullptr;
}

bool EventLoop::shutdown_default_executor(Duration timeout) {
  internal::LoopState& s = *state_;
  if (!s.own_pool) return true;
  return s.own_pool->join_for(timeout);
}

}  // namespace tarn
