// SPDX-License-Identifier: BSL-1.0
// The second half of the Ports' suite: cancellation, time, wakes, threads, and the process's SIGINT. It is instantiated
// in port_test.cc.
#include <atomic>
#include <csignal>
#include <thread>

#include <tarn/io/port_fixture.h>

namespace tarn {
namespace {

// --- Cancellation ---

TEST_P(Ports, CancelAnOperationThatWaits) {
  Pair pair = socket_pair();
  Listener listener = listen_on_loopback();
  fill(pair.b);
  char buffer[4];
  Call calls[] = {{Op::recv, pair.b, buffer, sizeof buffer},
                  {Op::send, pair.b, buffer, sizeof buffer},
                  {Op::poll_read, pair.b},
                  {Op::poll_write, pair.b},
                  {Op::accept, listener.fd}};
  for (Call& call : calls) {
    start(call);
    look();
    EXPECT_EQ(call.completions, 0);
    port().cancel(call);
    EXPECT_EQ(call.completions, 0);  // never from inside cancel()
    finish(call);
    EXPECT_EQ(call.result, -ECANCELED);
    EXPECT_TRUE(call.cancelled);
  }
  EXPECT_EQ(port().in_flight(), 0u);
  close(pair);
  port().close(listener.fd);
}

TEST_P(Ports, CancelAnOperationThatTheKernelHasNotSeen) {
  Pair pair = socket_pair();
  char buffer[4];
  Call recv(Op::recv, pair.a, buffer, sizeof buffer);
  start(recv);
  port().cancel(recv);
  finish(recv);
  EXPECT_EQ(recv.result, -ECANCELED);
  put(pair.b, "kept");
  Call again(Op::recv, pair.a, buffer, sizeof buffer);
  EXPECT_EQ(result_of(again), 4);
  EXPECT_FALSE(again.cancelled);
  close(pair);
}

TEST_P(Ports, CancelTwiceIsCancelOnce) {
  Pair pair = socket_pair();
  char buffer[4];
  Call recv(Op::recv, pair.a, buffer, sizeof buffer);
  start(recv);
  look();
  port().cancel(recv);
  port().cancel(recv);
  finish(recv);
  look();
  EXPECT_EQ(recv.completions, 1);
  close(pair);
}

TEST_P(Ports, CancelLosesNoByte) {
  Pair pair = socket_pair();
  char buffer[4];
  for (int i = 0; i < 200; ++i) {
    Call recv(Op::recv, pair.a, buffer, sizeof buffer);
    start(recv);
    if (i % 2 == 0) look();
    put(pair.b, "x");
    if (i % 3 == 0) port().cancel(recv);
    if (recv.completions == 0) port().cancel(recv);
    finish(recv);
    if (recv.result == -ECANCELED) {
      EXPECT_EQ(port().recv_now(pair.a, buffer, sizeof buffer), 1);
    } else {
      EXPECT_EQ(recv.result, 1);
    }
  }
  close(pair);
}

TEST_P(Ports, CancelInTheMiddleOfAQueueLeavesTheOthers) {
  Pair pair = socket_pair();
  char bytes[3] = {};
  Call a(Op::recv, pair.a, &bytes[0], 1);
  Call b(Op::recv, pair.a, &bytes[1], 1);
  Call c(Op::recv, pair.a, &bytes[2], 1);
  for (Call* call : {&a, &b, &c}) start(*call);
  look();
  port().cancel(b);
  finish(b);
  put(pair.b, "13");
  finish(a);
  finish(c);
  EXPECT_EQ(bytes[0], '1');
  EXPECT_EQ(bytes[2], '3');
  close(pair);
}

TEST_P(Ports, CancelAConnectThatHangs) {
  Listener listener = listen_on_loopback();
  ::listen(listener.fd, 0);
  // A full backlog drops further SYNs: the connects behind it stay on their way.
  std::vector<std::unique_ptr<Call>> calls;
  std::vector<int> fds;
  for (int i = 0; i < 4; ++i) {
    fds.push_back(tcp_socket());
    calls.push_back(std::make_unique<Call>(Op::connect, fds.back(), &listener.address, sizeof listener.address));
    start(*calls.back());
    look();
  }
  ASSERT_EQ(calls.back()->completions, 0);
  port().cancel(*calls.back());
  finish(*calls.back());
  EXPECT_EQ(calls.back()->result, -ECANCELED);
  for (auto& call : calls) {
    if (call->completions == 0) port().cancel(*call);
    finish(*call);
  }
  for (int fd : fds) port().close(fd);
  port().close(listener.fd);
}

TEST_P(Ports, AreDestroyedWithOperationsInFlight) {
  Pair pair = socket_pair();
  auto buffers = std::make_unique<std::string>(4096, '.');
  auto seen = std::make_unique<Call>(Op::recv, pair.a, buffers->data(), buffers->size());
  auto unseen = std::make_unique<Call>(Op::recv, pair.a, buffers->data(), buffers->size());
  start(*seen);
  look();
  start(*unseen);
  port_.reset();
  EXPECT_EQ(seen->completions + unseen->completions, 0);
  // The kernel has given the buffer back: what comes now stays in the socket.
  put(pair.b, "late");
  EXPECT_EQ(*buffers, std::string(4096, '.'));
  buffers.reset();
  seen.reset();
  char byte[8];
  EXPECT_EQ(::recv(pair.a, byte, sizeof byte, 0), 4);
  ::close(pair.a);
  ::close(pair.b);
}

// --- Time and wakes ---

TEST_P(Ports, WaitIsNeverEarly) {
  for (std::int64_t ns : {1'000, 700'000, 3'000'000}) {
    std::int64_t deadline = port().now() + ns;
    port().wait(deadline);
    EXPECT_GE(port().now(), deadline);
  }
}

TEST_P(Ports, WaitReturnsAtOnceWhenTheTimeHasPassed) {
  port().wait(0);
  port().wait(port().now() - 1);
  port().wait(INT64_MIN);
}

TEST_P(Ports, WaitReturnsForAWakeThatCameBefore) {
  port().wake();
  port().wake();
  port().wait(Port::forever);
  // The two were one: nothing is left to wake the next wait().
  std::int64_t deadline = port().now() + 1'000'000;
  port().wait(deadline);
  EXPECT_GE(port().now(), deadline);
}

TEST_P(Ports, WaitReturnsForAWakeFromAnotherThread) {
  for (int i = 0; i < 50; ++i) {
    std::thread other([&] { port().wake(); });
    port().wait(Port::forever);
    other.join();
  }
}

TEST_P(Ports, LoseNoWakeAmongManyThreads) {
  constexpr int per_thread = 2000;
  std::atomic<int> messages{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < per_thread; ++i) {
        messages.fetch_add(1);
        port().wake();
      }
    });
  }
  while (messages.load() < 3 * per_thread) port().wait(Port::forever);  // hangs where a wake is lost
  for (auto& thread : threads) thread.join();
}

