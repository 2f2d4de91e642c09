// SPDX-License-Identifier: BSL-1.0
// A bounded queue between a producer and two consumers; join() waits until everything is worked on.
#include <tarn/tarn.h>

#include <cstdio>
using namespace std::chrono_literals;

// [queue]
tarn::Coro<> consumer(tarn::Queue<int>& queue, int& sum) {
  for (;;) {
    sum += co_await queue.get();
    queue.task_done();
  }
}

tarn::Coro<> amain() {
  tarn::Queue<int> queue(2);  // put() waits while two are there
  int sum = 0;
  auto first = tarn::create_task(consumer(queue, sum));
  auto second = tarn::create_task(consumer(queue, sum));
  for (int i = 1; i <= 10; ++i) co_await queue.put(i);
  co_await queue.join();
  std::printf("sum %d\n", sum);
  first.cancel();
  second.cancel();
  co_await tarn::gather(tarn::return_exceptions, first, second);
}
// [queue]

int main() { tarn::run(amain()); }

// Prints:
// sum 55
