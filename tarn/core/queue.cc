// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/queue.h>

namespace tarn::internal {

void QueueBase::task_done() {
  if (unfinished_ == 0) throw ValueError("task_done() called too many times");
  if (--unfinished_ == 0) none_unfinished_.set();
}

Coro<> QueueBase::join() {
  if (unfinished_ == 0) co_return;
  co_await none_unfinished_.wait();
}

void QueueBase::shut_down(std::size_t dropped) {
  shutdown_ = true;
  for (; dropped > 0 && unfinished_ > 0; --dropped)
    if (--unfinished_ == 0) none_unfinished_.set();
  while (getters_.release_next() || putters_.release_next()) {
  }
}

void QueueWait::finish_waiting() {
  if (listed) (queue_->*line_).remove(this);
  if (orphaned) [[unlikely]] {
    task->check();
    throw_orphaned();
  }
  if (task->flags & (FutureBase::deliver | FutureBase::must)) [[unlikely]] {
    if (woken && !blocked_(queue_)) (queue_->*line_).release_next();  // the turn goes to the next
    task->raise_cancelled();
  }
}

void QueueWait::again(Ready* node, bool drop) {
  if (drop) return;
  auto* const self = static_cast<QueueWait*>(static_cast<Waiter*>(node));
  TaskBase* const task = self->task;
  const bool interrupted = self->orphaned || (task->flags & (FutureBase::deliver | FutureBase::must));
  if (!interrupted && self->blocked_(self->queue_)) {
    self->enlist();
    return;
  }
  task->waiter = nullptr;
  TaskBase::step(task, false);
}

bool QueueWait::cancel_wait(Leaf* leaf, const std::exception_ptr& reason) {
  auto* const self = static_cast<QueueWait*>(leaf);
  if (self->woken) return false;
  if (self->listed) (self->queue_->*self->line_).remove(self);
  self->task->wake_cancelled(reason);
  return true;
}

}  // namespace tarn::internal
