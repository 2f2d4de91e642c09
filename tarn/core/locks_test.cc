// SPDX-License-Identifier: BSL-1.0
// Lock's rule K1 and Event's K3.
#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class Locks : public OnEveryPort {};
TARN_ON_EVERY_PORT(Locks);

Coro<> acquires(Lock& lock, const char* who, Trace& out) {
  co_await lock.acquire();
  out.emplace_back(who);
}

TEST_P(Locks, K1_WaitersAreServedInTheirOrder) {
  const auto main = [&]() -> Coro<> {
    Lock lock;
    Trace out;
    const auto worker = [&](int n) -> Coro<> {
      const auto body = [&]() -> Coro<> {
        out.push_back(std::to_string(n));
        co_await yield();
      };
      co_await with(lock, body);
    };
    co_await lock.acquire();
    Task<> a = create_task(worker(0));
    Task<> b = create_task(worker(1));
    Task<> c = create_task(worker(2));
    co_await yield();
    EXPECT_TRUE(lock.locked());
    lock.release();
    EXPECT_FALSE(lock.locked());
    co_await gather(a, b, c);
    EXPECT_THAT(out, ElementsAre("0", "1", "2"));
    EXPECT_FALSE(lock.locked());
  };
  run(main());
}

TEST_P(Locks, K1_NobodyOvertakesAWaiterThatIsOnItsWay) {
  const auto main = [&]() -> Coro<> {
    Lock lock;
    Trace out;
    co_await lock.acquire();
    Task<> waiter = create_task(acquires(lock, "waiter", out));
    co_await yield();
    lock.release();
    // The lock looks free, but the waiter's turn has come.
    Task<> barger = create_task(acquires(lock, "barger", out));
    const auto releases = [&]() -> Coro<> {
      co_await waiter;
      lock.release();
    };
    co_await releases();
    co_await barger;
    EXPECT_THAT(out, ElementsAre("waiter", "barger"));
    // The same within one iteration, without a task in between.
    Trace second;
    Task<> next = create_task(acquires(lock, "next", second));
    co_await yield();
    lock.release();
    const auto frees = [&]() -> Coro<> {
      co_await next;
      lock.release();
    };
    Task<> freed = create_task(frees());
    co_await acquires(lock, "barger", second);
    EXPECT_THAT(second, ElementsAre("next", "barger"));
    co_await freed;
    lock.release();
  };
  run(main());
}

TEST_P(Locks, K1_AWokenWaiterThatIsCancelledPassesItOn) {
  const auto main = [&]() -> Coro<> {
    Lock lock;
    Trace out;
    co_await lock.acquire();
    Task<> a = create_task(acquires(lock, "a", out));
    Task<> b = create_task(acquires(lock, "b", out));
    co_await yield();
    lock.release();
    a.cancel();
    co_await yield(3);
    EXPECT_THAT(out, ElementsAre("b"));
    EXPECT_TRUE(a.cancelled());
    EXPECT_TRUE(lock.locked());
    co_await b;
    lock.release();
  };
  run(main());
}

TEST_P(Locks, K1_ACancelledWaiterInFrontDoesNotBlockTheOthers) {
  const auto main = [&]() -> Coro<> {
    Lock lock;
    Trace out;
    co_await lock.acquire();
    Task<> a = create_task(acquires(lock, "a", out));
    Task<> b = create_task(acquires(lock, "b", out));
    co_await yield();
    a.cancel();
    lock.release();  // `a` stands in front still, cancelled
    co_await yield(3);
    EXPECT_THAT(out, ElementsAre("b"));
    co_await b;
    lock.release();
  };
  run(main());
}

TEST_P(Locks, K1_WhenAllWaitersAreCancelledAFreeLockIsTaken) {
  const auto main = [&]() -> Coro<> {
    Lock lock;
    Trace out;
    co_await lock.acquire();
    Task<> a = create_task(acquires(lock, "a", out));
    co_await yield();
    a.cancel();
    lock.release();
    co_await lock.acquire();
    EXPECT_TRUE(lock.locked());
    co_await outcome(a);
    EXPECT_TRUE(a.cancelled());
    EXPECT_THAT(out, ElementsAre());
    lock.release();
  };
  run(main());
}

