// SPDX-License-Identifier: BSL-1.0
// Calling a coroutine function runs nothing: asyncio says "was never awaited" at run time, the compiler says it here.
// expect: nodiscard
#include <tarn/core/coro.h>

tarn::Coro<> child() { co_return; }

tarn::Coro<> parent() {
#ifdef CONTROL
  co_await child();
#else
  child();
#endif
  co_return;
}
