// SPDX-License-Identifier: BSL-1.0
// The queues' rules Q1 and Q2.
#include <memory>

#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class Queues : public OnEveryPort {};
TARN_ON_EVERY_PORT(Queues);

constexpr const char* shut = "QueueShutDown: queue was shut down";

TEST_P(Queues, Q1_FullEmptyAndACancelledGetterEatsNothing) {
  const auto main = [&]() -> Coro<> {
    Queue<int> q(2);
    EXPECT_EQ(q.maxsize(), 2U);
    q.put_nowait(1);
    q.put_nowait(2);
    EXPECT_TRUE(q.full());
    EXPECT_EQ(outcome_of([&] { q.put_nowait(3); }), "QueueFull: queue is full");
    const int first = co_await q.get();
    EXPECT_EQ(first, 1);
    EXPECT_EQ(q.get_nowait(), 2);
    EXPECT_TRUE(q.empty());
    EXPECT_EQ(outcome_of([&] { q.get_nowait(); }), "QueueEmpty: queue is empty");
    const std::string ended = co_await outcome(wait_for(q.get(), stretch(1)));
    EXPECT_EQ(ended, "TimeoutError: timed out");
    q.put_nowait(9);
    EXPECT_EQ(q.get_nowait(), 9);
  };
  run(main());
}

Coro<> gets(Queue<int>& q, const char* who, Trace& out) {
  const int item = co_await q.get();
  out.push_back(who + std::to_string(item));
}
Coro<> puts(Queue<int>& q, int item, Trace& out) {
  co_await q.put(item);
  out.push_back("put" + std::to_string(item));
}

TEST_P(Queues, Q1_AWokenGetterThatIsCancelledHandsOverToTheNext) {
  const auto main = [&]() -> Coro<> {
    Queue<int> q;
    Trace out;
    Task<> a = create_task(gets(q, "a", out));
    Task<> b = create_task(gets(q, "b", out));
    co_await yield();
    q.put_nowait(1);
    a.cancel();
    co_await yield(2);
    EXPECT_THAT(out, ElementsAre("b1"));
    EXPECT_TRUE(a.cancelled());
    co_await b;
  };
  run(main());
}

TEST_P(Queues, Q1_AWokenPutterThatIsCancelledHandsOverToTheNext) {
  const auto main = [&]() -> Coro<> {
    Queue<int> q(1);
    Trace out;
    q.put_nowait(0);
    Task<> a = create_task(puts(q, 1, out));
    Task<> b = create_task(puts(q, 2, out));
    co_await yield();
    EXPECT_EQ(q.get_nowait(), 0);
    a.cancel();
    co_await yield(2);
    EXPECT_THAT(out, ElementsAre("put2"));
    EXPECT_TRUE(a.cancelled());
    EXPECT_EQ(q.get_nowait(), 2);
    co_await b;
  };
  run(main());
}

TEST_P(Queues, Q1_WaitersAreServedInTheirOrder) {
  const auto main = [&]() -> Coro<> {
    Queue<int> q;
    Trace out;
    Task<> a = create_task(gets(q, "a", out));
    Task<> b = create_task(gets(q, "b", out));
    Task<> c = create_task(gets(q, "c", out));
    co_await yield();
    for (int i = 1; i <= 3; ++i) q.put_nowait(i);
    co_await yield(2);
    EXPECT_THAT(out, ElementsAre("a1", "b2", "c3"));
    co_await gather(a, b, c);
    Queue<int> narrow(1);
    Trace order;
    narrow.put_nowait(0);
    Task<> x = create_task(puts(narrow, 1, order));
    Task<> y = create_task(puts(narrow, 2, order));
    co_await yield();
    for (int i = 0; i <= 2; ++i) {
      const int item = co_await narrow.get();
      EXPECT_EQ(item, i);
      co_await yield();
    }
    EXPECT_THAT(order, ElementsAre("put1", "put2"));
    co_await gather(x, y);
  };
  run(main());
}

TEST_P(Queues, Q1_AGetterThatFindsItsItemTakenWaitsOn) {
  const auto main = [&]() -> Coro<> {
    Queue<int> q;
    Trace out;
    Task<> a = create_task(gets(q, "a", out));
    co_await yield();
    q.put_nowait(1);
    EXPECT_EQ(q.get_nowait(), 1);  // faster than the woken getter, as asyncio allows
    co_await yield(2);
    EXPECT_FALSE(a.done());
    q.put_nowait(2);
    co_await a;
    EXPECT_THAT(out, ElementsAre("a2"));
  };
  run(main());
}

TEST_P(Queues, Q1_JoinWaitsUntilEveryItemHasItsTaskDone) {
  const auto main = [&]() -> Coro<> {
    Queue<int> q;
    co_await q.join();  // nothing to wait for
    q.put_nowait(1);
    q.put_nowait(2);
    Task<> joined = create_task(q.join());
    q.get_nowait();
    q.task_done();
    co_await yield(2);
    EXPECT_FALSE(joined.done());
    q.get_nowait();
    q.task_done();
    co_await joined;
    EXPECT_EQ(outcome_of([&] { q.task_done(); }), "ValueError: task_done() called too many times");
  };
  run(main());
}

