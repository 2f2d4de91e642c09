// SPDX-License-Identifier: BSL-1.0
// What the Ports' suites share: a driver of a few lines over the bare interface, socket pairs and loopback sockets.
#pragma once
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <tarn/base/errors.h>
#include <tarn/io/ports.h>

namespace tarn {

// An Operation that remembers that it was completed, and then does what the test wants.
struct Call : Operation {
  Call(Op what, int on, void* to = nullptr, std::size_t bytes = 0) {
    op = what;
    fd = on;
    data = to;
    size = bytes;
    complete = [](Operation* self) {
      auto& call = *static_cast<Call*>(self);
      ++call.completions;
      if (call.then) call.then();
    };
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  int completions = 0;
  std::function<void()> then;
};

struct Pair {
  int a = -1;
  int b = -1;
};

inline Pair socket_pair(int type = SOCK_STREAM) {
  int fds[2];
  EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  return {fds[0], fds[1]};
}

struct Listener {
  int fd = -1;
  sockaddr_in address{};
};

inline Listener listen_on_loopback() {
  Listener l;
  l.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  l.address.sin_family = AF_INET;
  l.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof l.address;
  EXPECT_EQ(::bind(l.fd, reinterpret_cast<sockaddr*>(&l.address), size), 0);
  EXPECT_EQ(::listen(l.fd, 128), 0);
  EXPECT_EQ(::getsockname(l.fd, reinterpret_cast<sockaddr*>(&l.address), &size), 0);
  return l;
}

inline int tcp_socket() { return ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

inline void put(int fd, const std::string& text) {
  ASSERT_EQ(::send(fd, text.data(), text.size(), 0), ssize_t(text.size()));
}

class Ports : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    try {
      port_.reset(factory()());
    } catch (const OsError& e) {
      // Where the tests decide about a change, a Port that was not tested is a failure.
      if (std::getenv("CI")) FAIL() << "this kernel refuses it: " << e.what();
      GTEST_SKIP() << "this kernel refuses it: " << e.what();
    }
  }

  static LoopFactory factory() { return std::string(GetParam()) == "uring" ? uring : epoll; }
  Port& port() { return *port_; }

  // Submits; completed at once counts as completed.
  void start(Call& call) {
    if (port().submit(call)) {
      ++call.completions;
      if (call.then) call.then();
    }
  }

  // Waits for one call, for at most ten seconds of a stuck test.
  void finish(Call& call) {
    std::int64_t give_up = port().now() + 10'000'000'000;
    while (call.completions == 0 && port().now() < give_up) port().wait(give_up);
    ASSERT_EQ(call.completions, 1);
  }

  std::int64_t result_of(Call& call) {
    start(call);
    finish(call);
    return call.result;
  }

  // What the Port has to say now, without waiting. Twice: a ring needs one look to take an operation and one to end it.
  void look() {
    port().wait(0);
    port().wait(0);
  }

  void close(Pair pair) {
    port().close(pair.a);
    port().close(pair.b);
  }

  // Both ends of a connection over loopback.
  Pair tcp_pair() {
    Listener listener = listen_on_loopback();
    Pair pair{tcp_socket(), -1};
    Call connect(Op::connect, pair.a, &listener.address, sizeof listener.address);
    start(connect);
    Call accept(Op::accept, listener.fd);
    start(accept);
    finish(connect);
    finish(accept);
    EXPECT_EQ(connect.result, 0);
    pair.b = static_cast<int>(accept.result);
    port().close(listener.fd);
    return pair;
  }

  // Sends until the kernel takes no more; returns the bytes it took.
  std::size_t fill(int fd) {
    static const std::string block(65536, 'f');
    std::size_t total = 0;
    for (;;) {
      std::int64_t n = port().send_now(fd, block.data(), block.size());
      if (n == -EAGAIN) return total;
      EXPECT_GT(n, 0);
      total += static_cast<std::size_t>(n);
    }
  }

  std::unique_ptr<Port> port_;
};

}  // namespace tarn
