// SPDX-License-Identifier: BSL-1.0
// wait_for's and timeout()'s rules O1 to O7.
#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class Timeouts : public OnEveryPort {};
TARN_ON_EVERY_PORT(Timeouts);

constexpr Duration long_time = Duration::seconds(1000);
constexpr const char* timed_out = "TimeoutError: timed out";

Coro<int> notes_start(Trace& out) {
  out.emplace_back("started");
  co_return 1;
}

TEST_P(Timeouts, O1_WithoutTimeACoroutineNeverStarts) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    const std::string zero = co_await outcome(wait_for(notes_start(out), Duration()));
    EXPECT_EQ(zero, timed_out);
    const std::string negative = co_await outcome(wait_for(notes_start(out), Duration::seconds(-5)));
    EXPECT_EQ(negative, timed_out);
    // Nor when the wait_for itself begins later.
    const std::string as_task = co_await outcome(create_task(wait_for(notes_start(out), Duration())));
    EXPECT_EQ(as_task, timed_out);
    Coro<int> later = wait_for(notes_start(out), Duration());
    co_await yield(2);
    const std::string kept = co_await outcome(std::move(later));
    EXPECT_EQ(kept, timed_out);
  };
  run(main());
  EXPECT_THAT(out, ElementsAre());
}

TEST_P(Timeouts, O1_WithoutTimeADoneFutureGivesItsValue) {
  const auto main = [&]() -> Coro<> {
    Future<std::string> f;
    f.set_result("v");
    const std::string value = co_await wait_for(f, Duration());
    EXPECT_EQ(value, "v");
    Future<int> pending;
    const std::string ended = co_await outcome(wait_for(pending, Duration()));
    EXPECT_EQ(ended, timed_out);
    EXPECT_TRUE(pending.cancelled());
  };
  run(main());
}

