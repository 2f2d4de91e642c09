// SPDX-License-Identifier: BSL-1.0
// Waker: the eventfd behind Port::wake(). Many wakes before the loop has looked are one system call.
#pragma once
#include <atomic>

namespace tarn::internal {

class Waker {
 public:
  Waker();
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  int fd() const noexcept { return fd_; }

  /// Makes the descriptor readable. Any thread; async-signal-safe.
  void wake() noexcept;

  /// The loop has seen the descriptor's event: the next wake() writes again. To be called before the loop looks at
  /// what the wakers left for it; a wake() that comes in between is covered by that look.
  void seen() noexcept { pending_.store(false, std::memory_order_release); }

 private:
  int fd_;
  std::atomic<bool> pending_{false};
};

}  // namespace tarn::internal
