// SPDX-License-Identifier: BSL-1.0
// A Coro runs once, so that awaiting it takes it: the reader sees the move.
// expect: a Coro runs once
#include <tarn/core/coro.h>

#include <utility>

tarn::Coro<int> one() { co_return 1; }

tarn::Coro<int> two() {
  auto coro = one();
#ifdef CONTROL
  co_return co_await std::move(coro) + 1;
#else
  co_return co_await coro + 1;
#endif
}
