// SPDX-License-Identifier: BSL-1.0
// The simulated Port: virtual time for tests. When nothing is ready, the clock jumps to the next deadline, so an hour of
// sleeping takes no time and always the same steps. It has no network yet: an operation on a descriptor is refused.
#pragma once
#include <tarn/core/event_loop.h>
#include <tarn/core/run.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace tarn::testing {

/// Virtual time: starts at zero and moves only in wait().
/// Errors: RuntimeError from wait() when nothing can ever happen any more (a deadlock of the program under test).
/// Other threads may post: while nothing else is due, wait() gives them `patience` of real time.
class SimulatedPort final : public Port {
 public:
  static constexpr std::chrono::seconds patience{10};

  SimulatedPort() { poll_interval_ = 0; }

  const char* name() const noexcept override { return "simulated"; }
  bool submit(Operation& op) override;
  void cancel(Operation&) noexcept override {}
  std::int64_t send_now(int, const void*, std::size_t) noexcept override;
  std::int64_t recv_now(int, void*, std::size_t) noexcept override;
  void close(int) noexcept override {}
  void forget(int) noexcept override {}
  void wait(std::int64_t deadline) override;
  void wake() noexcept override;
  std::int64_t now() noexcept override { return now_; }
  bool trap_interrupt(InterruptTrap*) noexcept override { return false; }

 private:
  std::int64_t now_ = 0;
  std::mutex mutex_;
  std::condition_variable woken_cv_;
  bool woken_ = false;
};

/// A LoopFactory: `run(main(), {.loop_factory = testing::simulated})`.
Port* simulated();

}  // namespace tarn::testing
