// SPDX-License-Identifier: BSL-1.0
// A loop that is closed with everything pending: what is reported, and that all of it is freed. Also: a million tasks
// that nobody holds, and what the frames' pool keeps.
#include <memory>
#include <thread>

#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class Closing : public OnEveryPort {};
TARN_ON_EVERY_PORT(Closing);

constexpr Duration long_time = Duration::seconds(1000);
constexpr const char* pending = "Task was destroyed but it is pending!";
using Token = std::shared_ptr<int>;

Coro<> sleeps(Token) { co_await sleep(long_time); }
Coro<> awaits(Task<> inner, Token) { co_await inner; }
Coro<> waits(Event& event, Token) { co_await event.wait(); }
Coro<> locks(Lock& lock, Token) { co_await lock.acquire(); }
Coro<int> gets(Queue<int>& queue, Token) { co_return co_await queue.get(); }
Coro<> nests(Token token) { co_await sleeps(token); }

TEST_P(Closing, FramesOfPendingTasksAreFreedWhateverTheyWaitFor) {
  const auto token = std::make_shared<int>(0);
  Event event;
  Lock lock;
  Queue<int> queue;
  Trace seen;
  {
    EventLoop loop(factory());
    loop.set_exception_handler([&](EventLoop&, const ExceptionContext& c) { seen.push_back(c.message); });
    Task<> inner = loop.create_task(sleeps(token));
    loop.create_task(awaits(inner, token));
    loop.create_task(waits(event, token));
    loop.create_task(gets(queue, token));
    loop.create_task(nests(token));
    const auto holds = [&lock, token]() -> Coro<> {
      co_await lock.acquire();
      co_await sleep(long_time);
    };
    loop.create_task(holds());
    loop.create_task(locks(lock, token));
    loop.run_once();
    loop.run_once();
    loop.create_task(sleeps(token));  // never begun
    loop.close();
    EXPECT_TRUE(inner.cancelled());
    EXPECT_TRUE(loop.all_tasks().empty());
  }
  EXPECT_THAT(seen, SizeIs(8));
  EXPECT_THAT(seen, Each(pending));
  EXPECT_EQ(token.use_count(), 1);
}

TEST_P(Closing, ComposedWaitsAreFreed) {
  const auto token = std::make_shared<int>(0);
  Trace seen;
  {
    EventLoop loop(factory());
    loop.set_exception_handler([&](EventLoop&, const ExceptionContext& c) { seen.push_back(c.message); });
    const auto gathers = [](Token t) -> Coro<> { co_await gather(sleeps(t), sleeps(t)); };
    const auto shields = [](Token t) -> Coro<> { co_await shield(sleeps(t)); };
    const auto many = [](Token t) -> Coro<> {
      std::vector<Coro<>> coros;
      coros.push_back(sleeps(t));
      coros.push_back(sleeps(t));
      co_await wait(std::move(coros), {.timeout = long_time});
    };
    const auto by_completion = [](Token t) -> Coro<> {
      std::vector<Coro<>> coros;
      coros.push_back(sleeps(t));
      auto completed = as_completed(std::move(coros), long_time);
      auto next = co_await completed.next();
    };
    const auto limited = [](Token t) -> Coro<> { co_await wait_for(sleeps(t), long_time); };
    const auto grouped = [](Token t) -> Coro<> {
      const auto body = [&t](TaskGroup& tg) -> Coro<> {
        tg.create_task(sleeps(t));
        tg.create_task(sleeps(t));
        co_await sleep(long_time);
      };
      co_await with(TaskGroup(), body);
    };
    loop.create_task(gathers(token));
    loop.create_task(shields(token));
    loop.create_task(many(token));
    loop.create_task(by_completion(token));
    loop.create_task(limited(token));
    loop.create_task(grouped(token));
    for (int i = 0; i < 3; ++i) loop.run_once();
  }
  EXPECT_THAT(seen, SizeIs(6 + 2 + 1 + 2 + 1 + 2));
  EXPECT_THAT(seen, Each(pending));
  EXPECT_EQ(token.use_count(), 1);
}

TEST_P(Closing, AGroupWhoseChildHasJustEnded) {
  const auto token = std::make_shared<int>(0);
  const auto grouped = [](Token t) -> Coro<> {
    const auto child = [](Token) -> Coro<> { co_return; };
    const auto body = [&](TaskGroup& tg) -> Coro<> {
      tg.create_task(child(t));
      co_await sleep(long_time);
    };
    co_await with(TaskGroup(), body);
  };
  {
    EventLoop loop(factory());
    loop.create_task(grouped(token));
    loop.run_once();
    loop.run_once();  // the child is done; the group hasn't heard of it
  }
  EXPECT_THAT(reports(), ElementsAre(pending));
  EXPECT_EQ(token.use_count(), 1);
}

