// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/locks.h>

namespace tarn {

namespace internal {

WaiterList::~WaiterList() {
  while (Waiter* const w = oldest_) {
    remove(w);
    w->orphaned = true;
    if (!w->woken && !w->cancelled) wake(w);
  }
}

void throw_orphaned() { throw RuntimeError("a lock, event or queue was destroyed while a task waited for it"); }

bool WaiterList::anyone() const {
  for (const Waiter* w = oldest_; w; w = w->newer)
    if (!w->cancelled) return true;
  return false;
}

void WaiterList::push(Waiter* w) {
  w->listed = true;
  w->newer = nullptr;
  w->older = newest_;
  (newest_ ? newest_->newer : oldest_) = w;
  newest_ = w;
}

void WaiterList::remove(Waiter* w) {
  w->listed = false;
  (w->older ? w->older->newer : oldest_) = w->newer;
  (w->newer ? w->newer->older : newest_) = w->older;
}

void WaiterList::wake(Waiter* w) {
  w->woken = true;
  w->task->loop->ready.push(w);
}

bool WaiterList::wake_next() {
  for (Waiter* w = oldest_; w; w = w->newer) {
    if (w->woken || w->cancelled) continue;
    wake(w);
    return true;
  }
  return false;
}

void WaiterList::wake_first() {
  if (oldest_ && !oldest_->woken && !oldest_->cancelled) wake(oldest_);
}

bool WaiterList::release_oldest() {
  Waiter* const w = oldest_;
  remove(w);
  wake(w);
  return true;
}

void WaiterList::wake_all() {
  for (Waiter* w = oldest_; w; w = w->newer)
    if (!w->woken && !w->cancelled) wake(w);
}

}  // namespace internal

bool Lock::try_now() {
  // Free, and everybody ahead has given up: asyncio's rule against overtaking.
  if (locked_ || waiters_.anyone()) return false;
  locked_ = true;
  return true;
}

void Lock::passed() { locked_ = true; }

void Lock::gave_up(bool) {
  if (!locked_) waiters_.wake_first();
}

void Lock::release() {
  if (!locked_) throw RuntimeError("Lock is not acquired.");
  locked_ = false;
  waiters_.wake_first();
}

void Event::set() {
  if (set_) return;
  set_ = true;
  waiters_.wake_all();
}

}  // namespace tarn
