// SPDX-License-Identifier: BSL-1.0
// The server against peers that speak raw bytes, on both Ports.
#include <tarn/base/log.h>
#include <tarn/http/http_fixture.h>

namespace tarn::http {
namespace {

class Serving : public HttpTest {};
TARN_ON_BOTH_PORTS(Serving);

Router sample() {
  Router router;
  router.get("/", [] { return "hello"; });
  router.get("/hello/{name}", [](Request& request) { return "hello, " + request.match_info("name"); });
  router.post("/echo", [](Request& request) -> Coro<Response> {
    std::string body = co_await request.read();
    co_return Response::bytes(std::move(body), request.headers.get("Content-Type", "application/octet-stream"));
  });
  router.post("/ignore", [] { return "ignored"; });
  router.get("/fail", [](Request&) -> Coro<Response> { throw std::runtime_error("secret reason"); });
  router.get("/teapot", [](Request&) -> Coro<Response> { throw HttpError(418, "short and stout"); });
  router.get("/split", [] {
    Response response("x");
    response.headers.add("X", "a\r\nSet-Cookie: b");
    return response;
  });
  router.get("/stream", [] {
    return Response::stream([](BodyWriter& out) -> Coro<> {
      for (int i = 0; i < 3; ++i) {
        co_await out.write("piece " + std::to_string(i) + "\n");
        co_await sleep(0s);
      }
    });
  });
  router.get("/broken-stream", [] {
    return Response::stream([](BodyWriter& out) -> Coro<> {
      co_await out.write("begin");
      throw std::runtime_error("in the middle");
    });
  });
  router.get("/slow", [](Request&) -> Coro<Response> {
    co_await sleep(20ms);
    co_return "slow";
  });
  router.get("/empty", [] { return Response(204); });
  return router;
}

constexpr ServerOptions fast{.head_timeout = Duration::seconds(0.1),
                             .body_timeout = Duration::seconds(0.1),
                             .keepalive_timeout = Duration::seconds(0.2),
                             .send_timeout = Duration::seconds(0.2),
                             .shutdown_timeout = Duration::seconds(0.2),
                             .body_bytes_max = 100,
                             .unread_body_bytes_max = 50};

TEST_P(Serving, AnswersWithEverythingAResponseNeeds) {
  run([]() -> Coro<> {
    Server server(sample());
    co_await server.start("127.0.0.1", 0);
    const std::string answer = co_await talk(server.port(), "GET /hello/%E4%BD%A0 HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_NE(answer.find("Content-Type: text/plain; charset=utf-8\r\n"), std::string::npos) << answer;
    EXPECT_NE(answer.find("Content-Length: 10\r\n"), std::string::npos) << answer;
    EXPECT_NE(answer.find(" GMT\r\n"), std::string::npos) << answer;
    EXPECT_EQ(body_of(answer), "hello, \xE4\xBD\xA0");
    EXPECT_EQ(server.url(), "http://127.0.0.1:" + std::to_string(server.port()));
    co_await server.close();
  });
}

TEST_P(Serving, AnswersPipelinedRequestsInOrder) {
  run([]() -> Coro<> {
    Server server(sample());
    co_await server.start("127.0.0.1", 0);
    const std::string answer = co_await talk(
        server.port(),
        "GET /hello/1 HTTP/1.1\r\nHost: a\r\n\r\nGET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /hello/4 HTTP/1.1\r\nHost: a\r\n\r\n");
    std::size_t at = 0;
    for (const char* text : {"hello, 1", "slow", "abc", "hello, 4"}) {
      at = answer.find(text, at);
      EXPECT_NE(at, std::string::npos) << text << " in " << answer;
    }
    co_await server.close();
  });
}

TEST_P(Serving, SendsAPipelinedResponseWhileTheNextHandlerWaits) {
  run([]() -> Coro<> {
    Future<> gate;
    Router router;
    router.get("/now", [] { return "now"; });
    router.get("/later", [&gate](Request&) -> Coro<Response> {
      co_await gate;
      co_return "later";
    });
    Server server(std::move(router));
    co_await server.start("127.0.0.1", 0);
    Stream stream = co_await open_connection("127.0.0.1", server.port());
    co_await stream.write("GET /now HTTP/1.1\r\nHost: a\r\n\r\nGET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string first = co_await stream.readuntil("now");
    EXPECT_EQ(status_of(first), 200);
    gate.set_result();
    const std::string second = co_await stream.readuntil("later");
    EXPECT_EQ(status_of(second), 200);
    stream.close();
    co_await server.close();
  });
}

TEST_P(Serving, TellsWhatIsNotThere) {
  run([]() -> Coro<> {
    Server server(sample());
    co_await server.start("127.0.0.1", 0);
    const auto get = [&server](std::string line) -> Coro<std::string> {
      std::string answer = co_await talk(server.port(), line + " HTTP/1.1\r\nHost: a\r\n\r\n");
      co_return answer;
    };
    std::string answer = co_await get("GET /missing");
    EXPECT_EQ(status_of(answer), 404);
    answer = co_await get("DELETE /echo");
    EXPECT_EQ(status_of(answer), 405);
    EXPECT_NE(answer.find("\r\nAllow: POST\r\n"), std::string::npos) << answer;
    answer = co_await get("GET /teapot");
    EXPECT_EQ(status_of(answer), 418);
    EXPECT_EQ(body_of(answer), "short and stout");
    answer = co_await get("HEAD /");
    EXPECT_NE(answer.find("\r\nContent-Length: 5\r\n"), std::string::npos) << answer;
    EXPECT_EQ(body_of(answer), "");
    answer = co_await get("GET /empty");
    EXPECT_EQ(status_of(answer), 204);
    EXPECT_EQ(answer.find("Content-Length"), std::string::npos) << answer;
    co_await server.close();
  });
}

std::string last_log;  // the sink is a plain function

TEST_P(Serving, ReportsAFailedHandlerAndKeepsItsReasonFromTheClient) {
  last_log.clear();
  const LogSink before = set_log_sink([](LogLevel, std::string_view text) noexcept { last_log = text; });
  run([]() -> Coro<> {
    Server server(sample());
    co_await server.start("127.0.0.1", 0);
    std::string answer =
        co_await talk(server.port(), "GET /fail HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(status_of(answer), 500);
    EXPECT_EQ(answer.find("secret"), std::string::npos) << answer;
    EXPECT_TRUE(answer.ends_with("hello")) << "the connection goes on: " << answer;
    EXPECT_NE(last_log.find("GET /fail"), std::string::npos) << last_log;
    EXPECT_NE(last_log.find("secret reason"), std::string::npos) << last_log;
    // Response splitting is the handler's mistake too.
    answer = co_await talk(server.port(), "GET /split HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(status_of(answer), 500);
    EXPECT_EQ(answer.find("Set-Cookie"), std::string::npos) << answer;
    // The head was sent when this one failed: the body doesn't end.
    answer = co_await raised<OsError>(talk(server.port(), "GET /broken-stream HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_NE(last_log.find("in the middle"), std::string::npos) << last_log;
    co_await server.close();
  });
  set_log_sink(before);
}

TEST_P(Serving, StreamsWhatAHandlerWrites) {
  run([]() -> Coro<> {
    Server server(sample());
    co_await server.start("127.0.0.1", 0);
    std::string answer = co_await talk(server.port(), "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_NE(answer.find("Transfer-Encoding: chunked"), std::string::npos);
    EXPECT_EQ(body_of(answer), "8\r\npiece 0\n\r\n8\r\npiece 1\n\r\n8\r\npiece 2\n\r\n0\r\n\r\n");
    // HTTP/1.0 knows no chunks: the body ends with the connection.
    answer = co_await talk(server.port(), "GET /stream HTTP/1.0\r\n\r\n");
    EXPECT_EQ(body_of(answer), "piece 0\npiece 1\npiece 2\n");
    answer = co_await talk(server.port(), "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(body_of(answer), "");
    co_await server.close();
  });
}

TEST_P(Serving, AWriterWaitsForItsClient) {
  run([]() -> Coro<> {
    std::size_t written = 0;
    Router router;
    router.get("/", [&written] {
      return Response::stream([&written](BodyWriter& out) -> Coro<> {
        const std::string piece(64 * 1024, 'x');
        for (int i = 0; i < 500; ++i) {
          co_await out.write(piece);
          written += piece.size();
        }
      });
    });
    Server server(std::move(router));
    co_await server.start("127.0.0.1", 0);
    Stream stream = co_await open_connection("127.0.0.1", server.port());
    co_await stream.write("GET / HTTP/1.0\r\n\r\n");
    for (int i = 0; i < 20; ++i) co_await settle();
    EXPECT_GT(written, 0U);
    EXPECT_LT(written, 32U * 1024 * 1024) << "the sockets hold a few MiB, the rest waits";
    const std::string all = co_await stream.read();
    EXPECT_EQ(body_of(all).size(), 500U * 64 * 1024);
    co_await server.close();
  });
}

TEST_P(Serving, SendsContinueWhenTheBodyIsWanted) {
  run([]() -> Coro<> {
    Server server(sample());
    co_await server.start("127.0.0.1", 0);
    Stream stream = co_await open_connection("127.0.0.1", server.port());
    const std::string head = "Host: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    co_await stream.write("POST /echo HTTP/1.1\r\n" + head);
    const std::string interim = co_await stream.readuntil("\r\n\r\n");
    EXPECT_EQ(interim, "HTTP/1.1 100 Continue\r\n\r\n");
    co_await stream.write("abc");
    std::string answer = co_await stream.readuntil("abc");
    EXPECT_EQ(status_of(answer), 200);
    // A handler that doesn't read it gets none, and nobody knows what the client sends next: the connection ends.
    co_await stream.write("POST /ignore HTTP/1.1\r\n" + head);
    answer = co_await stream.read();
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_TRUE(answer.ends_with("ignored")) << answer;
    stream.close();
    co_await server.close();
  });
}

TEST_P(Serving, ThrowsAnUnreadBodyAway) {
  run([]() -> Coro<> {
    Server server(sample(), fast);
    co_await server.start("127.0.0.1", 0);
    std::string answer = co_await talk(server.port(), "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n" +
                                                          std::string(50, 'x') + "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(answer.ends_with("hello")) << answer;
    // Too much of it ends the connection, but not before the response was read.
    answer = co_await talk(server.port(), "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 51\r\n\r\n" +
                                              std::string(51, 'x') + "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(answer.ends_with("ignored")) << answer;
    co_await server.close();
  });
}

TEST_P(Serving, RefusesBodiesThatAreTooLarge) {
  run([]() -> Coro<> {
    Server server(sample(), fast);
    co_await server.start("127.0.0.1", 0);
    const std::string post = "POST /echo HTTP/1.1\r\nHost: a\r\n";
    std::string answer = co_await talk(server.port(), post + "Content-Length: 100\r\n\r\n" + std::string(100, 'x'));
    EXPECT_EQ(status_of(answer), 200);
    answer = co_await talk(server.port(), post + "Content-Length: 101\r\n\r\n" + std::string(101, 'x'));
    EXPECT_EQ(status_of(answer), 413);
    answer = co_await talk(server.port(),
                           post + "Transfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x') + "\r\n0\r\n\r\n");
    EXPECT_EQ(status_of(answer), 413);
    co_await server.close();
  });
}

TEST_P(Serving, AnswersWhatIsNotHttpAndCloses) {
  run([]() -> Coro<> {
    Server server(sample());
    co_await server.start("127.0.0.1", 0);
    struct {
      const char* input;
      int status;
    } const cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        {"\x16\x03\x01\x02", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc", 400},
        {"GET /%FF HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    };
    for (const auto& c : cases) {
      const std::string answer = co_await talk(server.port(), c.input);
      EXPECT_EQ(status_of(answer), c.status) << c.input << "\n" << answer;
    }
    const std::string answer =
        co_await talk(server.port(), "GET /" + std::string(9000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(status_of(answer), 414);
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos) << answer;
    co_await server.close();
  });
}

TEST_P(Serving, KeepsToTheConnectionFields) {
  run([]() -> Coro<> {
    Server server(sample());
    co_await server.start("127.0.0.1", 0);
    std::string answer = co_await talk(
        server.port(), "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos) << answer;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << "one answer: " << answer;
    answer = co_await talk(server.port(), "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n");
    EXPECT_NE(answer.find("\r\nConnection: keep-alive\r\n"), std::string::npos) << answer;
    EXPECT_NE(answer.find("HTTP/1.1", 1), std::string::npos) << "two answers: " << answer;
    co_await server.close();
  });
}

TEST_P(Serving, ClosesConnectionsThatSayNothing) {
  run([]() -> Coro<> {
    Server server(sample(), fast);
    co_await server.start("127.0.0.1", 0);
    Stream silent = co_await open_connection("127.0.0.1", server.port());
    Stream slow = co_await open_connection("127.0.0.1", server.port());
    Stream idle = co_await open_connection("127.0.0.1", server.port());
    Stream half = co_await open_connection("127.0.0.1", server.port());
    co_await slow.write("GET / HTT");
    co_await idle.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    co_await half.write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    const std::string first = co_await idle.readuntil("hello");
    std::string end = co_await raised<OsError>(silent.read());
    end = co_await raised<OsError>(slow.read());
    end = co_await raised<OsError>(idle.read());
    end = co_await raised<OsError>(half.read());
    while (server.connections() > 0) co_await settle();
    co_await server.close();
  });
}

TEST_P(Serving, CloseWaitsForRequestsUnderWay) {
  run([]() -> Coro<> {
    Future<> started;
    Future<> gate;
    Router router;
    router.get("/", [&started, &gate](Request&) -> Coro<Response> {
      started.set_result();
      co_await gate;
      co_return "done";
    });
    Server server(std::move(router));
    co_await server.start("127.0.0.1", 0);
    const std::uint16_t port = server.port();
    Stream idle = co_await open_connection("127.0.0.1", port);
    Stream busy = co_await open_connection("127.0.0.1", port);
    co_await busy.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    co_await started;
    Task<> closing = create_task(server.close());
    Task<> closing_too = create_task(server.close());
    const std::string nothing = co_await raised<OsError>(idle.read());
    EXPECT_FALSE(closing.done());
    const std::string refused = co_await raised<ConnectionRefusedError>(open_connection("127.0.0.1", port));
    EXPECT_NE(refused, "nothing");
    gate.set_result();
    const std::string answer = co_await busy.read();
    EXPECT_TRUE(answer.ends_with("done")) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
    co_await closing;
    co_await closing_too;
    co_await server.close();
  });
}

TEST_P(Serving, CloseCancelsHandlersThatTakeTooLong) {
  run([]() -> Coro<> {
    bool cancelled = false;
    Router router;
    router.get("/", [&cancelled](Request&) -> Coro<Response> {
      try {
        co_await sleep(3600s);
      } catch (const CancelledError&) {
        cancelled = true;
        throw;
      }
      co_return "never";
    });
    Server server(std::move(router), fast);
    co_await server.start("127.0.0.1", 0);
    Stream stream = co_await open_connection("127.0.0.1", server.port());
    co_await stream.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    co_await settle();
    co_await server.close();
    EXPECT_TRUE(cancelled);
  });
}

TEST_P(Serving, ServesUntilItIsCancelled) {
  run([]() -> Coro<> {
    Server server([] { return "one handler for all"; });
    co_await server.start("127.0.0.1", 0);
    Task<> serving = create_task(server.serve_forever());
    const std::string answer = co_await talk(server.port(), "PUT /any HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(answer.ends_with("one handler for all")) << answer;
    serving.cancel();
    const std::string why = co_await raised<CancelledError>(serving);
    EXPECT_NE(why, "nothing");
    EXPECT_EQ(server.connections(), 0U);
  });
}

TEST_P(Serving, ManyConnectionsAtOnce) {
  run([]() -> Coro<> {
    Server server(sample());
    co_await server.start("127.0.0.1", 0);
    const auto client = [&server](int n) -> Coro<> {
      const std::string name = std::to_string(n);
      for (int i = 0; i < 5; ++i) {
        const std::string answer = co_await talk(server.port(), "GET /hello/" + name + " HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_EQ(body_of(answer), "hello, " + name);
      }
    };
    std::vector<Task<>> clients;
    for (int i = 0; i < 50; ++i) clients.push_back(create_task(client(i)));
    for (auto& task : clients) co_await task;
    co_await server.close();
  });
}

}  // namespace
}  // namespace tarn::http
