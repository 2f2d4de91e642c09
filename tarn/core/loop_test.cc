// SPDX-License-Identifier: BSL-1.0
// The event loop's rules L1 to L10: order of callbacks and timers, stop, errors, closing, threads.
#include <thread>

#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::ElementsAre;

class Loop : public OnEveryPort {};
TARN_ON_EVERY_PORT(Loop);

// A callback that notes `what`.
auto note(Trace& out, const char* what) {
  return [&out, what] { out.emplace_back(what); };
}

TEST_P(Loop, L1_CallSoonIsFifoAndRunsTheSnapshot) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    EventLoop& loop = get_running_loop();
    loop.call_soon(note(out, "1"));
    loop.call_soon(note(out, "2"));
    loop.call_soon([&] {
      out.emplace_back("3");
      loop.call_soon(note(out, "5"));
    });
    loop.call_soon(note(out, "4"));
    co_await sleep(Duration());
    out.emplace_back("a");
    co_await sleep(Duration());
    out.emplace_back("b");
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("1", "2", "3", "4", "a", "5", "b"));
}

TEST_P(Loop, L1_CallSoonPassesArgumentsByValueOnce) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    std::string text = "kept";
    get_running_loop().call_soon([&](const std::string& a, int b) { out.push_back(a + std::to_string(b)); }, text, 7);
    text = "changed";
    co_await yield();
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("kept7"));
}

TEST_P(Loop, L2_ReadyCallbacksRunBeforeAZeroTimerQueuedEarlier) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    EventLoop& loop = get_running_loop();
    loop.call_later(Duration(), note(out, "t0"));
    loop.call_soon(note(out, "s0"));
    co_await sleep(Duration());
    out.emplace_back("m1");
    co_await sleep(Duration());
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("s0", "m1", "t0"));
}

TEST_P(Loop, L3_TimersRunByDeadlineAndCancelledOnesNever) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    EventLoop& loop = get_running_loop();
    const Duration now = loop.time();
    loop.call_at(now + stretch(2), note(out, "2"));
    loop.call_at(now + stretch(1), note(out, "1"));
    const TimerHandle handle = loop.call_at(now + stretch(1.5), note(out, "never"));
    EXPECT_EQ(handle.when(), now + stretch(1.5));
    EXPECT_FALSE(handle.cancelled());
    handle.cancel();
    handle.cancel();
    EXPECT_TRUE(handle.cancelled());
    co_await sleep(stretch(4));
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("1", "2"));
}

TEST_P(Loop, L3_TimersOfOneMomentRunInTheOrderOfTheCalls) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    EventLoop& loop = get_running_loop();
    const Duration when = loop.time() + stretch(1);
    for (const char* name : {"a", "b", "c", "d", "e", "f"}) loop.call_at(when, note(out, name));
    co_await sleep(stretch(2));
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("a", "b", "c", "d", "e", "f"));
}

TEST_P(Loop, L3_ACallbackMayCancelOneThatIsReady) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    EventLoop& loop = get_running_loop();
    const Duration when = loop.time() + stretch(1);
    std::optional<Handle> soon;
    std::optional<TimerHandle> later;
    loop.call_at(when, [&] { later->cancel(); });
    later = loop.call_at(when, note(out, "never later"));
    loop.call_soon([&] { soon->cancel(); });
    soon = loop.call_soon(note(out, "never soon"));
    co_await sleep(stretch(2));
  };
  run(main());
  EXPECT_THAT(out, ElementsAre());
}

TEST_P(Loop, L4_StopLetsTheBatchFinishAndNewCallbacksWait) {
  Trace out;
  EventLoop loop(factory());
  loop.call_soon([&] {
    out.emplace_back("a");
    loop.stop();
    loop.call_soon(note(out, "later"));
  });
  loop.call_soon(note(out, "b"));
  loop.run_forever();
  EXPECT_THAT(out, ElementsAre("a", "b"));
  loop.call_soon([&] { loop.stop(); });
  loop.run_forever();
  EXPECT_THAT(out, ElementsAre("a", "b", "later"));
}

