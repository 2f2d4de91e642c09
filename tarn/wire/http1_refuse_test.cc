// SPDX-License-Identifier: BSL-1.0
// What the machine refuses, with which status and which words. Each input is also cut at every place.
#include <string>

#include <gtest/gtest.h>

#include <tarn/wire/http1.h>
#include <tarn/wire/http1_testing.h>

namespace tarn::wire {
namespace {

using testing::cut_dependence;
using testing::Play;
using testing::record;

constexpr std::size_t every_cut = 4096;

struct Refused {
  std::string_view input;
  int status;
  const char* text;  // how the error's text begins
};

void expect_refused(const Play& play, std::initializer_list<Refused> cases) {
  for (const Refused& c : cases) {
    const std::string said = record(play, {c.input});
    const std::string error = "error " + std::to_string(c.status) + " " + c.text;
    EXPECT_NE(("\n" + said).find("\n" + error), std::string::npos)
        << c.input << "\n-- expected: " << error << "\n-- got: " << said;
    EXPECT_EQ(cut_dependence(play, c.input, every_cut), "") << c.input;
  }
}

using std::string_view_literals::operator""sv;

TEST(Http1, RefusesMalformedRequestLines) {
  expect_refused(
      {}, {
              // RFC 9112 3: exactly one space between the parts.
              {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: '/ HTTP/1.1' is not an HTTP version"},
              {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: ' HTTP/1.1' is not an HTTP version"},
              {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400, "request line 1: 'HTTP/1.1 ' is not an HTTP version"},
              {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: byte 0x09 in the method"},
              {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: 'b HTTP/1.1' is not an HTTP version"},
              {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "not HTTP: a message that begins with a space"},
              {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: the method is missing"},
              {"GET\r\n\r\n", 400, "request line 1: the target is missing"},
              // HTTP/0.9.
              {"GET /\r\n\r\n", 400, "request line 1: the HTTP version is missing"},
              // RFC 9110 9.1: a method is a token.
              {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: '(' in the method"},
              {"G\0T / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, "request line 1: byte 0x00 in the method"},
              {"M2345678901234567890123456789012 / HTTP/1.1\r\n\r\n", 400, "request head: Host is missing"},
              {"M23456789012345678901234567890123 / HTTP/1.1\r\n\r\n", 501, "request line 1: a method of 33 bytes"},
              // Other protocols, at their first byte.
              {"\x16\x03\x01\x02", 400, "not HTTP: a message that begins with byte 0x16, as TLS does"},
              {"\0"sv, 400, "not HTTP: a message that begins with byte 0x00"},
              {"\n", 400, "not HTTP: a message that begins with byte 0x0a"},
              {"{\"a\":1}\n", 400, "not HTTP: a message that begins with '{'"},
          });
}

TEST(Http1, RefusesVersionsItDoesNotSpeak) {
  expect_refused({},
                 {
                     {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "request line 1: HTTP/2.0 is not spoken here"},
                     {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "request line 1: HTTP/2.0 is not spoken here"},
                     {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505, "request line 1: HTTP/0.9"},
                     // RFC 9112 2.3: case-sensitive, one digit, a dot, one digit.
                     {"GET / http/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: 'http/1.1' is not an HTTP version"},
                     {"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400, "request line 1: 'HTTP/1.10' is not"},
                     {"GET / HTTP/01.1\r\nHost: a\r\n\r\n", 400, "request line 1: 'HTTP/01.1' is not"},
                     {"GET / HTTP/1,1\r\nHost: a\r\n\r\n", 400, "request line 1: 'HTTP/1,1' is not"},
                     {"GET / HTTP/1.\r\nHost: a\r\n\r\n", 400, "request line 1: 'HTTP/1.' is not"},
                     {"GET / HTTPS/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: 'HTTPS/1.1' is not"},
                     {"GET / \r\nHost: a\r\n\r\n", 400, "request line 1: '' is not"},
                 });
}

TEST(Http1, RefusesMalformedTargets) {
  expect_refused(
      {},
      {
          // RFC 9112 3.2.1 - 3.2.4.
          {"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: the target 'a' is neither a path nor a URL"},
          {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: the target \"*\" of a method other than OPTIONS"},
          {"GET ?q HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: the target '?q'"},
          {"GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: the target 'http:/a'"},
          {"GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: the target 'http:///a'"},
          {"GET http://:80/a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: the target"},
          {"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: the target"},
          {"GET ://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: the target"},
          {"CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 400,
           "request line 1: the target of CONNECT is not a host and a port"},
          {"CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: the target of CONNECT"},
          {"CONNECT a: HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: the target of CONNECT"},
          {"CONNECT :1 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: the target of CONNECT"},
          {"CONNECT a:x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: the target of CONNECT"},
          // RFC 9112 3.2: nothing that must be percent-encoded.
          {"GET /#f HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: '#' in the target"},
          {"GET /<x> HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: '<' in the target"},
          {"GET /\" HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: '\"' in the target"},
          {"GET /\x7F HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: byte 0x7f in the target"},
          {"GET /\xC3\xA9 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: byte 0xc3 in the target"},
          {"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400, "request line 1: byte 0x00 in the target"},
          {"GET /\t HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: byte 0x09 in the target"},
          {"GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request line 1: byte 0x0d in the target"},
      });
}

TEST(Http1, RefusesMalformedFields) {
  expect_refused(
      {},
      {
          // RFC 9112 2.2: a bare LF is no end of a line here, a bare CR never.
          {"GET / HTTP/1.1\nHost: a\n\n", 400, "request line 1: a line that ends in LF without CR"},
          {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400, "request line 2: a line that ends in LF without CR"},
          {"GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "request line 3: a line that ends in LF without CR"},
          {"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400, "request line 2: byte 0x0d in the value of 'Host'"},
          {"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 400, "request line 2: byte 0x0d in the value of 'Host'"},
          {"GET / HTTP/1.1\r\nX:\rY: b\r\nHost: a\r\n\r\n", 400, "request line 2: byte 0x0d in the value of 'X'"},
          {"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400, "request line 1: 'HTTP/1.1?' is not an HTTP version"},
          // RFC 9112 5.1: the classic way to hide a field from a front end.
          {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\n", 400,
           "request line 3: white space between the field name 'Content-Length' and its colon"},
          {"GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", 400, "request line 2: white space between"},
          // RFC 9112 5.2: folding; 2.2: white space before the first field.
          {"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400,
           "request line 4: a line that begins with white space"},
          {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "request line 2: a line that begins with white space"},
          {"GET / HTTP/1.1\r\nHost: a\r\n\tX: b\r\n\r\n", 400, "request line 3: a line that begins with white space"},
          // RFC 9110 5.1: a name is a token.
          {"GET / HTTP/1.1\r\n: x\r\nHost: a\r\n\r\n", 400, "request line 2: a field without a name"},
          {"GET / HTTP/1.1\r\nHost\r\n\r\n", 400, "request line 2: the field 'Host' has no colon"},
          {"GET / HTTP/1.1\r\nX(y): z\r\nHost: a\r\n\r\n", 400, "request line 2: '(' in the field name 'X(y)'"},
          {"GET / HTTP/1.1\r\nX\0: z\r\nHost: a\r\n\r\n"sv, 400, "request line 2: byte 0x00 in the field name"},
          {"GET / HTTP/1.1\r\nX\xC3: z\r\nHost: a\r\n\r\n", 400, "request line 2: byte 0xc3 in the field name"},
          {"GET / HTTP/1.1\r\nX y: z\r\nHost: a\r\n\r\n", 400, "request line 2: white space between"},
          // RFC 9110 5.5: control characters in values, wherever the fast check meets them.
          {"GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n"sv, 400, "request line 3: byte 0x00 in the value of 'X'"},
          {"GET / HTTP/1.1\r\nHost: a\r\nX: 01234567\x01\r\n\r\n", 400,
           "request line 3: byte 0x01 in the value of 'X'"},
          {"GET / HTTP/1.1\r\nHost: a\r\nX: 0123\x1F"
           "56789abcdef\r\n\r\n",
           400, "request line 3: byte 0x1f in the value of 'X'"},
          {"GET / HTTP/1.1\r\nHost: a\r\nX: 0123\x7F"
           "56789abcdef\r\n\r\n",
           400, "request line 3: byte 0x7f in the value of 'X'"},
          {"GET / HTTP/1.1\r\nHost: a\r\nX: \xFF\xFF\x80\x80\x0B\xFF\xFF\xFF\r\n\r\n", 400,
           "request line 3: byte 0x0b in the value of 'X'"},
      });
}

TEST(Http1, RefusesRequestsWithoutOneGoodHost) {
  expect_refused(
      {},
      {
          // RFC 9112 3.2.
          {"GET / HTTP/1.1\r\n\r\n", 400, "request head: Host is missing"},
          {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "request line 3: two Host fields"},
          {"GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", 400, "request line 3: two Host fields"},
          {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "request line 2: Host is empty"},
          {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "request line 2: a space in Host"},
          {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "request line 2: '/' in Host"},
          {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "request line 2: '@' in Host"},
          {"GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", 400, "request line 2: '?' in Host"},
          {"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400, "request line 2: Host 'a:b' has a port that is not a number"},
          {"GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400, "request line 2: Host 'a:1:2'"},
          {"GET / HTTP/1.1\r\nHost: :80\r\n\r\n", 400, "request line 2: Host ':80' is not a host and a port"},
          {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "request line 2: Host '[::1'"},
          {"GET / HTTP/1.1\r\nHost: ::1]\r\n\r\n", 400, "request line 2: Host '::1]'"},
          {"GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400, "request line 2: Host '[::1]x'"},
          {"GET / HTTP/1.1\r\nHost: a\xC3\xA9\r\n\r\n", 400, "request line 2: byte 0xc3 in Host"},
      });
}

TEST(Http1, RefusesTwoContentLengths) {
  expect_refused({}, {
                         // RFC 9112 6.3, item 5; RFC 9110 8.6.
                         {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy", 400,
                          "request line 4: two Content-Length fields that differ"},
                         {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\nx", 400,
                          "request line 4: two Content-Length fields"},
                         {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx", 400,
                          "request line 3: Content-Length '1, 1' is not a number"},
                     });
  expect_refused({.role = Role::client}, {
                                             {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
                                              502, "response line 3: two Content-Length fields that differ"},
                                         });
}

TEST(Http1, RefusesBadContentLengths) {
  expect_refused(
      {},
      {
          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400, "request line 3: Content-Length is empty"},
          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400,
           "request line 3: Content-Length '-1' is not a number"},
          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400, "request line 3: Content-Length '+1'"},
          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\nx", 400, "request line 3: Content-Length '0x1'"},
          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 2\r\n\r\nx", 400, "request line 3: Content-Length '1 2'"},
          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1.0\r\n\r\nx", 400, "request line 3: Content-Length '1.0'"},
          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \xD9\xA1\r\n\r\nx", 400, "request line 3: Content-Length"},
          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n", 400,
           "request line 3: Content-Length '18446744073709551616' is too large"},
          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400,
           "request line 3: Content-Length '99999999999999999999999' is too large"},
          // RFC 9112 6.3: a body that ends too early is incomplete.
          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel", 400, "incomplete body: got 3 of 5 bytes"},
      });
}

TEST(Http1, RefusesWhatCouldBeFramedInTwoWays) {
  expect_refused(
      {}, {
              // RFC 9112 6.1, 6.3 item 3: in either order.
              {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
               "request head: both Content-Length and Transfer-Encoding"},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400,
               "request head: both"},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\nContent-Length: 0\r\n\r\n", 400,
               "request head: both"},
              // RFC 9112 6.1: HTTP/1.0 with a coding.
              {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
               "request head: Transfer-Encoding in an HTTP/1.0 message"},
              // RFC 9112 6.1: codings nobody here knows; 6.3 item 4: "chunked" has to be the last, once (7.1).
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501,
               "request head: a transfer coding other than \"chunked\""},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501,
               "request head: Transfer-Encoding doesn't end in"},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 400,
               "request line 3: a transfer coding after"},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 400,
               "request line 3: a transfer coding after"},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 400,
               "request line 4: a transfer coding after"},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
               "request line 4: a transfer coding after"},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", 400,
               "request line 3: Transfer-Encoding has an empty element"},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n", 400,
               "request line 3: Transfer-Encoding has an empty element"},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,\r\n\r\n", 400,
               "request line 3: a transfer coding after"},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", 501,
               "request head: Transfer-Encoding doesn't end"},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n", 501,
               "request head: Transfer-Encoding doesn't end"},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501,
               "request head: Transfer-Encoding doesn't end"},
              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0b"
               "chunked\r\n\r\n",
               400, "request line 3: byte 0x0b in the value"},
              // RFC 9110 9.3.6.
              {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 400,
               "request head: a CONNECT request with a body"},
              {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
               "request head: a CONNECT request with a body"},
          });
  expect_refused(
      {.role = Role::client},
      {
          {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 502,
           "response head: both"},
          {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 502,
           "response head: Transfer-Encoding in an HTTP/1.0"},
          {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", 502, "response head: Transfer-Encoding doesn't end"},
      });
}

