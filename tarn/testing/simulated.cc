// SPDX-License-Identifier: BSL-1.0
#include <tarn/testing/simulated.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace tarn::testing {

Port* simulated() { return new SimulatedPort(); }

/// What other threads touch.
struct SimulatedPort::Alarm {
  std::mutex mutex;
  std::condition_variable rang;
  bool ringing = false;
};

SimulatedPort::SimulatedPort() : alarm_(new Alarm) { poll_interval_ = 0; }
SimulatedPort::~SimulatedPort() { delete alarm_; }

bool SimulatedPort::submit(Operation& op) {
  op.result = -ENOSYS;
  return true;
}
std::int64_t SimulatedPort::send_now(int, const void*, std::size_t) noexcept { return -ENOSYS; }
std::int64_t SimulatedPort::recv_now(int, void*, std::size_t) noexcept { return -ENOSYS; }

void SimulatedPort::wait(std::int64_t deadline) {
  std::unique_lock lock(alarm_->mutex);
  if (alarm_->ringing || deadline <= now_) {
    alarm_->ringing = false;
    return;
  }
  if (deadline != forever && outside_work_ == 0) {
    now_ = deadline;
    return;
  }
  // Only another thread can go on with this.
  if (!alarm_->rang.wait_for(lock, std::chrono::nanoseconds(patience), [this] { return alarm_->ringing; }))
    throw RuntimeError("deadlock: every task waits, and nothing is scheduled that could wake one");
  alarm_->ringing = false;
}

void SimulatedPort::wake() noexcept {
  {
    const std::lock_guard lock(alarm_->mutex);
    alarm_->ringing = true;
  }
  alarm_->rang.notify_one();
}

}  // namespace tarn::testing
