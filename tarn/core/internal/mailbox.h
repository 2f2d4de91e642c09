// SPDX-License-Identifier: BSL-1.0
// Mailbox: the one way from other threads into a loop. It outlives the loop as long as somebody may still post.
#pragma once
#include <tarn/base/atomic.h>
#include <tarn/core/internal/ready.h>

namespace tarn {
class Port;
}

namespace tarn::internal {

class Mailbox {
 public:
  explicit Mailbox(Port* port) : port_(port) {}

  /// Appends; the loop runs it in the order of posting. False: the loop is closed, and the node is still the caller's.
  /// Thread: any.
  bool post(Ready* node) noexcept;
  /// Only wakes the loop. Thread: any, also a signal handler.
  void wake() noexcept;

  bool has_mail() const noexcept { return newest_.load_relaxed() != nullptr; }
  /// Moves what was posted to `queue`, oldest first. Thread: the loop's own.
  void collect(ReadyQueue& queue) noexcept;
  /// Announces that the loop is about to wait. False: there is mail, don't. Thread: the loop's own.
  bool fall_asleep() noexcept;
  void awake() noexcept { asleep_.store_relaxed(false); }
  /// After this no post succeeds and nobody touches the Port. Thread: the loop's own.
  void close(ReadyQueue& last_mail) noexcept;

  void retain() noexcept { owners_.add_relaxed(1); }
  void release() noexcept {
    if (owners_.subtract(1) == 1) delete this;
  }

 private:
  static Ready* closed() noexcept {
    static Ready mark;
    return &mark;
  }

  Atomic<Ready*> newest_{nullptr};  // a stack; collect() reverses it
  Atomic<bool> asleep_{false};
  Atomic<int> posting_{0};  // posters that may still touch the Port
  Atomic<int> owners_{1};
  Port* const port_;
};

}  // namespace tarn::internal
