// SPDX-License-Identifier: BSL-1.0
// The future's rules F1 to F6 (F7, which crosses threads, is in threads_test.cc).
#include <memory>

#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class Futures : public OnEveryPort {};
TARN_ON_EVERY_PORT(Futures);

auto note(Trace& out, const char* what) {
  return [&out, what] { out.emplace_back(what); };
}

TEST_P(Futures, F1_DoneCallbacksAreScheduledInOrderAlsoLateOnes) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    Future<int> f;
    f.add_done_callback(note(out, "cb1"));
    f.add_done_callback(note(out, "cb2"));
    f.set_result(1);
    out.emplace_back("set");
    co_await sleep(Duration());
    out.emplace_back("after");
    f.add_done_callback(note(out, "late"));
    out.emplace_back("sync");
    co_await sleep(Duration());
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("set", "cb1", "cb2", "after", "sync", "late"));
}

TEST_P(Futures, F1_ACallbackGetsTheFutureAlsoWhenNobodyElseHasItAnyMore) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    {
      Future<int> f;
      f.add_done_callback([&](const Future<int>& done) { out.push_back(std::to_string(done.result())); });
      f.set_result(5);
    }
    co_await sleep(Duration());
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("5"));
}

TEST_P(Futures, F1_ACallbackThatThrowsIsReportedAndTheOthersRun) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    Future<int> f;
    f.add_done_callback([] { throw ValueError("cb"); });
    f.add_done_callback(note(out, "second"));
    f.set_result(1);
    co_await sleep(Duration());
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("second"));
  EXPECT_THAT(reports(), ElementsAre("Exception in done callback: ValueError: cb"));
}

TEST_P(Futures, F1_CallbacksOfAFutureThatIsNeverDoneAreFreed) {
  const auto token = std::make_shared<int>(1);
  const auto main = [&]() -> Coro<> {
    {
      Future<int> f;
      f.add_done_callback([token] {});
      f.add_done_callback([token] {});
      EXPECT_EQ(token.use_count(), 3);
    }
    EXPECT_EQ(token.use_count(), 1);  // nobody can set it any more
    co_return;
  };
  run(main());
  EXPECT_EQ(token.use_count(), 1);
}

TEST_P(Futures, F2_AFutureIsSetOnceAndCancelledOnce) {
  const auto main = [&]() -> Coro<> {
    const char* const done = "InvalidStateError: invalid state: the future is done";
    Future<int> f;
    f.set_result(1);
    EXPECT_EQ(outcome_of([&] { f.set_result(2); }), done);
    EXPECT_EQ(outcome_of([&] { f.set_exception(ValueError("late")); }), done);
    EXPECT_EQ(f.result(), 1);
    EXPECT_FALSE(f.cancel());
    EXPECT_FALSE(f.cancelled());

    Future<int> g;
    EXPECT_TRUE(g.cancel());
    EXPECT_FALSE(g.cancel());
    EXPECT_TRUE(g.cancelled());
    EXPECT_TRUE(g.done());
    EXPECT_THROW(g.result(), CancelledError);
    EXPECT_THROW(g.exception(), CancelledError);
    EXPECT_EQ(outcome_of([&] { g.set_result(2); }), done);
    co_return;
  };
  run(main());
}

TEST_P(Futures, F2_AResultTakenEarlyIsAnInvalidState) {
  const auto main = [&]() -> Coro<> {
    Future<int> f;
    Future<> v;
    EXPECT_EQ(outcome_of([&] { f.result(); }), "InvalidStateError: Result is not set.");
    EXPECT_EQ(outcome_of([&] { v.result(); }), "InvalidStateError: Result is not set.");
    EXPECT_EQ(outcome_of([&] { f.exception(); }), "InvalidStateError: Exception is not set.");
    EXPECT_FALSE(f.done());
    co_return;
  };
  run(main());
}

