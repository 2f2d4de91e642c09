// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/semaphore.h>

namespace tarn {

Semaphore::Semaphore(std::ptrdiff_t value) : value_(value) {
  if (value < 0) throw ValueError("Semaphore initial value must be >= 0");
}

bool Semaphore::try_now() {
  if (locked()) return false;
  --value_;
  return true;
}

bool Semaphore::wake_one() {
  // The slot is taken in the name of the one who is woken, so that nobody overtakes it.
  if (!waiters_.wake_next()) return false;
  --value_;
  return true;
}

void Semaphore::wake_as_many_as_may() {
  // Those who came while slots were free had to wait for those ahead of them.
  while (value_ > 0 && wake_one()) {
  }
}

void Semaphore::gave_up(bool woken) {
  if (woken) ++value_;
  wake_as_many_as_may();
}

void Semaphore::release() {
  ++value_;
  wake_one();
}

void BoundedSemaphore::release() {
  if (value() >= bound_) throw ValueError("BoundedSemaphore released too many times");
  Semaphore::release();
}

}  // namespace tarn
