// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/taskgroup.h>

namespace tarn {

struct TaskGroup::Child final : internal::Ready, internal::Pooled {
  TaskGroup* group;
  AnyTask task;
  Child* older = nullptr;
  Child* newer = nullptr;
  Child(TaskGroup* g, const AnyTask& t) : group(g), task(t) {}
};

TaskGroup::TaskGroup(TaskGroup&& other) noexcept {
  if (other.entered_) std::terminate();  // children point at it
}

TaskGroup::~TaskGroup() {
  // Only a loop that is closed with the group's task pending gets here with children.
  while (oldest_) {
    Child* const child = oldest_;
    oldest_ = child->newer;
    child->group = nullptr;
  }
}

TaskGroup& TaskGroup::aenter() {
  if (entered_) throw RuntimeError("TaskGroup has already been entered");
  parent_ = current_task();
  if (!parent_) throw RuntimeError("TaskGroup cannot determine the parent task");
  entered_ = true;
  return *this;
}

const char* TaskGroup::refusal() const {
  if (!entered_) return "TaskGroup has not been entered";
  if (exiting_ && !oldest_) return "TaskGroup is finished";
  if (aborting_) return "TaskGroup is shutting down";
  return nullptr;
}

internal::LoopState* TaskGroup::loop() const { return internal_access::state(parent_)->loop; }

void TaskGroup::adopt(const AnyTask& task) {
  auto* const child = new Child(this, task);
  child->run = [](internal::Ready* node, bool drop) {
    auto* const self = static_cast<Child*>(node);
    if (self->group) self->group->child_done(self, drop);
    delete self;
  };
  child->older = newest_;
  (newest_ ? newest_->newer : oldest_) = child;
  newest_ = child;
  internal_access::state(task)->tell(child);
}

void TaskGroup::abort() {
  aborting_ = true;
  // A child that is cancelled ends later, through the loop: the list doesn't change under this walk.
  for (Child* child = oldest_; child; child = child->newer)
    if (!child->task.done()) child->task.cancel();
}

void TaskGroup::child_done(Child* child, bool drop) {
  (child->older ? child->older->newer : oldest_) = child->newer;
  (child->newer ? child->newer->older : newest_) = child->older;
  if (drop) return;  // the loop closes
  if (all_done_ && !oldest_ && !all_done_->done()) all_done_->set_result();
  if (child->task.cancelled()) return;
  const std::exception_ptr error = child->task.exception();
  if (!error) return;
  errors_.push_back(error);
  if (!base_error_ && internal::leaves_the_loop(error)) base_error_ = error;
  if (parent_.done()) {
    loop()->report({.message = "Task " + child->task.name() + " has errored out but its parent task " + parent_.name() +
                               " is already completed",
                    .exception = error,
                    .task = child->task.name(),
                    .where = child->task.where()});
    return;
  }
  if (aborting_ || parent_cancel_requested_) return;
  // The block, or its exit, is to stop waiting; aexit takes this request back.
  abort();
  parent_cancel_requested_ = true;
  parent_.cancel();
}

Coro<> TaskGroup::wait_for_children(std::exception_ptr& cancellation) {
  while (oldest_) {
    all_done_.emplace();
    try {
      co_await *all_done_;
    } catch (const CancelledError&) {
      if (!aborting_) {
        cancellation = std::current_exception();
        abort();
      }
    }
    all_done_.reset();
  }
}

void TaskGroup::raise_errors() {
  // A cancellation from outside that came with the errors is due at the next await: renew it, the count unchanged.
  if (parent_.cancelling() > 0) {
    parent_.uncancel();
    parent_.cancel();
  }
  throw ExceptionGroup("unhandled errors in a TaskGroup", std::exchange(errors_, {}));
}

Coro<bool> TaskGroup::aexit(std::exception_ptr error) {
  exiting_ = true;
  if (!base_error_ && error && internal::leaves_the_loop(error)) base_error_ = error;
  const bool cancelled = internal::is_cancelled_error(error);
  std::exception_ptr cancellation = cancelled ? error : nullptr;
  if (error && !aborting_) abort();
  co_await wait_for_children(cancellation);
  if (base_error_) std::rethrow_exception(base_error_);
  // If no other request is left, the cancellation was the group's own.
  if (parent_cancel_requested_ && parent_.uncancel() == 0) cancellation = nullptr;
  if (cancellation && errors_.empty()) std::rethrow_exception(cancellation);
  if (error && !cancelled) errors_.push_back(error);
  if (!errors_.empty()) raise_errors();
  co_return false;
}

}  // namespace tarn