TEST_P(Locks, K1_ReleaseOfAnUnlockedLockIsRefused) {
  const auto main = [&]() -> Coro<> {
    Lock lock;
    EXPECT_EQ(outcome_of([&] { lock.release(); }), "RuntimeError: Lock is not acquired.");
    co_await lock.acquire();
    lock.release();
    EXPECT_EQ(outcome_of([&] { lock.release(); }), "RuntimeError: Lock is not acquired.");
  };
  run(main());
}

TEST_P(Locks, K1_WithReleasesAlsoWhenTheBodyThrowsOrIsCancelled) {
  const auto main = [&]() -> Coro<> {
    Lock lock;
    const auto throws = [&]() -> Coro<> {
      EXPECT_TRUE(lock.locked());
      throw ValueError("b");
      co_return;
    };
    const std::string ended = co_await outcome(with(lock, throws));
    EXPECT_EQ(ended, "ValueError: b");
    EXPECT_FALSE(lock.locked());
    const auto sleeps = []() -> Coro<> { co_await sleep(Duration::seconds(1000)); };
    const std::string timed = co_await outcome(wait_for(with(lock, sleeps), stretch(1)));
    EXPECT_EQ(timed, "TimeoutError: timed out");
    EXPECT_FALSE(lock.locked());
  };
  run(main());
}

TEST_P(Locks, K3_SetThenClearAtOnceWakesAllWhoWaitInOrder) {
  const auto main = [&]() -> Coro<> {
    Event event;
    Trace out;
    const auto waiter = [&](int n) -> Coro<> {
      co_await event.wait();
      out.push_back(std::to_string(n));
    };
    Task<> a = create_task(waiter(0));
    Task<> b = create_task(waiter(1));
    Task<> c = create_task(waiter(2));
    co_await yield();
    event.set();
    event.clear();
    EXPECT_FALSE(event.is_set());
    Task<> late = create_task(waiter(3));
    co_await gather(a, b, c);
    EXPECT_THAT(out, ElementsAre("0", "1", "2"));
    co_await yield(2);
    EXPECT_FALSE(late.done());
    event.set();
    co_await late;
    co_await event.wait();  // set: at once
  };
  run(main());
}

TEST_P(Locks, K3_ACancelledWaiterLeavesTheOthersAlone) {
  const auto main = [&]() -> Coro<> {
    Event event;
    const auto waits = [&]() -> Coro<> { co_await event.wait(); };
    Task<> a = create_task(waits());
    Task<> b = create_task(waits());
    co_await yield();
    a.cancel("only a");
    event.set();
    const std::string ended = co_await outcome(a);
    EXPECT_EQ(ended, "CancelledError: only a");
    co_await b;
  };
  run(main());
}

TEST_P(Locks, ALockOrEventThatGoesTellsThoseWhoWait) {
  const auto main = [&]() -> Coro<> {
    std::optional<Event> event(std::in_place);
    std::optional<Lock> lock(std::in_place);
    co_await lock->acquire();
    Task<> a = create_task(event->wait());
    Task<> b = create_task(lock->acquire());
    Task<> cancelled = create_task(event->wait());
    co_await yield();
    cancelled.cancel();
    event.reset();
    lock.reset();
    const std::string of_event = co_await outcome(a);
    const std::string of_lock = co_await outcome(b);
    const std::string of_cancelled = co_await outcome(cancelled);
    EXPECT_THAT(of_event, StartsWith("RuntimeError"));
    EXPECT_THAT(of_lock, StartsWith("RuntimeError"));
    EXPECT_THAT(of_cancelled, StartsWith("CancelledError"));
  };
  run(main());
}

}  // namespace
}  // namespace tarn
