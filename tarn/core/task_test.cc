// SPDX-License-Identifier: BSL-1.0
// The task's rules T1 to T11, T13 and T15: first step, cancellation as asyncio has it, names.
#include <memory>

#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class Tasks : public OnEveryPort {};
TARN_ON_EVERY_PORT(Tasks);

constexpr Duration long_time = Duration::seconds(1000);

Coro<> sleeper() { co_await sleep(long_time); }

Coro<int> notes_one(Trace& out) {
  out.emplace_back("f");
  co_return 1;
}

TEST_P(Tasks, T1_CreateTaskRunsNothingUntilTheNextIteration) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    Task<int> t = create_task(notes_one(out));
    out.emplace_back("m");
    co_await sleep(Duration());
    out.emplace_back(t.done() ? "done" : "not done");
    const int value = co_await t;
    EXPECT_EQ(value, 1);
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("m", "f", "done"));
}

TEST_P(Tasks, T1_TasksBeginInTheOrderOfTheirCreation) {
  Trace out;
  const auto child = [](Trace& o, int n) -> Coro<> {
    o.push_back("begin " + std::to_string(n));
    co_await sleep(Duration());
    o.push_back("end " + std::to_string(n));
  };
  const auto main = [&]() -> Coro<> {
    Task<> a = create_task(child(out, 1));
    Task<> b = create_task(child(out, 2));
    co_await a;
    co_await b;
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("begin 1", "begin 2", "end 1", "end 2"));
}

Coro<int> iterations_until_done(AnyTask task) {
  int n = 0;
  while (!task.done()) {
    ++n;
    co_await sleep(Duration());
  }
  co_return n;
}

TEST_P(Tasks, T1_ATaskWithOneYieldTakesTwoIterationsAndOneThatAwaitsItThree) {
  const auto awaits = [](Task<> inner) -> Coro<> { co_await inner; };
  const auto main = [&]() -> Coro<> {
    const int alone = co_await iterations_until_done(create_task(sleep(Duration())));
    EXPECT_EQ(alone, 2);
    Task<> inner = create_task(sleep(Duration()));
    const int chained = co_await iterations_until_done(create_task(awaits(inner)));
    EXPECT_EQ(chained, 3);
    const auto deep = []() -> Coro<> {
      co_await yield();
      co_await yield();
    };
    const int two_yields = co_await iterations_until_done(create_task(deep()));
    EXPECT_EQ(two_yields, 3);  // awaiting a coroutine is a call
  };
  run(main());
}

Coro<> notes_cancellation(Trace& out) {
  out.emplace_back("started");
  try {
    co_await sleep(long_time);
  } catch (const CancelledError&) {
    out.emplace_back("cancelled");
    throw;
  }
}

TEST_P(Tasks, T2_CancelCountsAndIsSeenAtTheEndOnly) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    Task<> t = create_task(notes_cancellation(out));
    co_await sleep(Duration());
    EXPECT_TRUE(t.cancel());
    EXPECT_FALSE(t.cancelled());
    EXPECT_FALSE(t.done());
    EXPECT_EQ(t.cancelling(), 1);
    co_await sleep(Duration());
    EXPECT_TRUE(t.cancelled());
    EXPECT_FALSE(t.cancel());
    EXPECT_EQ(t.cancelling(), 1);
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("started", "cancelled"));
}

TEST_P(Tasks, T2_CancelOfATaskThatEndedWellIsFalse) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    Task<int> t = create_task(notes_one(out));
    co_await t;
    EXPECT_FALSE(t.cancel());
    EXPECT_EQ(t.cancelling(), 0);
    EXPECT_EQ(t.result(), 1);
  };
  run(main());
}

Coro<> awaits_task(Task<> inner) { co_await inner; }

TEST_P(Tasks, T3_CancelTravelsDownToTheLeaf) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    Task<> inner = create_task(notes_cancellation(out));
    Task<> middle = create_task(awaits_task(inner));
    Task<> outer = create_task(awaits_task(middle));
    co_await yield(3);
    outer.cancel();
    EXPECT_EQ(inner.cancelling(), 1);
    EXPECT_EQ(middle.cancelling(), 1);
    const std::string ended = co_await outcome(outer);
    EXPECT_THAT(ended, StartsWith("CancelledError"));
    EXPECT_TRUE(inner.cancelled());
    EXPECT_TRUE(middle.cancelled());
    EXPECT_TRUE(outer.cancelled());
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("started", "cancelled"));
}

