// SPDX-License-Identifier: BSL-1.0
// The simulated Port: virtual time for tests. When nothing is ready, the clock jumps to the next deadline, so an hour
// of sleeping takes no time and always the same steps. It has no network yet: an operation on a descriptor is refused.
#pragma once
#include <tarn/core/event_loop.h>
#include <tarn/core/run.h>

namespace tarn::testing {

/// Virtual time: starts at zero and moves only in wait().
/// Errors: RuntimeError from wait() when nothing can ever happen any more (a deadlock of the program under test).
/// While a job of to_thread() runs, virtual time stands still; wait() gives it `patience` of real time.
class SimulatedPort final : public Port {
 public:
  static constexpr Duration patience = Duration::seconds(10);

  SimulatedPort();
  SimulatedPort(const SimulatedPort&) = delete;
  SimulatedPort& operator=(const SimulatedPort&) = delete;
  ~SimulatedPort() override;

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
  struct Alarm;

  std::int64_t now_ = 0;
  Alarm* alarm_;
};

/// A LoopFactory: `run(main(), {.loop_factory = testing::simulated})`.
Port* simulated();

}  // namespace tarn::testing
