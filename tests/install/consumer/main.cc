// SPDX-License-Identifier: BSL-1.0
// A program of somebody who uses tarn: it includes the umbrella, links, and runs a coroutine on the kernel's Port.
#include <tarn/tarn.h>

#include <cstdio>

namespace {

tarn::Coro<int> answer() {
  co_await tarn::sleep(std::chrono::milliseconds(1));
  co_return 42;
}

}  // namespace

int main() {
  const int result = tarn::run(answer());
  std::printf("%d\n", result);
  return result == 42 ? 0 : 1;
}