TEST_P(Loop, L4_StopBeforeRunForeverRunsOneIteration) {
  Trace out;
  EventLoop loop(factory());
  loop.call_soon([&] {
    out.emplace_back("1");
    loop.call_soon(note(out, "2"));
  });
  loop.stop();
  loop.run_forever();
  EXPECT_THAT(out, ElementsAre("1"));
}

TEST_P(Loop, L4_StopBeforeRunForeverDoesNotWaitWhenNothingIsReady) {
  EventLoop loop(factory());
  loop.stop();
  loop.run_forever();  // would never return
  EXPECT_FALSE(loop.is_running());
}

TEST_P(Loop, L5_AnExceptionInACallbackGoesToTheHandlerAndTheLoopGoesOn) {
  Trace out;
  EventLoop loop(factory());
  loop.set_exception_handler([&](EventLoop& self, const ExceptionContext& context) {
    EXPECT_EQ(&self, &loop);
    out.push_back(context.message + ": " + describe(context.exception));
  });
  loop.call_soon([] { throw ValueError("x"); });
  loop.call_soon(note(out, "next"));
  loop.call_soon([&] { loop.stop(); });
  loop.run_forever();
  EXPECT_THAT(out, ElementsAre("Exception in callback: ValueError: x", "next"));
}

TEST_P(Loop, L5_WithoutAHandlerItIsLogged) {
  EventLoop loop(factory());
  loop.call_soon([] { throw ValueError("x"); });
  loop.stop();
  loop.run_forever();
  EXPECT_THAT(reports(), ElementsAre("Exception in callback: ValueError: x"));
}

TEST_P(Loop, L5_SystemExitLeavesRunForeverAndTheRestOfTheBatchRunsInTheNextRun) {
  Trace out;
  EventLoop loop(factory());
  loop.call_soon([] { throw SystemExit(3); });
  loop.call_soon(note(out, "rest 1"));
  loop.call_soon(note(out, "rest 2"));
  int code = 0;
  try {
    loop.run_forever();
  } catch (const SystemExit& e) {
    code = e.code();
  }
  EXPECT_EQ(code, 3);
  EXPECT_FALSE(loop.is_running());
  EXPECT_THAT(out, ElementsAre());
  loop.call_soon(note(out, "new"));
  loop.stop();
  loop.run_forever();
  EXPECT_THAT(out, ElementsAre("rest 1", "rest 2", "new"));
}

TEST_P(Loop, L5_KeyboardInterruptLeavesRunForever) {
  EventLoop loop(factory());
  loop.call_soon([] { throw KeyboardInterrupt(); });
  EXPECT_THROW(loop.run_forever(), KeyboardInterrupt);
}

Coro<> nothing() { co_return; }

TEST_P(Loop, L6_AClosedLoopRefusesEverything) {
  EventLoop loop(factory());
  loop.close();
  EXPECT_TRUE(loop.is_closed());
  const char* const closed = "RuntimeError: Event loop is closed";
  EXPECT_EQ(outcome_of([&] { loop.call_soon([] {}); }), closed);
  EXPECT_EQ(outcome_of([&] { loop.call_later(Duration(), [] {}); }), closed);
  EXPECT_EQ(outcome_of([&] { loop.call_at(Duration(), [] {}); }), closed);
  EXPECT_EQ(outcome_of([&] { loop.call_soon_threadsafe([] {}); }), closed);
  EXPECT_EQ(outcome_of([&] { loop.run_forever(); }), closed);
  EXPECT_EQ(outcome_of([&] { loop.run_once(); }), closed);
  EXPECT_EQ(outcome_of([&] { loop.time(); }), closed);
  Coro<> refused = nothing();
  EXPECT_EQ(outcome_of([&] { loop.create_task(std::move(refused)); }), closed);
  EXPECT_THAT(reports(), ElementsAre(::testing::ContainsRegex("coroutine .*nothing\\(\\).* was never awaited")));
  Coro<> not_run = nothing();
  EXPECT_EQ(outcome_of([&] { loop.run_until_complete(std::move(not_run)); }), closed);
  EXPECT_TRUE(not_run.unstarted());
  not_run.close();
  Coro<> from_afar = nothing();
  EXPECT_EQ(outcome_of([&] { run_coroutine_threadsafe(std::move(from_afar), loop); }), closed);
}

