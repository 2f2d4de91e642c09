// SPDX-License-Identifier: BSL-1.0
// What the machine sends and what it refuses to, and client and server talking to each other.
#include <string>

#include <gtest/gtest.h>

#include <tarn/wire/http1.h>

namespace tarn::wire {
namespace {

RequestHead request(std::string method, std::string target, Headers headers) {
  return {.method = std::move(method), .target = std::move(target), .headers = std::move(headers)};
}
ResponseHead response(std::uint16_t status, Headers headers = {}) {
  return {.status = status, .headers = std::move(headers)};
}

// A server that has read this request.
Http1 server_after(std::string_view input) {
  Http1 machine(Role::server);
  machine.feed(input);
  while (machine.next_event().kind != EventKind::paused) {
  }
  return machine;
}
Http1 server_after_get() { return server_after("GET / HTTP/1.1\r\nHost: a\r\n\r\n"); }
Http1 server_after_old_get() { return server_after("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"); }

template <class Head>
std::string sent(Http1& machine, const Head& head) {
  std::string out;
  const ProtocolError error = machine.send(head, out);
  EXPECT_TRUE(!error || (out.empty() && error.fault == Fault::local));
  return error ? "refused: " + error.text : out;
}

TEST(Http1, WritesRequests) {
  Http1 machine(Role::client);
  EXPECT_EQ(sent(machine, request("POST", "/x?y", {{"Host", "a"}, {"Content-Length", "3"}, {"Empty", ""}})),
            "POST /x?y HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nEmpty: \r\n\r\n");
  std::string out;
  EXPECT_FALSE(machine.send_data("ab", out));
  EXPECT_FALSE(machine.send_data("", out));
  EXPECT_FALSE(machine.send_data("c", out));
  EXPECT_FALSE(machine.send_end(out));
  EXPECT_EQ(out, "abc");
}

TEST(Http1, WritesChunksAndTrailers) {
  Http1 machine(Role::client);
  sent(machine, request("POST", "/", {{"Host", "a"}, {"Transfer-Encoding", "chunked"}}));
  std::string out;
  EXPECT_FALSE(machine.send_data("0123456789abcdef", out));
  EXPECT_FALSE(machine.send_data("", out));  // would end the body
  const Headers trailers{{"Sum", "1"}};
  EXPECT_FALSE(machine.send_end(out, &trailers));
  EXPECT_EQ(out, "10\r\n0123456789abcdef\r\n0\r\nSum: 1\r\n\r\n");
}

TEST(Http1, RefusesToSendMalformedRequests) {
  const Headers host{{"Host", "a"}};
  struct {
    RequestHead head;
    const char* error;
  } const cases[] = {
      {request("GET", "/", {}), "refused: Host is missing"},
      {request("GET", "/", {{"Host", "a"}, {"Host", "b"}}), "refused: two Host fields"},
      {request("GE T", "/", host), "refused: a space in the method"},
      {request("", "/", host), "refused: the method is missing"},
      {request("GET", "", host), "refused: the target is missing"},
      {request("GET", "/a b", host), "refused: a space in the target"},
      {request("GET", "/\r\nX: y", host), "refused: byte 0x0d in the target"},
      {request("GET", "a", host), "refused: the target 'a' is neither a path nor a URL"},
      {request("GET", "/", {{"Host", "a\r\nX: y"}}), "refused: byte 0x0d in the value of 'Host'"},
      {request("GET", "/", {{"Host", "a"}, {"X", "b\nc"}}), "refused: byte 0x0a in the value of 'X'"},
      {request("GET", "/", {{"Host", "a"}, {"X", std::string_view("\0", 1)}}),
       "refused: byte 0x00 in the value of 'X'"},
      {request("GET", "/", {{"Host", "a"}, {"X:", "b"}}), "refused: the field name 'X:' is not a token"},
      {request("GET", "/", {{"Host", "a"}, {"", "b"}}), "refused: the field name '' is not a token"},
      {request("GET", "/", {{"Host", "a"}, {"X\r\nY", "b"}}), "refused: the field name 'X??Y' is not a token"},
      {request("POST", "/", {{"Host", "a"}, {"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}}),
       "refused: both Content-Length and Transfer-Encoding"},
      {request("POST", "/", {{"Host", "a"}, {"Content-Length", "x"}}), "refused: Content-Length 'x' is not a number"},
      {request("POST", "/", {{"Host", "a"}, {"Transfer-Encoding", "gzip"}}),
       "refused: Transfer-Encoding doesn't end in \"chunked\""},
      {{.method = "POST", .target = "/", .version = Version::http_1_0, .headers = {{"Transfer-Encoding", "chunked"}}},
       "refused: Transfer-Encoding in an HTTP/1.0 message"},
  };
  for (const auto& c : cases) {
    Http1 machine(Role::client);
    EXPECT_EQ(sent(machine, c.head), c.error);
    // A refused message changes nothing: a good one can still be sent.
    EXPECT_EQ(sent(machine, request("GET", "/", host)), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  }
}

TEST(Http1, RefusesToSendInTheWrongOrder) {
  std::string out;
  Http1 client(Role::client);
  EXPECT_EQ(client.send(response(200), out).text, "a client sends no responses");
  EXPECT_EQ(client.send_data("x", out).text, "a body before its head");
  EXPECT_EQ(client.send_end(out).text, "an end before its head");
  EXPECT_FALSE(client.send(request("GET", "/", {{"Host", "a"}}), out));
  EXPECT_EQ(client.send(request("GET", "/", {{"Host", "a"}}), out).text, "a second request in one cycle");
  EXPECT_EQ(client.send_data("x", out).text, "a body where the message has none");
  EXPECT_FALSE(client.send_end(out));
  EXPECT_EQ(client.send_end(out).text, "a second end");
  EXPECT_EQ(client.send_data("x", out).text, "a body after its end");

  Http1 server(Role::server);
  EXPECT_EQ(server.send(request("GET", "/", {{"Host", "a"}}), out).text, "a server sends no requests");
  EXPECT_EQ(server.send(response(200), out).text, "a response before the request");
  server = server_after_get();
  EXPECT_FALSE(server.send(response(200), out));
  EXPECT_EQ(server.send(response(200), out).text, "a second response in one cycle");

  Http1 closed(Role::client);
  closed.feed_eof();
  EXPECT_EQ(closed.send(request("GET", "/", {{"Host", "a"}}), out).text, "a request on a connection that is over");
}

TEST(Http1, HoldsTheSenderToItsContentLength) {
  std::string out;
  Http1 machine = server_after_get();
  ASSERT_FALSE(machine.send(response(200, {{"Content-Length", "3"}}), out));
  out.clear();
  EXPECT_EQ(machine.send_data("abcd", out).text, "a body of more than the 3 bytes of its Content-Length");
  EXPECT_EQ(machine.send_end(out).text, "incomplete body: sent 0 of 3 bytes");
  EXPECT_FALSE(machine.send_data("ab", out));
  EXPECT_EQ(machine.send_end(out).text, "incomplete body: sent 2 of 3 bytes");
  EXPECT_FALSE(machine.send_data("c", out));
  const Headers trailers{{"A", "b"}};
  EXPECT_EQ(machine.send_end(out, &trailers).text, "trailers after a body that is not chunked");
  EXPECT_FALSE(machine.send_end(out));
  EXPECT_EQ(out, "abc");
  EXPECT_TRUE(machine.can_reuse());
}

TEST(Http1, FramesResponsesAsTheClientUnderstandsThem) {
  Http1 machine = server_after_get();
  EXPECT_EQ(sent(machine, response(200)), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  machine = server_after_get();
  EXPECT_EQ(sent(machine, response(404, {{"Content-Length", "0"}})),
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  // RFC 9112 6.1: no chunks for HTTP/1.0; the body then ends with the connection.
  machine = server_after_old_get();
  EXPECT_EQ(sent(machine, response(200, {{"Transfer-Encoding", "chunked"}})),
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  std::string out;
  EXPECT_FALSE(machine.send_data("abc", out));
  EXPECT_FALSE(machine.send_end(out));
  EXPECT_EQ(out, "abc");
  EXPECT_FALSE(machine.can_reuse());
  machine = server_after_old_get();
  EXPECT_EQ(sent(machine, response(200, {{"Content-Length", "0"}})),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST(Http1, SaysThatItWillClose) {
  Http1 machine = server_after("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(sent(machine, response(204)), "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  machine = server_after_get();
  machine.close_after_this();
  EXPECT_EQ(sent(machine, response(204)), "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  machine = server_after_get();
  EXPECT_EQ(sent(machine, response(204, {{"Connection", "close"}})),
            "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  EXPECT_FALSE(machine.keep_alive());
}

TEST(Http1, SendsNoBodyWhereThereIsNone) {
  std::string out;
  // RFC 9110 9.3.2: the fields are those of a GET.
  Http1 machine = server_after("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(sent(machine, response(200, {{"Content-Length", "5"}})), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_FALSE(machine.sends_body());
  EXPECT_EQ(machine.send_data("x", out).text, "a body where the message has none");
  EXPECT_FALSE(machine.send_end(out));
  EXPECT_TRUE(machine.can_reuse());
  machine = server_after_get();
  EXPECT_EQ(sent(machine, response(304, {{"Content-Length", "5"}})),
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
  // RFC 9110 8.6: MUST NOT be sent.
  machine = server_after_get();
  EXPECT_EQ(sent(machine, response(204, {{"Content-Length", "0"}})),
            "refused: Content-Length or Transfer-Encoding in a response without a body");
  EXPECT_EQ(sent(machine, response(103, {{"Content-Length", "0"}})),
            "refused: Content-Length or Transfer-Encoding in a response without a body");
}

TEST(Http1, RefusesToSendMalformedResponses) {
  Http1 machine = server_after_get();
  EXPECT_EQ(sent(machine, response(99)), "refused: status 99");
  EXPECT_EQ(sent(machine, response(1000)), "refused: status 1000");
  EXPECT_EQ(sent(machine, response(101)), "refused: 101 to a request that offered no upgrade");
  // Response splitting.
  EXPECT_EQ(sent(machine, response(302, {{"Location", "/\r\nSet-Cookie: x"}})),
            "refused: byte 0x0d in the value of 'Location'");
  EXPECT_EQ(sent(machine, ResponseHead{.status = 200, .reason = "OK\r\nX: y"}), "refused: byte 0x0d in the reason");
  EXPECT_EQ(sent(machine, response(200, {{"Content-Length", "1"}, {"Content-Length", "2"}})),
            "refused: two Content-Length fields that differ");
  EXPECT_EQ(sent(machine, response(500, {{"Content-Length", "0"}})),
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
}

TEST(Http1, AnswersAMalformedRequestAndCloses) {
  Http1 machine(Role::server);
  machine.feed("GET / HTTP/1.1\r\nno colon\r\n\r\n");
  const Event event = machine.next_event();
  ASSERT_EQ(event.kind, EventKind::error);
  EXPECT_EQ(sent(machine, response(event.error->status, {{"Content-Length", "0"}})),
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST(Http1, SendsInterimResponses) {
  Http1 machine(Role::server);
  machine.feed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(machine.next_event().kind, EventKind::request_head);
  EXPECT_TRUE(machine.waits_for_continue());
  EXPECT_EQ(sent(machine, response(100)), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_FALSE(machine.waits_for_continue());
  EXPECT_EQ(sent(machine, response(103, {{"Link", "</a>"}})), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  machine.feed("hi");
  EXPECT_EQ(machine.next_event().data, "hi");
  EXPECT_EQ(sent(machine, response(204)), "HTTP/1.1 204 No Content\r\n\r\n");
  // RFC 9110 15.2: never to an HTTP/1.0 client.
  machine = server_after_old_get();
  EXPECT_EQ(sent(machine, response(103)), "");
}

TEST(Http1, ABodyThatComesAnywayIsNotWaitedFor) {
  Http1 machine(Role::server);
  machine.feed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nh");
  EXPECT_EQ(machine.next_event().kind, EventKind::request_head);
  EXPECT_FALSE(machine.waits_for_continue());
}

TEST(Http1, DoesNotReuseAConnectionWithAnUnreadBody) {
  Http1 machine(Role::server);
  machine.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(machine.next_event().kind, EventKind::request_head);
  std::string out;
  EXPECT_FALSE(machine.send(response(204), out));
  EXPECT_FALSE(machine.send_end(out));
  EXPECT_FALSE(machine.can_reuse());
  machine.feed("hi");
  EXPECT_EQ(machine.next_event().kind, EventKind::data);
  EXPECT_EQ(machine.next_event().kind, EventKind::end_of_message);
  EXPECT_TRUE(machine.start_next_cycle());
}

// --- both ends

struct Message {
  std::string head;
  std::string body;
  Headers trailers;
};

Message receive(Http1& machine, std::string_view bytes) {
  Message message;
  machine.feed(bytes);
  for (;;) {
    const Event event = machine.next_event();
    if (event.kind == EventKind::request_head) message.head = event.request->method + " " + event.request->target;
    if (event.kind == EventKind::response_head) message.head = std::to_string(event.response->status);
    if (event.kind == EventKind::data) message.body += event.data;
    if (event.kind == EventKind::end_of_message) message.trailers = *event.trailers;
    if (event.kind == EventKind::error) message.head += " error: " + event.error->text;
    if (event.kind == EventKind::error || event.kind == EventKind::need_data || event.kind == EventKind::paused)
      return message;
  }
}

TEST(Http1, ClientAndServerUnderstandEachOther) {
  Http1 client(Role::client);
  Http1 server(Role::server);
  for (int cycle = 0; cycle < 20; ++cycle) {
    const std::string body(static_cast<std::size_t>(cycle) * 1000, 'b');
    const bool chunked = cycle % 2 == 0;
    Headers headers{{"Host", "a"}};
    if (chunked)
      headers.add("Transfer-Encoding", "chunked");
    else
      headers.add("Content-Length", std::to_string(body.size()));
    std::string out;
    ASSERT_FALSE(client.send(request("POST", "/" + std::to_string(cycle), headers), out));
    for (std::size_t at = 0; at < body.size(); at += 700)
      ASSERT_FALSE(client.send_data(std::string_view(body).substr(at, 700), out));
    const Headers trailers{{"Checksum", "1"}};
    ASSERT_FALSE(client.send_end(out, chunked ? &trailers : nullptr));

    const Message got = receive(server, out);
    EXPECT_EQ(got.head, "POST /" + std::to_string(cycle));
    EXPECT_EQ(got.body, body);
    EXPECT_EQ(got.trailers, chunked ? trailers : Headers{});

    out.clear();
    ASSERT_FALSE(
        server.send(chunked ? response(200) : response(200, {{"Content-Length", std::to_string(body.size())}}), out));
    ASSERT_FALSE(server.send_data(body, out));
    ASSERT_FALSE(server.send_end(out));
    const Message answer = receive(client, out);
    EXPECT_EQ(answer.head, "200");
    EXPECT_EQ(answer.body, body);
    ASSERT_TRUE(client.start_next_cycle());
    ASSERT_TRUE(server.start_next_cycle());
  }
}

TEST(Http1, BothEndsSwitchTogether) {
  Http1 client(Role::client);
  Http1 server(Role::server);
  std::string out;
  ASSERT_FALSE(client.send(request("GET", "/", {{"Host", "a"}, {"Connection", "Upgrade"}, {"Upgrade", "x"}}), out));
  ASSERT_FALSE(client.send_end(out));
  receive(server, out);
  out.clear();
  ASSERT_FALSE(server.send(response(101, {{"Connection", "upgrade"}, {"Upgrade", "x"}}), out));
  receive(client, out + "frames");
  EXPECT_TRUE(server.switched());
  EXPECT_TRUE(client.switched());
  EXPECT_EQ(client.take_leftover(), "frames");
  EXPECT_FALSE(client.start_next_cycle());
  EXPECT_FALSE(server.start_next_cycle());
}

}  // namespace
}  // namespace tarn::wire
