// SPDX-License-Identifier: BSL-1.0
// One suite for the Ports of real kernels, against the interface alone: what the operations do. What ends, wakes and
// moves a Port is in port_wait_test.cc.
#include <cstring>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/un.h>

#include <tarn/io/port_fixture.h>

namespace tarn {
namespace {

INSTANTIATE_TEST_SUITE_P(RealKernels, Ports, testing::Values("uring", "epoll"),
                         [](const auto& info) { return std::string(info.param); });

// --- Operations ---

TEST_P(Ports, SayTheirName) { EXPECT_STREQ(port().name(), GetParam()); }

TEST_P(Ports, ReceiveWhatIsThereAlready) {
  Pair pair = socket_pair();
  put(pair.b, "hello");
  char buffer[16];
  Call recv(Op::recv, pair.a, buffer, sizeof buffer);
  EXPECT_EQ(result_of(recv), 5);
  EXPECT_EQ(std::string(buffer, 5), "hello");
  close(pair);
}

TEST_P(Ports, ReceiveWhatComesLaterAndNotBefore) {
  Pair pair = socket_pair();
  char buffer[16];
  Call recv(Op::recv, pair.a, buffer, sizeof buffer);
  start(recv);
  look();
  EXPECT_EQ(recv.completions, 0);
  EXPECT_EQ(port().in_flight(), 1u);
  put(pair.b, "late");
  finish(recv);
  EXPECT_EQ(recv.result, 4);
  EXPECT_EQ(port().in_flight(), 0u);
  close(pair);
}

TEST_P(Ports, ReceiveMessageAfterMessage) {
  Pair pair = tcp_pair();
  char buffer[16];
  for (int i = 0; i < 100; ++i) {
    Call recv(Op::recv, pair.a, buffer, sizeof buffer);
    start(recv);
    EXPECT_EQ(recv.completions, 0);
    put(pair.b, "ping");
    finish(recv);
    EXPECT_EQ(recv.result, 4);
  }
  close(pair);
}

TEST_P(Ports, ReceiveTheRestOfWhatAShortBufferLeft) {
  Pair pair = socket_pair();
  put(pair.b, "abcdef");
  char buffer[4];
  Call first(Op::recv, pair.a, buffer, sizeof buffer);
  EXPECT_EQ(result_of(first), 4);
  Call second(Op::recv, pair.a, buffer, sizeof buffer);
  EXPECT_EQ(result_of(second), 2);
  close(pair);
}

TEST_P(Ports, ReceiveQueuedMessagesOneByOne) {
  Pair pair = socket_pair(SOCK_SEQPACKET);
  put(pair.b, "one");
  put(pair.b, "two");
  char buffer[16];
  for (int i = 0; i < 2; ++i) {
    Call recv(Op::recv, pair.a, buffer, sizeof buffer);
    EXPECT_EQ(result_of(recv), 3);  // shorter than the buffer, and yet there is more
  }
  close(pair);
}

TEST_P(Ports, ReportTheEndOfAStreamBehindItsData) {
  Pair pair = tcp_pair();
  put(pair.b, "bye");
  port().close(pair.b);
  char buffer[16];
  Call data(Op::recv, pair.a, buffer, sizeof buffer);
  EXPECT_EQ(result_of(data), 3);
  Call end(Op::recv, pair.a, buffer, sizeof buffer);
  EXPECT_EQ(result_of(end), 0);
  port().close(pair.a);
}

TEST_P(Ports, ReportTheEndToAReceiverThatWaits) {
  Pair pair = tcp_pair();
  char buffer[16];
  Call recv(Op::recv, pair.a, buffer, sizeof buffer);
  start(recv);
  look();
  port().close(pair.b);
  finish(recv);
  EXPECT_EQ(recv.result, 0);
  port().close(pair.a);
}

TEST_P(Ports, ReportAResetConnection) {
  Pair pair = tcp_pair();
  char buffer[16];
  Call recv(Op::recv, pair.a, buffer, sizeof buffer);
  start(recv);
  look();
  linger hard{1, 0};
  ::setsockopt(pair.b, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  port().close(pair.b);
  finish(recv);
  EXPECT_EQ(recv.result, -ECONNRESET);
  port().close(pair.a);
}

TEST_P(Ports, SendAndTellHowMuchWasTaken) {
  Pair pair = socket_pair();
  std::string text = "some text";
  Call send(Op::send, pair.a, text.data(), text.size());
  EXPECT_EQ(result_of(send), 9);
  char buffer[16];
  EXPECT_EQ(port().recv_now(pair.b, buffer, sizeof buffer), 9);
  close(pair);
}

TEST_P(Ports, SendToABrokenPipeWithoutASignal) {
  Pair pair = socket_pair();
  port().close(pair.b);
  char byte = 'x';
  Call send(Op::send, pair.a, &byte, 1);
  EXPECT_EQ(result_of(send), -EPIPE);
  EXPECT_EQ(port().send_now(pair.a, &byte, 1), -EPIPE);
  port().close(pair.a);
}

TEST_P(Ports, SendWhenThereIsRoomAgainAndNotBefore) {
  Pair pair = tcp_pair();
  std::size_t sent = fill(pair.a);
  std::string more(100'000, 'm');
  Call send(Op::send, pair.a, more.data(), more.size());
  start(send);
  look();
  EXPECT_EQ(send.completions, 0);
  std::vector<char> sink(1 << 20);
  std::size_t received = 0;
  while (send.completions == 0) {
    Call recv(Op::recv, pair.b, sink.data(), sink.size());
    std::int64_t n = result_of(recv);
    ASSERT_GT(n, 0);
    received += static_cast<std::size_t>(n);
    port().wait(0);
  }
  EXPECT_GT(send.result, 0);
  EXPECT_LE(send.result, 100'000);
  sent += static_cast<std::size_t>(send.result);
  while (received < sent) {
    Call recv(Op::recv, pair.b, sink.data(), sink.size());
    received += static_cast<std::size_t>(result_of(recv));
  }
  EXPECT_EQ(received, sent);
  close(pair);
}

TEST_P(Ports, SendAndReceiveNowOrNotAtAll) {
  Pair pair = socket_pair();
  char buffer[8];
  EXPECT_EQ(port().recv_now(pair.a, buffer, sizeof buffer), -EAGAIN);
  EXPECT_EQ(port().send_now(pair.b, "abc", 3), 3);
  look();
  EXPECT_EQ(port().recv_now(pair.a, buffer, sizeof buffer), 3);
  fill(pair.a);
  EXPECT_EQ(port().send_now(pair.a, "abc", 3), -EAGAIN);
  EXPECT_EQ(port().recv_now(-1, buffer, sizeof buffer), -EBADF);
  close(pair);
}

TEST_P(Ports, AcceptANonBlockingSocketThatIsClosedOnExec) {
  Listener listener = listen_on_loopback();
  Call accept(Op::accept, listener.fd);
  start(accept);
  look();
  EXPECT_EQ(accept.completions, 0);
  int client = tcp_socket();
  Call connect(Op::connect, client, &listener.address, sizeof listener.address);
  EXPECT_EQ(result_of(connect), 0);
  finish(accept);
  int accepted = static_cast<int>(accept.result);
  ASSERT_GE(accepted, 0);
  EXPECT_NE(::fcntl(accepted, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(accepted, F_GETFD) & FD_CLOEXEC, 0);
  close({client, accepted});
  port().close(listener.fd);
}

TEST_P(Ports, AcceptAllOfABacklog) {
  Listener listener = listen_on_loopback();
  std::vector<int> fds;
  for (int i = 0; i < 20; ++i) {
    fds.push_back(tcp_socket());
    Call connect(Op::connect, fds.back(), &listener.address, sizeof listener.address);
    EXPECT_EQ(result_of(connect), 0);
  }
  for (int i = 0; i < 20; ++i) {
    Call accept(Op::accept, listener.fd);
    ASSERT_GE(result_of(accept), 0);
    fds.push_back(static_cast<int>(accept.result));
  }
  for (int fd : fds) port().close(fd);
  port().close(listener.fd);
}

TEST_P(Ports, ReportARefusedConnection) {
  Listener listener = listen_on_loopback();
  port().close(listener.fd);  // nobody listens at its address now
  int client = tcp_socket();
  Call connect(Op::connect, client, &listener.address, sizeof listener.address);
  EXPECT_EQ(result_of(connect), -ECONNREFUSED);
  port().close(client);
}

TEST_P(Ports, ReportAMissingUnixSocket) {
  int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, "/nonexistent/socket");
  Call connect(Op::connect, client, &address, sizeof address);
  EXPECT_EQ(result_of(connect), -ENOENT);
  port().close(client);
}

TEST_P(Ports, ReportDescriptorsThatRunOutAtAccept) {
  Listener listener = listen_on_loopback();
  int client = tcp_socket();
  Call connect(Op::connect, client, &listener.address, sizeof listener.address);
  EXPECT_EQ(result_of(connect), 0);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit none{0, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  Call accept(Op::accept, listener.fd);
  std::int64_t refused = result_of(accept);
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(refused, -EMFILE);
  Call again(Op::accept, listener.fd);
  EXPECT_GE(result_of(again), 0);  // the connection has waited
  close({client, static_cast<int>(again.result)});
  port().close(listener.fd);
}

TEST_P(Ports, ReportABadDescriptor) {
  char buffer[4];
  Call negative(Op::recv, -1, buffer, sizeof buffer);
  EXPECT_EQ(result_of(negative), -EBADF);
  for (Op op : {Op::recv, Op::send, Op::accept, Op::poll_read, Op::poll_write}) {
    Call closed(op, 9999, buffer, sizeof buffer);
    EXPECT_EQ(result_of(closed), -EBADF);
  }
}

TEST_P(Ports, PollIsLevelTriggered) {
  Pair pair = socket_pair();
  put(pair.b, "x");
  for (int i = 0; i < 3; ++i) {  // nobody reads in between
    Call poll(Op::poll_read, pair.a);
    EXPECT_EQ(result_of(poll), 0);
  }
  char buffer[4];
  ASSERT_EQ(::recv(pair.a, buffer, sizeof buffer, 0), 1);
  Call poll(Op::poll_read, pair.a);
  start(poll);
  look();
  EXPECT_EQ(poll.completions, 0);
  put(pair.b, "y");
  finish(poll);
  EXPECT_EQ(poll.result, 0);
  close(pair);
}

TEST_P(Ports, PollSeesDataThatAReceiveLeftOut) {
  Pair pair = socket_pair();
  char buffer[4];
  Call recv(Op::recv, pair.a, buffer, 2);
  Call poll(Op::poll_read, pair.a);
  start(recv);
  start(poll);
  look();
  put(pair.b, "abc");
  finish(recv);
  finish(poll);
  EXPECT_EQ(port().recv_now(pair.a, buffer, sizeof buffer), 1);
  close(pair);
}

TEST_P(Ports, PollForWritingWaitsForRoom) {
  Pair pair = socket_pair();
  fill(pair.a);
  Call poll(Op::poll_write, pair.a);
  start(poll);
  look();
  EXPECT_EQ(poll.completions, 0);
  std::vector<char> sink(1 << 20);
  while (::recv(pair.b, sink.data(), sink.size(), 0) > 0) {
  }
  finish(poll);
  EXPECT_EQ(poll.result, 0);
  close(pair);
}

TEST_P(Ports, PollWorksOnPipes) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
  Call writable(Op::poll_write, fds[1]);
  EXPECT_EQ(result_of(writable), 0);
  Call readable(Op::poll_read, fds[0]);
  start(readable);
  look();
  EXPECT_EQ(readable.completions, 0);
  port().close(fds[1]);
  finish(readable);  // the end of a pipe is something to read, too
  EXPECT_EQ(readable.result, 0);
  port().close(fds[0]);
}

TEST_P(Ports, PollFindsRegularFilesReady) {
  int fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  Call read(Op::poll_read, fd);
  EXPECT_EQ(result_of(read), 0);
  Call write(Op::poll_write, fd);
  EXPECT_EQ(result_of(write), 0);
  port().close(fd);
}

// --- Several at once ---

TEST_P(Ports, ServeWaitersOfOneDirectionInOrder) {
  Pair pair = socket_pair();
  char first[2];
  char second[2];
  Call one(Op::recv, pair.a, first, sizeof first);
  Call two(Op::recv, pair.a, second, sizeof second);
  start(one);
  start(two);
  look();
  put(pair.b, "abcd");
  finish(one);
  finish(two);
  EXPECT_EQ(std::string(first, 2) + std::string(second, 2), "abcd");
  close(pair);
}

TEST_P(Ports, ServeBothDirectionsAtOnce) {
  Pair pair = tcp_pair();
  fill(pair.a);
  char in[8];
  std::string out = "out";
  Call recv(Op::recv, pair.a, in, sizeof in);
  Call send(Op::send, pair.a, out.data(), out.size());
  start(recv);
  start(send);
  look();
  EXPECT_EQ(recv.completions + send.completions, 0);
  put(pair.b, "in");
  finish(recv);
  EXPECT_EQ(send.completions, 0);
  std::vector<char> sink(1 << 20);
  while (send.completions == 0) {
    Call drain(Op::recv, pair.b, sink.data(), sink.size());
    ASSERT_GT(result_of(drain), 0);
    port().wait(0);
  }
  EXPECT_EQ(send.result, 3);
  close(pair);
}

TEST_P(Ports, ServeManyDescriptors) {
  constexpr int count = 400;  // more than one batch of entries or events
  std::vector<Pair> pairs;
  std::vector<std::unique_ptr<Call>> calls;
  std::vector<char> bytes(count);
  for (int i = 0; i < count; ++i) {
    pairs.push_back(socket_pair());
    calls.push_back(std::make_unique<Call>(Op::recv, pairs.back().a, &bytes[std::size_t(i)], 1));
    start(*calls.back());
  }
  look();
  EXPECT_EQ(port().in_flight(), std::size_t(count));
  for (Pair pair : pairs) put(pair.b, "x");
  for (auto& call : calls) {
    finish(*call);
    EXPECT_EQ(call->result, 1);
  }
  for (Pair pair : pairs) close(pair);
}

TEST_P(Ports, LoseNoOperationWhenThousandsAreCancelledAtOnce) {
  Pair pair = socket_pair();
  constexpr int count = 6000;  // beyond the ring's completion queue
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < count; ++i) {
    calls.push_back(std::make_unique<Call>(Op::poll_read, pair.a));
    start(*calls.back());
  }
  look();
  for (auto& call : calls) port().cancel(*call);
  for (auto& call : calls) {
    finish(*call);
    EXPECT_EQ(call->result, -ECANCELED);
  }
  EXPECT_EQ(port().in_flight(), 0u);
  close(pair);
}

TEST_P(Ports, CallbacksMaySubmitAnotherOperation) {
  Pair pair = socket_pair();
  char buffer[4];
  Call second(Op::recv, pair.a, buffer, sizeof buffer);
  Call first(Op::recv, pair.a, buffer, sizeof buffer);
  first.then = [&] { start(second); };
  start(first);
  look();
  put(pair.b, "1");
  finish(first);
  EXPECT_EQ(second.completions, 0);
  put(pair.b, "2");
  finish(second);
  close(pair);
}

TEST_P(Ports, CallbacksMayCancelAnOperationOfTheSameBatch) {
  Pair one = socket_pair();
  Pair two = socket_pair();
  char buffer[2];
  Call a(Op::recv, one.a, &buffer[0], 1);
  Call b(Op::recv, two.a, &buffer[1], 1);
  a.then = [&] {
    if (b.completions == 0) port().cancel(b);
  };
  b.then = [&] {
    if (a.completions == 0) port().cancel(a);
  };
  start(a);
  start(b);
  look();
  put(one.b, "a");
  put(two.b, "b");
  finish(a);
  finish(b);
  EXPECT_EQ(a.result, 1);  // both had won: no byte is lost
  EXPECT_EQ(b.result, 1);
  EXPECT_TRUE(a.cancelled || b.cancelled);
  close(one);
  close(two);
}

TEST_P(Ports, CallbacksMayCloseAndReuseADescriptor) {
  Pair pair = socket_pair();
  char buffer[4];
  Call recv(Op::recv, pair.a, buffer, sizeof buffer);
  int reused = -1;
  int other = -1;
  recv.then = [&] {
    port().close(pair.a);
    Pair fresh = socket_pair();  // the lowest free number: the one just closed
    reused = fresh.a;
    other = fresh.b;
  };
  start(recv);
  look();
  put(pair.b, "x");
  finish(recv);
  EXPECT_EQ(reused, pair.a);
  Call again(Op::recv, reused, buffer, sizeof buffer);
  start(again);
  look();
  EXPECT_EQ(again.completions, 0);
  put(other, "new");
  finish(again);
  EXPECT_EQ(again.result, 3);
  close({reused, other});
  port().close(pair.b);
}

TEST_P(Ports, ForgetADescriptorAndLearnItAgain) {
  Pair pair = socket_pair();
  char buffer[4];
  for (int i = 0; i < 3; ++i) {
    Call recv(Op::recv, pair.a, buffer, sizeof buffer);
    start(recv);
    look();
    put(pair.b, "x");
    finish(recv);
    EXPECT_EQ(recv.result, 1);
    port().forget(pair.a);
  }
  close(pair);
}

TEST_P(Ports, DoNotMistakeTheEventsOfASharedSocketForThoseOfItsSuccessor) {
  Pair pair = socket_pair();
  char buffer[4];
  Call recv(Op::recv, pair.a, buffer, sizeof buffer);
  start(recv);
  look();
  put(pair.b, "x");
  finish(recv);
  int copy = ::dup(pair.a);  // as a forked child would have
  port().close(pair.a);
  Pair fresh = socket_pair();
  ASSERT_EQ(fresh.a, pair.a);
  Call poll(Op::poll_read, fresh.a);
  start(poll);
  look();
  put(pair.b, "old");
  look();
  EXPECT_EQ(poll.completions, 0);
  put(fresh.b, "new");
  finish(poll);
  close(fresh);
  close({copy, pair.b});
}

}  // namespace
}  // namespace tarn