TEST_P(Futures, F2_ExceptionIsTheErrorOrNothing) {
  const auto main = [&]() -> Coro<> {
    Future<int> f;
    f.set_exception(ValueError("bad"));
    EXPECT_EQ(describe(f.exception()), "ValueError: bad");
    EXPECT_EQ(outcome_of([&] { f.result(); }), "ValueError: bad");
    Future<int> g;
    g.set_result(1);
    EXPECT_EQ(g.exception(), nullptr);
    co_return;
  };
  run(main());
}

void first(const Future<int>&) {}
void second(const Future<int>&) {}

TEST_P(Futures, F3_RemoveDoneCallbackRemovesEveryEqualOneAndCountsThem) {
  Trace out;
  const auto main = [&]() -> Coro<> {
    Future<int> f;
    f.add_done_callback(&first);
    f.add_done_callback(&second);
    f.add_done_callback(&first);
    f.add_done_callback(note(out, "kept"));
    EXPECT_EQ(f.remove_done_callback(&first), 2U);
    EXPECT_EQ(f.remove_done_callback(&first), 0U);
    EXPECT_EQ(f.remove_done_callback(&second), 1U);
    f.add_done_callback(note(out, "added after"));
    f.set_result(1);
    co_await sleep(Duration());
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("kept", "added after"));
}

TEST_P(Futures, F4_AwaitingADoneFutureDoesNotYield) {
  const auto main = [&]() -> Coro<> {
    Trace out;
    Future<int> f;
    f.set_result(7);
    get_running_loop().call_soon(note(out, "soon"));
    const int value = co_await f;
    EXPECT_EQ(value, 7);
    EXPECT_THAT(out, ElementsAre());
    co_await sleep(Duration());
    EXPECT_THAT(out, ElementsAre("soon"));
  };
  run(main());
}

Coro<> wait_and_note(Future<int> f, Trace& out) {
  const int value = co_await f;
  out.push_back("waiter " + std::to_string(value));
}

TEST_P(Futures, F4_AWaiterIsQueuedAtSetResultAheadOfALaterCallSoon) {
  const auto main = [&]() -> Coro<> {
    Trace out;
    Future<int> f;
    Task<> waiter = create_task(wait_and_note(f, out));
    co_await sleep(Duration());
    f.set_result(1);
    get_running_loop().call_soon(note(out, "soon"));
    EXPECT_THAT(out, ElementsAre());
    co_await sleep(Duration());
    EXPECT_THAT(out, ElementsAre("waiter 1", "soon"));
    co_await waiter;
  };
  run(main());
}

TEST_P(Futures, F4_WaitersAndCallbacksShareOneOrder) {
  const auto main = [&]() -> Coro<> {
    Trace out;
    Future<int> f;
    f.add_done_callback(note(out, "cb before"));
    Task<> one = create_task(wait_and_note(f, out));
    co_await sleep(Duration());
    f.add_done_callback(note(out, "cb after"));
    f.set_result(1);
    co_await sleep(Duration());
    EXPECT_THAT(out, ElementsAre("cb before", "waiter 1", "cb after"));
    co_await one;
  };
  run(main());
}

TEST_P(Futures, F4_ManyMayAwaitOneFutureAndManyTimes) {
  const auto main = [&]() -> Coro<> {
    Trace out;
    Future<int> f;
    Task<> a = create_task(wait_and_note(f, out));
    Task<> b = create_task(wait_and_note(f, out));
    co_await sleep(Duration());
    f.set_result(3);
    co_await a;
    co_await b;
    const int again = co_await f;
    const int and_again = co_await f;
    EXPECT_EQ(again + and_again, 6);
    EXPECT_THAT(out, ElementsAre("waiter 3", "waiter 3"));
  };
  run(main());
}

TEST_P(Futures, F4_AMoveOnlyValueIsTakenOnce) {
  const auto main = [&]() -> Coro<> {
    Future<std::unique_ptr<int>> f;
    f.set_result(std::make_unique<int>(4));
    const std::unique_ptr<int> taken = co_await std::move(f);
    EXPECT_EQ(*taken, 4);
  };
  run(main());
}

