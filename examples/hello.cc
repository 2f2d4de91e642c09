// SPDX-License-Identifier: BSL-1.0
// Two coroutines at once: the program of the README.
// [readme]
#include <tarn/tarn.h>

#include <cstdio>
using namespace std::chrono_literals;

tarn::Coro<int> fetch(int id) {
  co_await tarn::sleep(50ms);
  co_return id;
}

tarn::Coro<> amain() {
  auto [a, b] = co_await tarn::gather(fetch(1), fetch(2));  // 50 ms in all
  std::printf("%d %d\n", a, b);
}

int main() { tarn::run(amain()); }
// [readme]

// Prints:
// 1 2
