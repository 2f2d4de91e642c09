// SPDX-License-Identifier: BSL-1.0
// g++ 12.2 destroys a closure inside a co_await twice: an owning one has to be named first.
// compiler: gnu 12
// expect: name it first and pass the name
#include <tarn/core/threads.h>

#include <string>

tarn::Coro<> greet(std::string name) {
#ifdef CONTROL
  auto job = [name] { return name.size(); };
  co_await tarn::to_thread(job);
#else
  co_await tarn::to_thread([name] { return name.size(); });
#endif
}
