// SPDX-License-Identifier: BSL-1.0
// Cancellation in every state a task can be in, and at every thing it can wait for; operations of the kernel on a Port
// whose completions the test decides.
#include <algorithm>
#include <cerrno>

#include <tests/on_every_port.h>

#include <tarn/core/operation.h>

namespace tarn {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

constexpr Duration long_time = Duration::seconds(1000);

class Cancelling : public OnEveryPort {};
TARN_ON_EVERY_PORT(Cancelling);

// Cancels `task` while it waits, and what it comes to.
Coro<std::string> cancelled_while_waiting(AnyTask task) {
  co_await yield(3);
  EXPECT_FALSE(task.done());
  EXPECT_TRUE(task.cancel("reason"));
  EXPECT_EQ(task.cancelling(), 1);
  EXPECT_FALSE(task.cancelled());
  std::vector<AnyTask> tasks{task};
  co_await wait(tasks, {.timeout = long_time});
  EXPECT_TRUE(task.cancelled());
  co_return outcome_of([&] { task.exception(); });
}

TEST_P(Cancelling, ReachesEverythingATaskCanWaitFor) {
  const auto main = [&]() -> Coro<> {
    const char* const as_asked = "CancelledError: reason";
    Event event;
    Lock lock;
    Queue<int> empty;
    Queue<int> full(1);
    full.put_nowait(1);
    co_await lock.acquire();

    const std::string at_sleep = co_await cancelled_while_waiting(create_task(sleep(long_time)));
    EXPECT_EQ(at_sleep, as_asked);
    const std::string at_event = co_await cancelled_while_waiting(create_task(event.wait()));
    EXPECT_EQ(at_event, as_asked);
    const std::string at_lock = co_await cancelled_while_waiting(create_task(lock.acquire()));
    EXPECT_EQ(at_lock, as_asked);
    const std::string at_get = co_await cancelled_while_waiting(create_task(empty.get()));
    EXPECT_EQ(at_get, as_asked);
    const std::string at_put = co_await cancelled_while_waiting(create_task(full.put(2)));
    EXPECT_EQ(at_put, as_asked);
    const std::string at_join = co_await cancelled_while_waiting(create_task(full.join()));
    EXPECT_EQ(at_join, as_asked);
    const Future<int> never;
    const std::string at_future = co_await cancelled_while_waiting(create_task(never));
    EXPECT_EQ(at_future, as_asked);
    EXPECT_TRUE(never.cancelled());
    const std::string at_limit = co_await cancelled_while_waiting(create_task(wait_for(event.wait(), long_time)));
    EXPECT_EQ(at_limit, as_asked);
    lock.release();
    EXPECT_FALSE(lock.locked());
    EXPECT_EQ(full.get_nowait(), 1);
  };
  run(main());
}

TEST_P(Cancelling, ReachesWhatIsComposedOfTasks) {
  const auto main = [&]() -> Coro<> {
    const char* const as_asked = "CancelledError: reason";
    Task<> inner = create_task(sleep(long_time));
    const std::string at_task = co_await cancelled_while_waiting(create_task(inner));
    EXPECT_EQ(at_task, as_asked);
    EXPECT_TRUE(inner.cancelled());

    Task<> child = create_task(sleep(long_time));
    const auto gathers = [](Task<> t) -> Coro<> { co_await gather(t, yield()); };
    const std::string at_gather = co_await cancelled_while_waiting(create_task(gathers(child)));
    EXPECT_EQ(at_gather, as_asked);
    EXPECT_TRUE(child.cancelled());

    Task<> kept = create_task(sleep(long_time));
    const auto shields = [](Task<> t) -> Coro<> { co_await shield(t); };
    const std::string at_shield = co_await cancelled_while_waiting(create_task(shields(kept)));
    EXPECT_EQ(at_shield, as_asked);
    const std::vector<Task<>> one{kept};
    const std::string at_wait = co_await cancelled_while_waiting(create_task(wait(one)));
    EXPECT_EQ(at_wait, as_asked);
    auto completed = as_completed(one);
    const std::string at_next = co_await cancelled_while_waiting(create_task(completed.next()));
    EXPECT_EQ(at_next, as_asked);
    EXPECT_EQ(kept.cancelling(), 0);
    kept.cancel();
    co_await outcome(kept);
  };
  run(main());
}

TEST_P(Cancelling, BetweenTheWakeUpAndTheStep) {
  const auto main = [&]() -> Coro<> {
    Event event;
    Future<int> future;
    Lock lock;
    Queue<int> queue;
    co_await lock.acquire();
    Task<> at_event = create_task(event.wait());
    Task<> at_lock = create_task(lock.acquire());
    Task<int> at_future = create_task(future);
    Task<int> at_queue = create_task(queue.get());
    co_await yield();
    event.set();
    lock.release();
    future.set_result(1);
    queue.put_nowait(1);
    const std::vector<AnyTask> all{at_event, at_lock, at_future, at_queue};
    for (const auto& task : all) EXPECT_TRUE(task.cancel());
    co_await wait(all);
    for (const auto& task : all) EXPECT_TRUE(task.cancelled()) << task.name();
    // The lock is free and the item is there for others.
    EXPECT_FALSE(lock.locked());
    EXPECT_EQ(queue.get_nowait(), 1);
  };
  run(main());
}

TEST_P(Cancelling, UncancelBetweenTheWakeUpAndTheStepRescinds) {
  const auto main = [&]() -> Coro<> {
    Future<int> future;
    Task<int> task = create_task(future);
    co_await yield();
    future.set_result(8);
    task.cancel("rescinded");
    EXPECT_EQ(task.uncancel(), 0);
    const int value = co_await task;
    EXPECT_EQ(value, 8);
  };
  run(main());
}

TEST_P(Cancelling, ASleepWhoseTimeIsUpIsStillCancelled) {
  const auto main = [&]() -> Coro<> {
    EventLoop& loop = get_running_loop();
    Trace out;
    const Duration when = loop.time() + stretch(1);
    std::optional<Task<>> sleeper;
    // First by its deadline: the sleeper's own timer is ready behind it, but hasn't run.
    loop.call_at(when, [&] { out.emplace_back(sleeper->cancel() ? "asked" : "too late"); });
    const auto sleeps = [&]() -> Coro<> { co_await sleep(stretch(1)); };
    sleeper = create_task(sleeps());
    co_await yield();
    while (!simulated() && loop.time() < when + stretch(1)) {  // both are due when the loop looks again
    }
    const std::string ended = co_await outcome(*sleeper);
    EXPECT_THAT(out, ElementsAre("asked"));
    EXPECT_THAT(ended, StartsWith("CancelledError"));
  };
  run(main());
}

TEST_P(Cancelling, AToThreadReturnsAtOnceAndTheJobGoesOn) {
  const auto main = [&]() -> Coro<> {
    Atomic<int> stage{0};
    const auto job = [&stage] {
      stage.store(1);
      while (stage.load() != 2) {
      }
      stage.store(3);
    };
    Task<> task = create_task(to_thread(job));
    while (stage.load() != 1) co_await yield();
    task.cancel("thread");
    const std::string ended = co_await outcome(task);
    EXPECT_EQ(ended, "CancelledError: thread");
    EXPECT_EQ(stage.load(), 1);
    stage.store(2);
    while (stage.load() != 3) co_await yield();
  };
  run(main());
}

TEST_P(Cancelling, TwoTasksThatAwaitEachOtherAreFreed) {
  const auto main = [&]() -> Coro<> {
    for (const int length : {2, 3, 7}) {
      std::vector<Task<>> ring(static_cast<std::size_t>(length));
      const auto link = [&ring](std::size_t next) -> Coro<> { co_await ring[next]; };
      for (std::size_t i = 0; i < ring.size(); ++i) ring[i] = create_task(link((i + 1) % ring.size()));
      co_await yield(2);
      ring[0].cancel();
      for (const auto& task : ring) {
        const std::string ended = co_await outcome(task);
        EXPECT_THAT(ended, StartsWith("CancelledError"));
      }
    }
  };
  run(main());
}

TEST_P(Cancelling, ATailThatLeadsIntoACycleIsFreed) {
  const auto main = [&]() -> Coro<> {
    std::vector<Task<>> tasks(5);
    const auto link = [&tasks](std::size_t next) -> Coro<> { co_await tasks[next]; };
    for (std::size_t i = 0; i < tasks.size(); ++i) tasks[i] = create_task(link(i + 1 < tasks.size() ? i + 1 : 2));
    co_await yield(2);
    tasks[0].cancel();
    for (const auto& task : tasks) {
      const std::string ended = co_await outcome(task);
      EXPECT_THAT(ended, StartsWith("CancelledError"));
    }
  };
  run(main());
}

// A Port whose operations finish when the test says so. Time is virtual.
class ScriptedPort final : public Port {
 public:
  std::vector<Operation*> operations;  // in flight
  std::vector<Operation*> finished;    // to be told in the next wait()
  bool gives_way = true;               // cancel() ends an operation
  bool at_once = false;                // submit() finishes with 0
  int cancels = 0;

