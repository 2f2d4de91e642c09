// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/barrier.h>

namespace tarn {

Barrier::Barrier(std::size_t parties) : parties_(parties) {
  if (parties == 0) throw ValueError("parties must be > 0");
}

Coro<std::size_t> Barrier::wait() {
  co_return co_await with(changed_, [this]() -> Coro<std::size_t> { return enter(); });
}

Coro<> Barrier::block() {
  co_await changed_.wait_for([this] { return state_ != State::draining && state_ != State::resetting; });
  if (state_ == State::broken) throw BrokenBarrierError("Barrier aborted");
}

Coro<std::size_t> Barrier::enter() {
  co_await block();
  const std::size_t index = count_++;
  struct Left {
    Barrier* barrier;
    ~Left() { barrier->leave(); }
  } left{this};
  if (index + 1 == parties_) {
    state_ = State::draining;
    changed_.notify_all();
    co_return index;
  }
  co_await changed_.wait_for([this] { return state_ != State::filling; });
  if (state_ != State::draining) throw BrokenBarrierError("Abort or reset of barrier");
  co_return index;
}

void Barrier::leave() {
  if (--count_ > 0) return;
  if (state_ == State::resetting || state_ == State::draining) state_ = State::filling;
  changed_.notify_all();
}

Coro<> Barrier::reset() {
  co_await changed_.acquire();
  state_ = count_ > 0 ? State::resetting : State::filling;
  changed_.notify_all();
  changed_.release();
}

Coro<> Barrier::abort() {
  co_await changed_.acquire();
  state_ = State::broken;
  changed_.notify_all();
  changed_.release();
}

}  // namespace tarn
