// SPDX-License-Identifier: BSL-1.0
// A TaskGroup: its tasks end before the block does, and one that fails cancels the others.
#include <tarn/tarn.h>

#include <cstdio>
#include <string>
using namespace std::chrono_literals;

// [group]
tarn::Coro<> worker(std::string name, tarn::Duration time) {
  co_await tarn::sleep(time);
  std::printf("%s is done\n", name.c_str());
}

tarn::Coro<> failing() {
  co_await tarn::sleep(20ms);
  throw tarn::ValueError("no such thing");
}

tarn::Coro<> amain() {
  try {
    co_await tarn::with(tarn::TaskGroup(), [](tarn::TaskGroup& group) -> tarn::Coro<> {
      group.create_task(worker("quick", 10ms));
      group.create_task(failing());
      group.create_task(worker("slow", 10s));  // cancelled
      co_return;
    });
  } catch (const tarn::ExceptionGroup& group) {
    std::printf("%s\n", group.what());
  }
}
// [group]

int main() { tarn::run(amain()); }

// Prints:
// quick is done
// unhandled errors in a TaskGroup (1 sub-exception)
//   - ValueError: no such thing