TEST_P(Tasks, T3_ALeafThatRefusesLetsTheOuterGoOn) {
  const auto refuses = []() -> Coro<int> {
    try {
      co_await sleep(long_time);
    } catch (const CancelledError&) {
    }
    co_return 5;
  };
  const auto takes = [](Task<int> inner) -> Coro<int> { co_return co_await inner; };
  const auto main = [&]() -> Coro<> {
    Task<int> inner = create_task(refuses());
    Task<int> outer = create_task(takes(inner));
    co_await yield(2);
    outer.cancel();
    const int value = co_await outer;
    EXPECT_EQ(value, 5);
    EXPECT_FALSE(outer.cancelled());
    EXPECT_EQ(outer.cancelling(), 1);
  };
  run(main());
}

TEST_P(Tasks, T4_CancelledBeforeItsFirstStepTheBodyNeverRuns) {
  Trace out;
  const auto argument = std::make_shared<int>(1);
  const auto body = [](Trace& o, std::shared_ptr<int>) -> Coro<> {
    o.emplace_back("ran");
    co_return;
  };
  const auto main = [&]() -> Coro<> {
    Task<> t = create_task(body(out, argument));
    EXPECT_EQ(argument.use_count(), 2);
    EXPECT_TRUE(t.cancel("early"));
    EXPECT_FALSE(t.cancelled());
    EXPECT_EQ(t.cancelling(), 1);
    const std::string ended = co_await outcome(t);
    EXPECT_EQ(ended, "CancelledError: early");
    EXPECT_TRUE(t.cancelled());
    EXPECT_FALSE(t.cancel());
    EXPECT_EQ(argument.use_count(), 1);
  };
  run(main());
  EXPECT_THAT(out, ElementsAre());
}

Coro<> keeps_value(Future<std::string> f, Trace& out) {
  std::string value = co_await f;
  out.push_back(std::move(value));
}

TEST_P(Tasks, T5_CancelAfterTheFutureIsDoneLosesTheValueNotTheFuture) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    Future<std::string> f;
    Task<> t = create_task(keeps_value(f, out));
    co_await sleep(Duration());
    f.set_result("hello");
    EXPECT_TRUE(t.cancel());
    const std::string ended = co_await outcome(t);
    EXPECT_THAT(ended, StartsWith("CancelledError"));
    EXPECT_FALSE(f.cancelled());
    EXPECT_EQ(f.result(), "hello");
  };
  run(main());
  EXPECT_THAT(out, ElementsAre());
}

TEST_P(Tasks, T6_OneDeliveryPerCancelAndASwallowedOneStillCounts) {
  const auto survives = []() -> Coro<std::string> {
    try {
      co_await sleep(long_time);
    } catch (const CancelledError&) {
    }
    co_await sleep(stretch(0.1));  // a later await works
    co_await yield();
    co_return "survived";
  };
  const auto main = [&]() -> Coro<> {
    Task<std::string> t = create_task(survives());
    co_await sleep(Duration());
    t.cancel();
    const std::string value = co_await t;
    EXPECT_EQ(value, "survived");
    EXPECT_FALSE(t.cancelled());
    EXPECT_EQ(t.cancelling(), 1);
  };
  run(main());
}

TEST_P(Tasks, T6_TwoCancelsBeforeTheStepAreOneDelivery) {
  const auto counts = []() -> Coro<int> {
    int deliveries = 0;
    for (int i = 0; i < 3; ++i) {
      try {
        co_await yield();
        co_await sleep(stretch(0.1));
      } catch (const CancelledError&) {
        ++deliveries;
      }
    }
    co_return deliveries;
  };
  const auto main = [&]() -> Coro<> {
    Task<int> t = create_task(counts());
    co_await yield(2);
    t.cancel("one");
    t.cancel("two");
    const int deliveries = co_await t;
    EXPECT_EQ(deliveries, 1);
    EXPECT_EQ(t.cancelling(), 2);
  };
  run(main());
}

