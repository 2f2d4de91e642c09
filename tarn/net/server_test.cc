// SPDX-License-Identifier: BSL-1.0
// Servers and connections over loopback, on both Ports. Names that begin with S6, S7 and S10 are asyncio's rules.
#include <tarn/net/server.h>

#include <tarn/base/errors.h>
#include <tarn/net/connect.h>
#include <tarn/net/net_fixture.h>
#include <tarn/net/resolve.h>

#include <memory>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tarn {
namespace {

class Servers : public NetTest {};
TARN_ON_BOTH_PORTS(Servers);

Coro<> echo(Stream stream) {
  char buffer[4096];
  for (;;) {
    const std::size_t n = co_await stream.read_some(buffer);
    if (n == 0) break;
    co_await stream.write({buffer, n});
  }
}

std::string socket_path() { return testing::TempDir() + "tarn_net_test_" + std::to_string(::getpid()) + ".sock"; }

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

TEST_P(Servers, EchoToManyClientsAtOnce) {
  run([]() -> Coro<> {
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    EXPECT_TRUE(server.is_serving());
    EXPECT_NE(server.port(), 0);
    const std::uint16_t port = server.port();
    const auto client = [port](int number) -> Coro<> {
      auto stream = co_await open_connection("127.0.0.1", port);
      for (int i = 0; i < 10; ++i) {
        const std::string line = std::to_string(number) + ":" + std::to_string(i) + "\n";
        co_await stream.write(line);
        EXPECT_EQ(co_await stream.readline(), line);
      }
    };
    std::vector<Task<>> clients;
    for (int i = 0; i < 50; ++i) clients.push_back(create_task(client(i)));
    for (auto& task : clients) co_await task;
  });
}

TEST_P(Servers, ListenOnEveryInterface) {
  run([]() -> Coro<> {
    auto server = co_await start_server(echo, "", 0);
    const std::vector<Address> sockets = server.sockets();
    EXPECT_FALSE(sockets.empty());
    for (const Address& address : sockets) EXPECT_NE(address.port(), 0);
    auto stream = co_await open_connection("localhost", server.port());
    EXPECT_EQ(stream.peer_address().port(), server.port());
    EXPECT_NE(stream.local_address().port(), 0);
    co_await stream.write("x");
    EXPECT_EQ(co_await stream.read(1), "x");
  });
}

TEST_P(Servers, ReportAPortThatIsInUse) {
  run([]() -> Coro<> {
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    const std::string error = co_await raised<OsError>(start_server(echo, "127.0.0.1", server.port()));
    EXPECT_THAT(error, testing::HasSubstr("bind 127.0.0.1:" + std::to_string(server.port())));
  });
}

TEST_P(Servers, ShareAPortWithReusePort) {
  run([]() -> Coro<> {
    auto one = co_await start_server(echo, "127.0.0.1", 0, {.reuse_port = true});
    auto two = co_await start_server(echo, "127.0.0.1", one.port(), {.reuse_port = true});
    EXPECT_EQ(one.port(), two.port());
  });
}

TEST_P(Servers, StartServingLater) {
  run([]() -> Coro<> {
    auto server = co_await start_server(echo, "127.0.0.1", 0, {.start_serving = false});
    EXPECT_FALSE(server.is_serving());
    auto stream = co_await open_connection("127.0.0.1", server.port());  // the kernel's backlog takes it
    co_await stream.write("x");
    co_await settle();
    EXPECT_EQ(server.connections(), 0u);
    server.start_serving();
    EXPECT_EQ(co_await stream.read(1), "x");
    EXPECT_EQ(server.connections(), 1u);
  });
}

TEST_P(Servers, AcceptNoMoreThanMaxConnections) {
  run([]() -> Coro<> {
    auto server = co_await start_server(echo, "127.0.0.1", 0, {.max_connections = 2});
    std::vector<Stream> clients;
    for (int i = 0; i < 3; ++i) {
      clients.push_back(co_await open_connection("127.0.0.1", server.port()));
      co_await clients.back().write("x");
    }
    for (int i = 0; i < 2; ++i) EXPECT_EQ(co_await clients[std::size_t(i)].read(1), "x");
    co_await settle();
    EXPECT_EQ(server.connections(), 2u);
    co_await clients[0].aclose();
    EXPECT_EQ(co_await clients[2].read(1), "x");  // its turn has come
  });
}

TEST_P(Servers, CallbacksMayBePlainFunctionsAndClosures) {
  run([]() -> Coro<> {
    std::vector<Stream> kept;
    auto keep = [&kept](Stream stream) { kept.push_back(std::move(stream)); };
    auto server = co_await start_server(keep, "127.0.0.1", 0);
    auto client = co_await open_connection("127.0.0.1", server.port());
    while (kept.empty()) co_await settle();
    co_await kept[0].write("kept");
    EXPECT_EQ(co_await client.read(10), "kept");
  });
}

TEST_P(Servers, KeepTheCallbackUntilItsLastTaskIsDone) {
  run([]() -> Coro<> {
    auto text = std::make_shared<std::string>("from the closure");
    Stream client;
    {
      auto answer = [text](Stream stream) -> Coro<> {
        co_await stream.readline();
        co_await stream.write(*text);  // of the closure, which the server owns
      };
      text.reset();
      auto server = co_await start_server(answer, "127.0.0.1", 0);
      client = co_await open_connection("127.0.0.1", server.port());
      while (server.connections() == 0) co_await settle();
    }
    co_await client.write("go\n");
    EXPECT_EQ(co_await client.read(), "from the closure");
  });
}

// --- S6: the callback's end ---

TEST_P(Servers, S6_ACallbackThatFailsIsReportedAndItsConnectionClosed) {
  run([]() -> Coro<> {
    std::vector<std::string> reports;
    get_running_loop().set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
      reports.push_back(context.message + ": " + describe(context.exception));
    });
    const auto fail = [](Stream stream) -> Coro<> {
      co_await stream.readline();
      throw ValueError("bad request");
    };
    auto server = co_await start_server(fail, "127.0.0.1", 0);
    auto client = co_await open_connection("127.0.0.1", server.port());
    co_await client.write("x\n");
    EXPECT_EQ(co_await client.read(), "");
    EXPECT_THAT(reports, testing::ElementsAre("Unhandled exception in client_connected_cb: ValueError: bad request"));
    EXPECT_TRUE(server.is_serving());
  });
}

