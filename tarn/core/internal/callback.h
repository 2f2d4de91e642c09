// SPDX-License-Identifier: BSL-1.0
// Callback blocks: what call_soon, call_later and add_done_callback put on the loop. Counted by the loop and by
// handles.
#pragma once
#include <tarn/core/internal/loop_state.h>
#include <tarn/core/internal/pool.h>

#include <utility>

namespace tarn::internal {

struct CallbackBlock : Timer {
  enum class Act : std::uint8_t { call, destroy };
  LoopState* loop;
  void (*act)(CallbackBlock*, Act) = nullptr;
  std::source_location where;
  std::uint32_t refs = 1;  ///< the loop's own
  bool cancelled = false;

  CallbackBlock(LoopState* l, std::source_location at) : loop(l), where(at) {
    run = &fire;
    ++l->owners;
  }
  CallbackBlock(const CallbackBlock&) = delete;
  CallbackBlock& operator=(const CallbackBlock&) = delete;
  ~CallbackBlock() { loop->release(); }

  void release() {
    if (--refs == 0) act(this, Act::destroy);
  }
  /// It will not run. True the first time.
  bool cancel();
  /// Runs the callable; an exception goes to the loop's handler, one that leaves the loop goes on.
  static void fire(Ready* node, bool drop);
};

template <class F>
struct CallbackOf final : CallbackBlock, Pooled {
  F function;
  CallbackOf(LoopState* l, std::source_location at, F&& f) : CallbackBlock(l, at), function(std::move(f)) {
    act = [](CallbackBlock* block, Act what) {
      auto* const self = static_cast<CallbackOf*>(block);
      if (what == Act::call)
        self->function();
      else
        delete self;
    };
  }
};

/// A callable with the arguments it will be called with, once.
template <class F, class... A>
auto bind_all(F&& f, A&&... args) {
  if constexpr (sizeof...(A) == 0)
    return std::decay_t<F>(std::forward<F>(f));
  else
    return [f = std::decay_t<F>(std::forward<F>(f)), ... args = std::decay_t<A>(std::forward<A>(args))]() mutable {
      f(std::move(args)...);
    };
}

}  // namespace tarn::internal
