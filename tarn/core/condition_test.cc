// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/condition.h>

#include <tests/on_every_port.h>

namespace tarn {
namespace {

class ConditionTest : public OnEveryPort {};

Coro<> wait_and_trace(Condition& condition, Trace& trace, std::string name) {
  co_await condition.acquire();
  std::string how = co_await outcome(condition.wait());
  if (how == "ok") how = name;
  trace.push_back(how + (condition.locked() ? ", locked" : ", not locked"));
  condition.release();
}

Coro<> notify(Condition& condition, std::size_t n) {
  co_await condition.acquire();
  condition.notify(n);
  condition.release();
}

TEST_P(ConditionTest, K4_NeedsItsLock) {
  run([]() -> Coro<> {
    Condition condition;
    const std::string waited = co_await outcome(condition.wait());
    EXPECT_EQ(waited, "RuntimeError: cannot wait on un-acquired lock");
    EXPECT_EQ(outcome_of([&] { condition.notify(); }), "RuntimeError: cannot notify on un-acquired lock");
  }());
}

TEST_P(ConditionTest, K4_TakesTheLockAgainEvenWhenCancelled) {
  run([]() -> Coro<> {
    Condition condition;
    Trace trace;
    auto waiter = create_task(wait_and_trace(condition, trace, "a"));
    co_await yield();
    EXPECT_FALSE(condition.locked());
    waiter.cancel("enough");
    co_await waiter;
    EXPECT_EQ(trace, Trace({"CancelledError: enough, locked"}));
    EXPECT_FALSE(condition.locked());
  }());
}

TEST_P(ConditionTest, K4_ANotificationThatComesTooLateIsPassedOn) {
  run([]() -> Coro<> {
    Condition condition;
    Trace trace;
    auto first = create_task(wait_and_trace(condition, trace, "first"));
    auto second = create_task(wait_and_trace(condition, trace, "second"));
    co_await yield();
    co_await condition.acquire();
    condition.notify(1);
    first.cancel();
    condition.release();
    co_await gather(first, second);
    EXPECT_EQ(trace, Trace({"CancelledError: cancelled, locked", "second, locked"}));
  }());
}

TEST_P(ConditionTest, WakesAsManyAsItIsToldInTheirOrder) {
  run([]() -> Coro<> {
    Condition condition;
    Trace trace;
    std::vector<Task<>> tasks;
    for (const char* name : {"a", "b", "c"}) tasks.push_back(create_task(wait_and_trace(condition, trace, name)));
    co_await yield();
    co_await notify(condition, 2);
    co_await yield(4);
    EXPECT_EQ(trace, Trace({"a, locked", "b, locked"}));
    co_await notify(condition, 5);
    co_await tasks[2];
    EXPECT_EQ(trace.back(), "c, locked");
  }());
}

TEST_P(ConditionTest, WaitForLooksAgainAfterEachNotification) {
  run([]() -> Coro<> {
    Condition condition;
    int value = 0;
    auto waiter = create_task([&]() -> Coro<> {
      co_await condition.acquire();
      co_await condition.wait_for([&] { return value == 2; });
      condition.release();
    });
    co_await yield();
    value = 1;
    co_await notify(condition, 1);
    co_await yield(3);
    EXPECT_FALSE(waiter.done());
    value = 2;
    co_await notify(condition, 1);
    co_await waiter;
    EXPECT_FALSE(condition.locked());
  }());
}

TARN_ON_EVERY_PORT(ConditionTest);

}  // namespace
}  // namespace tarn
