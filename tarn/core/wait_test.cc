// SPDX-License-Identifier: BSL-1.0
// wait()'s rule W1 and as_completed()'s W2.
#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class Waits : public OnEveryPort {};
TARN_ON_EVERY_PORT(Waits);

Coro<int> value_after(double stretches, int x = 0) {
  co_await sleep(stretch(stretches));
  co_return x;
}
Coro<int> fails_after(double stretches) {
  co_await sleep(stretch(stretches));
  throw ValueError("b");
}

TEST_P(Waits, W1_FirstCompletedThenTimeoutThenAll) {
  const auto main = [&]() -> Coro<> {
    Future<int> last;
    std::vector<Future<int>> futures{Future<int>(), Future<int>(), last};
    get_running_loop().call_later(stretch(1), [first = futures[0]] { first.set_result(1); });
    auto [done, pending] = co_await wait(futures, {.return_when = FIRST_COMPLETED});
    EXPECT_EQ(done.size(), 1U);
    EXPECT_TRUE(done[0] == futures[0]);
    EXPECT_EQ(pending.size(), 2U);
    // A timeout raises nothing and cancels nothing.
    auto [none, two] = co_await wait(pending, {.timeout = stretch(1)});
    EXPECT_EQ(none.size(), 0U);
    EXPECT_EQ(two.size(), 2U);
    EXPECT_FALSE(last.cancelled());
    get_running_loop().call_soon([a = two[0], b = two[1]] {
      b.set_result(2);
      a.set_result(3);
    });
    auto [both, nothing] = co_await wait(two);
    EXPECT_EQ(both.size(), 2U);
    EXPECT_TRUE(both[0] == futures[1]);  // in the order of the arguments
    EXPECT_EQ(nothing.size(), 0U);
  };
  run(main());
}

TEST_P(Waits, W1_FirstExceptionReturnsAtTheFirstFailure) {
  const auto main = [&]() -> Coro<> {
    std::vector<Task<int>> tasks;
    tasks.push_back(create_task(value_after(0)));
    tasks.push_back(create_task(fails_after(1)));
    tasks.push_back(create_task(value_after(1000)));
    auto [done, pending] = co_await wait(tasks, {.return_when = FIRST_EXCEPTION});
    EXPECT_EQ(done.size(), 2U);
    EXPECT_EQ(pending.size(), 1U);
    EXPECT_EQ(describe(done[1].exception()), "ValueError: b");
    pending[0].cancel();
  };
  run(main());
}

TEST_P(Waits, W1_ACancelledTaskIsNoFailure) {
  const auto main = [&]() -> Coro<> {
    std::vector<Task<int>> tasks;
    tasks.push_back(create_task(value_after(1)));
    tasks.push_back(create_task(value_after(1000)));
    tasks[1].cancel();
    auto [done, pending] = co_await wait(tasks, {.return_when = FIRST_EXCEPTION});
    EXPECT_EQ(done.size(), 2U);
    EXPECT_EQ(pending.size(), 0U);
  };
  run(main());
}

TEST_P(Waits, W1_CancellingTheWaitLeavesTheTasksRunning) {
  const auto main = [&]() -> Coro<> {
    Task<int> t = create_task(value_after(1, 4));
    std::vector<Task<int>> tasks{t};
    auto w = create_task(wait(tasks));
    co_await yield(2);
    w.cancel("waiter");
    const std::string ended = co_await outcome(w);
    EXPECT_EQ(ended, "CancelledError: waiter");
    EXPECT_FALSE(t.done());
    const int value = co_await t;
    EXPECT_EQ(value, 4);
  };
  run(main());
}

TEST_P(Waits, W1_AnEmptySetIsRefused) {
  const auto main = [&]() -> Coro<> {
    EXPECT_EQ(outcome_of([&] { (void)wait(std::vector<Task<int>>()); }), "ValueError: Set of Tasks/Futures is empty.");
    EXPECT_EQ(outcome_of([&] { (void)wait(std::vector<AnyTask>()); }), "ValueError: Set of Tasks/Futures is empty.");
    co_return;
  };
  run(main());
}

TEST_P(Waits, W1_WhatIsDoneAlreadyNeedsNoIteration) {
  const auto main = [&]() -> Coro<> {
    Trace out;
    Future<int> f;
    f.set_result(1);
    get_running_loop().call_soon([&] { out.emplace_back("an iteration passed"); });
    std::vector<Future<int>> futures{f, Future<int>()};
    auto [done, pending] = co_await wait(futures, {.return_when = FIRST_COMPLETED});
    EXPECT_EQ(done.size(), 1U);
    EXPECT_EQ(pending.size(), 1U);
    EXPECT_THAT(out, ElementsAre());
    co_await yield();
  };
  run(main());
}

TEST_P(Waits, W1_DuplicatesCountOnceAndCoroutinesBecomeTasks) {
  const auto main = [&]() -> Coro<> {
    Task<int> t = create_task(value_after(0));
    std::vector<Task<int>> twice{t, t};
    auto [once, none] = co_await wait(twice);
    EXPECT_EQ(once.size(), 1U);
    std::vector<Coro<int>> coros;
    coros.push_back(value_after(1, 1));
    coros.push_back(value_after(0, 2));
    auto [done, pending] = co_await wait(std::move(coros));
    EXPECT_EQ(done[0].result() * 10 + done[1].result(), 12);
    EXPECT_EQ(pending.size(), 0U);
  };
  run(main());
}

