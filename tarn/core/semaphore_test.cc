// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/semaphore.h>

#include <tests/on_every_port.h>

namespace tarn {
namespace {

class SemaphoreTest : public OnEveryPort {};

Coro<> take(Semaphore& semaphore, Trace& trace, std::string name) {
  co_await semaphore.acquire();
  trace.push_back(name);
}

TEST_P(SemaphoreTest, K2_AReleasedSlotIsReservedForTheFirstWaiter) {
  run([]() -> Coro<> {
    Semaphore semaphore(1);
    Trace trace;
    co_await semaphore.acquire();
    auto waiter = create_task(take(semaphore, trace, "a"));
    co_await yield();
    semaphore.release();
    EXPECT_TRUE(semaphore.locked());
    EXPECT_THAT(trace, ::testing::IsEmpty());
    co_await waiter;
    EXPECT_EQ(trace, Trace({"a"}));
  }());
}

TEST_P(SemaphoreTest, LetsInAsManyAsItsValueAndNoMore) {
  run([]() -> Coro<> {
    Semaphore semaphore(2);
    Trace trace;
    std::vector<Task<>> tasks;
    for (const char* name : {"a", "b", "c"}) tasks.push_back(create_task(take(semaphore, trace, name)));
    co_await yield();
    EXPECT_EQ(trace, Trace({"a", "b"}));
    semaphore.release();
    co_await yield();
    EXPECT_EQ(trace, Trace({"a", "b", "c"}));
  }());
}

TEST_P(SemaphoreTest, AWaiterThatWasWokenAndCancelledPassesItsSlotOn) {
  run([]() -> Coro<> {
    Semaphore semaphore(1);
    Trace trace;
    co_await semaphore.acquire();
    auto first = create_task(take(semaphore, trace, "first"));
    auto second = create_task(take(semaphore, trace, "second"));
    co_await yield();
    semaphore.release();
    first.cancel();
    co_await yield(3);
    EXPECT_EQ(trace, Trace({"second"}));
    EXPECT_TRUE(first.cancelled());
    EXPECT_TRUE(second.done());
  }());
}

TEST_P(SemaphoreTest, ACancelledWaiterLeavesTheLine) {
  run([]() -> Coro<> {
    Semaphore semaphore(1);
    Trace trace;
    co_await semaphore.acquire();
    auto waiter = create_task(take(semaphore, trace, "a"));
    co_await yield();
    waiter.cancel();
    co_await yield();
    semaphore.release();
    EXPECT_FALSE(semaphore.locked());
    EXPECT_THAT(trace, ::testing::IsEmpty());
  }());
}

TEST_P(SemaphoreTest, HoldsOneSlotForTheTimeOfAWith) {
  run([]() -> Coro<> {
    Semaphore semaphore(1);
    co_await with(semaphore, [&]() -> Coro<> {
      EXPECT_TRUE(semaphore.locked());
      co_return;
    });
    EXPECT_FALSE(semaphore.locked());
  }());
}

TEST_P(SemaphoreTest, RefusesANegativeValueAndABoundedOneTooManyReleases) {
  EXPECT_EQ(outcome_of([] { Semaphore semaphore(-1); }), "ValueError: Semaphore initial value must be >= 0");
  BoundedSemaphore bounded(1);
  EXPECT_EQ(outcome_of([&] { bounded.release(); }), "ValueError: BoundedSemaphore released too many times");
}

TARN_ON_EVERY_PORT(SemaphoreTest);

}  // namespace
}  // namespace tarn
