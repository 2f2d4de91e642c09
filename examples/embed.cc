// SPDX-License-Identifier: BSL-1.0
// A host that owns the thread (a game, a GUI) runs the loop one iteration at a time.
#include <tarn/tarn.h>

#include <cstdio>
using namespace std::chrono_literals;

// [embed]
tarn::Coro<> tick(int& ticks) {
  for (;;) {
    co_await tarn::sleep(1ms);
    ++ticks;
  }
}

int main() {
  tarn::EventLoop loop;
  int ticks = 0;
  auto task = loop.create_task(tick(ticks));
  while (ticks < 3) {
    // … the host's own work: draw a frame, look at the mouse …
    loop.run_once(5ms);  // what is ready now; waits for the next event, 5 ms at most
  }
  task.cancel();
  while (loop.run_once(1s)) {  // until nothing is left
  }
  std::printf("cancelled: %s\n", task.cancelled() ? "yes" : "no");
}
// [embed]

// Prints:
// cancelled: yes
