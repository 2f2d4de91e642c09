// SPDX-License-Identifier: BSL-1.0
// The client against our server, and against servers that misbehave, on both Ports.
#include <tarn/http/http_fixture.h>

#include <array>

namespace tarn::http {
namespace {

class Requesting : public HttpTest {};
TARN_ON_BOTH_PORTS(Requesting);

// What came in, as text: method, target, some fields and the body.
Coro<Response> mirror(Request& request) {
  std::string text = request.method + " " + request.target + "\n";
  for (const char* name :
       {"Content-Type", "Content-Length", "Transfer-Encoding", "Authorization", "X-Test", "User-Agent"})
    if (const auto value = request.headers.get(name)) text.append(name).append(": ").append(*value).append("\n");
  text += co_await request.read();
  co_return Response::text(text);
}

Router sample() {
  Router router;
  router.get("/text", [] { return "h\xC3\xA9llo"; });
  router.get("/gbk", [] { return Response::bytes("\xC4\xE3\xBA\xC3", "text/html; charset=gbk"); });
  router.get("/big", [] { return Response::bytes(std::string(3'000'000, 'b'), "application/octet-stream"); });
  router.get("/stream", [] {
    return Response::stream([](BodyWriter& out) -> Coro<> {
      for (int i = 0; i < 100; ++i) co_await out.write(std::string(1000, 'a'));
    });
  });
  router.get("/missing", [](Request&) -> Coro<Response> { throw HttpError(404); });
  router.get("/to/{status}", [](Request& request) {
    return Response::redirect("/mirror?from=" + request.match_info("status"),
                              static_cast<std::uint16_t>(std::stoi(request.match_info("status"))));
  });
  router.post("/to/{status}", [](Request& request) {
    return Response::redirect("/mirror", static_cast<std::uint16_t>(std::stoi(request.match_info("status"))));
  });
  router.get("/loop", [] { return Response::redirect("/loop"); });
  router.get("/far", [] { return Response::redirect("ftp://example.org/"); });
  router.get("/bad", [] { return Response::redirect("http://[x/"); });
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
    router.add(method, "/mirror", make_handler(mirror));
  router.get("/never", [](Request&) -> Coro<Response> {
    co_await sleep(3600s);
    co_return "";
  });
  router.get("/half", [] {
    return Response::stream([](BodyWriter& out) -> Coro<> {
      co_await out.write("half");
      co_await sleep(3600s);
    });
  });
  return router;
}

// Our server, and the URL of a path on it.
struct Site {
  Server server{sample(), ServerOptions{.shutdown_timeout = Duration::seconds(0.05)}};
  Coro<> start() { return server.start("127.0.0.1", 0); }
  std::string operator/(const std::string& path) const { return server.url() + "/" + path; }
};

TEST_P(Requesting, GetsAResponse) {
  run([]() -> Coro<> {
    Site site;
    co_await site.start();
    ClientSession session;
    Response response = co_await session.get(site / "text");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.reason, "OK");
    EXPECT_EQ(response.content_type(), "text/plain");
    EXPECT_EQ(response.url().path(), "/text");
    const std::string text = co_await response.text();
    EXPECT_EQ(text, "h\xC3\xA9llo");
    const std::string again = co_await response.read();
    EXPECT_EQ(again, text);
    Response gbk = co_await session.get(site / "gbk");
    EXPECT_EQ(co_await gbk.text(), "\xE4\xBD\xA0\xE5\xA5\xBD");
    co_await session.close();
    co_await site.server.close();
  });
}

TEST_P(Requesting, WorksWithWith) {
  run([]() -> Coro<> {
    Site site;
    co_await site.start();
    const auto use = [&site](ClientSession& session) -> Coro<std::size_t> {
      const auto read = [](Response& response) -> Coro<std::string> {
        std::string body = co_await response.content.read();
        co_return body;
      };
      const std::string body = co_await with(session.get(site / "big"), read);
      co_return body.size();
    };
    const std::size_t size = co_await with(ClientSession(), use);
    EXPECT_EQ(size, 3'000'000U);
    co_await site.server.close();
  });
}

TEST_P(Requesting, UsesConnectionsAgain) {
  run([]() -> Coro<> {
    Site site;
    co_await site.start();
    ClientSession session;
    for (int i = 0; i < 10; ++i) {
      Response response = co_await session.get(site / "text");
      EXPECT_EQ(session.idle_connections(), 1U) << "a small response gives it back before it is read";
    }
    EXPECT_EQ(site.server.connections(), 1U);
    Response big = co_await session.get(site / "big");
    EXPECT_EQ(session.idle_connections(), 0U);
    const std::string body = co_await big.read();
    EXPECT_EQ(session.idle_connections(), 1U);
    {
      Response dropped = co_await session.get(site / "big");
    }
    EXPECT_EQ(session.idle_connections(), 0U) << "an unread body closes its connection";
    co_await session.close();
    co_await site.server.close();
  });
}

TEST_P(Requesting, ReadsABodyInPieces) {
  run([]() -> Coro<> {
    Site site;
    co_await site.start();
    ClientSession session;
    Response response = co_await session.get(site / "big");
    std::array<char, 10'000> buffer;
    std::size_t total = 0;
    for (;;) {
      const std::size_t n = co_await response.content.read_some(buffer);
      if (n == 0) break;
      total += n;
    }
    EXPECT_EQ(total, 3'000'000U);
    Response chunked = co_await session.get(site / "stream");
    EXPECT_EQ(chunked.content.size(), std::nullopt);
    total = 0;
    for (;;) {
      const std::optional<std::string> piece = co_await chunked.content.next();
      if (!piece) break;
      total += piece->size();
    }
    EXPECT_EQ(total, 100'000U);
    co_await session.close();
    co_await site.server.close();
  });
}

TEST_P(Requesting, SendsWhatTheOptionsSay) {
  run([]() -> Coro<> {
    Site site;
    co_await site.start();
    const std::string base = site.server.url();
    ClientSession session(SessionOptions{.base_url = base, .headers = {{"X-Test", "session"}}});
    Response response = co_await session.get("mirror?a=1", {.params = {{"b", "x y"}, {"c", "&"}}});
    EXPECT_EQ(co_await response.text(), "GET /mirror?a=1&b=x+y&c=%26\nX-Test: session\nUser-Agent: tarn\n");
    response = co_await session.post("/mirror", {.data = "abc", .headers = {{"X-Test", "mine"}, {"User-Agent", "me"}}});
    EXPECT_EQ(
        co_await response.text(),
        "POST /mirror\nContent-Type: application/octet-stream\nContent-Length: 3\nX-Test: mine\nUser-Agent: me\nabc");
    response = co_await session.put("/mirror", {.json = "{}"});
    EXPECT_EQ(co_await response.text(),
              "PUT /mirror\nContent-Type: application/json\nContent-Length: 2\nX-Test: session\nUser-Agent: tarn\n{}");
    response = co_await session.post("/mirror");
    EXPECT_EQ(co_await response.text(), "POST /mirror\nContent-Length: 0\nX-Test: session\nUser-Agent: tarn\n");
    // User and password of the URL, as RFC 7617 writes its example.
    response = co_await session.get("http://Aladdin:open%20sesame@" + base.substr(7) + "/mirror");
    const std::string text = co_await response.text();
    EXPECT_NE(text.find("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\n"), std::string::npos) << text;
    response = co_await session.head("/text");
    EXPECT_EQ(response.headers.get("Content-Length"), "6");
    EXPECT_EQ(co_await response.text(), "");
    co_await session.close();
    co_await site.server.close();
  });
}

TEST_P(Requesting, StreamsABodyUpAndPipesOneThrough) {
  run([]() -> Coro<> {
    Site site;
    co_await site.start();
    ClientSession session;
    Request request("POST", Url::parse(site / "mirror"));
    request.content = Body(Body::Producer([](BodyWriter& out) -> Coro<> {
      for (int i = 0; i < 10; ++i) co_await out.write(std::to_string(i));
    }));
    Response response = co_await session.send(std::move(request));
    std::string text = co_await response.text();
    EXPECT_EQ(text, "POST /mirror\nTransfer-Encoding: chunked\nUser-Agent: tarn\n0123456789");
    // A proxy: the response of one server as the response of another.
    Server proxy([&](Request& in) -> Coro<Response> {
      Response out = co_await session.get(site.server.url() + in.target);
      co_return out;
    });
    co_await proxy.start("127.0.0.1", 0);
    Response big = co_await session.get(proxy.url() + "/big");
    const std::string body = co_await big.read();
    EXPECT_EQ(body.size(), 3'000'000U);
    Response chunked = co_await session.get(proxy.url() + "/stream");
    const std::string pieces = co_await chunked.read();
    EXPECT_EQ(pieces.size(), 100'000U);
    co_await session.close();
    co_await proxy.close();
    co_await site.server.close();
  });
}

TEST_P(Requesting, FollowsRedirects) {
  run([]() -> Coro<> {
    Site site;
    co_await site.start();
    ClientSession session;
    for (const char* status : {"301", "302", "303", "307", "308"}) {
      Response response = co_await session.get(site / "to/" + status);
      const std::string text = co_await response.text();
      EXPECT_EQ(text, std::string("GET /mirror?from=") + status + "\nUser-Agent: tarn\n");
      EXPECT_EQ(response.history.size(), 1U);
      EXPECT_EQ(response.history[0].status, std::stoi(status));
      EXPECT_EQ(response.url().path(), "/mirror");
    }
    // RFC 9110 15.4: which of them keep the method and the body.
    for (const char* status : {"301", "302", "303"}) {
      Response response = co_await session.post(site / "to/" + status, {.data = "abc"});
      EXPECT_EQ(co_await response.text(), "GET /mirror\nUser-Agent: tarn\n") << status;
    }
    for (const char* status : {"307", "308"}) {
      Response response = co_await session.post(site / "to/" + status, {.data = "abc"});
      EXPECT_EQ(co_await response.text(),
                "POST /mirror\nContent-Type: application/octet-stream\nContent-Length: 3\nUser-Agent: tarn\nabc")
          << status;
    }
    Response plain = co_await session.get(site / "to/302", {.allow_redirects = false});
    EXPECT_EQ(plain.status, 302);
    const std::string many = co_await raised<TooManyRedirects>(session.get(site / "loop"));
    EXPECT_NE(many.find("11 redirects"), std::string::npos) << many;
    const std::string far = co_await raised<InvalidUrl>(session.get(site / "far"));
    EXPECT_NE(far.find("ftp"), std::string::npos) << far;
    const std::string bad = co_await raised<InvalidUrl>(session.get(site / "bad"));
    EXPECT_NE(bad, "nothing");
    co_await session.close();
    co_await site.server.close();
  });
}

TEST_P(Requesting, TellsNoSecretsToAnotherOrigin) {
  run([]() -> Coro<> {
    Site site;
    Script other({});
    co_await site.start();
    co_await other.start();
    Script redirecting({"HTTP/1.1 302 Found\r\nLocation: " + site / "mirror" + "\r\nContent-Length: 0\r\n\r\n"});
    co_await redirecting.start();
    ClientSession session;
    Response response =
        co_await session.get(redirecting.url(), {.headers = {{"Authorization", "secret"}, {"X-Test", "kept"}}});
    const std::string text = co_await response.text();
    EXPECT_EQ(text, "GET /mirror\nX-Test: kept\nUser-Agent: tarn\n");
    EXPECT_NE(redirecting.heads()[0].find("Authorization: secret"), std::string::npos);
    co_await session.close();
    co_await redirecting.close();
    co_await other.close();
    co_await site.server.close();
  });
}

TEST_P(Requesting, RaisesForAStatusIfAsked) {
  run([]() -> Coro<> {
    Site site;
    co_await site.start();
    ClientSession session;
    Response response = co_await session.get(site / "missing");
    EXPECT_EQ(response.status, 404);
    EXPECT_THROW(response.raise_for_status(), ClientResponseError);
    const std::string why =
        co_await raised<ClientResponseError>(session.get(site / "missing", {.raise_for_status = true}));
    EXPECT_TRUE(why.starts_with("404, message='Not Found', url='http://127.0.0.1:")) << why;
    co_await session.close();
    co_await site.server.close();
  });
}

TEST_P(Requesting, NamesWhatFailed) {
  run([]() -> Coro<> {
    ClientSession session;
    std::uint16_t free_port = 0;
    {
      Server gone([] { return ""; });
      co_await gone.start("127.0.0.1", 0);
      free_port = gone.port();
      co_await gone.close();
    }
    std::string why =
        co_await raised<ClientConnectorError>(session.get("http://127.0.0.1:" + std::to_string(free_port)));
    EXPECT_TRUE(why.starts_with("Cannot connect to host 127.0.0.1:" + std::to_string(free_port) + " [")) << why;
    for (const char* url :
         {"", "no scheme", "http://", "http://a b/", "http://a:99999/", "https://127.0.0.1/", "http://a/%"}) {
      why = co_await raised<InvalidUrl>(session.get(url));
      EXPECT_NE(why, "nothing") << url;
    }
    co_await session.close();
    why = co_await raised<RuntimeError>(session.get("http://127.0.0.1/"));
    EXPECT_EQ(why, "Session is closed");
  });
}

TEST_P(Requesting, RefusesHeadersThatWouldSplitTheRequest) {
  run([]() -> Coro<> {
    Site site;
    co_await site.start();
    ClientSession session;
    const std::string why = co_await raised<ValueError>(session.get(site / "text", {.headers = {{"X", "a\r\nY: b"}}}));
    EXPECT_EQ(why, "request: byte 0x0d in the value of 'X'");
    co_await session.close();
    co_await site.server.close();
  });
}

TEST_P(Requesting, TellsABrokenBodyFromAWholeOne) {
  run([]() -> Coro<> {
    Script script({"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n0123456789",
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
                   "HTTP/1.0 200 OK\r\n\r\nuntil the end"});
    co_await script.start();
    ClientSession session;
    for (const char* expected :
         {"incomplete body: got 10 of 20 bytes", "incomplete body: got 5 bytes, and no last chunk",
          "chunk after 0 bytes of body: the chunk size 'xyz' is not a hexadecimal number"}) {
      Response response = co_await session.get(script.url());
      std::string why = co_await raised<ClientPayloadError>(response.read());
      EXPECT_EQ(why, expected);
      why = co_await raised<ClientPayloadError>(response.read());
      EXPECT_EQ(why, expected) << "an error doesn't turn into an end";
    }
    Response response = co_await session.get(script.url());
    EXPECT_EQ(co_await response.text(), "until the end");
    co_await session.close();
    co_await script.close();
  });
}

TEST_P(Requesting, TellsAServerThatSaysNothingOrNonsense) {
  run([]() -> Coro<> {
    Script script({"", "", "HTTP/1.1 200", "SSH-2.0-OpenSSH\r\n", "HTTP/1.1 200 OK\r\nBad Field: x\r\n\r\n"});
    co_await script.start();
    ClientSession session;
    std::string why = co_await raised<ServerDisconnectedError>(session.get(script.url()));
    EXPECT_EQ(why, "Server disconnected");
    why = co_await raised<ServerDisconnectedError>(session.post(script.url()));
    EXPECT_EQ(why, "Server disconnected");
    why = co_await raised<ClientResponseError>(session.get(script.url()));
    EXPECT_EQ(why, "invalid response: the connection ended after 12 bytes of a head");
    why = co_await raised<ClientResponseError>(session.get(script.url()));
    EXPECT_TRUE(why.starts_with("invalid response: not HTTP")) << why;
    why = co_await raised<ClientResponseError>(session.get(script.url()));
    EXPECT_TRUE(why.starts_with("invalid response: response line 2: white space")) << why;
    co_await session.close();
    co_await script.close();
  });
}

TEST_P(Requesting, TriesAgainWhenAKeptConnectionWasClosed) {
  run([]() -> Coro<> {
    // Says keep-alive, and closes all the same.
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    Script script({answer, answer, answer});
    co_await script.start();
    ClientSession session;
    for (int i = 0; i < 2; ++i) {
      Response response = co_await session.get(script.url());
      EXPECT_EQ(co_await response.text(), "ok");
      co_await settle();
    }
    // A POST may have been done already: nobody repeats it but the caller.
    const std::string why = co_await raised<ServerDisconnectedError>(session.post(script.url()));
    EXPECT_NE(why, "nothing");
    co_await session.close();
    co_await script.close();
  });
}

TEST_P(Requesting, KeepsToItsTimeouts) {
  run([]() -> Coro<> {
    Site site;
    co_await site.start();
    ClientSession session;
    const ClientTimeout total{.total = Duration::seconds(0.05)};
    std::string why = co_await raised<ServerTimeoutError>(session.get(site / "never", {.timeout = &total}));
    EXPECT_NE(why, "nothing");
    const ClientTimeout read{.sock_read = Duration::seconds(0.05)};
    why = co_await raised<TimeoutError>(session.get(site / "never", {.timeout = &read}));
    EXPECT_NE(why, "nothing");
    // The total counts to the last byte of the body.
    Response half = co_await session.get(site / "half", {.timeout = &total});
    why = co_await raised<TimeoutError>(half.read());
    EXPECT_NE(why, "nothing");
    // Connecting: the only connection is taken.
    const ClientTimeout connect{.connect = Duration::seconds(0.05)};
    ClientSession one(SessionOptions{.limit = 1});
    Response holding = co_await one.get(site / "half");
    why = co_await raised<ServerTimeoutError>(one.get(site / "text", {.timeout = &connect}));
    EXPECT_TRUE(why.starts_with("Connection timeout to host http://127.0.0.1")) << why;
    co_await one.close();
    co_await session.close();
    co_await site.server.close();
  });
}

TEST_P(Requesting, KeepsToItsLimits) {
  run([]() -> Coro<> {
    std::size_t now = 0;
    std::size_t most = 0;
    Server server([&](Request&) -> Coro<Response> {
      most = std::max(most, ++now);
      co_await sleep(2ms);
      --now;
      co_return "ok";
    });
    co_await server.start("127.0.0.1", 0);
    const std::string url = server.url();
    for (const SessionOptions& options : {SessionOptions{.limit = 3}, SessionOptions{.limit_per_host = 3}}) {
      ClientSession session(options);
      most = 0;
      const auto fetch = [&session, &url]() -> Coro<> {
        Response response = co_await session.get(url);
        EXPECT_EQ(co_await response.text(), "ok");
      };
      std::vector<Task<>> tasks;
      for (int i = 0; i < 12; ++i) tasks.push_back(create_task(fetch()));
      tasks[5].cancel();
      tasks[11].cancel();
      for (auto& task : tasks) {
        if (task == tasks[5] || task == tasks[11]) continue;
        co_await task;
      }
      EXPECT_EQ(most, 3U);
      co_await session.close();
    }
    co_await server.close();
  });
}

TEST_P(Requesting, DropsIdleConnectionsAfterAWhile) {
  run([]() -> Coro<> {
    Site site;
    co_await site.start();
    ClientSession session(SessionOptions{.keepalive_timeout = Duration::seconds(0.03)});
    Response response = co_await session.get(site / "text");
    EXPECT_EQ(session.idle_connections(), 1U);
    while (site.server.connections() > 0) co_await settle();
    EXPECT_EQ(session.idle_connections(), 0U);
    response = co_await session.get(site / "text");
    EXPECT_EQ(response.status, 200);
    co_await session.close();
    co_await site.server.close();
  });
}

TEST_P(Requesting, ACancelledRequestClosesItsConnection) {
  run([]() -> Coro<> {
    Site site;
    co_await site.start();
    ClientSession session;
    Task<Response> task = create_task(session.get(site / "never"));
    co_await settle();
    EXPECT_EQ(site.server.connections(), 1U);
    task.cancel();
    const std::string why = co_await raised<CancelledError>(std::move(task));
    EXPECT_NE(why, "nothing");
    EXPECT_EQ(session.idle_connections(), 0U);
    Response response = co_await session.get(site / "text");
    EXPECT_EQ(response.status, 200);
    co_await session.close();
    co_await site.server.close();
  });
}

TEST_P(Requesting, AResponseOutlivesItsSession) {
  run([]() -> Coro<> {
    Site site;
    co_await site.start();
    Response response;
    {
      ClientSession session;
      response = co_await session.get(site / "big");
    }
    const std::string why = co_await raised<ClientPayloadError>(response.read());
    EXPECT_NE(why, "nothing") << "its connection was closed with the session";
    co_await site.server.close();
  });
}

TEST_P(Requesting, ManyAtOnce) {
  run([]() -> Coro<> {
    Site site;
    co_await site.start();
    ClientSession session;
    std::vector<Task<Response>> tasks;
    for (int i = 0; i < 200; ++i) tasks.push_back(create_task(session.get(site / "text")));
    int good = 0;
    for (auto& task : tasks) {
      Response response = co_await std::move(task);
      const std::string text = co_await response.text();
      good += text == "h\xC3\xA9llo" ? 1 : 0;
    }
    EXPECT_EQ(good, 200);
    EXPECT_LE(session.idle_connections(), 100U);
    co_await session.close();
    co_await site.server.close();
  });
}

}  // namespace
}  // namespace tarn::http
