// SPDX-License-Identifier: BSL-1.0
// Semaphore and BoundedSemaphore: at most so many tasks at once. Fair, as Lock is.
#pragma once
#include <tarn/core/internal/waiters.h>
#include <tarn/core/with.h>

namespace tarn {

/// Lets `value` tasks in at once. A slot that is released while somebody waits is reserved for the first who does.
/// Use: `co_await with(semaphore, [&]() -> Coro<> {…})`, or acquire() and release().   Python: asyncio.Semaphore.
class Semaphore {
 public:
  /// Errors: ValueError for a negative value.
  explicit Semaphore(std::ptrdiff_t value = 1);
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  /// Waits until a slot is free and everybody who came earlier has had one, then takes it.
  /// Cancel: safe; a slot already on its way is passed on.   Cost: no allocation.
  auto acquire() { return internal::WaiterAwait<Semaphore>(this); }
  /// Gives a slot back, or a further one.
  void release();
  /// acquire() would wait.
  bool locked() const { return value_ == 0 || waiters_.anyone(); }

  auto aenter() { return acquire(); }
  void aexit(const std::exception_ptr&) { release(); }

 protected:
  std::ptrdiff_t value() const { return value_; }

 private:
  friend internal::WaiterAwait<Semaphore>;
  bool try_now();
  void passed() { wake_as_many_as_may(); }
  void gave_up(bool woken);
  bool wake_one();
  void wake_as_many_as_may();

  internal::WaiterList waiters_;
  std::ptrdiff_t value_;
};

/// One that refuses to be released more often than it was acquired. Python: asyncio.BoundedSemaphore.
class BoundedSemaphore : public Semaphore {
 public:
  explicit BoundedSemaphore(std::ptrdiff_t value = 1) : Semaphore(value), bound_(value) {}
  /// Errors: ValueError "released too many times".
  void release();
  void aexit(const std::exception_ptr&) { release(); }

 private:
  std::ptrdiff_t bound_;
};

}  // namespace tarn
