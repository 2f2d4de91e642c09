// SPDX-License-Identifier: BSL-1.0
// Random programs of tasks, locks, queues, events, groups and timeouts in virtual time, cancelled at random moments.
// Whatever happens: every task ends, no lock stays locked, no item is lost or comes twice, nobody is left waiting.
//
// A seed is a program. A failure prints its seed: TARN_FUZZ_SEED=<seed> runs that one alone, TARN_FUZZ_RUNS=<n> more.
#include <algorithm>
#include <cstdlib>
#include <random>

#include <tests/on_every_port.h>

namespace tarn {
namespace {

constexpr int default_runs = 400;

class Program {
 public:
  explicit Program(std::uint64_t seed) : random_(seed) {}

  Coro<> main() {
    for (int i = 0; i < 12; ++i) tasks_.push_back(create_task(actor(3)));
    for (int i = 0; i < 3; ++i) consumers_.push_back(create_task(consumer()));
    for (int i = 0; i < 60 && !all_done(); ++i) {
      co_await pause();
      if (pick(2) == 0) victim().cancel();
      if (pick(4) == 0) event_.set();
      if (pick(4) == 0) event_.clear();
    }
    // From here on everybody can end; nothing but a lost wake-up keeps them.
    event_.set();
    for (std::vector<AnyTask> left = actors(); !left.empty(); left = actors()) co_await wait(left);
    queue_.shutdown();
    co_await wait(consumers_);
    check();
  }

 private:
  std::uint64_t pick(std::uint64_t n) { return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random_); }
  Coro<> pause() {
    const std::uint64_t how = pick(3);
    if (how == 0) co_return;
    co_await sleep(how == 1 ? Duration() : Duration::nanoseconds(static_cast<std::int64_t>(pick(5) * 1000)));
  }
  AnyTask victim() {
    const std::vector<AnyTask> all = all_tasks();
    AnyTask chosen = all[pick(all.size())];
    return chosen == current_task() ? tasks_[pick(tasks_.size())] : chosen;
  }
  // Also those that others have left behind: a shield's inner, a failed gather's siblings.
  std::vector<AnyTask> actors() const {
    std::vector<AnyTask> left = all_tasks();
    std::erase_if(left, [this](const AnyTask& task) {
      return task == current_task() || std::find(consumers_.begin(), consumers_.end(), task) != consumers_.end();
    });
    return left;
  }
  bool all_done() const {
    for (const auto& task : tasks_)
      if (!task.done()) return false;
    return true;
  }

  // A few random steps; a cancellation ends it, unless it chooses to swallow it.
  Coro<> actor(int depth) {
    const std::uint64_t steps = 1 + pick(4);
    for (std::uint64_t i = 0; i < steps; ++i) {
      bool swallow = false;
      try {
        co_await step(depth);
      } catch (const CancelledError&) {
        swallow = pick(3) == 0;
        if (!swallow) throw;
      } catch (const std::exception&) {
        // A timeout or a group's errors: the program goes on.
      }
    }
  }
  Coro<> step(int depth) {
    switch (pick(depth > 0 ? 10 : 4)) {
      case 0: return pause();
      case 1: return locks();
      case 2: return puts();
      case 3: return waits_for_event();
      case 4: return awaits_task(depth - 1);
      case 5: return gathers(depth - 1);
      case 6: return groups(depth - 1);
      case 7: return limited(depth - 1);
      case 8: return shields(depth - 1);
      default: return cancels_child(depth - 1);
    }
  }

  Coro<> locks() {
    const auto body = [this]() -> Coro<> {
      EXPECT_EQ(++inside_, 1) << "two tasks hold the lock";
      const auto leave = [this]() -> Coro<> {
        --inside_;
        co_return;
      };
      co_await try_finally(pause(), leave);
    };
    co_await with(lock_, body);
  }
  Coro<> puts() {
    const int item = next_item_++;
    co_await queue_.put(item);
    put_.push_back(item);
  }
  // An item is noted in the step that takes it: between the two nothing can be cancelled.
  Coro<> consumer() {
    for (;;) {
      bool end = false;
      try {
        const int item = co_await queue_.get();
        got_.push_back(item);
        queue_.task_done();
        co_await pause();
      } catch (const QueueShutDown&) {
        end = true;
      } catch (const CancelledError&) {
      }
      if (end) co_return;
    }
  }
  Coro<> waits_for_event() { co_await wait_for(event_.wait(), Duration::nanoseconds(3000)); }
  Coro<> awaits_task(int depth) { co_await create_task(actor(depth)); }
  Coro<> gathers(int depth) { co_await gather(actor(depth), actor(depth), pause()); }
  Coro<> groups(int depth) {
    const auto body = [this, depth](TaskGroup& tg) -> Coro<> {
      tg.create_task(actor(depth));
      tg.create_task(actor(depth));
      if (pick(3) == 0) tg.create_task(fails());
      co_await pause();
    };
    co_await with(TaskGroup(), body);
  }
  Coro<> fails() {
    co_await pause();
    throw ValueError("as planned");
  }
  Coro<> limited(int depth) {
    const auto body = [this, depth](Timeout&) -> Coro<> { co_await actor(depth); };
    co_await with(timeout(Duration::nanoseconds(static_cast<std::int64_t>(pick(6) * 1000))), body);
  }
  Coro<> shields(int depth) {
    Task<> inner = create_task(actor(depth));
    tasks_.push_back(inner);
    co_await shield(inner);
  }
  Coro<> cancels_child(int depth) {
    Task<> child = create_task(actor(depth));
    co_await pause();
    child.cancel();
    const std::string ended = co_await outcome(child);
    (void)ended;
  }

  void check() {
    EXPECT_FALSE(lock_.locked());
    EXPECT_EQ(inside_, 0);
    EXPECT_EQ(queue_.qsize(), 0U);
    // put_ lacks what a put delivered whose task was cancelled before it could note it: a put has no such moment.
    std::sort(put_.begin(), put_.end());
    std::sort(got_.begin(), got_.end());
    EXPECT_EQ(put_, got_);
    for (const auto& task : tasks_) {
      EXPECT_TRUE(task.done()) << task.name();
      if (!task.cancelled()) (void)task.exception();
    }
  }

  std::mt19937_64 random_;
  Lock lock_;
  Event event_;
  Queue<int> queue_{2};
  std::vector<AnyTask> tasks_;
  std::vector<AnyTask> consumers_;
  std::vector<int> put_;
  std::vector<int> got_;
  int next_item_ = 0;
  int inside_ = 0;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(CancelFuzz, NothingIsLostWhateverIsCancelled) {
  const LogCapture log;  // never retrieved exceptions are part of the game
  const bool alone = std::getenv("TARN_FUZZ_SEED") != nullptr;
  const std::uint64_t first = number_from("TARN_FUZZ_SEED", 1);
  const std::uint64_t runs = alone ? 1 : number_from("TARN_FUZZ_RUNS", default_runs);
  for (std::uint64_t seed = first; seed < first + runs && !HasFailure(); ++seed) {
    SCOPED_TRACE("TARN_FUZZ_SEED=" + std::to_string(seed));
    EventLoop loop(&testing::simulated);
    Program program(seed);
    try {
      loop.run_until_complete(program.main());
      EXPECT_TRUE(loop.all_tasks().empty()) << "a task was left";
    } catch (const std::exception& e) {
      ADD_FAILURE() << e.what();  // a deadlock: somebody was never woken
    }
  }
}

}  // namespace
}  // namespace tarn