TEST_P(Timeouts, O2_TheInnerIsCancelledAndWaitedFor) {
  Trace out;
  const auto slow_to_end = [](Trace& o) -> Coro<> {
    const auto cleanup = [&o]() -> Coro<> {
      co_await sleep(stretch(1));
      o.emplace_back("cleaned");
    };
    co_await try_finally(sleep(long_time), cleanup);
  };
  const auto main = [&]() -> Coro<> {
    const std::string ended = co_await outcome(wait_for(slow_to_end(out), stretch(1)));
    EXPECT_EQ(ended, timed_out);
    EXPECT_THAT(out, ElementsAre("cleaned"));
    Task<> task = create_task(slow_to_end(out));
    const std::string again = co_await outcome(wait_for(task, stretch(1)));
    EXPECT_EQ(again, timed_out);
    EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

TEST_P(Timeouts, O2_AnInnerThatSwallowsTheCancellationGivesItsValue) {
  const auto swallows = []() -> Coro<std::string> {
    try {
      co_await sleep(long_time);
    } catch (const CancelledError&) {
    }
    co_await sleep(stretch(1));
    co_return "value";
  };
  const auto main = [&]() -> Coro<> {
    const std::string value = co_await wait_for(swallows(), stretch(1));
    EXPECT_EQ(value, "value");
    const std::string of_task = co_await wait_for(create_task(swallows()), stretch(1));
    EXPECT_EQ(of_task, "value");
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

TEST_P(Timeouts, O2_AnInnerThatRaisesSomethingElseIsHeard) {
  const auto replaces = []() -> Coro<> {
    try {
      co_await sleep(long_time);
    } catch (const CancelledError&) {
      throw RuntimeError("cleanup");
    }
  };
  const auto main = [&]() -> Coro<> {
    const std::string ended = co_await outcome(wait_for(replaces(), stretch(1)));
    EXPECT_EQ(ended, "RuntimeError: cleanup");
    const std::string of_task = co_await outcome(wait_for(create_task(replaces()), stretch(1)));
    EXPECT_EQ(of_task, "RuntimeError: cleanup");
  };
  run(main());
}

TEST_P(Timeouts, O2_InTimeIsTheValueOrTheError) {
  const auto seven = []() -> Coro<int> {
    co_await yield();
    co_return 7;
  };
  const auto bad = []() -> Coro<> {
    co_await yield();
    throw ValueError("b");
  };
  const auto main = [&]() -> Coro<> {
    const int value = co_await wait_for(seven(), long_time);
    EXPECT_EQ(value, 7);
    const int without = co_await wait_for(seven(), no_timeout);
    EXPECT_EQ(without, 7);
    const std::string ended = co_await outcome(wait_for(bad(), long_time));
    EXPECT_EQ(ended, "ValueError: b");
  };
  run(main());
}

TEST_P(Timeouts, O3_CancelledFromOutsideTheInnerIsCancelledToo) {
  const auto main = [&]() -> Coro<> {
    Task<> inner = create_task(sleep(long_time));
    auto w = create_task(wait_for(inner, long_time));
    co_await yield(2);
    w.cancel("outside");
    const std::string ended = co_await outcome(w);
    EXPECT_EQ(ended, "CancelledError: outside");
    EXPECT_TRUE(inner.cancelled());
  };
  run(main());
}

TEST_P(Timeouts, O3_ACancellationThatArrivesWithTheResultIsNotSwallowed) {
  const auto main = [&]() -> Coro<> {
    Future<int> f;
    auto w = create_task(wait_for(f, long_time));
    co_await yield();
    f.set_result(1);
    w.cancel();
    const std::string ended = co_await outcome(w);
    EXPECT_THAT(ended, StartsWith("CancelledError"));
  };
  run(main());
}

TEST_P(Timeouts, O4_AtTheDeadlineTheBlockEndsWithTimeoutError) {
  const auto main = [&]() -> Coro<> {
    bool expired_inside = true;
    const auto body = [&](Timeout& t) -> Coro<> {
      EXPECT_TRUE(t.when().has_value());
      expired_inside = t.expired();
      co_await sleep(long_time);
    };
    Timeout scope = timeout(stretch(1));
    const std::string ended = co_await outcome(with(scope, body));
    EXPECT_EQ(ended, timed_out);
    EXPECT_FALSE(expired_inside);
    EXPECT_TRUE(scope.expired());
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

TEST_P(Timeouts, O4_InTimeNothingIsLeftOfIt) {
  const auto main = [&]() -> Coro<> {
    const auto body = [](Timeout&) -> Coro<int> {
      co_await yield();
      co_return 5;
    };
    Timeout scope = timeout(stretch(1));
    const int value = co_await with(scope, body);
    EXPECT_EQ(value, 5);
    EXPECT_FALSE(scope.expired());
    co_await sleep(stretch(3));  // isn't hit
  };
  run(main());
}

TEST_P(Timeouts, O4_NestedTimeoutsConvertOnlyTheirOwn) {
  const auto main = [&]() -> Coro<> {
    Trace out;
    const auto innermost = [](Timeout&) -> Coro<> { co_await sleep(long_time); };
    const auto outer_body = [&](Timeout&) -> Coro<> {
      const std::string inner = co_await outcome(with(timeout(stretch(1)), innermost));
      out.push_back("inner " + inner);
      co_await sleep(long_time);
    };
    const std::string outer = co_await outcome(with(timeout(stretch(2)), outer_body));
    out.push_back("outer " + outer);
    EXPECT_THAT(out, ElementsAre("inner TimeoutError: timed out", "outer TimeoutError: timed out"));

    // The outer deadline passes first: the inner one lets the cancellation through.
    Trace seen;
    const auto around = [&](Timeout&) -> Coro<> {
      const std::string inner = co_await outcome(with(timeout(long_time), innermost));
      seen.push_back(inner.substr(0, 14));
      throw CancelledError();
    };
    const std::string first = co_await outcome(with(timeout(stretch(1)), around));
    EXPECT_THAT(seen, ElementsAre("CancelledError"));
    EXPECT_EQ(first, timed_out);
  };
  run(main());
}

TEST_P(Timeouts, O4_AnExternalCancelAtTheSameMomentWins) {
  const auto main = [&]() -> Coro<> {
    const auto body = [](Timeout&) -> Coro<> { co_await sleep(long_time); };
    const auto limited = [&]() -> Coro<std::string> {
      const std::string ended = co_await outcome(with(timeout(stretch(1)), body));
      co_return ended.substr(0, 14);
    };
    for (const bool cancel_first : {true, false}) {
      Task<std::string> t = create_task(limited());
      const Duration when = get_running_loop().time() + stretch(1);
      if (cancel_first) get_running_loop().call_at(when, [t] { t.cancel(); });
      co_await yield();
      if (!cancel_first) get_running_loop().call_at(get_running_loop().time() + stretch(1), [t] { t.cancel(); });
      // Both are due when the loop looks again.
      const Duration until = get_running_loop().time() + stretch(2);
      while (!simulated() && get_running_loop().time() < until) {
      }
      const std::string ended = co_await t;
      EXPECT_EQ(ended, "CancelledError");
      EXPECT_EQ(t.cancelling(), 1);
    }
  };
  run(main());
}

TEST_P(Timeouts, O5_ABodyThatDoesNotSuspendIsNotInterrupted) {
  const auto main = [&]() -> Coro<> {
    const auto empty = [](Timeout& t) -> Coro<bool> { co_return t.expired(); };
    const bool zero = co_await with(timeout(Duration()), empty);
    EXPECT_FALSE(zero);
    const bool past = co_await with(timeout(Duration::seconds(-1)), empty);
    EXPECT_FALSE(past);
    co_await yield(2);  // and nothing of it arrives later
    EXPECT_EQ(current_task().cancelling(), 0);
    const auto yields = [](Timeout&) -> Coro<> { co_await sleep(Duration()); };
    const std::string hit = co_await outcome(with(timeout(Duration()), yields));
    EXPECT_EQ(hit, timed_out);
    const Duration earlier = get_running_loop().time() - stretch(1);
    const std::string at = co_await outcome(with(timeout_at(earlier), yields));
    EXPECT_EQ(at, timed_out);
  };
  run(main());
}

TEST_P(Timeouts, O6_AForeignExceptionWhileTimingOutPassesUnchanged) {
  const auto main = [&]() -> Coro<> {
    const auto body = [](Timeout&) -> Coro<> {
      try {
        co_await sleep(long_time);
      } catch (const CancelledError&) {
        throw ValueError("foreign");
      }
    };
    Timeout scope = timeout(stretch(1));
    const std::string ended = co_await outcome(with(scope, body));
    EXPECT_EQ(ended, "ValueError: foreign");
    EXPECT_TRUE(scope.expired());
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

TEST_P(Timeouts, O7_RescheduleOnlyWhileActiveAndEnteredOnce) {
  const auto main = [&]() -> Coro<> {
    Timeout scope = timeout(no_timeout);
    EXPECT_EQ(outcome_of([&] { scope.reschedule(Duration()); }), "RuntimeError: Timeout has not been entered");
    const auto body = [](Timeout& t) -> Coro<> {
      EXPECT_FALSE(t.when().has_value());
      t.reschedule(get_running_loop().time() + long_time);
      EXPECT_TRUE(t.when().has_value());
      co_await yield();
    };
    co_await with(scope, body);
    EXPECT_EQ(outcome_of([&] { scope.reschedule(Duration()); }),
              "RuntimeError: Cannot change state of a Timeout that is over");
    const std::string again = co_await outcome(with(scope, body));
    EXPECT_EQ(again, "RuntimeError: Timeout has already been entered");
  };
  run(main());
}

TEST_P(Timeouts, O7_RescheduleMovesTheDeadline) {
  const auto main = [&]() -> Coro<> {
    const auto later = [](Timeout& t) -> Coro<> {
      t.reschedule(no_timeout);
      co_await sleep(stretch(2));
    };
    co_await with(timeout(stretch(1)), later);
    const auto sooner = [](Timeout& t) -> Coro<> {
      t.reschedule(get_running_loop().time() - stretch(1));
      co_await sleep(long_time);
    };
    const std::string hit = co_await outcome(with(timeout(long_time), sooner));
    EXPECT_EQ(hit, timed_out);
  };
  run(main());
}

TEST_P(Timeouts, O7_OnlyInsideATask) {
  EventLoop loop(factory());
  std::string refused;
  loop.call_soon([&] {
    Timeout scope = timeout(stretch(1));
    refused = outcome_of([&] { scope.aenter(); });
    loop.stop();
  });
  loop.run_forever();
  EXPECT_EQ(refused, "RuntimeError: Timeout should be used inside a task");
}

}  // namespace
}  // namespace tarn