TEST_P(Servers, S6_ACallbackThatIsCancelledClosesQuietly) {
  run([]() -> Coro<> {
    int reports = 0;
    get_running_loop().set_exception_handler([&](EventLoop&, const ExceptionContext&) { ++reports; });
    AnyTask handler;
    const auto wait = [&](Stream stream) -> Coro<> {
      handler = current_task();
      co_await stream.readline();
    };
    auto server = co_await start_server(wait, "127.0.0.1", 0);
    auto client = co_await open_connection("127.0.0.1", server.port());
    while (!handler) co_await settle();
    handler.cancel();
    EXPECT_EQ(co_await client.read(), "");
    EXPECT_TRUE(handler.cancelled());
    EXPECT_EQ(reports, 0);
  });
}

// --- S7: the server's end ---

TEST_P(Servers, S7_CloseStopsListeningAndLeavesConnections) {
  run([]() -> Coro<> {
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    const std::uint16_t port = server.port();
    auto client = co_await open_connection("127.0.0.1", port);
    co_await client.write("a");
    EXPECT_EQ(co_await client.read(1), "a");
    server.close();
    server.close();
    EXPECT_TRUE(server.sockets().empty());
    EXPECT_FALSE(server.is_serving());
    co_await settle();
    EXPECT_NE(co_await raised<ConnectionRefusedError>(open_connection("127.0.0.1", port)), "nothing");
    co_await client.write("b");
    EXPECT_EQ(co_await client.read(1), "b");
    EXPECT_THROW(server.start_serving(), RuntimeError);
  });
}

TEST_P(Servers, S7_WaitClosedWaitsForBothCloseAndTheLastConnection) {
  run([]() -> Coro<> {
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    auto client = co_await open_connection("127.0.0.1", server.port());
    while (server.connections() == 0) co_await settle();
    auto closed = create_task(server.wait_closed());
    co_await settle();
    EXPECT_FALSE(closed.done());
    server.close();
    co_await settle();
    EXPECT_FALSE(closed.done());  // a client is still there
    client.close();
    co_await closed;
    EXPECT_EQ(server.connections(), 0u);
  });
}

