// SPDX-License-Identifier: BSL-1.0
// Waiters: the FIFO of suspended tasks under every primitive (locks, events, queues), one parking lot for all.
//
// A waiter that is woken stays in the list until its task runs, as asyncio's futures do: whoever comes meanwhile sees
// that somebody is ahead. If the woken task was cancelled meanwhile, the primitive hands the turn on.
#pragma once
#include <tarn/core/awaitable.h>

namespace tarn::internal {

struct Waiter : Ready, Leaf {
  TaskBase* task = nullptr;
  Waiter* older = nullptr;
  Waiter* newer = nullptr;
  bool listed = false;
  bool woken = false;
  bool cancelled = false;
  bool orphaned = false;  ///< the primitive is gone
};

/// Errors: RuntimeError "destroyed while a task waited for it".
[[noreturn]] void throw_orphaned();

class WaiterList {
 public:
  WaiterList() = default;
  WaiterList(const WaiterList&) = delete;
  WaiterList& operator=(const WaiterList&) = delete;
  /// Tasks that still wait get a RuntimeError: the primitive is gone.
  ~WaiterList();

  bool empty() const { return oldest_ == nullptr; }
  Waiter* oldest() const { return oldest_; }
  /// Whether somebody waits whose wait was not cancelled.
  bool anyone() const;
  void push(Waiter* w);
  void remove(Waiter* w);
  /// Wakes the oldest that is neither woken nor cancelled; false if there is none.
  bool wake_next();
  /// The same, and takes it off the list: asyncio's queues.
  bool release_next() { return oldest_ && release_oldest(); }
  /// As asyncio's Lock: wakes the very first, unless that is woken already.
  void wake_first();
  void wake_all();

 private:
  bool release_oldest();
  static void wake(Waiter* w);
  Waiter* oldest_ = nullptr;
  Waiter* newest_ = nullptr;
};

/// The awaiter of a primitive P, which has `waiters_`, `try_now()` (take it without waiting), `passed()` (the wait is
/// over, take it) and `gave_up(woken)` (the wait was cancelled; hand the turn on if it was woken for one).
template <class P>
class [[nodiscard("this does nothing until it is awaited")]] WaiterAwait : Waiter {
 public:
  using Primitive = P;
  explicit WaiterAwait(P* primitive) : primitive_(primitive) {}
  WaiterAwait(WaiterAwait&& other) noexcept : Waiter(), primitive_(other.primitive_) {}
  WaiterAwait& operator=(WaiterAwait&&) = delete;
  ~WaiterAwait() {
    if (listed) primitive_->waiters_.remove(this);  // the frame is destroyed while it waits
  }

  bool await_ready() { return primitive_->try_now(); }
  void await_suspend(std::coroutine_handle<> h) {
    task = hot.current;
    Leaf::cancel = &cancel_waiter;
    run = [](Ready* node, bool drop) {
      auto* const self = static_cast<Waiter*>(node);
      if (drop) return;
      self->task->waiter = nullptr;
      TaskBase::step(self->task, false);
    };
    primitive_->waiters_.push(this);
    task->suspend(this, h);
  }
  void await_resume() {
    if (!task) return;  // it did not wait
    if (orphaned) [[unlikely]] {
      task->check();
      throw_orphaned();
    }
    if (listed) primitive_->waiters_.remove(this);
    if (task->flags & (FutureBase::deliver | FutureBase::must)) [[unlikely]] {
      primitive_->gave_up(woken);
      task->raise_cancelled();
    }
    primitive_->passed();
  }
  /// These are coroutines in asyncio: they can be kept and passed on as such.
  operator Coro<void>() && { return as_coro(std::move(*this)); }

 private:
  static bool cancel_waiter(Leaf* leaf, const std::exception_ptr& reason) {
    auto* const self = static_cast<WaiterAwait*>(leaf);
    if (self->woken || self->cancelled) return false;
    self->cancelled = true;
    self->task->wake_cancelled(reason);
    return true;
  }
  P* primitive_;
};

}  // namespace tarn::internal