  ScriptedPort() { poll_interval_ = 0; }
  void finish(Operation* op, std::int64_t result) {
    std::erase(operations, op);
    op->result = result;
    finished.push_back(op);
  }
  const char* name() const noexcept override { return "scripted"; }
  bool submit(Operation& op) override {
    op.result = 0;
    if (at_once) return true;
    operations.push_back(&op);
    ++in_flight_;
    return false;
  }
  void cancel(Operation& op) noexcept override {
    ++cancels;
    op.cancelled = true;
    if (gives_way && std::find(operations.begin(), operations.end(), &op) != operations.end()) finish(&op, -ECANCELED);
  }
  void wait(std::int64_t deadline) override {
    for (Operation* const op : std::exchange(finished, {})) {
      --in_flight_;
      op->complete(op);
    }
    if (deadline != forever && deadline > now_) now_ = deadline;
  }
  std::int64_t send_now(int, const void*, std::size_t) noexcept override { return -EAGAIN; }
  std::int64_t recv_now(int, void*, std::size_t) noexcept override { return -EAGAIN; }
  void close(int) noexcept override {}
  void forget(int) noexcept override {}
  void wake() noexcept override {}
  std::int64_t now() noexcept override { return now_; }
  bool trap_interrupt(InterruptTrap*) noexcept override { return false; }

