// SPDX-License-Identifier: BSL-1.0
// Atomic: the few atomic operations that public headers need, on the compiler's builtins: <atomic> is 12,000 lines.
#pragma once

namespace tarn {

/// A value that several threads change. Sequentially consistent unless a member's name says otherwise.
template <class T>
class Atomic {
 public:
  constexpr Atomic(T value = {}) : value_(value) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T load() const noexcept { return __atomic_load_n(&value_, __ATOMIC_SEQ_CST); }
  T load_relaxed() const noexcept { return __atomic_load_n(&value_, __ATOMIC_RELAXED); }
  void store(T value) noexcept { __atomic_store_n(&value_, value, __ATOMIC_SEQ_CST); }
  void store_relaxed(T value) noexcept { __atomic_store_n(&value_, value, __ATOMIC_RELAXED); }
  T exchange(T value) noexcept { return __atomic_exchange_n(&value_, value, __ATOMIC_SEQ_CST); }
  /// The value before.
  T add(T n) noexcept { return __atomic_fetch_add(&value_, n, __ATOMIC_SEQ_CST); }
  T add_relaxed(T n) noexcept { return __atomic_fetch_add(&value_, n, __ATOMIC_RELAXED); }
  T subtract(T n) noexcept { return __atomic_fetch_sub(&value_, n, __ATOMIC_SEQ_CST); }
  /// Puts `desired` where `expected` is; if something else is there, `expected` becomes that.
  bool replace(T& expected, T desired) noexcept {
    return __atomic_compare_exchange(&value_, &expected, &desired, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
  }

 private:
  T value_;
};

}  // namespace tarn
