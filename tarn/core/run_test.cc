// SPDX-License-Identifier: BSL-1.0
// run() and Runner: rules R1 to R4.
#include <csignal>
#include <memory>

#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Run : public OnEveryPort {};
TARN_ON_EVERY_PORT(Run);

// Virtual time has no signals.
class RunWithSignals : public OnEveryPort {};
TARN_ON_KERNEL_PORTS(RunWithSignals);

constexpr Duration long_time = Duration::seconds(1000);

TEST_P(Run, R1_LeftoversAreCancelledAndTheirCleanUpRuns) {
  Trace out;
  const auto background = [&]() -> Coro<> {
    const auto cleanup = [&]() -> Coro<> {
      co_await yield(3);
      out.emplace_back("cleaned");
    };
    co_await try_finally(sleep(long_time), cleanup);
  };
  const auto main = [&]() -> Coro<int> {
    create_task(background());
    co_await yield();
    co_return 5;
  };
  EXPECT_EQ(run(main()), 5);
  EXPECT_THAT(out, ElementsAre("cleaned"));
}

TEST_P(Run, R1_LeftoversOfALeftoverAreCancelledToo) {
  Trace out;
  const auto late = [&]() -> Coro<> {
    try {
      co_await sleep(long_time);
    } catch (const CancelledError&) {
      out.emplace_back("late cancelled");
      throw;
    }
  };
  const auto background = [&]() -> Coro<> {
    const auto cleanup = [&]() -> Coro<> {
      create_task(late());
      co_await yield();
    };
    co_await try_finally(sleep(long_time), cleanup);
  };
  const auto main = [&]() -> Coro<> {
    create_task(background());
    co_await yield();
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("late cancelled"));
}

TEST_P(Run, R1_AFailureDuringTheShutdownIsReported) {
  const auto background = []() -> Coro<> {
    try {
      co_await sleep(long_time);
    } catch (const CancelledError&) {
      throw ValueError("cleanup");
    }
  };
  const auto main = [&]() -> Coro<> {
    create_task(background());
    co_await yield();
  };
  run(main());
  EXPECT_THAT(reports(), ElementsAre("unhandled exception during run() shutdown: ValueError: cleanup"));
}

TEST_P(Run, R1_TheMainTasksExceptionIsRaisedAfterTheCleanUp) {
  Trace out;
  const auto background = [&]() -> Coro<> {
    try {
      co_await sleep(long_time);
    } catch (const CancelledError&) {
      out.emplace_back("cleaned");
      throw;
    }
  };
  const auto main = [&]() -> Coro<int> {
    create_task(background());
    co_await yield();
    throw ValueError("main");
  };
  EXPECT_EQ(outcome_of([&] { run(main()); }), "ValueError: main");
  EXPECT_THAT(out, ElementsAre("cleaned"));
}

TEST_P(Run, R1_ItTakesAnyAwaitableAndGivesMoveOnlyValues) {
  const auto makes = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(2); };
  EXPECT_EQ(*run(makes()), 2);
  run(sleep(Duration()));
  EXPECT_EQ(run(sleep(Duration(), std::string("value"))), "value");
}

TEST_P(Run, R2_ANestedRunIsRefused) {
  std::string ended;
  const auto main = [&]() -> Coro<> {
    ended = outcome_of([&] { run(yield()); });
    co_return;
  };
  run(main());
  EXPECT_EQ(ended, "RuntimeError: run() cannot be called from a running event loop");
  EXPECT_THAT(reports(), ElementsAre(HasSubstr("was never awaited")));
}

TEST_P(RunWithSignals, R3_SigintCancelsTheMainTaskAndRunRaisesKeyboardInterrupt) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    get_running_loop().call_soon([] { std::raise(SIGINT); });
    try {
      co_await sleep(long_time);
    } catch (const CancelledError&) {
      out.emplace_back("main cancelled");
      throw;
    }
  };
  EXPECT_THROW(run(main()), KeyboardInterrupt);
  EXPECT_THAT(out, ElementsAre("main cancelled"));
}

TEST_P(RunWithSignals, R3_AMainThatSwallowsItAndReturnsIsNotInterrupted) {
  const auto main = []() -> Coro<int> {
    get_running_loop().call_soon([] { std::raise(SIGINT); });
    try {
      co_await sleep(long_time);
    } catch (const CancelledError&) {
    }
    co_return 3;
  };
  EXPECT_EQ(run(main()), 3);
}

TEST_P(RunWithSignals, R3_TheSecondSigintEndsTheLoopAtOnce) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    for (int i = 0; i < 2; ++i) {
      get_running_loop().call_soon([] { std::raise(SIGINT); });
      try {
        co_await sleep(long_time);
      } catch (const CancelledError&) {
        out.push_back("swallowed " + std::to_string(i));
      }
    }
  };
  EXPECT_THROW(run(main()), KeyboardInterrupt);
  // The second one ended the loop; it is the clean-up that has cancelled the task then.
  EXPECT_THAT(out, ElementsAre("swallowed 0", "swallowed 1"));
}

TEST_P(Run, R4_SleepOfZeroOrLessIsOneYieldAndPassesItsResult) {
  const auto main = [&]() -> Coro<> {
    for (const Duration none : {Duration(), Duration::seconds(-5)}) {
      Trace out;
      get_running_loop().call_soon([&] {
        out.emplace_back("first");
        get_running_loop().call_soon([&] { out.emplace_back("second"); });
      });
      co_await sleep(none);
      EXPECT_THAT(out, ElementsAre("first"));
      co_await yield();
    }
    const std::string zero = co_await sleep(Duration(), std::string("r"));
    EXPECT_EQ(zero, "r");
    const std::string negative = co_await sleep(Duration::seconds(-5), std::string("neg"));
    EXPECT_EQ(negative, "neg");
    const std::string nan = co_await outcome(sleep(Duration::seconds(__builtin_nan(""))));
    EXPECT_EQ(nan, "ValueError: Invalid delay: NaN (not a number)");
  };
  run(main());
}

TEST_P(Run, ARunnerRunsManyOnOneLoop) {
  Runner runner({.loop_factory = factory()});
  EventLoop* first = nullptr;
  const auto remembers = [&]() -> Coro<int> {
    first = &get_running_loop();
    co_return 1;
  };
  const auto compares = [&]() -> Coro<bool> { co_return first == &get_running_loop(); };
  EXPECT_EQ(runner.run(remembers()), 1);
  EXPECT_TRUE(runner.run(compares()));
  EXPECT_EQ(&runner.get_loop(), first);
  runner.close();
  runner.close();
  EXPECT_EQ(outcome_of([&] { runner.get_loop(); }), "RuntimeError: Runner is closed");
}

TEST_P(Run, DebugIsPassedOn) {
  const auto main = []() -> Coro<bool> { co_return get_running_loop().get_debug(); };
  EXPECT_TRUE(run(main(), true));
  EXPECT_FALSE(run(main()));
}

TEST_P(Run, ATaskThatRefusesToEndIsAskedAgainAndAgain) {
  int refused = 0;
  const auto stubborn = [&]() -> Coro<> {
    while (refused < 5) {
      try {
        co_await sleep(long_time);
      } catch (const CancelledError&) {
        ++refused;
      }
      if (refused > 0) co_return;
    }
  };
  const auto main = [&]() -> Coro<> {
    create_task(stubborn());
    co_await yield();
  };
  run(main());
  EXPECT_EQ(refused, 1);
}

}  // namespace
}  // namespace tarn
