// SPDX-License-Identifier: BSL-1.0
// Barrier: tasks wait for each other until enough have come, then all go on. It can be used again and again.
#pragma once
#include <tarn/core/condition.h>

namespace tarn {

/// Python: asyncio.Barrier.
class Barrier {
 public:
  /// Errors: ValueError if `parties` is 0.
  explicit Barrier(std::size_t parties);
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  /// Waits until `parties` tasks wait; each gets another number from 0 up.
  /// Errors: BrokenBarrierError if it is broken, or reset meanwhile.   Cancel: safe; it waits for one more then.
  Coro<std::size_t> wait();
  /// Sends those who wait away with a BrokenBarrierError and begins anew.
  Coro<> reset();
  /// Breaks it: those who wait, now and later, get a BrokenBarrierError until reset().
  Coro<> abort();

  std::size_t parties() const { return parties_; }
  /// How many wait now, while it fills.
  std::size_t n_waiting() const { return state_ == State::filling ? count_ : 0; }
  bool broken() const { return state_ == State::broken; }

  /// For with(): the body gets the number.
  Coro<std::size_t> aenter() { return wait(); }
  void aexit(const std::exception_ptr&) {}

 private:
  enum class State : std::uint8_t { filling, draining, resetting, broken };

  Coro<std::size_t> enter();
  Coro<> block();
  void leave();

  Condition changed_;
  const std::size_t parties_;
  std::size_t count_ = 0;
  State state_ = State::filling;
};

}  // namespace tarn
