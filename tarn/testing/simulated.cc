// SPDX-License-Identifier: BSL-1.0
#include <tarn/testing/simulated.h>

#include <cerrno>

namespace tarn::testing {

Port* simulated() { return new SimulatedPort(); }

bool SimulatedPort::submit(Operation& op) {
  op.result = -ENOSYS;
  return true;
}
std::int64_t SimulatedPort::send_now(int, const void*, std::size_t) noexcept { return -ENOSYS; }
std::int64_t SimulatedPort::recv_now(int, void*, std::size_t) noexcept { return -ENOSYS; }

void SimulatedPort::wait(std::int64_t deadline) {
  std::unique_lock lock(mutex_);
  if (woken_ || deadline <= now_) {
    woken_ = false;
    return;
  }
  if (deadline != forever) {
    now_ = deadline;
    return;
  }
  // Nothing is scheduled: only another thread can go on with this.
  if (!woken_cv_.wait_for(lock, patience, [this] { return woken_; }))
    throw RuntimeError("deadlock: every task waits, and nothing is scheduled that could wake one");
  woken_ = false;
}

void SimulatedPort::wake() noexcept {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  woken_cv_.notify_one();
}

}  // namespace tarn::testing