TEST_P(Loop, L6_CloseAgainHasNoEffectAndCloseWhileRunningIsRefused) {
  EventLoop loop(factory());
  std::string refused;
  loop.call_soon([&] {
    refused = outcome_of([&] { loop.close(); });
    loop.stop();
  });
  loop.run_forever();
  EXPECT_EQ(refused, "RuntimeError: Cannot close a running event loop");
  EXPECT_FALSE(loop.is_closed());
  loop.close();
  loop.close();
  EXPECT_TRUE(loop.is_closed());
}

TEST_P(Loop, L7_OneLoopRunsPerThread) {
  EventLoop outer(factory());
  EventLoop inner(factory());
  Trace out;
  outer.call_soon([&] {
    out.push_back(outcome_of([&] { outer.run_forever(); }));
    out.push_back(outcome_of([&] { inner.run_forever(); }));
    out.push_back(outcome_of([&] { inner.run_once(); }));
    Coro<> coro = nothing();
    out.push_back(outcome_of([&] { inner.run_until_complete(std::move(coro)); }));
    coro.close();
    outer.stop();
  });
  outer.run_forever();
  const char* const another = "RuntimeError: Cannot run the event loop while another loop is running";
  EXPECT_THAT(out, ElementsAre("RuntimeError: This event loop is already running", another, another, another));
  EXPECT_THROW(get_running_loop(), RuntimeError);
}

TEST_P(Loop, L7_AnotherThreadMayRunALoopMeanwhile) {
  EventLoop outer(factory());
  std::string inside = "not run";
  outer.call_soon([&] {
    std::thread other([&] {
      EventLoop inner(factory());
      const auto main = [&]() -> Coro<> {
        inside = &get_running_loop() == &inner ? "its own" : "another's";
        co_return;
      };
      inner.run_until_complete(main());
    });
    other.join();
    outer.stop();
  });
  outer.run_forever();
  EXPECT_EQ(inside, "its own");
}

TEST_P(Loop, L8_RunUntilCompleteGivesTheValueOrRaises) {
  EventLoop loop(factory());
  const auto seven = []() -> Coro<int> { co_return 7; };
  const auto bad = []() -> Coro<int> {
    throw ValueError("b");
    co_return 0;
  };
  EXPECT_EQ(loop.run_until_complete(seven()), 7);
  EXPECT_EQ(outcome_of([&] { loop.run_until_complete(bad()); }), "ValueError: b");
  Future<int> future = loop.create_future<int>();
  loop.call_soon([&] { future.set_result(3); });
  EXPECT_EQ(loop.run_until_complete(future), 3);
}

TEST_P(Loop, L8_AStopBeforeTheFutureIsDoneIsAnError) {
  EventLoop loop(factory());
  Future<int> future = loop.create_future<int>();
  loop.call_soon([&] { loop.stop(); });
  EXPECT_EQ(outcome_of([&] { loop.run_until_complete(future); }),
            "RuntimeError: Event loop stopped before Future completed.");
  // The loop is as good as before, and the future's later end stops no other run.
  loop.call_soon([&] { future.set_result(1); });
  Trace out;
  const auto main = [&]() -> Coro<> {
    co_await yield(5);
    out.emplace_back("went on");
  };
  loop.run_until_complete(main());
  EXPECT_THAT(out, ElementsAre("went on"));
}

