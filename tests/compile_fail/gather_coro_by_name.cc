// SPDX-License-Identifier: BSL-1.0
// gather() takes a coroutine over, so one that has a name is moved in.
// expect: no matching function for call to .(tarn::)?gather
#include <tarn/core/core.h>

tarn::Coro<int> one() { co_return 1; }

tarn::Coro<> main_task() {
  tarn::Coro<int> coro = one();
#ifdef CONTROL
  co_await tarn::gather(std::move(coro), one());
#else
  co_await tarn::gather(coro, one());
#endif
}
