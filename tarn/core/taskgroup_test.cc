// SPDX-License-Identifier: BSL-1.0
// TaskGroup's rules TG1 to TG6 and TG8.
#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class TaskGroups : public OnEveryPort {};
TARN_ON_EVERY_PORT(TaskGroups);

constexpr Duration long_time = Duration::seconds(1000);

Coro<int> ok(int x, double stretches = 0) {
  co_await sleep(stretch(stretches));
  co_return x;
}
Coro<int> bad(const char* what = "v") {
  co_await sleep(Duration());
  throw ValueError(what);
}
Coro<int> sleeper() {
  co_await sleep(long_time);
  co_return 0;
}

// A group's end: what each of its exceptions is, or the exception itself if it is no group.
Trace ending(const std::exception_ptr& error) {
  Trace texts;
  try {
    if (!error) return {"ok"};
    std::rethrow_exception(error);
  } catch (const ExceptionGroup& group) {
    texts.push_back("group: " + group.message());
    for (const auto& e : group.exceptions()) texts.push_back(describe(e));
  } catch (...) {
    texts.push_back(describe(error));
  }
  return texts;
}

template <class Body>
Coro<Trace> group(Body& body) {
  std::exception_ptr error;
  try {
    co_await with(TaskGroup(), body);
  } catch (...) {
    error = std::current_exception();
  }
  co_return ending(error);
}

constexpr const char* errors = "group: unhandled errors in a TaskGroup";

TEST_P(TaskGroups, TG1_TheExitWaitsForAll) {
  const auto main = [&]() -> Coro<> {
    Task<int> a;
    Task<int> b;
    const auto body = [&](TaskGroup& tg) -> Coro<> {
      a = tg.create_task(ok(1, 1));
      b = tg.create_task(ok(2), {.name = "b"});
      co_return;
    };
    const Trace ended = co_await group(body);
    EXPECT_THAT(ended, ElementsAre("ok"));
    EXPECT_EQ(a.result() + b.result(), 3);
    EXPECT_EQ(b.name(), "b");
  };
  run(main());
}

TEST_P(TaskGroups, TG1_TheBlocksValueIsTheWithsValue) {
  const auto main = [&]() -> Coro<> {
    const auto body = [](TaskGroup& tg) -> Coro<int> {
      Task<int> child = tg.create_task(ok(4, 1));
      co_return co_await child + 1;
    };
    const int value = co_await with(TaskGroup(), body);
    EXPECT_EQ(value, 5);
  };
  run(main());
}

TEST_P(TaskGroups, TG1_ChildrenMayAddChildrenWhileTheGroupExits) {
  Trace out;
  const auto notes = [&](const char* what) -> Coro<> {
    out.emplace_back(what);
    co_return;
  };
  const auto main = [&]() -> Coro<> {
    const auto body = [&](TaskGroup& tg) -> Coro<> {
      const auto spawner = [&]() -> Coro<> {
        co_await yield();
        tg.create_task(notes("child"));
      };
      tg.create_task(spawner);
      co_return;
    };
    co_await with(TaskGroup(), body);
    EXPECT_THAT(out, ElementsAre("child"));
  };
  run(main());
}

TEST_P(TaskGroups, TG1_CreateTaskIsRefusedBeforeEntryAfterTheEndAndWhileAborting) {
  const auto main = [&]() -> Coro<> {
    TaskGroup tg;
    const auto create = [](TaskGroup& g) { return outcome_of([&] { g.create_task(ok(1)); }); };
    EXPECT_EQ(create(tg), "RuntimeError: TaskGroup has not been entered");
    const auto empty = [](TaskGroup&) -> Coro<> { co_return; };
    co_await with(tg, empty);
    EXPECT_EQ(create(tg), "RuntimeError: TaskGroup is finished");
    Trace out;
    const auto body = [&](TaskGroup& g) -> Coro<> {
      g.create_task(bad());
      try {
        co_await sleep(long_time);
      } catch (const CancelledError&) {
        out.push_back(create(g));
        throw;
      }
    };
    const Trace ended = co_await group(body);
    EXPECT_THAT(ended, ElementsAre(errors, "ValueError: v"));
    EXPECT_THAT(out, ElementsAre("RuntimeError: TaskGroup is shutting down"));
  };
  run(main());  // and no refused coroutine is reported as never awaited
}

