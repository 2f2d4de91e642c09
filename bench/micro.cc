// SPDX-License-Identifier: BSL-1.0
// tarn_micro TEST N: what the core's operations cost, one at a time. Written as a user would write it.
//
// N counts operations, whatever a test does at once: a gather of 10,000 tasks is 10,000. floor.cc has the same tests
// without a library, peers/ has them for others; the command line and the line of JSON are the same for all.
#include <tarn/tarn.h>

#include <cstring>
#include <thread>
#include <vector>

#include "meter.h"

namespace {

using namespace std::chrono_literals;

constexpr long gathered = 10'000;
constexpr int depth = 10;

// Not inlined, as if they stood in another file: a compiler that sees a whole coroutine may take its frame away.
[[gnu::noinline]] tarn::Coro<int> noop() { co_return 1; }

tarn::Coro<> spawn(long n) {
  for (long i = 0; i < n; ++i) bench::keep(co_await tarn::create_task(noop()));
}

tarn::Coro<> yield_times(long n) {
  for (long i = 0; i < n; ++i) co_await tarn::sleep(tarn::Duration());
}
tarn::Coro<> yield(long n) {
  auto other = tarn::create_task(yield_times(n / 2));
  co_await yield_times(n - n / 2);
  co_await other;
}

[[gnu::noinline]] tarn::Coro<int> nest(int levels) {
  if (levels == 1) co_return 1;
  const int below = co_await nest(levels - 1);
  co_return below + 1;
}
tarn::Coro<> nested(long n) {
  for (long i = 0; i < n; i += depth) bench::keep(co_await nest(depth));
}

tarn::Coro<> leaf(long n) {
  for (long i = 0; i < n; ++i) bench::keep(co_await noop());
}

tarn::Coro<> gather(long n) {
  for (long left = n; left > 0; left -= gathered) {
    std::vector<tarn::Coro<int>> all;
    const long count = left < gathered ? left : gathered;
    all.reserve(static_cast<std::size_t>(count));
    for (long i = 0; i < count; ++i) all.push_back(noop());
    bench::keep(co_await tarn::gather(std::move(all)));
  }
}

tarn::Coro<> produce(tarn::Queue<long>& queue, long n) {
  for (long i = 0; i < n; ++i) co_await queue.put(i);
}
tarn::Coro<> queue(long n) {
  tarn::Queue<long> items(128);
  auto producer = tarn::create_task(produce(items, n));
  long sum = 0;
  for (long i = 0; i < n; ++i) sum += co_await items.get();
  bench::keep(sum);
  co_await producer;
}

tarn::Coro<> sleep_for(double seconds) { co_await tarn::sleep(std::chrono::duration<double>(seconds)); }
tarn::Coro<> sleep(long n) {
  bench::Random random;
  std::vector<tarn::Task<>> tasks;
  tasks.reserve(static_cast<std::size_t>(n));
  for (long i = 0; i < n; ++i) tasks.push_back(tarn::create_task(sleep_for(random.next())));
  for (auto& task : tasks) co_await task;
}

tarn::Coro<> wait_for(long n) {
  for (long i = 0; i < n; ++i) bench::keep(co_await tarn::wait_for(noop(), 1s));
}

tarn::Coro<> timeout(long n) {
  const auto body = [] { return noop(); };
  for (long i = 0; i < n; ++i) bench::keep(co_await tarn::with(tarn::timeout(1s), body));
}

tarn::Coro<> group(long n) {
  const auto spawn_all = [n](tarn::TaskGroup& tasks) -> tarn::Coro<> {
    for (long i = 0; i < n; ++i) {
      tasks.create_task(noop());
      if (i % gathered == 0) co_await tarn::sleep(tarn::Duration());
    }
  };
  co_await tarn::with(tarn::TaskGroup(), spawn_all);
}

tarn::Coro<> post(long n) {
  tarn::EventLoop& loop = tarn::get_running_loop();
  tarn::Event all_here;
  long arrived = 0;
  auto arrive = [&] {
    if (++arrived == n) all_here.set();
  };
  std::thread poster([&] {
    for (long i = 0; i < n; ++i) loop.call_soon_threadsafe([&arrive] { arrive(); });
  });
  co_await all_here.wait();
  poster.join();
}

tarn::Coro<> pool(long n) {
  for (long i = 0; i < n; ++i) bench::keep(co_await tarn::to_thread([] { return 1; }));
}

// Both ends of a connection over loopback in one loop; an operation is a round trip of 64 bytes.
tarn::Coro<> echo_back(tarn::Stream stream) {
  char buffer[1024];
  for (;;) {
    const std::size_t count = co_await stream.read_some(buffer);
    if (count == 0) break;
    co_await stream.write({buffer, count});
  }
}
tarn::Coro<> echo(long n) {
  auto server = co_await tarn::start_server(echo_back, "127.0.0.1", 0);
  auto stream = co_await tarn::open_connection("127.0.0.1", server.port());
  char buffer[1024] = {};
  for (long i = 0; i < n; ++i) {
    co_await stream.write(std::string_view(buffer, 64));
    bench::keep(co_await stream.read_some(buffer));
  }
}

// yield as it is in a server: something is in flight and a timer is set, so the loop minds the kernel and the clock.
tarn::Coro<> serving(long n) {
  auto server = co_await tarn::start_server(echo_back, "127.0.0.1", 0);
  co_await tarn::wait_for(yield(n), 1h);
}

struct Test {
  const char* name;
  tarn::Coro<> (*run)(long n);
};
constexpr Test tests[] = {{"spawn", spawn},   {"yield", yield},    {"nested", nested},     {"leaf", leaf},
                          {"gather", gather}, {"queue", queue},    {"wait_for", wait_for}, {"timeout", timeout},
                          {"group", group},   {"sleep", sleep},    {"post", post},         {"pool", pool},
                          {"echo", echo},     {"serving", serving}};

tarn::Coro<> measure(Test test, bench::Request request) {
  bench::Meter meter;
  if (const long few = bench::warm_up_size(request)) co_await test.run(few);
  meter.start();
  co_await test.run(request.n);
  meter.stop(request);
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Request request = bench::parse(argc, argv);
  for (const Test& test : tests) {
    if (std::strcmp(test.name, request.test) != 0) continue;
    tarn::run(measure(test, request));
    return 0;
  }
  bench::refuse(request.test,
                "spawn yield nested leaf gather queue wait_for timeout group sleep post pool echo serving");
}
