// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/barrier.h>

#include <tests/on_every_port.h>

#include <algorithm>

namespace tarn {
namespace {

class BarrierTest : public OnEveryPort {};

TEST_P(BarrierTest, K5_GivesEachTaskAnotherNumber) {
  run([]() -> Coro<> {
    Barrier barrier(3);
    std::vector<Coro<std::size_t>> waits;
    for (int i = 0; i < 3; ++i) waits.push_back(barrier.wait());
    std::vector<std::size_t> numbers = co_await gather(std::move(waits));
    std::sort(numbers.begin(), numbers.end());
    EXPECT_EQ(numbers, std::vector<std::size_t>({0, 1, 2}));
    EXPECT_EQ(barrier.n_waiting(), 0U);
  }());
}

TEST_P(BarrierTest, LetsNobodyThroughBeforeAllHaveCome) {
  run([]() -> Coro<> {
    Barrier barrier(2);
    auto first = create_task(barrier.wait());
    co_await yield(3);
    EXPECT_FALSE(first.done());
    EXPECT_EQ(barrier.n_waiting(), 1U);
    co_await barrier.wait();
    co_await first;
  }());
}

TEST_P(BarrierTest, K5_ACancelledWaiterLowersTheCount) {
  run([]() -> Coro<> {
    Barrier barrier(2);
    auto waiter = create_task(barrier.wait());
    co_await yield(2);
    EXPECT_EQ(barrier.n_waiting(), 1U);
    waiter.cancel();
    co_await yield(2);
    EXPECT_TRUE(waiter.cancelled());
    EXPECT_EQ(barrier.n_waiting(), 0U);
  }());
}

TEST_P(BarrierTest, K5_ResetSendsTheWaitersAwayAndBeginsAnew) {
  run([]() -> Coro<> {
    Barrier barrier(2);
    auto waiter = create_task(outcome(barrier.wait()));
    co_await yield(2);
    co_await barrier.reset();
    EXPECT_EQ(co_await waiter, "BrokenBarrierError: Abort or reset of barrier");
    EXPECT_FALSE(barrier.broken());
    auto again = create_task(barrier.wait());
    co_await barrier.wait();
    co_await again;
  }());
}

TEST_P(BarrierTest, K5_AbortBreaksItUntilReset) {
  run([]() -> Coro<> {
    Barrier barrier(2);
    auto waiter = create_task(outcome(barrier.wait()));
    co_await yield(2);
    co_await barrier.abort();
    EXPECT_EQ(co_await waiter, "BrokenBarrierError: Abort or reset of barrier");
    EXPECT_TRUE(barrier.broken());
    const std::string late = co_await outcome(barrier.wait());
    EXPECT_EQ(late, "BrokenBarrierError: Barrier aborted");
    co_await barrier.reset();
    EXPECT_FALSE(barrier.broken());
  }());
}

TEST_P(BarrierTest, RefusesToWaitForNobody) {
  EXPECT_EQ(outcome_of([] { Barrier barrier(0); }), "ValueError: parties must be > 0");
}

TARN_ON_EVERY_PORT(BarrierTest);

}  // namespace
}  // namespace tarn