#define POST_CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

TEST(Http1, RefusesMalformedChunks) {
  expect_refused(
      {}, {
              // RFC 9112 7.1.
              {POST_CHUNKED "\r\n", 400, "chunk after 0 bytes of body: the chunk size '' is not a hexadecimal number"},
              {POST_CHUNKED "x\r\n", 400, "chunk after 0 bytes of body: the chunk size 'x' is not"},
              {POST_CHUNKED "-1\r\n", 400, "chunk after 0 bytes of body: the chunk size '-1' is not"},
              {POST_CHUNKED "+1\r\nx\r\n", 400, "chunk after 0 bytes of body: the chunk size '+1' is not"},
              {POST_CHUNKED "0x1\r\nx\r\n", 400,
               "chunk after 0 bytes of body: the chunk size line '0x1' has a malformed extension"},
              {POST_CHUNKED " 1\r\nx\r\n", 400, "chunk after 0 bytes of body: the chunk size ' 1' is not"},
              {POST_CHUNKED "1 \r\nx\r\n", 400,
               "chunk after 0 bytes of body: the chunk size line '1 ' has a malformed extension"},
              {POST_CHUNKED "1_0\r\nx\r\n", 400, "chunk after 0 bytes of body: the chunk size line '1_0'"},
              {POST_CHUNKED "10000000000000000\r\n", 400,
               "chunk after 0 bytes of body: the chunk size '10000000000000000' is too large"},
              {POST_CHUNKED "FFFFFFFFFFFFFFFFF\r\n", 400,
               "chunk after 0 bytes of body: the chunk size 'FFFFFFFFFFFFFFFFF' is too large"},
              // Line ends that others take for CRLF.
              {POST_CHUNKED "1\nx\r\n0\r\n\r\n", 400,
               "chunk after 0 bytes of body: a size line that ends in LF without CR"},
              {POST_CHUNKED "1\r\nx\n0\r\n\r\n", 400, "chunk after 1 bytes of body: CRLF doesn't follow"},
              {POST_CHUNKED "1\r\nx\r0\r\n\r\n", 400, "chunk after 1 bytes of body: CRLF doesn't follow"},
              {POST_CHUNKED "1\r\nxy\r\n0\r\n\r\n", 400, "chunk after 1 bytes of body: CRLF doesn't follow"},
              {POST_CHUNKED "5\r\nabc\r\n0\r\n\r\n", 400, "chunk after 5 bytes of body: CRLF doesn't follow"},
              {POST_CHUNKED "1\r\r\nx\r\n", 400,
               "chunk after 0 bytes of body: the chunk size line '1?' has a malformed extension"},
              // RFC 9112 7.1.1.
              {POST_CHUNKED "1;\r\nx\r\n", 400,
               "chunk after 0 bytes of body: the chunk size line '1;' has a malformed extension"},
              {POST_CHUNKED "1;=x\r\nx\r\n", 400, "chunk after 0 bytes of body: the chunk size line"},
              {POST_CHUNKED "1;a=\r\nx\r\n", 400, "chunk after 0 bytes of body: the chunk size line"},
              {POST_CHUNKED "1;a=\"b\r\nx\r\n", 400, "chunk after 0 bytes of body: the chunk size line"},
              {POST_CHUNKED "1;a=\"b\\\r\nx\r\n", 400, "chunk after 0 bytes of body: the chunk size line"},
              {POST_CHUNKED "1;a=\"\x01\"\r\nx\r\n", 400, "chunk after 0 bytes of body: the chunk size line"},
              {POST_CHUNKED "1;a b\r\nx\r\n", 400, "chunk after 0 bytes of body: the chunk size line"},
              {POST_CHUNKED "1;a\rb\r\nx\r\n", 400, "chunk after 0 bytes of body: the chunk size line"},
              // Ends too early, at each stage.
              {POST_CHUNKED, 400, "incomplete body: got 0 bytes, and no last chunk"},
              {POST_CHUNKED "5\r", 400, "incomplete body: got 0 bytes, and no last chunk"},
              {POST_CHUNKED "5\r\nab", 400, "incomplete body: got 2 bytes, and no last chunk"},
              {POST_CHUNKED "2\r\nab\r", 400, "incomplete body: got 2 bytes, and no last chunk"},
              {POST_CHUNKED "0\r\n", 400, "incomplete body: got 0 bytes, and no last chunk"},
              {POST_CHUNKED "0\r\nX: y\r\n", 400, "incomplete body: got 0 bytes, and no last chunk"},
          });
}