TEST_P(Loop, L8_TheIterationOfTheStopCallbackIsFinished) {
  EventLoop loop(factory());
  Trace out;
  Future<int> future = loop.create_future<int>();
  loop.call_soon([&] {
    future.set_result(1);
    loop.call_soon([&] {  // behind the stop callback, in the same iteration
      out.emplace_back("same iteration");
      loop.call_soon(note(out, "next iteration"));
    });
  });
  loop.run_until_complete(future);
  EXPECT_THAT(out, ElementsAre("same iteration"));
}

TEST_P(Loop, L8_AStopInTheIterationOfTheEndShortensNoLaterRun) {
  EventLoop loop(factory());
  Future<int> future = loop.create_future<int>();
  loop.call_soon([&] {
    future.set_result(1);
    loop.stop();
  });
  EXPECT_EQ(loop.run_until_complete(future), 1);
  int rounds = 0;
  const auto main = [&]() -> Coro<> {
    for (; rounds < 5; ++rounds) co_await sleep(Duration());
  };
  loop.run_until_complete(main());
  EXPECT_EQ(rounds, 5);
}

TEST_P(Loop, L9_CallSoonThreadsafeWakesALoopThatWaits) {
  EventLoop loop(factory());
  Trace out;
  std::thread other;
  loop.call_soon([&] {
    other = std::thread([&] {
      loop.call_soon_threadsafe(note(out, "1"));
      loop.call_soon_threadsafe(note(out, "2"));
      loop.call_soon_threadsafe([&] { loop.stop(); });
    });
  });
  loop.run_forever();
  other.join();
  EXPECT_THAT(out, ElementsAre("1", "2"));
}

TEST_P(Loop, L9_CallSoonThreadsafeOfAThrowingCallbackIsReported) {
  EventLoop loop(factory());
  loop.call_soon_threadsafe([] { throw ValueError("from afar"); });
  loop.call_soon_threadsafe([&] { loop.stop(); });
  loop.run_forever();
  EXPECT_THAT(reports(), ElementsAre("Exception in callback: ValueError: from afar"));
}

TEST_P(Loop, L9_ManyThreadsPostAndNothingIsLost) {
  constexpr int threads = 4;
  constexpr int posts = 2000;
  EventLoop loop(factory());
  std::vector<int> last(threads, -1);
  int seen = 0;
  bool ordered = true;
  std::vector<std::thread> posters;
  for (int t = 0; t < threads; ++t)
    posters.emplace_back([&, t] {
      for (int i = 0; i < posts; ++i)
        loop.call_soon_threadsafe([&, t, i] {
          ordered = ordered && last[static_cast<std::size_t>(t)] == i - 1;
          last[static_cast<std::size_t>(t)] = i;
          if (++seen == threads * posts) loop.stop();
        });
    });
  loop.run_forever();
  for (auto& poster : posters) poster.join();
  EXPECT_EQ(seen, threads * posts);
  EXPECT_TRUE(ordered);
}

TEST_P(Loop, L10_AThrowingExceptionHandlerIsReportedByTheDefaultOne) {
  EventLoop loop(factory());
  loop.set_exception_handler([](EventLoop&, const ExceptionContext&) { throw ValueError("handler"); });
  loop.call_soon([] { throw KeyboardInterrupt(); });
  EXPECT_THROW(loop.run_forever(), KeyboardInterrupt);  // no business of the handler's
  loop.call_soon([] { throw RuntimeError("callback"); });
  loop.stop();
  loop.run_forever();
  EXPECT_THAT(reports(), ElementsAre("Unhandled error in exception handler: ValueError: handler",
                                     "Exception in callback: RuntimeError: callback"));
}

TEST_P(Loop, L10_AnEmptyHandlerRestoresTheDefault) {
  EventLoop loop(factory());
  Trace mine;
  loop.set_exception_handler([&](EventLoop&, const ExceptionContext& c) { mine.push_back(c.message); });
  loop.call_exception_handler({.message = "to mine"});
  loop.set_exception_handler({});
  loop.call_exception_handler({.message = "to the log"});
  EXPECT_THAT(mine, ElementsAre("to mine"));
  EXPECT_THAT(reports(), ElementsAre("to the log"));
}

