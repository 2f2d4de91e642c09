// SPDX-License-Identifier: BSL-1.0
// Condition: waits, under a lock, until somebody says that what it waits for may have come.
#pragma once
#include <tarn/core/locks.h>

namespace tarn {

/// Python: asyncio.Condition.
class Condition {
 public:
  /// With a lock of its own.
  Condition() : lock_(&own_lock_) {}
  /// With a lock that others use, too. Lifetime: `lock` must outlive it.
  explicit Condition(Lock& lock) : lock_(&lock) {}
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  auto acquire() { return lock_->acquire(); }
  void release() { lock_->release(); }
  bool locked() const { return lock_->locked(); }

  /// Releases the lock, waits for a notification, and takes the lock again, even if it is cancelled meanwhile. It may
  /// wake for no reason: look again, or use wait_for().
  /// Errors: RuntimeError if the lock is not held.   Cancel: safe; a notification that came too late is passed on.
  Coro<> wait();
  /// Waits until `predicate()` is true, which it may be at once.
  template <class P>
  Coro<> wait_for(P predicate) {
    while (!predicate()) co_await wait();
  }
  /// Wakes `n` who wait; they go on once they have the lock. Errors: RuntimeError if the lock is not held.
  void notify(std::size_t n = 1);
  void notify_all() { notify(SIZE_MAX); }

  auto aenter() { return acquire(); }
  void aexit(const std::exception_ptr&) { release(); }

 private:
  friend internal::WaiterAwait<Condition>;
  bool try_now() const { return false; }
  void passed() {}
  void gave_up(bool) {}
  void wake(std::size_t n);

  internal::WaiterList waiters_;
  Lock own_lock_;
  Lock* lock_;
};

}  // namespace tarn
