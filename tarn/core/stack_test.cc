// SPDX-License-Identifier: BSL-1.0
// Depth: neither a million awaits in a row nor a chain of a million coroutines or tasks may grow the stack, whatever
// the build type and the compiler. Numbers are the same everywhere but under AddressSanitizer, which needs more memory.
#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::StartsWith;

constexpr int million = TARN_ASAN ? 200'000 : 1'000'000;

class Depth : public ::testing::Test {
 protected:
  template <class A>
  auto run(A&& main) {
    return tarn::run(std::forward<A>(main), RunOptions{.loop_factory = testing::simulated});
  }
};

Coro<int> one() { co_return 1; }

TEST_F(Depth, AMillionAwaitsInALoop) {
  const auto main = []() -> Coro<int> {
    int sum = 0;
    for (int i = 0; i < million; ++i) {
      const int value = co_await one();
      sum += value;
    }
    co_return sum;
  };
  EXPECT_EQ(run(main()), million);
}

TEST_F(Depth, AMillionAwaitsOfDoneFutures) {
  const auto main = []() -> Coro<int> {
    Future<int> future;
    future.set_result(1);
    int sum = 0;
    for (int i = 0; i < million; ++i) {
      const int value = co_await future;
      sum += value;
    }
    co_return sum;
  };
  EXPECT_EQ(run(main()), million);
}

Coro<int> chain(int depth, Future<int> leaf) {
  if (depth == 0) {
    const int value = co_await leaf;
    co_return value;
  }
  const int below = co_await chain(depth - 1, leaf);
  co_return below + 1;
}

TEST_F(Depth, AChainOfAMillionCoroutinesThatSuspendsAtItsLeaf) {
  const auto main = []() -> Coro<int> {
    Future<int> leaf;
    get_running_loop().call_soon([leaf] { leaf.set_result(0); });
    const int depth = co_await chain(million, leaf);
    co_return depth;
  };
  EXPECT_EQ(run(main()), million);
}

TEST_F(Depth, AChainOfAMillionCoroutinesThatNeverSuspends) {
  const auto main = []() -> Coro<int> {
    Future<int> leaf;
    leaf.set_result(0);
    const int depth = co_await chain(million, leaf);
    co_return depth;
  };
  EXPECT_EQ(run(main()), million);
}

TEST_F(Depth, AnExceptionClimbsAChain) {
  // Rethrown in every frame: fewer, because that takes a microsecond each.
  const auto main = []() -> Coro<std::string> {
    Future<int> leaf;
    get_running_loop().call_soon([leaf] { leaf.set_exception(ValueError("leaf")); });
    const std::string ended = co_await outcome(chain(20'000, leaf));
    co_return ended;
  };
  EXPECT_EQ(run(main()), "ValueError: leaf");
}

TEST_F(Depth, ACancelledChainOfCoroutinesUnwinds) {
  const auto main = []() -> Coro<std::string> {
    Future<int> leaf;
    Task<int> task = create_task(chain(20'000, leaf));
    co_await yield();
    task.cancel("deep");
    const std::string ended = co_await outcome(task);
    co_return ended;
  };
  EXPECT_EQ(run(main()), "CancelledError: deep");
}

Coro<int> awaits(Task<int> next) {
  const int below = co_await next;
  co_return below + 1;
}
Coro<int> awaits_future(Future<int> leaf) {
  const int value = co_await leaf;
  co_return value;
}
// The outermost of a chain in which each task awaits the next.
Task<int> chain_of_tasks(const Future<int>& leaf, int length) {
  Task<int> task = create_task(awaits_future(leaf));
  for (int i = 0; i < length; ++i) task = create_task(awaits(task));
  return task;
}

TEST_F(Depth, AChainOfAMillionTasksCompletes) {
  const auto main = []() -> Coro<int> {
    Future<int> leaf;
    Task<int> outermost = chain_of_tasks(leaf, million);
    co_await yield();
    leaf.set_result(0);
    const int depth = co_await outermost;
    co_return depth;
  };
  EXPECT_EQ(run(main()), million);
}

TEST_F(Depth, AChainOfAMillionTasksIsCancelledFromItsOutermostEnd) {
  constexpr int length = TARN_ASAN ? 50'000 : million;
  const auto main = []() -> Coro<bool> {
    Future<int> leaf;
    Task<int> outermost = chain_of_tasks(leaf, length);
    co_await yield();
    outermost.cancel();
    const std::string ended = co_await outcome(outermost);
    EXPECT_THAT(ended, StartsWith("CancelledError"));
    co_return leaf.cancelled();
  };
  EXPECT_TRUE(run(main()));
}

TEST_F(Depth, AChainOfAMillionTasksIsDestroyedWithItsLoop) {
  const LogCapture log;
  EventLoop loop(&testing::simulated);
  int reported = 0;
  loop.set_exception_handler([&](EventLoop&, const ExceptionContext&) { ++reported; });
  const auto main = [&]() -> Coro<> {
    Future<int> leaf;
    Task<int> outermost = chain_of_tasks(leaf, million);
    co_await yield();
  };
  loop.run_until_complete(main());
  loop.close();
  EXPECT_EQ(reported, million + 1);
}

TEST_F(Depth, AChainOfManyCoroutinesIsDestroyedWithItsLoop) {
  // Frames own each other, so this one is a recursion of destructors, as in any C++ program.
  const LogCapture log;
  EventLoop loop(&testing::simulated);
  int reported = 0;
  loop.set_exception_handler([&](EventLoop&, const ExceptionContext&) { ++reported; });
  Future<int> leaf = loop.create_future<int>();
  loop.create_task(chain(5'000, leaf));
  loop.run_once();
  loop.close();
  EXPECT_EQ(reported, 1);
}

}  // namespace
}  // namespace tarn