TEST_P(Loop, RunOnceDoesOneIterationAndSaysWhetherSomethingIsLeft) {
  EventLoop loop(factory());
  Trace out;
  EXPECT_FALSE(loop.run_once());
  loop.call_soon([&] {
    out.emplace_back("1");
    loop.call_soon(note(out, "2"));
  });
  EXPECT_TRUE(loop.run_once());
  EXPECT_THAT(out, ElementsAre("1"));
  EXPECT_FALSE(loop.run_once());
  EXPECT_THAT(out, ElementsAre("1", "2"));
  loop.call_later(stretch(1), note(out, "timer"));
  EXPECT_TRUE(loop.run_once());
  while (loop.run_once(stretch(1))) {
  }
  EXPECT_THAT(out, ElementsAre("1", "2", "timer"));
}

TEST_P(Loop, NanDelaysAreRefused) {
  const Duration nan = Duration::seconds(__builtin_nan(""));
  const auto main = [&]() -> Coro<> {
    EventLoop& loop = get_running_loop();
    const char* const refused = "ValueError: Invalid delay: NaN (not a number)";
    EXPECT_EQ(outcome_of([&] { loop.call_later(nan, [] {}); }), refused);
    EXPECT_EQ(outcome_of([&] { loop.call_at(nan, [] {}); }), refused);
    EXPECT_EQ(outcome_of([&] { timeout(nan); }), refused);
    EXPECT_EQ(outcome_of([&] { timeout_at(nan); }), "ValueError: Invalid time: NaN (not a number)");
    const std::string asleep = co_await outcome(sleep(nan));
    EXPECT_EQ(asleep, refused);
    const std::string limited = co_await outcome(wait_for(Future<int>(), nan));
    EXPECT_EQ(limited, refused);
    std::vector<Future<int>> futures(1);
    const std::string waited = co_await outcome(wait(std::move(futures), {.timeout = nan}));
    EXPECT_EQ(waited, refused);
    // Nothing of the refused waits is left behind: a cancellation finds the next await.
    current_task().cancel();
    const std::string next = co_await outcome(yield());
    EXPECT_THAT(next, ::testing::StartsWith("CancelledError"));
    current_task().uncancel();
  };
  run(main());
}

TEST_P(Loop, DebugModeRefusesOtherThreads) {
  EventLoop loop(factory());
  loop.set_debug(true);
  EXPECT_TRUE(loop.get_debug());
  Trace out;
  Future<int> future = loop.create_future<int>();
  const auto sleeper = []() -> Coro<> { co_await sleep(Duration::seconds(100)); };
  Task<> task = loop.create_task(sleeper());
  loop.call_soon([&] {
    std::thread other([&] {
      out.push_back(outcome_of([&] { loop.call_soon([] {}); }));
      out.push_back(outcome_of([&] { loop.call_later(Duration(), [] {}); }));
      Coro<> coro = nothing();
      out.push_back(outcome_of([&] { loop.create_task(std::move(coro)); }));
      out.push_back(outcome_of([&] { future.set_result(1); }));
      out.push_back(outcome_of([&] { task.cancel(); }));
      loop.call_soon_threadsafe([&] { loop.stop(); });
    });
    other.join();
  });
  loop.run_forever();
  const char* const refused =
      "RuntimeError: Non-thread-safe operation invoked on an event loop other than the current one";
  EXPECT_THAT(out, ElementsAre(refused, refused, refused, refused, refused));
  EXPECT_FALSE(future.done());
  EXPECT_THAT(reports(), ElementsAre(::testing::ContainsRegex("coroutine .*nothing\\(\\).* was never awaited")));
  task.cancel();
  EXPECT_EQ(outcome_of([&] { loop.run_until_complete(task); }).substr(0, 14), "CancelledError");
}

}  // namespace
}  // namespace tarn
