// SPDX-License-Identifier: BSL-1.0
// gather's rules G1 to G5.
#include <memory>

#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class Gathers : public OnEveryPort {};
TARN_ON_EVERY_PORT(Gathers);

Coro<int> ok(int x, double stretches = 0) {
  co_await sleep(stretch(stretches));
  co_return x;
}
Coro<int> bad(const char* what = "b", double stretches = 0) {
  co_await sleep(stretch(stretches));
  throw ValueError(what);
}

TEST_P(Gathers, G1_ResultsStandInTheOrderOfTheArguments) {
  const auto main = [&]() -> Coro<> {
    std::vector<Coro<int>> coros;
    coros.push_back(ok(1, 2));
    coros.push_back(ok(2, 0));
    coros.push_back(ok(3, 1));
    const std::vector<int> values = co_await gather(std::move(coros));
    EXPECT_THAT(values, ElementsAre(1, 2, 3));
    const auto text = []() -> Coro<std::string> { co_return "text"; };
    const auto [number, nothing, word] = co_await gather(ok(4, 1), yield(), text());
    EXPECT_EQ(number, 4);
    EXPECT_EQ(nothing, None());
    EXPECT_EQ(word, "text");
  };
  run(main());
}

TEST_P(Gathers, G1_EverythingBeginsAtTheCallInOrder) {
  Trace out;
  const auto begins = [](Trace& o, int n) -> Coro<> {
    o.push_back(std::to_string(n));
    co_return;
  };
  const auto main = [&]() -> Coro<> {
    auto all = gather(begins(out, 1), begins(out, 2), begins(out, 3));
    EXPECT_THAT(out, ElementsAre());
    co_await yield();
    EXPECT_THAT(out, ElementsAre("1", "2", "3"));
    co_await all;
  };
  run(main());
}

TEST_P(Gathers, G1_TheFirstExceptionIsRaisedAtOnceAndSiblingsRunOn) {
  const auto main = [&]() -> Coro<> {
    Task<int> sibling = create_task(ok(7, 2));
    const std::string ended = co_await outcome(gather(bad(), sibling));
    EXPECT_EQ(ended, "ValueError: b");
    EXPECT_FALSE(sibling.done());
    const int value = co_await sibling;
    EXPECT_EQ(value, 7);
  };
  run(main());
}

TEST_P(Gathers, G1_LaterExceptionsCountAsRetrieved) {
  const auto main = [&]() -> Coro<> {
    const std::string ended = co_await outcome(gather(bad("first"), bad("second"), bad("third", 1)));
    EXPECT_EQ(ended, "ValueError: first");
    co_await sleep(stretch(2));
  };
  run(main());  // and nothing is reported
}

TEST_P(Gathers, G1_AGatherNobodyAwaitsReportsItsException) {
  const auto main = [&]() -> Coro<> {
    {
      auto dropped = gather(bad("lost"), ok(1));
    }
    co_await yield(4);
  };
  run(main());
  EXPECT_THAT(reports(), ElementsAre("_GatheringFuture exception was never retrieved: ValueError: lost"));
}

TEST_P(Gathers, G2_ReturnExceptionsKeepsThemInTheirPlaces) {
  const auto main = [&]() -> Coro<> {
    Task<int> cancelled = create_task(ok(1, 5));
    cancelled.cancel("child");
    const auto [a, b, c] = co_await gather(return_exceptions, ok(1), bad(), cancelled);
    EXPECT_EQ(*a, 1);
    EXPECT_FALSE(b);
    EXPECT_EQ(describe(b.error()), "ValueError: b");
    EXPECT_EQ(describe(c.error()), "CancelledError: child");
    EXPECT_EQ(outcome_of([&] { std::as_const(b).value(); }), "ValueError: b");
  };
  run(main());
}

TEST_P(Gathers, G3_AChildThatIsCancelledCountsAsOneThatRaised) {
  const auto main = [&]() -> Coro<> {
    Task<int> a = create_task(ok(1, 1000));
    Task<int> b = create_task(ok(2, 1));
    get_running_loop().call_soon([a] { a.cancel(); });
    auto both = gather(a, b);
    const std::string ended = co_await outcome(both);
    EXPECT_THAT(ended, StartsWith("CancelledError"));
    EXPECT_FALSE(both.cancelled());
    EXPECT_FALSE(b.done());
    EXPECT_EQ(current_task().cancelling(), 0);
    const int value = co_await b;
    EXPECT_EQ(value, 2);
  };
  run(main());
}

TEST_P(Gathers, G4_CancelCancelsTheChildrenAndIsDoneWhenTheyAre) {
  const auto main = [&]() -> Coro<> {
    Task<int> a = create_task(ok(1, 1000));
    Task<int> b = create_task(ok(2, 1000));
    auto both = gather(a, b);
    co_await yield();
    EXPECT_TRUE(both.cancel());
    EXPECT_FALSE(both.done());
    EXPECT_FALSE(both.cancelled());
    const std::string ended = co_await outcome(both);
    EXPECT_THAT(ended, StartsWith("CancelledError"));
    EXPECT_TRUE(a.cancelled());
    EXPECT_TRUE(b.cancelled());
    EXPECT_FALSE(both.cancelled());
    EXPECT_EQ(describe(both.exception()).substr(0, 14), "CancelledError");
  };
  run(main());
}

