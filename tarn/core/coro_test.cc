// SPDX-License-Identifier: BSL-1.0
// Coro, with() and try_finally(): laziness, single use, what passes through, what is reported.
#include <memory>

#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;

class Coros : public OnEveryPort {};
TARN_ON_EVERY_PORT(Coros);

Coro<int> notes(Trace& out, int value) {
  out.push_back("ran " + std::to_string(value));
  co_return value;
}

TEST_P(Coros, ACoroutineDoesNothingUntilItIsAwaited) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    Coro<int> coro = notes(out, 3);
    EXPECT_TRUE(coro.unstarted());
    EXPECT_THAT(out, ElementsAre());
    const int value = co_await std::move(coro);
    EXPECT_EQ(value, 3);
    EXPECT_FALSE(coro.unstarted());
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("ran 3"));
}

TEST_P(Coros, AwaitedTwiceIsRefused) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    Coro<int> coro = notes(out, 1);
    co_await std::move(coro);
    const char* const refused = "RuntimeError: cannot reuse already awaited coroutine";
    std::string again;
    try {
      co_await std::move(coro);
    } catch (const RuntimeError&) {
      again = describe(std::current_exception());
    }
    EXPECT_EQ(again, refused);
    Coro<int> moved = notes(out, 2);
    const Coro<int> owner = std::move(moved);
    std::string of_moved;
    try {
      co_await std::move(moved);
    } catch (const RuntimeError&) {
      of_moved = describe(std::current_exception());
    }
    EXPECT_EQ(of_moved, refused);
    EXPECT_TRUE(owner.unstarted());
    const_cast<Coro<int>&>(owner).close();
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("ran 1"));
}

TEST_P(Coros, OneThatIsNeverAwaitedIsReportedByNameAndLineAndFreed) {
  const auto token = std::make_shared<int>(0);
  const auto keeps = [](std::shared_ptr<int>) -> Coro<> { co_return; };
  {
    const Coro<> dropped = keeps(token);
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_THAT(reports(), ElementsAre(ContainsRegex("was never awaited \\(.*coro_test.cc:[0-9]+\\)")));
}

TEST_P(Coros, CloseDropsItWithoutAReport) {
  const auto token = std::make_shared<int>(0);
  const auto keeps = [](std::shared_ptr<int>) -> Coro<> { co_return; };
  Coro<> closed = keeps(token);
  closed.close();
  closed.close();
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_FALSE(closed.unstarted());
}

TEST_P(Coros, ExceptionsAndMoveOnlyValuesPassThrough) {
  const auto makes = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  const auto passes = [&]() -> Coro<std::unique_ptr<int>> { co_return co_await makes(); };
  const auto throws = []() -> Coro<int> {
    co_await yield();
    throw ValueError("deep");
  };
  const auto main = [&]() -> Coro<> {
    const std::unique_ptr<int> value = co_await passes();
    EXPECT_EQ(*value, 7);
    const std::string ended = co_await outcome(throws());
    EXPECT_EQ(ended, "ValueError: deep");
  };
  run(main());
}

TEST_P(Coros, LocalsAreDestroyedInTheirOrderBeforeTheAwaiterGoesOn) {
  Trace out;
  struct Noted {
    Trace* out;
    const char* what;
    ~Noted() { out->emplace_back(what); }
  };
  const auto inner = [](Trace* o) -> Coro<> {
    const Noted first{o, "first"};
    const Noted second{o, "second"};
    co_await yield();
    o->emplace_back("end");
  };
  const auto main = [&]() -> Coro<> {
    co_await inner(&out);
    out.emplace_back("awaiter");
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("end", "second", "first", "awaiter"));
}

class Manager {
 public:
  Manager(Trace& out, bool swallow) : out_(&out), swallow_(swallow) {}
  Coro<int> aenter() {
    co_await yield();
    out_->emplace_back("enter");
    co_return 5;
  }
  Coro<bool> aexit(std::exception_ptr error) {
    co_await yield();
    out_->push_back("exit " + describe(error));
    co_return swallow_;
  }

 private:
  Trace* out_;
  bool swallow_;
};

TEST_P(Coros, WithAwaitsTheExitWhateverHappens) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    const auto doubles = [](int& x) -> Coro<int> { co_return 2 * x; };
    const int value = co_await with(Manager(out, false), doubles);
    EXPECT_EQ(value, 10);
    const auto throws = [](int&) -> Coro<> {
      throw ValueError("b");
      co_return;
    };
    const std::string passed = co_await outcome(with(Manager(out, false), throws));
    EXPECT_EQ(passed, "ValueError: b");
    const std::string swallowed = co_await outcome(with(Manager(out, true), throws));
    EXPECT_EQ(swallowed, "ok");
    const auto throws_instead = [](int&) -> Coro<int> {
      throw ValueError("b");
      co_return 1;
    };
    const std::string no_value = co_await outcome(with(Manager(out, true), throws_instead));
    EXPECT_THAT(no_value, ::testing::HasSubstr("there is no value"));
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("enter", "exit no exception", "enter", "exit ValueError: b", "enter",
                               "exit ValueError: b", "enter", "exit ValueError: b"));
}

TEST_P(Coros, WithAwaitsTheExitOfACancelledBody) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    const auto sleeps = [](int&) -> Coro<> { co_await sleep(Duration::seconds(1000)); };
    Task<> task = create_task(with(Manager(out, false), sleeps));
    co_await yield(3);
    task.cancel("why");
    const std::string ended = co_await outcome(task);
    EXPECT_EQ(ended, "CancelledError: why");
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("enter", "exit CancelledError: why"));
}

TEST_P(Coros, TryFinallyAwaitsItsCleanUpAndGivesTheBodysValue) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    const auto cleanup = [&]() -> Coro<> {
      co_await yield();
      out.emplace_back("cleanup");
    };
    const int value = co_await try_finally(notes(out, 4), cleanup);
    EXPECT_EQ(value, 4);
    const auto body = []() -> Coro<> {
      throw ValueError("body");
      co_return;
    };
    const std::string of_body = co_await outcome(try_finally(body, cleanup));
    EXPECT_EQ(of_body, "ValueError: body");
    const auto bad_cleanup = []() -> Coro<> {
      throw RuntimeError("cleanup");
      co_return;
    };
    const std::string replaced = co_await outcome(try_finally(body, bad_cleanup));
    EXPECT_EQ(replaced, "RuntimeError: cleanup");
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("ran 4", "cleanup", "cleanup"));
}

}  // namespace
}  // namespace tarn
