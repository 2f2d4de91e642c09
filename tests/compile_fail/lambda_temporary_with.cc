// SPDX-License-Identifier: BSL-1.0
// g++ 12.2 destroys a temporary closure in a co_await expression twice; what would suffer from it is refused there.
// compiler: gnu 12
// expect: name it first and pass the name
#include <string>

#include <tarn/core/core.h>

tarn::Coro<> main_task(std::string text) {
#ifdef CONTROL
  const auto body = [text](tarn::Timeout&) -> tarn::Coro<> { co_return; };
  co_await tarn::with(tarn::timeout(tarn::no_timeout), body);
#else
  co_await tarn::with(tarn::timeout(tarn::no_timeout), [text](tarn::Timeout&) -> tarn::Coro<> { co_return; });
#endif
}