TEST_P(Gathers, G4_WithReturnExceptionsACancelledGatherStillRaisesAndWaitsForAll) {
  Trace out;
  const auto slow_to_end = [](Trace& o) -> Coro<int> {
    const auto cleanup = [&o]() -> Coro<> {
      co_await yield(3);
      o.emplace_back("cleaned");
    };
    co_return co_await try_finally(ok(1, 1000), cleanup);
  };
  const auto main = [&]() -> Coro<> {
    auto both = gather(return_exceptions, slow_to_end(out), ok(2, 1000));
    get_running_loop().call_soon([both] { both.cancel("outer"); });
    const std::string ended = co_await outcome(both);
    EXPECT_EQ(ended, "CancelledError: outer");
    EXPECT_THAT(out, ElementsAre("cleaned"));
    EXPECT_FALSE(both.cancelled());
  };
  run(main());
}

TEST_P(Gathers, G4_CancellingATaskThatAwaitsAGatherCancelsTheChildren) {
  const auto main = [&]() -> Coro<> {
    Task<int> a = create_task(ok(1, 1000));
    Task<int> b = create_task(ok(2, 1000));
    const auto awaits = [](Task<int> x, Task<int> y) -> Coro<> { co_await gather(x, y); };
    Task<> outer = create_task(awaits(a, b));
    co_await yield(2);
    outer.cancel("down");
    const std::string ended = co_await outcome(outer);
    EXPECT_EQ(ended, "CancelledError: down");
    EXPECT_TRUE(outer.cancelled());
    EXPECT_TRUE(a.cancelled());
    EXPECT_TRUE(b.cancelled());
  };
  run(main());
}

TEST_P(Gathers, G4_CancelOfADoneGatherTouchesNoChild) {
  const auto main = [&]() -> Coro<> {
    Task<int> slow = create_task(ok(3, 1));
    auto failed = gather(bad(), slow);
    co_await yield(3);
    EXPECT_TRUE(failed.done());
    EXPECT_FALSE(failed.cancel());
    EXPECT_EQ(slow.cancelling(), 0);
    const int value = co_await slow;
    EXPECT_EQ(value, 3);
  };
  run(main());
}

TEST_P(Gathers, G5_ADuplicateRunsOnceAndItsValueIsRepeated) {
  int runs = 0;
  const auto counted = [&]() -> Coro<std::string> {
    ++runs;
    co_return "seven";
  };
  const auto main = [&]() -> Coro<> {
    Task<std::string> task = create_task(counted());
    const std::vector<Task<std::string>> twice{task, task};
    const std::vector<std::string> values = co_await gather(twice);
    EXPECT_THAT(values, ElementsAre("seven", "seven"));
    EXPECT_EQ(runs, 1);
  };
  run(main());
}

TEST_P(Gathers, G5_AnEmptyGatherIsDoneAtOnce) {
  const auto main = [&]() -> Coro<> {
    auto none = gather(std::vector<Task<int>>());
    EXPECT_TRUE(none.done());
    EXPECT_FALSE(none.cancel());
    const std::vector<int> values = co_await none;
    EXPECT_THAT(values, ElementsAre());
    const std::tuple<> nothing = co_await gather();
    (void)nothing;
  };
  run(main());
}

TEST_P(Gathers, ItsResultCanBeTakenFromACallback) {
  const auto main = [&]() -> Coro<> {
    std::vector<int> seen;
    std::vector<Coro<int>> coros;
    coros.push_back(ok(1));
    coros.push_back(ok(2));
    auto both = gather(std::move(coros));
    EXPECT_EQ(outcome_of([&] { both.result(); }), "InvalidStateError: Result is not set.");
    both.add_done_callback([&](const auto& done) { seen = done.result(); });
    co_await both;
    co_await yield();
    EXPECT_THAT(seen, ElementsAre(1, 2));
  };
  run(main());
}

TEST_P(Gathers, MoveOnlyValuesAreMovedOut) {
  const auto makes = [](int n) -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(n); };
  const auto main = [&]() -> Coro<> {
    const auto [a, b] = co_await gather(makes(1), makes(2));
    EXPECT_EQ(*a + *b, 3);
  };
  run(main());
}

TEST_P(Gathers, AGatherInACycleOfTasksCanBeCancelled) {
  const auto main = [&]() -> Coro<> {
    std::optional<Task<>> a;
    std::optional<Task<>> b;
    const auto first = [&]() -> Coro<> { co_await gather(*b, ok(1)); };
    const auto second = [&]() -> Coro<> { co_await *a; };
    a = create_task(first());
    b = create_task(second());
    co_await yield(3);
    a->cancel();
    const std::string one = co_await outcome(*a);
    const std::string two = co_await outcome(*b);
    EXPECT_THAT(one, StartsWith("CancelledError"));
    EXPECT_THAT(two, StartsWith("CancelledError"));
  };
  run(main());
}

}  // namespace
}  // namespace tarn
