// SPDX-License-Identifier: BSL-1.0
// Between threads: rules H1, H2 and F7, and the thread pool. Threads meet by flags, never by sleeping.
#include <memory>
#include <thread>

#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::StartsWith;

class Threads : public OnEveryPort {};
TARN_ON_EVERY_PORT(Threads);

constexpr Duration long_time = Duration::seconds(1000);

// A loop that runs in a thread of its own until the test is over. It is kept busy so that a simulated one doesn't take
// the wait for the other thread for a deadlock.
class LoopThread {
 public:
  explicit LoopThread(LoopFactory factory) : loop(factory) {
    thread_ = std::thread([this] { loop.run_forever(); });
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread() { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    loop.call_soon_threadsafe([this] { loop.stop(); });
    thread_.join();
  }
  EventLoop loop;

 private:
  std::thread thread_;
};

Coro<int> three() {
  co_await yield(2);
  co_return 3;
}
Coro<int> fails() {
  co_await yield();
  throw ValueError("b");
}

TEST_P(Threads, H1_RunCoroutineThreadsafeGivesTheValueOrTheError) {
  LoopThread other(factory());
  EXPECT_EQ(run_coroutine_threadsafe(three(), other.loop).result(), 3);
  const ConcurrentFuture<int> failed = run_coroutine_threadsafe(fails(), other.loop);
  EXPECT_EQ(outcome_of([&] { failed.result(); }), "ValueError: b");
  EXPECT_EQ(describe(failed.exception()), "ValueError: b");
  const auto makes = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(4); };
  EXPECT_EQ(*run_coroutine_threadsafe(makes(), other.loop).result(), 4);
}

TEST_P(Threads, H1_CancellingTheConcurrentFutureCancelsTheTask) {
  LoopThread other(factory());
  Atomic<int> stage{0};
  Atomic<int> ended{0};
  const auto body = [](Atomic<int>* begun, Atomic<int>* end) -> Coro<> {
    begun->store(1);
    Future<> never;
    try {
      co_await never;
    } catch (const CancelledError&) {
      end->store(1);
      throw;
    }
  };
  const ConcurrentFuture<void> future = run_coroutine_threadsafe(body(&stage, &ended), other.loop);
  while (stage.load() != 1) std::this_thread::yield();
  EXPECT_FALSE(future.done());
  EXPECT_TRUE(future.cancel());
  EXPECT_TRUE(future.cancelled());
  EXPECT_THROW(future.result(), CancelledError);
  while (ended.load() != 1) std::this_thread::yield();
  ConcurrentFuture<std::size_t> left =
      run_coroutine_threadsafe([]() -> Coro<std::size_t> { co_return all_tasks().size(); }(), other.loop);
  EXPECT_EQ(left.result(), 1U);  // itself
}

TEST_P(Threads, H1_CancelledBeforeItBeganTheCoroutineNeverRuns) {
  EventLoop loop(factory());
  bool ran = false;
  const auto body = [](bool* flag) -> Coro<> {
    *flag = true;
    co_return;
  };
  const ConcurrentFuture<void> future = run_coroutine_threadsafe(body(&ran), loop);
  EXPECT_TRUE(future.cancel());
  loop.run_once();
  loop.run_once();
  EXPECT_FALSE(ran);
}

TEST_P(Threads, H1_ACancelAtAnyMomentLeavesNoTask) {
  LoopThread other(factory());
  for (int i = 0; i < 500; ++i) {
    const auto body = []() -> Coro<> { co_await Future<>(); };
    const ConcurrentFuture<void> future = run_coroutine_threadsafe(body(), other.loop);
    for (int spin = 0; spin < i; ++spin) std::this_thread::yield();
    EXPECT_TRUE(future.cancel());
  }
  const auto counts = []() -> Coro<std::size_t> {
    co_await yield(3);
    co_return all_tasks().size();
  };
  EXPECT_EQ(run_coroutine_threadsafe(counts(), other.loop).result(), 1U);
}

TEST_P(Threads, F7_AResultForAClosedLoopIsDropped) {
  ThreadPool pool(1);
  Atomic<int> stage{0};
  const auto job = [&stage] {
    stage.store(1);
    while (stage.load() != 2) std::this_thread::yield();
    return std::make_unique<int>(1);
  };
  std::optional<Future<std::unique_ptr<int>>> future;
  {
    EventLoop loop(factory());
    const auto main = [&]() -> Coro<> {
      future = run_in_executor(&pool, job);
      co_return;
    };
    loop.run_until_complete(main());
    while (stage.load() != 1) std::this_thread::yield();
  }
  stage.store(2);
  EXPECT_TRUE(pool.join_for(long_time));
  EXPECT_FALSE(future->done());
}

TEST_P(Threads, F7_ACoroutineForAClosedLoopIsRefused) {
  EventLoop loop(factory());
  loop.close();
  EXPECT_EQ(outcome_of([&] { run_coroutine_threadsafe(three(), loop); }), "RuntimeError: Event loop is closed");
}