TEST_P(Futures, F5_AnExceptionNobodyRetrievedIsReportedOnceWhenTheFutureDies) {
  const auto main = [&]() -> Coro<> {
    {
      Future<int> f;
      f.set_exception(ValueError("lost"));
      Future<int> copy = f;
      EXPECT_THAT(reports(), ElementsAre());
    }
    EXPECT_THAT(reports(), ElementsAre("Future exception was never retrieved: ValueError: lost"));
    co_return;
  };
  run(main());
}

TEST_P(Futures, F5_ResultExceptionAwaitAndCancelEachRetrieve) {
  const auto main = [&]() -> Coro<> {
    const auto failed = [] {
      Future<int> f;
      f.set_exception(ValueError("x"));
      return f;
    };
    EXPECT_EQ(outcome_of([&] { failed().result(); }), "ValueError: x");
    failed().exception();
    EXPECT_FALSE(failed().cancel());
    const std::string awaited = co_await outcome(failed());
    EXPECT_EQ(awaited, "ValueError: x");
  };
  run(main());  // and nothing is reported
}

Coro<> fails() {
  throw ValueError("x");
  co_return;
}

TEST_P(Futures, F5_ATaskSaysSoByItsNameAndPlace) {
  ExceptionContext seen;
  int times = 0;
  const auto main = [&]() -> Coro<> {
    get_running_loop().set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
      seen = context;
      ++times;
    });
    create_task(fails(), {.name = "bug"});
    co_await yield(2);
    EXPECT_EQ(times, 1);
    Task<> retrieved = create_task(fails());
    co_await yield(2);
    EXPECT_NE(retrieved.exception(), nullptr);
  };
  run(main());
  EXPECT_EQ(times, 1);
  EXPECT_EQ(seen.message, "Task exception was never retrieved");
  EXPECT_EQ(describe(seen.exception), "ValueError: x");
  EXPECT_EQ(seen.task, "bug");
  EXPECT_THAT(seen.where.file_name(), ::testing::EndsWith("future_test.cc"));
}

TEST_P(Futures, F6_WhatIsNoErrorIsRefusedAsOne) {
  const auto main = [&]() -> Coro<> {
    Future<int> f;
    EXPECT_THAT(outcome_of([&] { f.set_exception(std::exception_ptr()); }), StartsWith("TypeError"));
    EXPECT_THAT(outcome_of([&] { f.set_exception(GeneratorExit()); }), StartsWith("TypeError"));
    EXPECT_FALSE(f.done());
    f.set_result(1);
    co_return;
  };
  run(main());
}

TEST_P(Futures, CancelWithAMessageReachesWhoAwaits) {
  const auto main = [&]() -> Coro<> {
    Future<int> f;
    f.cancel("why");
    const std::string awaited = co_await outcome(f);
    EXPECT_EQ(awaited, "CancelledError: why");
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

TEST_P(Futures, AHandleThatNamesNothingSaysSo) {
  const Task<int> none;
  EXPECT_FALSE(none.valid());
  EXPECT_FALSE(none);
  const auto main = [&]() -> Coro<> {
    Future<int> f;
    const Future<int> same = f;
    const Future<int> other;
    EXPECT_TRUE(f == same);
    EXPECT_FALSE(f == other);
    Future<int> taken = std::move(f);
    EXPECT_FALSE(f.valid());
    EXPECT_TRUE(taken.valid());
    co_return;
  };
  run(main());
  EXPECT_THROW(Future<int>(), RuntimeError);  // no running loop
}

TEST_P(Futures, AHandleOutlivesItsLoop) {
  std::optional<Future<int>> pending;
  std::optional<Task<int>> task;
  const auto main = [&]() -> Coro<> {
    pending.emplace();
    task = create_task([]() -> Coro<int> { co_return 9; });
    co_await yield(2);
  };
  run(main());
  EXPECT_EQ(task->result(), 9);
  EXPECT_FALSE(pending->done());
  pending->set_result(2);
  EXPECT_EQ(pending->result(), 2);
}

}  // namespace
}  // namespace tarn
