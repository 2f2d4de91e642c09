// SPDX-License-Identifier: BSL-1.0
// What the machine accepts, and what it says of it. Each input is also fed byte by byte and cut at every place.
#include <tarn/wire/http1.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include <tarn/wire/http1_testing.h>

namespace tarn::wire {
namespace {

using testing::cut_dependence;
using testing::Play;
using testing::record;

constexpr std::size_t every_cut = 4096;

struct Case {
  const char* input;
  const char* said;
};

void expect_all(const Play& play, std::initializer_list<Case> cases) {
  for (const Case& c : cases) {
    EXPECT_EQ(record(play, {c.input}), c.said) << c.input;
    EXPECT_EQ(cut_dependence(play, c.input, every_cut), "") << c.input;
  }
}

TEST(Http1, ReadsRequestsWithoutABody) {
  expect_all(
      {}, {
              {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 1.1|Host=a\nend\nclosed\n"},
              // RFC 9110 7.2: a host and a port in every form.
              {"GET /x?y=%20 HTTP/1.1\r\nhost:a.b-c:8080\r\n\r\n", "GET /x?y=%20 1.1|host=a.b-c:8080\nend\nclosed\n"},
              {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET / 1.1|Host=[::1]:80\nend\nclosed\n"},
              {"GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", "GET / 1.1|Host=[::1]\nend\nclosed\n"},
              {"GET / HTTP/1.1\r\nHost: a:\r\n\r\n", "GET / 1.1|Host=a:\nend\nclosed\n"},
              // RFC 9112 3.2: the four forms of the target.
              {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * 1.1|Host=a\nend\nclosed\n"},
              {"GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://a/b 1.1|Host=a\nend\nclosed\n"},
              {"GET http://[::1]:8/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://[::1]:8/ 1.1|Host=a\nend\nclosed\n"},
              // Browsers leave these as they are in queries.
              {"GET /?q={|}^`[]\\ HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?q={|}^`[]\\ 1.1|Host=a\nend\nclosed\n"},
              // RFC 9112 5.1: white space around a value is no part of it; an empty value is one.
              {"GET / HTTP/1.1\r\nHost: a\r\nX: \t b c \t\r\nY:\r\nZ: \r\n\r\n",
               "GET / 1.1|Host=a|X=b c|Y=|Z=\nend\nclosed\n"},
              // RFC 9110 5.5: tabs and bytes beyond ASCII are allowed inside.
              {"GET / HTTP/1.1\r\nHost: a\r\nX: b\tc\xC3\xA9\xFF........\t.......\r\n\r\n",
               "GET / 1.1|Host=a|X=b\tc\xC3\xA9\xFF........\t.......\nend\nclosed\n"},
              // RFC 9110 5.6.2: all of tchar.
              {"M!#$%&'*+-.^_`|~9z / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~9z: x\r\n\r\n",
               "M!#$%&'*+-.^_`|~9z / 1.1|Host=a|!#$%&'*+-.^_`|~9z=x\nend\nclosed\n"},
              // RFC 9112 2.2: one empty line before a request is ignored.
              {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 1.1|Host=a\nend\nclosed\n"},
              {"\r\n", "closed\n"},
              {"", "closed\n"},
              // RFC 9110 2.5: a higher minor version is the highest known one.
              {"GET / HTTP/1.9\r\nHost: a\r\n\r\n", "GET / 1.1|Host=a\nend\nclosed\n"},
          });
}

TEST(Http1, ReadsRequestsWithABody) {
  expect_all(
      {}, {
              // RFC 9112 6.2.
              {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
               "POST / 1.1|Host=a|Content-Length=5\ndata hello\nend\nclosed\n"},
              {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 000\r\n\r\n",
               "POST / 1.1|Host=a|Content-Length=000\nend\nclosed\n"},
              // RFC 9112 7.1: sizes in either case, with leading zeros; 7.1.1: extensions are ignored.
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n00A;x=\"q\\\"\t\";y ; z "
               "= 1\r\n0123456789\r\n0\r\n\r\n",
               "POST / 1.1|Host=a|Transfer-Encoding=Chunked\ndata hello0123456789\nend\nclosed\n"},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
               "POST / 1.1|Host=a|Transfer-Encoding=chunked\nend\nclosed\n"},
              // RFC 9112 7.1.2.
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0;a\r\nSum: 1\r\nT:2\r\n\r\n",
               "POST / 1.1|Host=a|Transfer-Encoding=chunked\ndata x\nend|Sum=1|T=2\nclosed\n"},
              // RFC 9110 10.1.1: not without a body, not in HTTP/1.0.
              {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n",
               "POST / 1.1|Host=a|Expect=100-Continue|Content-Length=1\nerror 400 incomplete body: got 0 of "
               "1 bytes\n"},
              {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
               "POST / 1.1|Host=a|Expect=100-continue\nend\nclosed\n"},
              {"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
               "POST / 1.0|Expect=100-continue|Content-Length=1\ndata x\nend, close\nclosed\n"},
          });
}

TEST(Http1, DecidesWhetherTheConnectionLives) {
  expect_all({}, {
                     // RFC 9112 9.3, in its order.
                     {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                      "GET / 1.1|Host=a|Connection=close\nend, close\nclosed\n"},
                     {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\nConnection: keep-alive\r\n\r\n",
                      "GET / 1.1|Host=a|Connection=x, CLOSE|Connection=keep-alive\nend, close\nclosed\n"},
                     {"GET / HTTP/1.0\r\n\r\n", "GET / 1.0\nend, close\nclosed\n"},
                     {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
                      "GET / 1.0|Connection=Keep-Alive\nend\nGET /2 1.0\nend, close\nclosed\n"},
                     {"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n",
                      "GET / 1.1|Host=a|Connection=closed\nend\nclosed\n"},
                 });
}

TEST(Http1, ReadsPipelinedRequestsOneCycleAtATime) {
  expect_all({}, {
                     {"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: "
                      "2\r\n\r\nxy\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
                      "GET /1 1.1|Host=a\nend\nPOST /2 1.1|Host=a|Content-Length=2\ndata xy\nend\nGET /3 "
                      "1.1|Host=a\nend\nclosed\n"},
                     // What follows the last request of a connection isn't read (RFC 9112 9.6).
                     {"GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
                      "GET /1 1.1|Host=a|Connection=close\nend, close\n"},
                 });
}

TEST(Http1, HandsTheBytesAfterASwitchOver) {
  expect_all({.upgrade = true},
             {
                 {"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n\x81\x01z",
                  "GET / 1.1|Host=a|Connection=upgrade|Upgrade=x\nend\nswitched \x81\x01z\n"},
                 // RFC 9110 7.8: without the connection option, or in HTTP/1.0, it offers nothing.
                 {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n", "GET / 1.1|Host=a|Upgrade=x\nend\nclosed\n"},
                 {"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
                  "GET / 1.0|Connection=upgrade|Upgrade=x\nend, close\nclosed\n"},
             });
  // RFC 9110 9.3.6: a tunnel begins after the head.
  expect_all({}, {{"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nrest",
                   "CONNECT a:443 1.1|Host=a:443\nend\nswitched rest\n"}});
  expect_all({.role = Role::client, .upgrade = true},
             {
                 {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nrest",
                  "101 Switching Protocols|Upgrade=x\nswitched rest\n"},
                 {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 OK|Content-Length=0\nend\nclosed\n"},
             });
  expect_all({.role = Role::client, .method = "CONNECT"},
             {
                 {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nrest", "200 OK|Content-Length=9\nswitched rest\n"},
                 {"HTTP/1.1 407 No\r\nContent-Length: 1\r\n\r\nx", "407 No|Content-Length=1\ndata x\nend\nclosed\n"},
             });
}

TEST(Http1, ReadsResponses) {
  expect_all(
      {.role = Role::client},
      {
          {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 OK|Content-Length=2\ndata hi\nend\nclosed\n"},
          {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200 |Content-Length=0\nend\nclosed\n"},
          {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200 |Content-Length=0\nend\nclosed\n"},
          {"HTTP/1.1 404 Nicht da \xC3\xA9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
           "404 Nicht da \xC3\xA9|Transfer-Encoding=chunked\ndata abc\nend\nclosed\n"},
          // RFC 9112 6.3, item 8: until the end of the connection.
          {"HTTP/1.1 200 OK\r\n\r\nall of this", "200 OK\ndata all of this\nend, close\nclosed\n"},
          {"HTTP/1.0 200 OK\r\n\r\n", "200 OK\nend, close\nclosed\n"},
          // Equal Content-Lengths (RFC 9110 8.6).
          {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
           "200 OK|Content-Length=2|Content-Length=2\ndata hi\nend\nclosed\n"},
          // RFC 9112 6.3, item 1: no body whatever the fields say.
          {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "204 No Content|Content-Length=5\nend\nclosed\n"},
          {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
           "304 Not Modified|Content-Length=5\nend\n200 OK|Content-Length=0\nend\nclosed\n"},
          // RFC 9110 15.2: interim responses come before the final one.
          {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 "
           "OK\r\nContent-Length: 1\r\n\r\nx",
           "interim 100 Continue\ninterim 103 Early Hints|Link=</a>\n200 OK|Content-Length=1\ndata x\nend\nclosed\n"},
          {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
           "200 OK|Content-Length=0|Connection=close\nend, close\nclosed\n"},
          {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
           "200 OK|Content-Length=0|Connection=keep-alive\nend\nclosed\n"},
          // The server closed a connection before it answered; what that means, the caller knows.
          {"", "closed\n"},
      });
  expect_all({.role = Role::client, .method = "HEAD"},
             {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
               "200 OK|Content-Length=5\nend\n200 OK|Transfer-Encoding=chunked\nend\nclosed\n"}});
}

TEST(Http1, GivesOutBodiesWithoutCopies) {
  Http1 machine(Role::client);
  std::string out;
  ASSERT_FALSE(machine.send(RequestHead{.headers = {{"Host", "a"}}}, out));
  ASSERT_FALSE(machine.send_end(out));
  machine.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(machine.next_event().kind, EventKind::response_head);
  EXPECT_EQ(machine.next_event().kind, EventKind::need_data);
  const std::span<char> room = machine.prepare(16);
  ASSERT_GE(room.size(), 16U);
  std::copy_n("hello", 5, room.data());
  machine.commit(5);
  const Event event = machine.next_event();
  EXPECT_EQ(event.data, "hello");
  EXPECT_EQ(static_cast<const void*>(event.data.data()), static_cast<const void*>(room.data()));
  EXPECT_EQ(machine.body_bytes(), 5U);
}

TEST(Http1, WaitsForTheCallerBetweenCycles) {
  Http1 machine(Role::server);
  EXPECT_TRUE(machine.untouched());
  machine.feed("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_FALSE(machine.untouched());
  EXPECT_EQ(machine.next_event().request->target, "/1");
  EXPECT_FALSE(machine.start_next_cycle());
  EXPECT_EQ(machine.next_event().kind, EventKind::end_of_message);
  EXPECT_EQ(machine.next_event().kind, EventKind::paused);
  EXPECT_FALSE(machine.start_next_cycle());
  std::string out;
  ASSERT_FALSE(machine.send(ResponseHead{.status = 204}, out));
  EXPECT_FALSE(machine.start_next_cycle());
  ASSERT_FALSE(machine.send_end(out));
  EXPECT_TRUE(machine.start_next_cycle());
  EXPECT_EQ(machine.next_event().request->target, "/2");
}

TEST(Http1, LetsTheHeadBeMovedAway) {
  Http1 machine(Role::server);
  for (int i = 0; i < 3; ++i) {
    machine.feed("GET /abcdefghijklmnopqrstuvwxyz HTTP/1.1\r\nHost: a\r\n\r\n");
    const RequestHead head = std::move(*machine.next_event().request);
    EXPECT_EQ(head.target, "/abcdefghijklmnopqrstuvwxyz");
    EXPECT_EQ(head.headers, (Headers{{"Host", "a"}}));
    EXPECT_EQ(machine.next_event().kind, EventKind::end_of_message);
    std::string out;
    ASSERT_FALSE(machine.send(ResponseHead{.status = 204}, out));
    ASSERT_FALSE(machine.send_end(out));
    ASSERT_TRUE(machine.start_next_cycle());
  }
}

// What fuzzing found, and the seeds it starts from: every file of the corpus, in each way to play it.
TEST(Http1, GivesTheSameVerdictOnTheCorpusHoweverItIsCut) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TARN_HTTP1_CORPUS)) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    const std::string input = text.str();
    for (const Play& play :
         {Play{}, Play{.upgrade = true}, Play{.role = Role::client}, Play{.role = Role::client, .method = "HEAD"}})
      EXPECT_EQ(cut_dependence(play, input, 512), "") << entry.path();
    ++files;
  }
  EXPECT_GE(files, 10);
}

}  // namespace
}  // namespace tarn::wire
