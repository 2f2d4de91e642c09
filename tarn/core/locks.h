// SPDX-License-Identifier: BSL-1.0
// Lock and Event. Fair: waiters are served in the order in which they came, and nobody overtakes them.
#pragma once
#include <tarn/core/internal/waiters.h>
#include <tarn/core/with.h>

namespace tarn {

/// Mutual exclusion between tasks of one loop. Not re-entrant, not tied to an owner.
/// Use: `co_await with(lock, [&]() -> Coro<> {…})`, or acquire() and release().   Python: asyncio.Lock.
class Lock {
 public:
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  /// Waits until the lock is free and everybody who came earlier has had it, then takes it.
  /// Cancel: safe; a lock already on its way is passed on.   Cost: no allocation.
  auto acquire() { return internal::WaiterAwait<Lock>(this); }
  /// Errors: RuntimeError if it is not locked.
  void release();
  bool locked() const { return locked_; }

  auto aenter() { return acquire(); }
  void aexit(const std::exception_ptr&) { release(); }

 private:
  friend internal::WaiterAwait<Lock>;
  bool try_now();
  void passed();
  void gave_up(bool woken);

  internal::WaiterList waiters_;
  bool locked_ = false;
};

/// A flag that tasks can wait for. Python: asyncio.Event.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Wakes everybody who waits now, even if clear() follows at once.
  void set();
  void clear() { set_ = false; }
  bool is_set() const { return set_; }
  /// Waits until it is set; at once if it is. Cancel: safe.   Cost: no allocation.
  auto wait() { return internal::WaiterAwait<Event>(this); }

 private:
  friend internal::WaiterAwait<Event>;
  bool try_now() const { return set_; }
  void passed() {}
  void gave_up(bool) {}

  internal::WaiterList waiters_;
  bool set_ = false;
};

}  // namespace tarn