TEST_P(Ports, RunInAnotherThreadThanTheyWereMadeIn) {
  Pair pair = socket_pair();
  for (int i = 0; i < 3; ++i) {
    std::thread worker([&] {
      char buffer[4];
      Call recv(Op::recv, pair.a, buffer, sizeof buffer);
      start(recv);
      look();
      put(pair.b, "x");
      finish(recv);
      EXPECT_EQ(recv.result, 1);
    });
    worker.join();
  }
  port().wait(0);
  close(pair);
}

TEST(Uring, RefusesToMoveToAnotherThreadWithOperationsInFlight) {
  std::unique_ptr<Port> port;
  try {
    port.reset(uring());
  } catch (const OsError& e) {
    GTEST_SKIP() << "this kernel refuses it: " << e.what();
  }
  Pair pair = socket_pair();
  Call poll(Op::poll_read, pair.a);
  EXPECT_FALSE(port->submit(poll));
  port->wait(0);
  std::thread([&] { EXPECT_THROW(port->wait(0), RuntimeError); }).join();
  port.reset();
  ::close(pair.a);
  ::close(pair.b);
}

// --- SIGINT ---

struct CountingTrap : InterruptTrap {
  CountingTrap() {
    fire = [](InterruptTrap* self) { ++static_cast<CountingTrap*>(self)->fired; };
  }
  int fired = 0;
};

TEST_P(Ports, TellOfEachInterruptInsideWait) {
  CountingTrap trap;
  ASSERT_TRUE(port().trap_interrupt(&trap));
  std::raise(SIGINT);
  std::raise(SIGINT);
  EXPECT_EQ(trap.fired, 0);
  port().wait(Port::forever);
  EXPECT_EQ(trap.fired, 2);
  std::raise(SIGINT);
  port().wait(Port::forever);
  EXPECT_EQ(trap.fired, 3);
  EXPECT_TRUE(port().trap_interrupt(nullptr));
}

TEST_P(Ports, ReturnFromWaitWhenAnInterruptComes) {
  CountingTrap trap;
  ASSERT_TRUE(port().trap_interrupt(&trap));
  std::thread other([] { ::kill(::getpid(), SIGINT); });
  while (trap.fired == 0) port().wait(Port::forever);
  other.join();
  EXPECT_TRUE(port().trap_interrupt(nullptr));
}

TEST_P(Ports, GiveTheInterruptBack) {
  CountingTrap trap;
  ASSERT_TRUE(port().trap_interrupt(&trap));
  EXPECT_TRUE(port().trap_interrupt(nullptr));
  struct sigaction now{};
  ::sigaction(SIGINT, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
}

TEST_P(Ports, LeaveAnotherHandlerAlone) {
  auto theirs = +[](int) {};
  std::signal(SIGINT, theirs);
  CountingTrap trap;
  EXPECT_FALSE(port().trap_interrupt(&trap));
  std::signal(SIGINT, SIG_DFL);
  ASSERT_TRUE(port().trap_interrupt(&trap));
  std::signal(SIGINT, theirs);  // put over ours
  EXPECT_TRUE(port().trap_interrupt(nullptr));
  struct sigaction now{};
  ::sigaction(SIGINT, nullptr, &now);
  EXPECT_EQ(now.sa_handler, theirs);
  std::signal(SIGINT, SIG_DFL);
}

TEST_P(Ports, TrapTheInterruptOnTheMainThreadOnlyAndOnce) {
  CountingTrap trap;
  bool granted = true;
  std::thread([&] { granted = port().trap_interrupt(&trap); }).join();
  EXPECT_FALSE(granted);
  ASSERT_TRUE(port().trap_interrupt(&trap));
  std::unique_ptr<Port> second(factory()());
  EXPECT_FALSE(second->trap_interrupt(&trap));
  EXPECT_TRUE(port().trap_interrupt(nullptr));
}

}  // namespace
}  // namespace tarn