TEST_P(Tasks, T7_CancelOfItselfJustBeforeTheReturnEndsCancelled) {
  const auto cancels_itself = []() -> Coro<int> {
    current_task().cancel("self");
    co_return 5;
  };
  const auto main = [&]() -> Coro<> {
    Task<int> t = create_task(cancels_itself());
    const std::string ended = co_await outcome(t);
    EXPECT_EQ(ended, "CancelledError: self");
    EXPECT_TRUE(t.cancelled());
  };
  run(main());
}

TEST_P(Tasks, T7_CancelOfItselfIsRaisedByTheNextAwaitThatSuspends) {
  Trace out;
  const auto cancels_itself = [](Trace& o) -> Coro<> {
    current_task().cancel();
    Future<int> done;
    done.set_result(1);
    co_await done;  // doesn't suspend
    o.emplace_back("still here");
    co_await sleep(long_time);
    o.emplace_back("never");
  };
  const auto main = [&]() -> Coro<> {
    const std::string ended = co_await outcome(create_task(cancels_itself(out)));
    EXPECT_THAT(ended, StartsWith("CancelledError"));
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("still here"));
}

TEST_P(Tasks, T8_AnotherExceptionWhileUnwindingReplacesTheCancellation) {
  const auto replaces = []() -> Coro<> {
    try {
      co_await sleep(long_time);
    } catch (const CancelledError&) {
      throw ValueError("cleanup");
    }
  };
  const auto main = [&]() -> Coro<> {
    Task<> t = create_task(replaces());
    co_await sleep(Duration());
    t.cancel();
    const std::string ended = co_await outcome(t);
    EXPECT_EQ(ended, "ValueError: cleanup");
    EXPECT_FALSE(t.cancelled());
  };
  run(main());
}