TEST_P(Servers, S7_WaitClosedWaitsForCloseWithoutConnections) {
  run([]() -> Coro<> {
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    auto closed = create_task(server.wait_closed());
    co_await settle();
    EXPECT_FALSE(closed.done());
    server.close();
    co_await closed;
  });
}

TEST_P(Servers, S7_CloseClientsSendsTheRestAndAbortClientsDoesNot) {
  run([]() -> Coro<> {
    const auto flood = [](Stream stream) -> Coro<> {
      stream.set_write_buffer_limits({.low = 0, .high = SIZE_MAX});
      stream.write_nowait(std::string(20'000'000, 'f'));
      co_await stream.read();
    };
    for (const bool abruptly : {false, true}) {
      auto server = co_await start_server(flood, "127.0.0.1", 0);
      auto client = co_await open_connection("127.0.0.1", server.port());
      const std::string first = co_await client.read(1);
      EXPECT_EQ(first, "f");
      abruptly ? server.abort_clients() : server.close_clients();
      std::size_t got = 1;
      try {
        const std::string rest = co_await client.read();
        got += rest.size();
      } catch (const ConnectionResetError&) {
      }
      EXPECT_EQ(got == 20'000'000, !abruptly);
      server.close();
      co_await server.wait_closed();
    }
  });
}

TEST_P(Servers, S7_ServeForeverEndsCancelledWhenTheServerIsClosed) {
  run([]() -> Coro<> {
    auto server = co_await start_server(echo, "127.0.0.1", 0, {.start_serving = false});
    auto forever = create_task(server.serve_forever());
    co_await settle();
    EXPECT_TRUE(server.is_serving());
    EXPECT_EQ(co_await raised<RuntimeError>(server.serve_forever()),
              "server is already being awaited on serve_forever()");
    server.close();
    EXPECT_NE(co_await raised<CancelledError>(forever), "nothing");
    EXPECT_EQ(co_await raised<RuntimeError>(server.serve_forever()), "server is closed");
  });
}

TEST_P(Servers, S7_ServeForeverClosesAndWaitsForClientsWhenCancelled) {
  run([]() -> Coro<> {
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    auto client = co_await open_connection("127.0.0.1", server.port());
    while (server.connections() == 0) co_await settle();
    auto forever = create_task(server.serve_forever());
    co_await settle();
    forever.cancel();
    co_await settle();
    EXPECT_FALSE(server.is_serving());
    EXPECT_FALSE(forever.done());
    client.close();
    EXPECT_NE(co_await raised<CancelledError>(forever), "nothing");
  });
}

TEST_P(Servers, WithClosesAndWaits) {
  run([]() -> Coro<> {
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    const std::uint16_t port = server.port();
    const auto body = [&](Server& s) -> Coro<> {
      auto client = co_await open_connection("127.0.0.1", s.port());
      co_await client.write("x");
      EXPECT_EQ(co_await client.read(1), "x");
    };
    co_await with(std::move(server), body);
    EXPECT_NE(co_await raised<ConnectionRefusedError>(open_connection("127.0.0.1", port)), "nothing");
  });
}

TEST_P(Servers, RunEndsWithAServerThatStillServes) {
  run([]() -> Coro<> {
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    auto* left = new Server(std::move(server));
    auto client = co_await open_connection("127.0.0.1", left->port());
    while (left->connections() == 0) co_await settle();
    auto forever = create_task(left->serve_forever());
    forever.add_done_callback([left] { delete left; });
    co_await settle();
  });
}

// --- Running out of descriptors ---

