// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/wait.h>

namespace tarn::internal {

void throw_empty_set() { throw ValueError("Set of Tasks/Futures is empty."); }

WaitLeaf::~WaitLeaf() {
  if (waiting_) detach();  // the frame is destroyed while it waits
}

bool WaitLeaf::enough(const FutureBase* f) const {
  return options_.return_when == FIRST_COMPLETED || (options_.return_when == FIRST_EXCEPTION && f->fate == Fate::error);
}

bool WaitLeaf::await_ready() {
  if (options_.timeout && (*options_.timeout).is_nan()) throw ValueError("Invalid delay: NaN (not a number)");
  bool met = false;
  left_ = 0;
  for (const auto& node : nodes_) {
    if (node.future->done())
      met = met || enough(node.future);
    else
      ++left_;
  }
  return met || left_ == 0;
}

void WaitLeaf::await_suspend(std::coroutine_handle<> h) {
  task_ = hot.current;
  cancel = &cancel_wait;
  task_->suspend(this, h);
  waiting_ = true;
  for (auto& node : nodes_) {
    if (node.future->done()) continue;
    node.owner = this;
    node.run = [](Ready* r, bool drop) {
      auto* const self = static_cast<WaitNode*>(r);
      if (!drop) self->owner->one_done(self->future);
    };
    node.future->enlist(&node);
  }
  if (options_.timeout) {
    const auto release = [this] {
      detach();
      task_->wake();
    };
    timer_ = task_->loop->face->call_later(*options_.timeout, release);
  }
}

void WaitLeaf::one_done(const FutureBase* f) {
  --left_;
  if (!waiting_ || (left_ > 0 && !enough(f))) return;
  detach();
  task_->wake();
}

void WaitLeaf::detach() {
  waiting_ = false;
  for (auto& node : nodes_)
    if (!node.future->done()) node.future->untell(&node);
  if (timer_) timer_->cancel();
  timer_.reset();
}

bool WaitLeaf::cancel_wait(Leaf* leaf, const std::exception_ptr& reason) {
  auto* const self = static_cast<WaitLeaf*>(leaf);
  if (!self->waiting_) return false;
  self->detach();
  self->task_->wake_cancelled(reason);
  return true;
}

}  // namespace tarn::internal