TEST_P(Tasks, T8_RaisingCancelledErrorMarksCancelledWithoutARequest) {
  const auto raises = []() -> Coro<> {
    throw CancelledError("mine");
    co_return;
  };
  const auto main = [&]() -> Coro<> {
    Task<> t = create_task(raises());
    const std::string ended = co_await outcome(t);
    EXPECT_EQ(ended, "CancelledError: mine");
    EXPECT_TRUE(t.cancelled());
    EXPECT_EQ(t.cancelling(), 0);
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

TEST_P(Tasks, T8_TheMessageOfCancelIsTheMessageOfTheError) {
  const auto tells = []() -> Coro<std::string> {
    try {
      co_await sleep(long_time);
    } catch (const CancelledError& e) {
      co_return e.message();
    }
    co_return "not cancelled";
  };
  const auto main = [&]() -> Coro<> {
    Task<std::string> t = create_task(tells());
    co_await sleep(Duration());
    t.cancel("why");
    const std::string told = co_await t;
    EXPECT_EQ(told, "why");
    Task<std::string> plain = create_task(tells());
    co_await sleep(Duration());
    plain.cancel();
    const std::string nothing = co_await plain;
    EXPECT_EQ(nothing, "");
  };
  run(main());
}

TEST_P(Tasks, T9_UncancelToZeroBeforeTheDeliveryRescindsIt) {
  const auto main = [&]() -> Coro<> {
    const AnyTask self = current_task();
    self.cancel();
    self.cancel();
    EXPECT_EQ(self.cancelling(), 2);
    EXPECT_EQ(self.uncancel(), 1);
    EXPECT_EQ(self.uncancel(), 0);
    EXPECT_EQ(self.uncancel(), 0);
    co_await sleep(Duration());  // doesn't raise
  };
  run(main());
}

TEST_P(Tasks, T9_UncancelThatLeavesARequestDoesNot) {
  const auto main = [&]() -> Coro<> {
    const AnyTask self = current_task();
    self.cancel();
    self.cancel();
    self.uncancel();
    const std::string next = co_await outcome(sleep(Duration()));
    EXPECT_THAT(next, StartsWith("CancelledError"));
    self.uncancel();
  };
  run(main());
}

TEST_P(Tasks, T9_ARescindedReasonDoesNotComeBack) {
  const auto main = [&]() -> Coro<> {
    const AnyTask self = current_task();
    self.cancel("first");
    self.uncancel();
    self.cancel();
    const std::string next = co_await outcome(yield());
    EXPECT_EQ(next.find("first"), std::string::npos) << next;
    self.uncancel();
  };
  run(main());
}

TEST_P(Tasks, T10_AwaitingItselfIsRefused) {
  const auto main = [&]() -> Coro<> {
    std::optional<Task<>> self;
    std::string ended;
    const auto body = [&]() -> Coro<> { ended = co_await outcome(*self); };
    self = create_task(body(), {.name = "narcissus"});
    co_await *self;
    EXPECT_THAT(ended, StartsWith("RuntimeError: Task cannot await on itself"));
    EXPECT_THAT(ended, ::testing::HasSubstr("narcissus"));
  };
  run(main());
}

TEST_P(Tasks, T10_AFutureOfAnotherLoopIsRefused) {
  EventLoop other(factory());
  Future<int> foreign = other.create_future<int>();
  const auto main = [&]() -> Coro<> {
    const std::string ended = co_await outcome(foreign);
    EXPECT_THAT(ended, ::testing::HasSubstr("attached to a different loop"));
    // The task is as good as before.
    current_task().cancel();
    const std::string next = co_await outcome(yield());
    EXPECT_THAT(next, StartsWith("CancelledError"));
    current_task().uncancel();
  };
  run(main());
}

Coro<> exits() {
  throw SystemExit(3);
  co_return;
}

TEST_P(Tasks, T11_SystemExitIsStoredAndLeavesTheLoopAtOnce) {
  std::optional<Task<>> task;
  const auto main = [&]() -> Coro<> {
    task = create_task(exits());
    co_await sleep(long_time);
  };
  int code = 0;
  try {
    run(main());
  } catch (const SystemExit& e) {
    code = e.code();
  }
  EXPECT_EQ(code, 3);
  ASSERT_TRUE(task->done());
  EXPECT_THROW(task->result(), SystemExit);
}

TEST_P(Tasks, T11_SystemExitOfTheMainTaskIsRaisedByRun) { EXPECT_THROW(run(exits()), SystemExit); }

TEST_P(Tasks, T13_APendingTaskThatIsDestroyedIsReportedWithItsName) {
  Trace seen;
  {
    EventLoop loop(factory());
    loop.set_exception_handler(
        [&](EventLoop&, const ExceptionContext& context) { seen.push_back(context.message + " " + context.task); });
    loop.create_task(sleeper(), {.name = "asleep"});
    loop.create_task(sleeper(), {.name = "asleep too"});
    loop.run_once();
    loop.create_task(sleeper(), {.name = "not begun"});
  }
  EXPECT_THAT(seen, ElementsAre("Task was destroyed but it is pending! asleep",
                                "Task was destroyed but it is pending! asleep too",
                                "Task was destroyed but it is pending! not begun"));
}

TEST_P(Tasks, T15_NamesAreNumberedUnlessGiven) {
  const auto main = [&]() -> Coro<> {
    Task<> a = create_task(sleep(Duration()));
    Task<> b = create_task(sleep(Duration()));
    Task<> named = create_task(sleep(Duration()), {.name = "mine"});
    EXPECT_THAT(a.name(), ::testing::MatchesRegex("Task-[0-9]+"));
    EXPECT_EQ(std::stoi(b.name().substr(5)), std::stoi(a.name().substr(5)) + 1);
    EXPECT_EQ(named.name(), "mine");
    b.set_name("later");
    EXPECT_EQ(b.name(), "later");
    EXPECT_EQ(current_task().name(), std::string(current_task().name()));
    co_await a;
    co_await b;
    co_await named;
    EXPECT_EQ(named.name(), "mine");
  };
  run(main());
}

TEST_P(Tasks, X10_AFinishedTaskCanBeAwaitedManyTimes) {
  const auto five = []() -> Coro<std::string> { co_return "five"; };
  const auto main = [&]() -> Coro<> {
    Task<std::string> t = create_task(five());
    const std::string a = co_await t;
    const std::string b = co_await t;
    EXPECT_EQ(a + b, "fivefive");
    Task<std::string> copy = t;
    const std::string taken = co_await std::move(copy);  // copied: `t` names it still
    EXPECT_EQ(taken, "five");
    EXPECT_EQ(t.result(), "five");
  };
  run(main());
}

TEST_P(Tasks, AMoveOnlyResultIsTakenOnce) {
  const auto makes = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(6); };
  const auto main = [&]() -> Coro<> {
    Task<std::unique_ptr<int>> t = create_task(makes());
    const std::unique_ptr<int> value = co_await std::move(t);
    EXPECT_EQ(*value, 6);
    const std::unique_ptr<int> other = co_await create_task(makes());
    EXPECT_EQ(*other, 6);
  };
  run(main());
}

TEST_P(Tasks, ACoroutineThatWasAwaitedIsRefused) {
  const auto main = [&]() -> Coro<> {
    Coro<> coro = sleeper();
    Task<> t = create_task(std::move(coro));
    const char* const refused = "RuntimeError: cannot reuse already awaited coroutine";
    EXPECT_EQ(outcome_of([&] { create_task(std::move(coro)); }), refused);
    t.cancel();
    co_await outcome(t);
    Coro<> other = yield();
    co_await std::move(other);
    EXPECT_EQ(outcome_of([&] { create_task(std::move(other)); }), refused);
  };
  run(main());
}

TEST_P(Tasks, CreateTaskNeedsARunningLoop) {
  Coro<> coro = sleeper();
  EXPECT_EQ(outcome_of([&] { create_task(std::move(coro)); }), "RuntimeError: no running event loop");
  EXPECT_FALSE(current_task().valid());
  EXPECT_THROW(all_tasks(), RuntimeError);
  EXPECT_THAT(reports(), ElementsAre(::testing::HasSubstr("was never awaited")));
}

TEST_P(Tasks, CreateTaskOwnsTheCallableAndItsArguments) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    std::optional<Task<int>> t;
    {
      auto owned = std::make_shared<int>(2);
      const auto lambda = [owned, &out](std::unique_ptr<int> n) -> Coro<int> {
        co_await yield();
        out.emplace_back("ran");
        co_return *owned + *n;
      };
      t = create_task(lambda, std::make_unique<int>(5));
    }
    const int sum = co_await *t;
    EXPECT_EQ(sum, 7);
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("ran"));
}

