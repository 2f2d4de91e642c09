// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/concurrent.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace tarn::internal {

struct ConcurrentBase::Sync {
  mutable std::mutex mutex;
  std::condition_variable changed;
  Phase phase = Phase::pending;
  std::vector<Function<void()>> callbacks;
  Function<void()> canceller;
};

ConcurrentBase::ConcurrentBase() : sync_(new Sync) {}
ConcurrentBase::~ConcurrentBase() { delete sync_; }

ConcurrentBase::Phase ConcurrentBase::phase() const {
  const std::lock_guard lock(sync_->mutex);
  return sync_->phase;
}

bool ConcurrentBase::cancel() {
  std::vector<Function<void()>> callbacks;
  {
    const std::lock_guard lock(sync_->mutex);
    if (sync_->phase == Phase::cancelled) return true;
    if (sync_->phase != Phase::pending) return false;
    sync_->phase = Phase::cancelled;
    callbacks.swap(sync_->callbacks);
    if (sync_->canceller) callbacks.push_back(std::move(sync_->canceller));
  }
  sync_->changed.notify_all();
  for (auto& callback : callbacks) callback();
  return true;
}

bool ConcurrentBase::start() {
  const std::lock_guard lock(sync_->mutex);
  if (sync_->phase != Phase::pending) return false;
  sync_->phase = Phase::running;
  return true;
}

bool ConcurrentBase::wait(OptionalDuration timeout) const {
  std::unique_lock lock(sync_->mutex);
  const auto done = [this] { return sync_->phase == Phase::cancelled || sync_->phase == Phase::finished; };
  if (!timeout) {
    sync_->changed.wait(lock, done);
    return true;
  }
  return sync_->changed.wait_for(lock, std::chrono::nanoseconds(*timeout), done);
}

void ConcurrentBase::when_done(Function<void()> callback) {
  {
    const std::lock_guard lock(sync_->mutex);
    if (sync_->phase == Phase::pending || sync_->phase == Phase::running) {
      sync_->callbacks.push_back(std::move(callback));
      return;
    }
  }
  callback();
}

void ConcurrentBase::set_canceller(Function<void()> canceller) {
  {
    const std::lock_guard lock(sync_->mutex);
    if (sync_->phase != Phase::cancelled) {
      sync_->canceller = std::move(canceller);
      return;
    }
  }
  canceller();
}

void ConcurrentBase::finish(Phase how, Function<void()> store) {
  std::vector<Function<void()>> callbacks;
  {
    const std::lock_guard lock(sync_->mutex);
    if (sync_->phase == Phase::cancelled || sync_->phase == Phase::finished) return;  // cancelled meanwhile
    store();
    sync_->phase = how;
    callbacks.swap(sync_->callbacks);
    sync_->canceller = {};
  }
  sync_->changed.notify_all();
  for (auto& callback : callbacks) callback();
}

}  // namespace tarn::internal
