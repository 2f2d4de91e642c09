// SPDX-License-Identifier: BSL-1.0
// DoneWait: waits until something is done without taking its result, and without passing a cancellation on to it.
#pragma once
#include <tarn/core/internal/task_state.h>

namespace tarn::internal {

struct DoneWait : FutureWait {
  using FutureWait::FutureWait;
  void await_suspend(std::coroutine_handle<> h) {
    FutureWait::await_suspend(h);
    cancel = [](Leaf* leaf, const std::exception_ptr& reason) {
      auto* const w = static_cast<DoneWait*>(leaf);
      if (w->future->done()) return false;
      w->future->untell(w);
      std::exchange(w->task, nullptr)->wake_cancelled(reason);
      return true;
    };
  }
  void await_resume() const { check(); }
};

}  // namespace tarn::internal