TEST_P(Servers, RestWhenDescriptorsRunOutAndGoOnLater) {
  run([]() -> Coro<> {
    std::vector<std::string> reports;
    get_running_loop().set_exception_handler(
        [&](EventLoop&, const ExceptionContext& context) { reports.push_back(context.message); });
    auto server = co_await start_server(echo, "127.0.0.1", 0, {.start_serving = false});
    auto client = co_await open_connection("127.0.0.1", server.port());
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{0, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    server.start_serving();
    while (reports.empty()) co_await settle();
    co_await settle();
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_THAT(reports, testing::ElementsAre("socket.accept() out of system resource"));
    co_await client.write("x");
    EXPECT_EQ(co_await client.read(1), "x");  // after the listener's second of rest
    EXPECT_EQ(reports.size(), 1u);
  });
}

TEST_P(Servers, CloseWhileAListenerRests) {
  run([]() -> Coro<> {
    int reports = 0;
    get_running_loop().set_exception_handler([&](EventLoop&, const ExceptionContext&) { ++reports; });
    auto server = co_await start_server(echo, "127.0.0.1", 0, {.start_serving = false});
    auto client = co_await open_connection("127.0.0.1", server.port());
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{0, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    server.start_serving();
    while (reports == 0) co_await settle();
    ::setrlimit(RLIMIT_NOFILE, &before);
    server.close();
    co_await server.wait_closed();
  });
}

// --- Unix sockets ---

TEST_P(Servers, ListenOnUnixSocketsAndRemoveThem) {
  run([]() -> Coro<> {
    const std::string path = socket_path();
    auto server = co_await start_unix_server(echo, path);
    EXPECT_TRUE(exists(path));
    auto client = co_await open_unix_connection(path);
    EXPECT_EQ(client.peer_address().path(), path);
    co_await client.write("unix");
    EXPECT_EQ(co_await client.read(10), "unix");
    server.close();
    co_await settle();
    EXPECT_FALSE(exists(path));
  });
}

TEST_P(Servers, ReplaceASocketFileThatWasLeftBehind) {
  run([]() -> Coro<> {
    const std::string path = socket_path();
    auto old = co_await start_unix_server(echo, path);
    auto fresh = co_await start_unix_server(echo, path);
    old.close();
    co_await settle();
    EXPECT_TRUE(exists(path));  // it is the new one's now
    auto client = co_await open_unix_connection(path);
    co_await client.write("x");
    EXPECT_EQ(co_await client.read(1), "x");
  });
}

// --- Connecting ---

TEST_P(Servers, S10_ASingleErrorIsItself) {
  run([]() -> Coro<> {
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    const std::uint16_t port = server.port();
    server.close();
    co_await server.wait_closed();
    const std::string error = co_await raised<ConnectionRefusedError>(open_connection("127.0.0.1", port));
    EXPECT_THAT(error, testing::HasSubstr("connect 127.0.0.1:" + std::to_string(port)));
  });
}

TEST_P(Servers, S10_SeveralErrorsAreToldTogether) {
  run([]() -> Coro<> {
    const std::vector<Address> addresses = co_await resolve("localhost", 1);
    const std::string error = co_await raised<OsError>(open_connection("localhost", 1));
    if (addresses.size() > 1) {
      EXPECT_THAT(error, testing::StartsWith("Multiple exceptions: connect "));
    } else {
      EXPECT_THAT(error, testing::StartsWith("connect "));
    }
  });
}

TEST_P(Servers, ConnectFromAChosenAddress) {
  run([]() -> Coro<> {
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    auto stream = co_await open_connection("127.0.0.1", server.port(), {.local_host = "127.0.0.2"});
    EXPECT_EQ(stream.local_address().host(), "127.0.0.2");
    EXPECT_THROW((void)open_connection("127.0.0.1", 1, {.local_host = "here"}), ValueError);
  });
}

TEST_P(Servers, ConnectThatIsCancelledLeavesNothing) {
  run([]() -> Coro<> {
    // 192.0.2.0/24 is for documentation (RFC 5737): nobody answers, or the network refuses at once.
    auto task = create_task(raised<OsError>(open_connection("192.0.2.1", 9)));
    co_await settle();
    task.cancel();
    while (!task.done()) co_await settle();
    EXPECT_TRUE(task.done());
  });
}

TEST_P(Servers, ResolveNumbersAndNames) {
  run([]() -> Coro<> {
    const std::vector<Address> numeric = co_await resolve("::1", 80);
    EXPECT_EQ(numeric, std::vector<Address>{Address::parse("::1", 80)});
    const std::vector<Address> named = co_await resolve("localhost", 80, Address::Family::ipv4);
    EXPECT_EQ(named, std::vector<Address>{Address::parse("127.0.0.1", 80)});
    EXPECT_THAT(co_await raised<ResolveError>(resolve("no-such-host.invalid", 80)),
                testing::StartsWith("no-such-host.invalid: "));
    EXPECT_NE(co_await raised<ResolveError>(resolve("127.0.0.1", 80, Address::Family::ipv6)), "nothing");
    EXPECT_NE(co_await raised<ValueError>(resolve(std::string("a\0b", 3), 80)), "nothing");
  });
}

}  // namespace
}  // namespace tarn
