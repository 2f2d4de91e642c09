// SPDX-License-Identifier: BSL-1.0
// Deadlines: wait_for() around one awaitable, timeout() around a block, shield() for what must go on.
#include <tarn/tarn.h>

#include <cstdio>
using namespace std::chrono_literals;

// [timeouts]
tarn::Coro<int> answer() {
  co_await tarn::sleep(30ms);
  co_return 42;
}

tarn::Coro<> amain() {
  try {
    co_await tarn::wait_for(answer(), 10ms);
  } catch (const tarn::TimeoutError&) {
    std::puts("too slow");
  }

  auto task = tarn::create_task(answer());
  try {
    co_await tarn::with(tarn::timeout(10ms), [&](tarn::Timeout&) -> tarn::Coro<> {
      const int value = co_await tarn::shield(task);
      std::printf("never: %d\n", value);
    });
  } catch (const tarn::TimeoutError&) {
    std::puts("still too slow, but the task runs on");
  }
  std::printf("%d\n", co_await task);
}
// [timeouts]

int main() { tarn::run(amain()); }

// Prints:
// too slow
// still too slow, but the task runs on
// 42