TEST_P(Queues, Q2_ShutdownRefusesPutsDrainsAndThenRaises) {
  const auto main = [&]() -> Coro<> {
    Queue<int> q;
    q.put_nowait(1);
    q.shutdown();
    EXPECT_TRUE(q.is_shutdown());
    const std::string put = co_await outcome(q.put(2));
    EXPECT_EQ(put, shut);
    EXPECT_EQ(outcome_of([&] { q.put_nowait(2); }), shut);
    const int left = co_await q.get();
    EXPECT_EQ(left, 1);
    const std::string get = co_await outcome(q.get());
    EXPECT_EQ(get, shut);
    EXPECT_EQ(outcome_of([&] { q.get_nowait(); }), shut);
  };
  run(main());
}

TEST_P(Queues, Q2_ShutdownWakesThoseWhoWait) {
  const auto main = [&]() -> Coro<> {
    Queue<int> full(1);
    full.put_nowait(1);
    Task<> putter = create_task(full.put(2));
    Queue<int> empty;
    Task<int> one = create_task(empty.get());
    Task<int> two = create_task(empty.get());
    co_await yield();
    full.shutdown();
    empty.shutdown();
    const std::string a = co_await outcome(putter);
    const std::string b = co_await outcome(one);
    const std::string c = co_await outcome(two);
    EXPECT_EQ(a, shut);
    EXPECT_EQ(b, shut);
    EXPECT_EQ(c, shut);
    EXPECT_EQ(full.qsize(), 1U);
  };
  run(main());
}

TEST_P(Queues, Q2_ImmediateShutdownDropsTheItemsAndFreesJoin) {
  const auto main = [&]() -> Coro<> {
    Queue<int> q;
    q.put_nowait(1);
    q.put_nowait(2);
    Task<> joined = create_task(q.join());
    co_await yield();
    EXPECT_FALSE(joined.done());
    q.shutdown(true);
    co_await joined;
    EXPECT_EQ(outcome_of([&] { q.get_nowait(); }), shut);
    Queue<int> busy;
    busy.put_nowait(1);
    busy.put_nowait(2);
    busy.get_nowait();  // somebody works on it
    busy.shutdown(true);
    Task<> waits = create_task(busy.join());
    co_await yield(2);
    EXPECT_FALSE(waits.done());
    busy.task_done();
    co_await waits;
  };
  run(main());
}

TEST_P(Queues, Q5_PriorityGivesTheLeastAndLifoTheNewest) {
  const auto main = [&]() -> Coro<> {
    PriorityQueue<int> p;
    for (const int x : {5, 3, 8, 1, 9, 2, 7, 4, 6, 0}) p.put_nowait(x);
    for (int x = 0; x < 10; ++x) EXPECT_EQ(p.get_nowait(), x);
    LifoQueue<int> l;
    for (int x = 0; x < 10; ++x) l.put_nowait(x);
    for (int x = 9; x >= 0; --x) EXPECT_EQ(l.get_nowait(), x);
    co_return;
  };
  run(main());
}

TEST_P(Queues, MoveOnlyItemsPassThrough) {
  const auto main = [&]() -> Coro<> {
    Queue<std::unique_ptr<int>> q(1);
    Task<std::unique_ptr<int>> getter = create_task(q.get());
    co_await yield();
    co_await q.put(std::make_unique<int>(3));
    const std::unique_ptr<int> item = co_await std::move(getter);
    EXPECT_EQ(*item, 3);
    PriorityQueue<std::string> words;
    words.put_nowait("b");
    words.put_nowait("a");
    const std::string word = co_await words.get();
    EXPECT_EQ(word, "a");
  };
  run(main());
}

TEST_P(Queues, ItemsThatAreLeftAreFreedWithTheQueue) {
  const auto token = std::make_shared<int>(0);
  const auto main = [&]() -> Coro<> {
    Queue<std::shared_ptr<int>> q;
    for (int i = 0; i < 20; ++i) q.put_nowait(token);
    q.get_nowait();
    EXPECT_EQ(token.use_count(), 20);
    co_return;
  };
  run(main());
  EXPECT_EQ(token.use_count(), 1);
}

TEST_P(Queues, AQueueThatGoesTellsThoseWhoWait) {
  const auto main = [&]() -> Coro<> {
    std::optional<Queue<int>> q(std::in_place);
    Task<int> getter = create_task(q->get());
    co_await yield();
    q.reset();
    const std::string ended = co_await outcome(getter);
    EXPECT_THAT(ended, StartsWith("RuntimeError"));
  };
  run(main());
}

TEST_P(Queues, ManyItemsKeepTheirOrder) {
  const auto main = [&]() -> Coro<> {
    Queue<int> q(100);
    constexpr int items = 100'000;
    const auto producer = [&]() -> Coro<> {
      for (int i = 0; i < items; ++i) co_await q.put(i);
      q.shutdown();
    };
    Task<> fills = create_task(producer());
    int expected = 0;
    for (;;) {
      bool end = false;
      try {
        const int item = co_await q.get();
        if (item != expected) break;
        ++expected;
      } catch (const QueueShutDown&) {
        end = true;
      }
      if (end) break;
    }
    EXPECT_EQ(expected, items);
    co_await fills;
  };
  run(main());
}

}  // namespace
}  // namespace tarn
