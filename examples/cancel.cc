// SPDX-License-Identifier: BSL-1.0
// Cancelling: what the task sees, what its clean-up may do, what the one who cancelled gets.
#include <tarn/tarn.h>

#include <cstdio>
using namespace std::chrono_literals;

// [cancel]
tarn::Coro<> work() { co_await tarn::sleep(1h); }

tarn::Coro<> clean_up() {
  co_await tarn::sleep(1ms);  // an await in the clean-up is fine: a request is delivered once
  std::puts("cleaned up");
}

tarn::Coro<> job() { co_await tarn::try_finally(work(), clean_up); }

tarn::Coro<> amain() {
  auto task = tarn::create_task(job(), {.name = "job"});
  co_await tarn::sleep(1ms);
  task.cancel("enough");
  try {
    co_await task;
  } catch (const tarn::CancelledError& error) {
    std::printf("%s: %s\n", task.name().c_str(), error.what());
  }
}
// [cancel]

int main() { tarn::run(amain()); }

// Prints:
// cleaned up
// job: enough