TEST_P(Tasks, AllTasksAreTheUnfinishedOnesOldestFirst) {
  const auto main = [&]() -> Coro<> {
    Task<> a = create_task(sleeper(), {.name = "a"});
    Task<> b = create_task(sleep(Duration()), {.name = "b"});
    Task<> c = create_task(sleeper(), {.name = "c"});
    current_task().set_name("main");
    const auto names = [] {
      Trace all;
      for (const auto& task : all_tasks()) all.push_back(task.name());
      return all;
    };
    EXPECT_THAT(names(), ElementsAre("main", "a", "b", "c"));
    co_await b;
    EXPECT_THAT(names(), ElementsAre("main", "a", "c"));
    a.cancel();
    c.cancel();
    co_await yield();
    EXPECT_THAT(names(), ElementsAre("main"));
  };
  run(main());
}

TEST_P(Tasks, CurrentTaskIsTheOneThatRunsAndNoneInACallback) {
  Trace out;
  const auto names_itself = [](Trace& o) -> Coro<> {
    o.push_back(current_task().name());
    co_await yield();
    o.push_back(current_task().name());
  };
  const auto main = [&]() -> Coro<> {
    Task<> a = create_task(names_itself(out), {.name = "a"});
    Task<> b = create_task(names_itself(out), {.name = "b"});
    get_running_loop().call_soon([&] { out.emplace_back(current_task() ? "a task" : "no task"); });
    co_await a;
    co_await b;
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("a", "b", "no task", "a", "b"));
}

}  // namespace
}  // namespace tarn
