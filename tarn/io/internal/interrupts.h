// SPDX-License-Identifier: BSL-1.0
// Interrupts: a Port's share in the process's SIGINT.
//
// The handler counts and wakes; fire() runs later, inside wait(), on the loop's thread. One Port at a time can have
// the signal: it takes it only from SIG_DFL, and hands it back to SIG_DFL.
#pragma once
#include <tarn/core/port.h>
#include <tarn/io/internal/waker.h>

namespace tarn::internal {

class Interrupts {
 public:
  Interrupts() = default;
  ~Interrupts() { trap(nullptr, nullptr, nullptr); }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// As Port::trap_interrupt. The signal sets `attention` and wakes `waker`, which must live until trap(nullptr, …).
  bool trap(InterruptTrap* trap, Waker* waker, Atomic<bool>* attention) noexcept;

  /// Calls fire() once for each SIGINT since the last call. Returns whether there was one.
  bool deliver() noexcept { return trap_ != nullptr && deliver_pending(); }

 private:
  bool deliver_pending() noexcept;

  InterruptTrap* trap_ = nullptr;
  Atomic<bool>* attention_ = nullptr;
};

}  // namespace tarn::internal
