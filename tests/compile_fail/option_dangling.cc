// SPDX-License-Identifier: BSL-1.0
// Options are views: a temporary string in a named one is gone before it is used.
// compiler: clang
// expect: Wdangling
#include <string>

#include <tarn/core/core.h>

tarn::Coro<> works() { co_return; }

tarn::Coro<> main_task() {
#ifdef CONTROL
  const std::string name = "worker";
  const tarn::TaskOptions options{.name = name};
#else
  const tarn::TaskOptions options{.name = std::string("worker")};
#endif
  tarn::Task<> task = tarn::create_task(works(), options);
  co_await task;
}