TEST(Http1, RefusesMalformedTrailers) {
  expect_refused(
      {}, {
              {POST_CHUNKED "0\r\nX y\r\n\r\n", 400, "trailer line 1: white space between"},
              {POST_CHUNKED "0\r\nA: b\r\n c\r\n\r\n", 400, "trailer line 2: a line that begins with white space"},
              {POST_CHUNKED "0\r\nA: b\n\r\n", 400, "trailer line 1: a line that ends in LF without CR"},
              {POST_CHUNKED "0\r\n\n", 400, "trailer line 1: a line that ends in LF without CR"},
              {POST_CHUNKED "0\r\nA: \x01\r\n\r\n", 400, "trailer line 1: byte 0x01"},
              // RFC 9110 6.5.1: not what frames, routes or authenticates.
              {POST_CHUNKED "0\r\nContent-Length: 5\r\n\r\n", 400, "trailer line 1: 'Content-Length' in the trailers"},
              {POST_CHUNKED "0\r\nX: y\r\ntransfer-encoding: chunked\r\n\r\n", 400,
               "trailer line 2: 'transfer-encoding' in the trailers"},
              {POST_CHUNKED "0\r\nHost: b\r\n\r\n", 400, "trailer line 1: 'Host' in the trailers"},
          });
}

TEST(Http1, RefusesMalformedResponses) {
  expect_refused(
      {.role = Role::client},
      {
          {"HTTP/2.0 200 OK\r\n\r\n", 502, "response line 1: HTTP/2.0 is not spoken here"},
          {"http/1.1 200 OK\r\n\r\n", 502, "not HTTP: a message that begins with 'h'"},
          {"\r\nHTTP/1.1 200 OK\r\n\r\n", 502, "not HTTP: a message that begins with byte 0x0d"},
          {"HTTP/1.1\r\n\r\n", 502, "response line 1: '' is not a status"},
          {"HTTP/1.1 \r\n\r\n", 502, "response line 1: '' is not a status"},
          {"HTTP/1.1 20 OK\r\n\r\n", 502, "response line 1: '20 ' is not a status"},
          {"HTTP/1.1 2000 OK\r\n\r\n", 502, "response line 1: '0' after the status"},
          {"HTTP/1.1 099 OK\r\n\r\n", 502, "response line 1: '099' is not a status"},
          {"HTTP/1.1 -20 OK\r\n\r\n", 502, "response line 1: '-20' is not a status"},
          {"HTTP/1.1  200 OK\r\n\r\n", 502, "response line 1: ' 20' is not a status"},
          {"HTTP/1.1\t200 OK\r\n\r\n", 502, "response line 1: 'HTTP/1.1?200' is not an HTTP version"},
          {"HTTP/1.1 200 O\x01K\r\n\r\n", 502, "response line 1: byte 0x01 in the reason"},
          {"HTTP/1.1 200 O\rK\r\n\r\n", 502, "response line 1: byte 0x0d in the reason"},
          {"HTTP/1.1 200 OK\nA: b\n\n", 502, "response line 1: a line that ends in LF without CR"},
          {"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", 502, "response line 2: white space between"},
          {"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", 502, "response line 3: a line that begins with white space"},
          {"HTTP/1.1 200 OK\r\nA", 502, "the connection ended after 18 bytes of a head"},
          {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2", 502, "the connection ended after 10 bytes of a head"},
          // RFC 9110 15.2.2: only to a request that offered it.
          {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", 502,
           "response head: 101 to a request that offered no upgrade"},
          {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", 502, "incomplete body: got 3 of 5 bytes"},
          {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 502,
           "incomplete body: got 3 bytes, and no last chunk"},
      });
}

TEST(Http1, RefusesResponsesNobodyAskedFor) {
  Http1 machine(Role::client);
  machine.feed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const Event event = machine.next_event();
  ASSERT_EQ(event.kind, EventKind::error);
  EXPECT_EQ(event.error->text, "bytes from the server before a request was sent");
}

// --- limits: each at its value and one beyond it

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

void expect_limit(const Play& play, const std::string& within, const std::string& beyond, const char* error) {
  constexpr std::size_t some_cuts = 300;
  EXPECT_EQ(record(play, {within}).find("error"), std::string::npos) << record(play, {within}).substr(0, 400);
  EXPECT_NE(record(play, {beyond}).find(error), std::string::npos) << record(play, {beyond}).substr(0, 400);
  EXPECT_EQ(cut_dependence(play, within, some_cuts), "");
  EXPECT_EQ(cut_dependence(play, beyond, some_cuts), "");
}

TEST(Http1, LimitsTheRequestLine) {
  Play play;
  play.limits.start_line_bytes_max = 30;
  const auto request = [](std::size_t path) {
    return "GET /" + std::string(path, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  expect_limit(play, request(14), request(15), "error 414 request line 1: more than 30 bytes");
  EXPECT_NE(record({}, {"GET /" + std::string(8178, 'x')}).find("ended after 8183 bytes"), std::string::npos);
  EXPECT_NE(record({}, {"GET /" + std::string(8187, 'x')}).find("error 414"), std::string::npos);
}

TEST(Http1, LimitsAFieldLine) {
  Play play;
  play.limits.field_line_bytes_max = 20;
  const auto request = [](std::size_t n) {
    return "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(n, 'x') + "\r\n\r\n";
  };
  expect_limit(play, request(15), request(16), "error 431 request line 3: more than 20 bytes");
}

TEST(Http1, LimitsTheHead) {
  Play play;
  play.limits.head_bytes_max = 100;
  const auto request = [](std::size_t n) {
    return "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(n, 'x') + "\r\n\r\n";
  };
  expect_limit(play, request(68), request(69), "error 431 request line 4: a head of more than 100 bytes");
  EXPECT_NE(
      record({}, {"GET / HTTP/1.1\r\n" + repeated("Y: " + std::string(10'000, 'y') + "\r\n", 7)}).find("error 431"),
      std::string::npos);
}

TEST(Http1, LimitsTheNumberOfFields) {
  const auto request = [](std::size_t n) { return "GET / HTTP/1.1\r\nHost: a\r\n" + repeated("X: y\r\n", n) + "\r\n"; };
  expect_limit({}, request(127), request(128), "error 431 request line 130: more than 128 fields");
  const auto trailers = [](std::size_t n) { return POST_CHUNKED "0\r\n" + repeated("X: y\r\n", n) + "\r\n"; };
  expect_limit({}, trailers(128), trailers(129), "error 431 trailer line 129: more than 128 fields");
}

TEST(Http1, LimitsChunkLinesAndTrailers) {
  Play play;
  play.limits.chunk_line_bytes_max = 10;
  const auto chunk = [](std::size_t n) { return POST_CHUNKED "1;" + std::string(n, 'x') + "\r\nx\r\n0\r\n\r\n"; };
  expect_limit(play, chunk(6), chunk(7), "error 400 chunk after 0 bytes of body: a size line of more than 10 bytes");
  play = {};
  play.limits.chunk_extension_bytes_max = 9;
  const auto chunks = [](std::size_t n) { return POST_CHUNKED + repeated("1;xx\r\na\r\n", n) + "0\r\n\r\n"; };
  expect_limit(play, chunks(3), chunks(4), "error 400 chunk after 3 bytes of body: more than 9 bytes of extensions");
  play = {};
  play.limits.trailer_bytes_max = 20;
  const auto trailer = [](std::size_t n) { return POST_CHUNKED "0\r\nX: " + std::string(n, 'x') + "\r\n\r\n"; };
  expect_limit(play, trailer(13), trailer(14), "error 431 trailer line 2: more than 20 bytes of trailers");
}

TEST(Http1, LimitsBodies) {
  Play play;
  play.limits.body_bytes_max = 3;
  const auto post = [](const char* n, const char* body) {
    return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::string(n) + "\r\n\r\n" + body;
  };
  expect_limit(play, post("3", "abc"), post("4", "abcd"), "error 413 request head: Content-Length 4 is more than 3");
  expect_limit(play, POST_CHUNKED "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", POST_CHUNKED "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n",
               "data ab\nerror 413 a body of more than 3 bytes");
  expect_limit(play, POST_CHUNKED "0\r\n\r\n", POST_CHUNKED "FFFFFFFFFFFFFFFF\r\n",
               "error 413 a body of more than 3 bytes");
  play.role = Role::client;
  expect_limit(play, "HTTP/1.1 200 OK\r\n\r\nabc", "HTTP/1.1 200 OK\r\n\r\nabcd",
               "data abc\nerror 502 a body of more than 3 bytes");
}

TEST(Http1, LimitsInterimResponses) {
  const auto responses = [](std::size_t n) {
    return repeated("HTTP/1.1 103 Hints\r\n\r\n", n) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  };
  expect_limit({.role = Role::client}, responses(16), responses(17),
               "error 502 response head: more than 16 interim responses");
}

TEST(Http1, RepeatsTheFirstErrorForEver) {
  Http1 machine(Role::server);
  machine.feed("GET / HTTP/3.0\r\n");
  for (int i = 0; i < 3; ++i) {
    const Event event = machine.next_event();
    ASSERT_EQ(event.kind, EventKind::error);
    EXPECT_EQ(event.error->status, 505);
    machine.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  EXPECT_FALSE(machine.keep_alive());
}

TEST(Http1, NeverShowsControlCharactersInErrors) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string bad(1, static_cast<char>(byte));
    for (const std::string& input :
         {"GET / HTTP/1.1\r\nX" + bad + ": y\r\n\r\n", "GET /" + bad + bad + " HTTP/1" + bad + "1\r\n\r\n",
          POST_CHUNKED + bad + "\x1B[0m\r\n", "GET / HTTP/1.1\r\nHost: a" + bad + "b\r\n\r\n"}) {
      const std::string said = record({}, {input});
      for (char c : said.substr(said.find("error") == std::string::npos ? said.size() : said.find("error")))
        EXPECT_TRUE(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F)) << byte;
    }
  }
}

}  // namespace
}  // namespace tarn::wire