TEST_P(Threads, H2_ToThreadRunsElsewhereAndGivesTheValueOrTheError) {
  const auto main = [&]() -> Coro<> {
    const auto here = std::this_thread::get_id();
    const auto elsewhere = [here](std::string a, int b) {
      return a + std::to_string(b) + (std::this_thread::get_id() == here ? " here" : " elsewhere");
    };
    const std::string value = co_await to_thread(elsewhere, "x", 1);
    EXPECT_EQ(value, "x1 elsewhere");
    const auto throws = [] { throw ValueError("job"); };
    const std::string ended = co_await outcome(to_thread(throws));
    EXPECT_EQ(ended, "ValueError: job");
    const auto makes = [] { return std::make_unique<int>(5); };
    const std::unique_ptr<int> moved = co_await to_thread(makes);
    EXPECT_EQ(*moved, 5);
  };
  run(main());
}

TEST_P(Threads, H2_TheLoopGoesOnWhileAJobRuns) {
  const auto main = [&]() -> Coro<> {
    Atomic<int> turns{0};
    const auto waits_for_the_loop = [&turns] {
      while (turns.load() < 10) std::this_thread::yield();
    };
    Task<> job = create_task(to_thread(waits_for_the_loop));
    while (!job.done()) {
      turns.add(1);
      co_await yield();
    }
    EXPECT_GE(turns.load(), 10);
  };
  run(main());
}

TEST_P(Threads, H2_ACancelledJobThatHasNotBegunNeverRuns) {
  const auto main = [&]() -> Coro<> {
    ThreadPool pool(1);
    Atomic<int> stage{0};
    bool ran = false;
    const auto blocks = [&stage] {
      stage.store(1);
      while (stage.load() != 2) std::this_thread::yield();
    };
    Future<void> first = run_in_executor(&pool, blocks);
    Future<void> second = run_in_executor(&pool, [&ran] { ran = true; });
    while (stage.load() != 1) co_await yield();
    EXPECT_TRUE(second.cancel());
    co_await yield(2);
    stage.store(2);
    co_await first;
    pool.join_for(long_time);
    EXPECT_FALSE(ran);
  };
  run(main());
}

TEST_P(Threads, AJobThatIsDroppedByItsPoolIsCancelled) {
  const auto main = [&]() -> Coro<> {
    ThreadPool pool(1);
    Atomic<int> stage{0};
    const auto blocks = [&stage] {
      stage.store(1);
      while (stage.load() != 2) std::this_thread::yield();
    };
    Future<void> first = run_in_executor(&pool, blocks);
    Future<int> second = run_in_executor(&pool, [] { return 1; });
    while (stage.load() != 1) co_await yield();
    pool.shutdown(ThreadPool::Shutdown::cancel_queued);
    stage.store(2);
    const std::string ended = co_await outcome(wait_for(second, Duration::seconds(5)));
    EXPECT_THAT(ended, StartsWith("CancelledError"));
    co_await first;
    EXPECT_EQ(outcome_of([&] { (void)run_in_executor(&pool, [] {}); }),
              "RuntimeError: cannot schedule new futures after shutdown");
  };
  run(main());
}

TEST_P(Threads, RunJoinsItsExecutor) {
  Atomic<int> ended{0};
  const auto main = [&]() -> Coro<> {
    Atomic<int> begun{0};
    const auto job = [&] {
      begun.store(1);
      std::this_thread::yield();
      ended.store(1);
    };
    const auto starts = [&]() -> Coro<> { co_await to_thread(job); };
    Task<> task = create_task(starts());
    while (begun.load() != 1) co_await yield();
  };
  run(main());
  EXPECT_EQ(ended.load(), 1);
}

TEST(Pools, SubmitGivesAConcurrentFuture) {
  ThreadPool pool(2);
  EXPECT_EQ(pool.submit([](int a, int b) { return a + b; }, 2, 3).result(), 5);
  // Named, so that this thread lets go of the error before the future: the count inside an exception_ptr belongs to
  // libstdc++, where ThreadSanitizer doesn't see it.
  const ConcurrentFuture<void> failing = pool.submit([] { throw ValueError("b"); });
  EXPECT_EQ(outcome_of([&] { failing.result(); }), "ValueError: b");
  EXPECT_LE(pool.workers(), 2U);
}

TEST(Pools, AJobThatNeverEndsIsNotWaitedForWithoutEnd) {
  static Atomic<int> stage{0};
  {
    ThreadPool pool(1);
    pool.submit([] {
      stage.store(1);
      while (stage.load() != 2) std::this_thread::yield();
      stage.store(3);
    });
    while (stage.load() != 1) std::this_thread::yield();
    EXPECT_FALSE(pool.join_for(Duration::nanoseconds(1000)));
  }
  stage.store(2);
  while (stage.load() != 3) std::this_thread::yield();
}

TEST(Pools, ACancelledSubmissionNeverRunsAndARunningOneCannotBeCancelled) {
  Atomic<int> stage{0};
  ThreadPool pool(1);
  const ConcurrentFuture<void> running = pool.submit([&] {
    stage.store(1);
    while (stage.load() != 2) std::this_thread::yield();
  });
  while (stage.load() != 1) std::this_thread::yield();
  bool ran = false;
  const ConcurrentFuture<void> queued = pool.submit([&] { ran = true; });
  EXPECT_FALSE(running.cancel());
  EXPECT_TRUE(running.running());
  EXPECT_TRUE(queued.cancel());
  EXPECT_THROW(queued.result(), CancelledError);
  EXPECT_THROW(running.result(Duration::nanoseconds(1)), TimeoutError);
  stage.store(2);
  running.result();
  EXPECT_TRUE(pool.join_for(long_time));
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace tarn
