// SPDX-License-Identifier: BSL-1.0
// What would block goes to a thread; what comes from a thread is handed to the loop.
#include <tarn/tarn.h>

#include <cstdio>
#include <thread>
using namespace std::chrono_literals;

// [threads]
int blocking(int x) { return x * x; }

tarn::Coro<int> on_the_loop(int x) {
  co_await tarn::sleep(1ms);
  co_return x + 1;
}

tarn::Coro<> amain() {
  const int squared = co_await tarn::to_thread(blocking, 7);
  std::printf("%d\n", squared);

  tarn::EventLoop& loop = tarn::get_running_loop();
  tarn::Future<int> answer;
  std::thread other([&loop, answer]() mutable {
    const int value = tarn::run_coroutine_threadsafe(on_the_loop(41), loop).result(5s);
    loop.call_soon_threadsafe([answer = std::move(answer), value] { answer.set_result(value); });
  });
  std::printf("%d\n", co_await answer);
  other.join();
}
// [threads]

int main() { tarn::run(amain()); }

// Prints:
// 49
// 42