TEST_P(Closing, CallbacksAndTimersAreFreedWithoutBeingCalled) {
  const auto token = std::make_shared<int>(0);
  std::optional<Future<int>> future;
  {
    EventLoop loop(factory());
    loop.call_soon([token] { ADD_FAILURE(); });
    loop.call_later(stretch(1), [token] { ADD_FAILURE(); });
    loop.call_later(long_time, [token] { ADD_FAILURE(); });
    loop.call_soon_threadsafe([token] { ADD_FAILURE(); });
    future = loop.create_future<int>();
    future->add_done_callback([token] { ADD_FAILURE(); });
    future->set_result(1);  // the callback is scheduled
    Future<int> never = loop.create_future<int>();
    never.add_done_callback([token] { ADD_FAILURE(); });
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST_P(Closing, AHandlerMayLookAtTheTaskThatGoes) {
  Trace names;
  EventLoop loop(factory());
  loop.set_exception_handler([&](EventLoop& self, const ExceptionContext& c) {
    names.push_back(c.task);
    EXPECT_TRUE(self.is_closed());
    EXPECT_GT(c.where.line(), 0U);
  });
  loop.create_task(sleeps(nullptr), {.name = "one"});
  loop.run_once();
  loop.close();
  EXPECT_THAT(names, ElementsAre("one"));
}

TEST_P(Closing, FramesWhoseDestructorsUseTheLoop) {
  Trace out;
  struct Uses {
    EventLoop* loop;
    Trace* out;
    Task<>* other;
    ~Uses() {
      other->cancel();
      out->push_back(outcome_of([this] { loop->call_soon([] {}); }));
    }
  };
  {
    EventLoop loop(factory());
    loop.set_exception_handler([](EventLoop&, const ExceptionContext&) {});
    Task<> other;
    const auto body = [](EventLoop* l, Trace* o, Task<>* t) -> Coro<> {
      const Uses uses{l, o, t};
      co_await sleep(long_time);
    };
    loop.create_task(body(&loop, &out, &other));
    other = loop.create_task(sleeps(nullptr));
    loop.run_once();
    loop.close();
  }
  EXPECT_THAT(out, ElementsAre("RuntimeError: Event loop is closed"));
}

TEST_P(Closing, AJobThatRunsIsLeftToItsThreadAndItsResultIsDropped) {
  Atomic<int> stage{0};
  {
    EventLoop loop(factory());
    const auto job = [&stage] {
      stage.store(1);
      while (stage.load() != 2) std::this_thread::yield();
      stage.store(3);
      return std::make_unique<int>(1);
    };
    const auto main = [&]() -> Coro<> { co_await to_thread(job); };
    loop.create_task(main());
    while (stage.load() != 1) loop.run_once();
    loop.close();
    EXPECT_EQ(stage.load(), 1);
    stage.store(2);
  }
  while (stage.load() != 3) std::this_thread::yield();
  EXPECT_THAT(reports(), ElementsAre(pending));
}

TEST_P(Closing, AMillionDetachedTasksAreNotLost) {
  constexpr int tasks = TARN_ASAN ? 100'000 : 1'000'000;
  int ended = 0;
  const auto counts = [&ended]() -> Coro<> {
    co_await sleep(Duration());
    ++ended;
  };
  const auto main = [&]() -> Coro<> {
    for (int i = 0; i < tasks; ++i) create_task(counts());
    co_await yield(2);
    EXPECT_EQ(ended, tasks);
    EXPECT_THAT(all_tasks(), SizeIs(1));
  };
  run(main());
  EXPECT_EQ(ended, tasks);
}

TEST_P(Closing, ManyDetachedTasksAreCancelledByRun) {
  constexpr int tasks = 50'000;
  int cleaned = 0;
  const auto body = [&cleaned]() -> Coro<> {
    try {
      co_await sleep(long_time);
    } catch (const CancelledError&) {
      ++cleaned;
      throw;
    }
  };
  const auto main = [&]() -> Coro<> {
    for (int i = 0; i < tasks; ++i) create_task(body());
    co_await yield();
  };
  run(main());
  EXPECT_EQ(cleaned, tasks);
}

#if !TARN_ASAN  // where there is no pool
TEST(Pool, WhatItKeepsIsBounded) {
  const LogCapture log;
  const auto kept = [] {
    std::size_t bytes = 0;
    for (std::size_t c = 1; c < internal::Pool::classes; ++c)
      for (auto* block = internal::this_thread_pool.free[c]; block; block = block->next)
        bytes += c * internal::Pool::granule;
    return bytes;
  };
  const auto child = []() -> Coro<> { co_await sleep(Duration()); };
  const auto main = [&]() -> Coro<> {
    for (int i = 0; i < 200'000; ++i) create_task(child());
    co_await yield(2);
  };
  run(main(), {.loop_factory = testing::simulated});
  EXPECT_GT(kept(), 0U);
  EXPECT_LE(kept(), internal::Pool::classes * internal::Pool::kept_bytes_max);
  const std::size_t once = kept();
  run(main(), {.loop_factory = testing::simulated});
  EXPECT_LE(kept(), once + internal::Pool::kept_bytes_max);
}
#endif

}  // namespace
}  // namespace tarn