 private:
  std::int64_t now_ = 0;
};

class Operations : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_THAT(LogCapture::take(), ElementsAre()); }

  ScriptedPort* port = new ScriptedPort;
  LogCapture log;
  EventLoop loop{port};
};

Coro<> receives(Trace& out) {
  OperationWait operation(Op::recv, 3);
  const std::int64_t n = co_await operation;
  out.push_back("received " + std::to_string(n));
}
Coro<> receives_and_sleeps(Trace& out) {
  co_await receives(out);
  Future<int> done;
  done.set_result(1);
  co_await done;
  out.emplace_back("no suspension, no cancellation");
  try {
    co_await sleep(long_time);
  } catch (const CancelledError& e) {
    out.push_back("cancelled " + e.message());
    throw;
  }
}

TEST_F(Operations, ATaskStaysSuspendedUntilTheKernelGivesTheBufferBack) {
  Trace out;
  port->gives_way = false;
  Task<> task = loop.create_task(receives(out));
  loop.run_once();
  task.cancel();
  task.cancel();
  EXPECT_EQ(port->cancels, 1);
  for (int i = 0; i < 3; ++i) loop.run_once();
  EXPECT_FALSE(task.done());
  port->finish(port->operations.at(0), -ECANCELED);
  loop.run_once();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(task.cancelling(), 2);
  EXPECT_THAT(out, ElementsAre());
}

TEST_F(Operations, AnOperationThatHadWonDeliversAndTheNextAwaitThatSuspendsRaises) {
  Trace out;
  port->gives_way = false;
  Task<> task = loop.create_task(receives_and_sleeps(out));
  loop.run_once();
  task.cancel("owed");
  port->finish(port->operations.at(0), 5);
  loop.run_once();
  EXPECT_THAT(out, ElementsAre("received 5", "no suspension, no cancellation"));
  EXPECT_FALSE(task.done());
  while (!task.done()) loop.run_once();
  EXPECT_THAT(out, ElementsAre("received 5", "no suspension, no cancellation", "cancelled owed"));
  EXPECT_TRUE(task.cancelled());
}

TEST_F(Operations, AnOperationThatHadWonBeforeTheReturnStands) {
  Trace out;
  port->gives_way = false;
  Task<> task = loop.create_task(receives(out));
  loop.run_once();
  task.cancel();
  port->finish(port->operations.at(0), 7);
  while (!task.done()) loop.run_once();
  EXPECT_THAT(out, ElementsAre("received 7"));
  EXPECT_FALSE(task.cancelled());
  EXPECT_EQ(task.exception(), nullptr);
  EXPECT_EQ(task.cancelling(), 1);
}

TEST_F(Operations, ACancelBetweenTheCompletionAndTheStepIsOwed) {
  Trace out;
  Task<> task = loop.create_task(receives(out));
  loop.run_once();
  port->finish(port->operations.at(0), 9);
  loop.call_soon([&] { EXPECT_TRUE(task.cancel()); });  // the completion comes behind it, in this iteration's wait()
  while (!task.done()) loop.run_once();
  EXPECT_THAT(out, ElementsAre("received 9"));
  EXPECT_FALSE(task.cancelled());
}