TEST_P(TaskGroups, TG2_AFailedChildCancelsItsSiblingsAndTheBlock) {
  const auto main = [&]() -> Coro<> {
    Trace out;
    Task<int> sibling;
    const auto body = [&](TaskGroup& tg) -> Coro<> {
      sibling = tg.create_task(sleeper());
      tg.create_task(bad());
      try {
        co_await sleep(long_time);
      } catch (const CancelledError&) {
        out.emplace_back("body cancelled");
        throw;
      }
    };
    const Trace ended = co_await group(body);
    EXPECT_THAT(ended, ElementsAre(errors, "ValueError: v"));
    EXPECT_THAT(out, ElementsAre("body cancelled"));
    EXPECT_TRUE(sibling.cancelled());
    EXPECT_EQ(current_task().cancelling(), 0);
    co_await yield(2);  // no cancellation is left over
  };
  run(main());
}

TEST_P(TaskGroups, TG2_AllFailuresAreRaisedTogetherInTheirOrder) {
  const auto main = [&]() -> Coro<> {
    const auto fails_when_cancelled = []() -> Coro<> {
      try {
        co_await sleep(long_time);
      } catch (const CancelledError&) {
        throw RuntimeError("cleanup");
      }
    };
    const auto body = [&](TaskGroup& tg) -> Coro<> {
      tg.create_task(fails_when_cancelled());
      tg.create_task(bad("one"));
      tg.create_task(bad("two"));
      co_return;
    };
    const Trace ended = co_await group(body);
    EXPECT_THAT(ended, ElementsAre(errors, "ValueError: one", "ValueError: two", "RuntimeError: cleanup"));
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

TEST_P(TaskGroups, TG3_TheBlocksExceptionStandsInTheGroupAndCancelsTheChildren) {
  const auto main = [&]() -> Coro<> {
    Task<int> child;
    const auto body = [&](TaskGroup& tg) -> Coro<> {
      child = tg.create_task(sleeper());
      co_await yield();
      throw RuntimeError("body");
    };
    const Trace ended = co_await group(body);
    EXPECT_THAT(ended, ElementsAre(errors, "RuntimeError: body"));
    EXPECT_TRUE(child.cancelled());
  };
  run(main());
}

TEST_P(TaskGroups, TG3_ALoneCancelledChildIsNoError) {
  const auto main = [&]() -> Coro<> {
    Task<int> child;
    Task<int> sibling;
    const auto body = [&](TaskGroup& tg) -> Coro<> {
      child = tg.create_task(sleeper());
      sibling = tg.create_task(ok(2, 1));
      co_await yield();
      child.cancel();
    };
    const Trace ended = co_await group(body);
    EXPECT_THAT(ended, ElementsAre("ok"));
    EXPECT_TRUE(child.cancelled());
    EXPECT_EQ(sibling.result(), 2);
  };
  run(main());
}

TEST_P(TaskGroups, TG4_AnExternalCancelCancelsTheChildrenAndPropagatesPlain) {
  const auto main = [&]() -> Coro<> {
    Task<int> child;
    const auto body = [&](TaskGroup& tg) -> Coro<> {
      child = tg.create_task(sleeper());
      co_return;
    };
    const auto grouped = [&]() -> Coro<> { co_await with(TaskGroup(), body); };
    Task<> t = create_task(grouped());
    co_await yield(2);
    t.cancel("outside");
    const std::string ended = co_await outcome(t);
    EXPECT_EQ(ended, "CancelledError: outside");
    EXPECT_TRUE(child.cancelled());
    EXPECT_TRUE(t.cancelled());
    EXPECT_EQ(t.cancelling(), 1);
  };
  run(main());
}

TEST_P(TaskGroups, TG4_ExternalCancelWithAChildsErrorRaisesTheGroupAndThenCancels) {
  const auto main = [&]() -> Coro<> {
    const auto child = []() -> Coro<> {
      try {
        co_await sleep(long_time);
      } catch (const CancelledError&) {
        throw ValueError("cleanup");
      }
    };
    Trace out;
    const auto body = [&](TaskGroup& tg) -> Coro<> {
      tg.create_task(child());
      co_return;
    };
    const auto grouped = [&]() -> Coro<> {
      out = co_await group(body);
      co_await sleep(Duration());
      out.emplace_back("not reached");
    };
    Task<> t = create_task(grouped());
    co_await yield(2);
    t.cancel();
    const std::string ended = co_await outcome(t);
    EXPECT_THAT(ended, StartsWith("CancelledError"));
    EXPECT_THAT(out, ElementsAre(errors, "ValueError: cleanup"));
    EXPECT_EQ(t.cancelling(), 1);
  };
  run(main());
}

TEST_P(TaskGroups, TG5_NestedGroupsThatFailAtOnceEachRaiseTheirOwn) {
  const auto main = [&]() -> Coro<> {
    Trace inner_end;
    bool swallowed = false;
    const auto inner_body = [](TaskGroup& tg) -> Coro<> {
      tg.create_task(bad("inner"));
      co_await sleep(long_time);
    };
    const auto outer_body = [&](TaskGroup& tg) -> Coro<> {
      tg.create_task(bad("outer"));
      inner_end = co_await group(inner_body);
      co_await sleep(long_time);
      swallowed = true;
    };
    const Trace ended = co_await group(outer_body);
    EXPECT_THAT(inner_end, ElementsAre(errors, "ValueError: inner"));
    EXPECT_THAT(ended, ElementsAre(errors, "ValueError: outer"));
    EXPECT_FALSE(swallowed);
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

Coro<> exits() {
  throw SystemExit(4);
  co_return;
}

TEST_P(TaskGroups, TG6_SystemExitOfAChildLeavesTheLoopBare) {
  const auto body = [](TaskGroup& tg) -> Coro<> {
    tg.create_task(sleeper());
    tg.create_task(exits());
    co_await sleep(long_time);
  };
  const auto main = [&]() -> Coro<> { co_await with(TaskGroup(), body); };
  int code = 0;
  try {
    run(main());
  } catch (const SystemExit& e) {
    code = e.code();
  }
  EXPECT_EQ(code, 4);
  reports();  // the clean-up raises it a second time, in the main task, as asyncio does
}

TEST_P(TaskGroups, TG6_SystemExitOfTheBlockIsRaisedBare) {
  const auto main = [&]() -> Coro<> {
    Task<int> child;
    const auto body = [&](TaskGroup& tg) -> Coro<> {
      child = tg.create_task(sleeper());
      co_await yield();
      throw SystemExit(5);
    };
    const Trace ended = co_await group(body);
    EXPECT_THAT(ended, ElementsAre(StartsWith("SystemExit")));
    EXPECT_TRUE(child.cancelled());
  };
  run(main());
}

TEST_P(TaskGroups, TG8_OnlyInsideATaskAndOnlyOnce) {
  EventLoop loop(factory());
  std::string refused;
  loop.call_soon([&] {
    TaskGroup tg;
    refused = outcome_of([&] { tg.aenter(); });
    loop.stop();
  });
  loop.run_forever();
  EXPECT_EQ(refused, "RuntimeError: TaskGroup cannot determine the parent task");
  const auto main = [&]() -> Coro<> {
    TaskGroup tg;
    const auto empty = [](TaskGroup&) -> Coro<> { co_return; };
    co_await with(tg, empty);
    const std::string again = co_await outcome(with(tg, empty));
    EXPECT_EQ(again, "RuntimeError: TaskGroup has already been entered");
  };
  loop.run_until_complete(main());
}

TEST_P(TaskGroups, ATimeoutAroundAGroupEndsIt) {
  const auto main = [&]() -> Coro<> {
    Task<int> child;
    const auto group_body = [&](TaskGroup& tg) -> Coro<> {
      child = tg.create_task(sleeper());
      co_return;
    };
    const auto limited = [&](Timeout&) -> Coro<> { co_await with(TaskGroup(), group_body); };
    const std::string ended = co_await outcome(with(timeout(stretch(1)), limited));
    EXPECT_EQ(ended, "TimeoutError: timed out");
    EXPECT_TRUE(child.cancelled());
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

}  // namespace
}  // namespace tarn
