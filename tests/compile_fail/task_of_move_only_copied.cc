// SPDX-License-Identifier: BSL-1.0
// Awaiting a task that has a name copies its value; one that only moves is taken once.
// expect: take it once, with co_await std::move
#include <tarn/core/core.h>

struct Socket {
  Socket() = default;
  Socket(Socket&&) = default;
  Socket& operator=(Socket&&) = default;
};

tarn::Coro<Socket> connects() { co_return Socket(); }

tarn::Coro<> main_task() {
  tarn::Task<Socket> task = tarn::create_task(connects());
#ifdef CONTROL
  const Socket socket = co_await std::move(task);
#else
  const Socket socket = co_await task;
#endif
  (void)socket;
}