TEST_F(Operations, AnOwedCancellationOfAYieldIsRaisedByIt) {
  Trace out;
  port->gives_way = false;
  const auto body = [&]() -> Coro<> {
    co_await receives(out);
    try {
      co_await sleep(Duration());
    } catch (const CancelledError&) {
      out.emplace_back("at the yield");
    }
    co_await sleep(Duration());
    out.emplace_back("once only");
  };
  Task<> task = loop.create_task(body());
  loop.run_once();
  task.cancel();
  port->finish(port->operations.at(0), 1);
  while (!task.done()) loop.run_once();
  EXPECT_THAT(out, ElementsAre("received 1", "at the yield", "once only"));
}

TEST_F(Operations, ATimeoutTakesItsOwnRequestBackWhenTheOperationHadWon) {
  Trace out;
  port->gives_way = false;
  const auto limited = [&](Timeout&) -> Coro<> { co_await receives(out); };
  const auto body = [&]() -> Coro<> {
    Timeout scope = timeout(Duration::seconds(1));
    co_await with(scope, limited);
    out.emplace_back(scope.expired() ? "expired" : "in time");
    co_await sleep(Duration::seconds(1));  // isn't hit
    out.emplace_back("slept");
  };
  Task<> task = loop.create_task(body());
  while (port->cancels == 0) loop.run_once(long_time);
  EXPECT_EQ(task.cancelling(), 1);
  port->finish(port->operations.at(0), 4);
  while (!task.done()) loop.run_once(long_time);
  EXPECT_THAT(out, ElementsAre("received 4", "expired", "slept"));
  EXPECT_EQ(task.cancelling(), 0);
  EXPECT_EQ(task.exception(), nullptr);
}

TEST_F(Operations, AGroupTakesItsOwnRequestBackWhenTheOperationHadWon) {
  Trace out;
  port->gives_way = false;
  const auto fails = []() -> Coro<> {
    throw ValueError("child");
    co_return;
  };
  const auto group_body = [&](TaskGroup& tg) -> Coro<> {
    tg.create_task(fails());
    co_await receives(out);
  };
  const auto body = [&]() -> Coro<> {
    const std::string ended = co_await outcome(with(TaskGroup(), group_body));
    out.push_back(ended.substr(0, 14));
    co_await sleep(Duration());
    out.emplace_back("slept");
  };
  Task<> task = loop.create_task(body());
  while (port->cancels == 0) loop.run_once();
  port->finish(port->operations.at(0), 4);
  while (!task.done()) loop.run_once();
  EXPECT_THAT(out, ElementsAre("received 4", "ExceptionGroup", "slept"));
  EXPECT_EQ(task.cancelling(), 0);
}

TEST_F(Operations, CancelledFromAboveTheWholeChainEnds) {
  Trace out;
  Task<> inner = loop.create_task(receives(out));
  const auto awaits = [](Task<> t) -> Coro<> { co_await t; };
  Task<> outer = loop.create_task(awaits(inner));
  loop.run_once();
  outer.cancel();
  EXPECT_EQ(port->cancels, 1);
  while (!outer.done()) loop.run_once();
  EXPECT_TRUE(inner.cancelled());
  EXPECT_TRUE(outer.cancelled());
}

TEST_F(Operations, AFailureWhileCancellingIsNoCancellation) {
  Trace out;
  port->gives_way = false;
  Task<> task = loop.create_task(receives(out));
  loop.run_once();
  task.cancel();
  port->finish(port->operations.at(0), -ECONNRESET);
  while (!task.done()) loop.run_once();
  EXPECT_THAT(out, ElementsAre("received " + std::to_string(-ECONNRESET)));
}

TEST_F(Operations, OnesThatFinishAtOnceStillLetTheOthersRun) {
  port->at_once = true;
  bool other_ran = false;
  int operations = 0;
  const auto greedy = [&]() -> Coro<> {
    while (!other_ran && operations < 1000) {
      OperationWait operation(Op::recv, 3);
      co_await operation;
      ++operations;
    }
  };
  Task<> task = loop.create_task(greedy());
  loop.call_soon([&] { other_ran = true; });
  while (!task.done()) loop.run_once();
  EXPECT_LT(operations, 1000);
}

TEST_F(Operations, ClosingTheLoopCallsThemBackBeforeFramesGo) {
  Trace out;
  port->gives_way = true;
  Trace seen;
  loop.set_exception_handler([&](EventLoop&, const ExceptionContext& c) { seen.push_back(c.message); });
  loop.create_task(receives(out));
  loop.create_task(receives(out));
  loop.run_once();
  const std::size_t before = port->operations.size();
  loop.close();
  EXPECT_EQ(before, 2U);
  const char* const pending = "Task was destroyed but it is pending!";
  EXPECT_THAT(seen, ElementsAre(pending, pending));
}

}  // namespace
}  // namespace tarn