TEST_P(Waits, W1_TasksOfDifferentTypesAreWaitedForTogether) {
  const auto main = [&]() -> Coro<> {
    std::vector<AnyTask> tasks{create_task(value_after(1)), create_task(yield())};
    auto [done, pending] = co_await wait(tasks);
    EXPECT_EQ(done.size(), 2U);
  };
  run(main());
}

TEST_P(Waits, W1_CancelledInTheIterationOfTheLastEnd) {
  const auto main = [&]() -> Coro<> {
    Future<int> f;
    std::vector<Future<int>> futures{f};
    auto w = create_task(wait(futures));
    co_await yield();
    f.set_result(1);
    w.cancel();  // the waiter's callback is scheduled, but has not run
    const std::string ended = co_await outcome(w);
    EXPECT_THAT(ended, StartsWith("CancelledError"));
    EXPECT_TRUE(w.cancelled());
  };
  run(main());
}

TEST_P(Waits, W2_ThePlainIteratorGivesValuesInTheOrderOfTheirEnds) {
  const auto main = [&]() -> Coro<> {
    std::vector<Coro<int>> coros;
    coros.push_back(value_after(3, 3));
    coros.push_back(value_after(1, 1));
    coros.push_back(value_after(2, 2));
    std::vector<int> out;
    auto completed = as_completed(std::move(coros));
    for (auto&& next : completed) {
      const int value = co_await std::move(next);
      out.push_back(value);
    }
    EXPECT_THAT(out, ElementsAre(1, 2, 3));
  };
  run(main());
}

TEST_P(Waits, W2_ThePlainIteratorRaisesWhatATaskRaised) {
  const auto main = [&]() -> Coro<> {
    std::vector<Coro<int>> coros;
    coros.push_back(value_after(2, 2));
    coros.push_back(fails_after(1));
    Trace out;
    auto completed = as_completed(std::move(coros));
    for (auto&& next : completed) {
      const std::string ended = co_await outcome(std::move(next));
      out.push_back(ended);
    }
    EXPECT_THAT(out, ElementsAre("ValueError: b", "ok"));
  };
  run(main());
}

TEST_P(Waits, W2_NextGivesTheOriginalTasks) {
  const auto main = [&]() -> Coro<> {
    std::vector<Task<int>> tasks;
    tasks.push_back(create_task(value_after(2, 2)));
    tasks.push_back(create_task(value_after(1, 1)));
    auto completed = as_completed(tasks);
    auto first = co_await completed.next();
    auto second = co_await completed.next();
    auto end = co_await completed.next();
    EXPECT_TRUE(*first == tasks[1]);
    EXPECT_TRUE(*second == tasks[0]);
    EXPECT_FALSE(end.has_value());
  };
  run(main());
}

TEST_P(Waits, W2_DuplicatesAreGivenOnce) {
  const auto main = [&]() -> Coro<> {
    Task<int> t = create_task(value_after(0, 2));
    const std::vector<Task<int>> twice{t, t};
    auto completed = as_completed(twice);
    int given = 0;
    for (auto next = co_await completed.next(); next; next = co_await completed.next()) ++given;
    EXPECT_EQ(given, 1);
  };
  run(main());
}

TEST_P(Waits, W2_ATimeoutRaisesForEachThatIsLeftAndLeavesThemRunning) {
  const auto main = [&]() -> Coro<> {
    std::vector<Task<int>> tasks;
    tasks.push_back(create_task(value_after(0, 1)));
    tasks.push_back(create_task(value_after(1000)));
    tasks.push_back(create_task(value_after(1000)));
    auto completed = as_completed(tasks, stretch(2));
    Trace out;
    for (auto&& next : completed) {
      const std::string ended = co_await outcome(std::move(next));
      out.push_back(ended);
    }
    EXPECT_THAT(out, ElementsAre("ok", "TimeoutError: timed out", "TimeoutError: timed out"));
    EXPECT_FALSE(tasks[1].done());
    EXPECT_EQ(tasks[1].cancelling(), 0);
    tasks[1].cancel();
    tasks[2].cancel();
  };
  run(main());
}

TEST_P(Waits, W2_AWokenWaiterThatIsCancelledHandsItsTurnOn) {
  const auto main = [&]() -> Coro<> {
    Future<int> one;
    Future<int> two;
    std::vector<Future<int>> futures{one, two};
    auto completed = as_completed(futures);
    auto a = create_task(completed.next());
    auto b = create_task(completed.next());
    co_await yield();
    one.set_result(1);
    co_await yield();  // the completion has woken `a`, which has not run
    a.cancel();
    co_await yield(3);
    EXPECT_TRUE(a.cancelled());
    EXPECT_TRUE(b.done()) << "the finished future is there, and nobody gets it";
    if (!b.done()) b.cancel();
    co_await outcome(b);
  };
  run(main());
}

}  // namespace
}  // namespace tarn
