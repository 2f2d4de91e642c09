// SPDX-License-Identifier: BSL-1.0
// Bodies, requests, responses, dates and types: what needs a loop at most, but no connection.
#include <tarn/http/http.h>
#include <tarn/http/internal/content_type.h>
#include <tarn/http/internal/date.h>

#include <array>

#include <gtest/gtest.h>

#include <tarn/core/core.h>

namespace tarn::http {
namespace {

class Pieces final : public BodySource {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  Coro<std::string_view> next_chunk() override {
    if (at_ == pieces_.size()) co_return std::string_view();
    co_return pieces_[at_++];
  }

 private:
  std::vector<std::string> pieces_;
  std::size_t at_ = 0;
};

Coro<std::string> read_all(Body body) {
  std::string all = co_await body.read();
  co_return all;
}

TEST(Body, IsReadWholeFromWhateverItIs) {
  EXPECT_EQ(tarn::run(read_all(Body())), "");
  EXPECT_EQ(tarn::run(read_all(Body("abc"))), "abc");
  EXPECT_EQ(tarn::run(read_all(Body(new Pieces({"a", "bc", "d"})))), "abcd");
  EXPECT_EQ(tarn::run(read_all(Body(Body::Producer([](BodyWriter& out) -> Coro<> {
              co_await out.write("x");
              co_await out.write("yz");
            })))),
            "xyz");
}

TEST(Body, GivesAsManyBytesAsAreAskedFor) {
  const auto body = [](Body body) -> Coro<std::string> {
    std::string log;
    std::array<char, 3> three;
    for (;;) {
      const std::size_t n = co_await body.read_some(three);
      log.append(three.data(), n).append(",");
      if (n == 0) break;
    }
    co_return log;
  };
  EXPECT_EQ(tarn::run(body(Body("abcde"))), "abc,de,,");
  EXPECT_EQ(tarn::run(body(Body(new Pieces({"abcd", "e", "fghijk"})))), "abc,d,e,fgh,ijk,,");
  const auto by_read = [](Body body) -> Coro<std::string> {
    std::string log = co_await body.read(2);
    log += "," + co_await body.read(0);
    log += "," + co_await body.read(100);
    log += "," + co_await body.read();
    log += "," + co_await body.read(5);
    co_return log;
  };
  EXPECT_EQ(tarn::run(by_read(Body("abcde"))), "ab,,cde,,");
  EXPECT_EQ(tarn::run(by_read(Body(new Pieces({"abc", "de", "f"})))), "ab,,c,def,");
}

TEST(Body, ComesPieceByPiece) {
  const auto body = [](Body body) -> Coro<std::string> {
    std::string log;
    for (;;) {
      const std::optional<std::string> piece = co_await body.next();
      if (!piece) break;
      log += *piece + ",";
    }
    co_return log;
  };
  EXPECT_EQ(tarn::run(body(Body(new Pieces({"abc", "de"})))), "abc,de,");
  EXPECT_EQ(tarn::run(body(Body("abc"))), "abc,");
  EXPECT_EQ(tarn::run(body(Body())), "");
}

TEST(Body, MovesWithWhatItHas) {
  Body a("abc");
  Body b = std::move(a);
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(b.size(), 3U);
  a = std::move(b);
  EXPECT_EQ(tarn::run(read_all(std::move(a))), "abc");
  Body source(new Pieces({"x"}));
  EXPECT_EQ(source.size(), std::nullopt);
  source = Body("y");
  EXPECT_EQ(*source.bytes(), "y");
}

TEST(Request, TakesItsTargetApart) {
  Request request;
  request.target = "/a%20b/c?x=1&y=a+b&x=2";
  EXPECT_EQ(request.path(), "/a%20b/c");
  EXPECT_EQ(request.query_string(), "x=1&y=a+b&x=2");
  EXPECT_EQ(request.query("x"), "1");
  EXPECT_EQ(request.query("y"), "a b");
  EXPECT_EQ(request.query("z"), std::nullopt);
  EXPECT_EQ(request.match_info("none"), "");
  request.headers.add("Host", "example.org:81");
  EXPECT_EQ(request.url().str(), "http://example.org:81/a%20b/c?x=1&y=a+b&x=2");
  request.target = "http://h?q";
  EXPECT_EQ(request.path(), "/");
  request.target = "http://h/p?q";
  EXPECT_EQ(request.path(), "/p");
  request.target = "/?x=%zz";
  EXPECT_THROW(request.query("x"), HttpError);
  request.target = "/|";
  EXPECT_THROW(request.url(), HttpError);
}

TEST(Response, ReadsTwiceAndByCharset) {
  const auto text = [](std::string bytes, std::string type) -> Coro<std::string> {
    Response response = Response::bytes(std::move(bytes), type);
    const std::string first = co_await response.text();
    const std::string second = co_await response.text();
    EXPECT_EQ(first, second);
    co_return first;
  };
  EXPECT_EQ(tarn::run(text("h\xC3\xA9", "text/plain")), "h\xC3\xA9");
  EXPECT_EQ(tarn::run(text("h\xE9", "text/plain; charset=ISO-8859-1")), "h\xC3\xA9");
  EXPECT_EQ(tarn::run(text("\xC4\xE3\xBA\xC3", "text/html; x=y; Charset=\"GBK\"")), "\xE4\xBD\xA0\xE5\xA5\xBD");
  EXPECT_THROW(tarn::run(text("\xFF", "text/plain")), ValueError);
  EXPECT_THROW(tarn::run(text("x", "text/plain; charset=klingon")), ValueError);
  EXPECT_THROW(tarn::run(text("x", "text/plain; charset=ASCII//TRANSLIT")), ValueError);
}

TEST(Response, RaisesForAStatusThatIsAnError) {
  Response response(404);
  response.set_url(Url::parse("http://u:secret@h/x"));
  try {
    response.raise_for_status();
    FAIL();
  } catch (const ClientResponseError& error) {
    EXPECT_EQ(error.status(), 404);
    EXPECT_STREQ(error.what(), "404, message='Not Found', url='http://h/x'");
  }
  EXPECT_NO_THROW(Response(399).raise_for_status());
  EXPECT_THROW(Response::redirect("/a\r\nSet-Cookie: x"), ValueError);
  EXPECT_STREQ(HttpError(404).what(), "404: Not Found");
}

using namespace internal;

TEST(Date, GoesThereAndBack) {
  // RFC 9110 5.6.7's example, the epoch, leap days, and a time before 1970.
  EXPECT_EQ(format_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_date(951827696), "Tue, 29 Feb 2000 12:34:56 GMT");
  EXPECT_EQ(format_date(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  for (std::int64_t t = -5'000'000'000; t < 10'000'000'000; t += 12'345'678) {
    std::int64_t back = 0;
    ASSERT_TRUE(parse_date(format_date(t), back)) << t;
    EXPECT_EQ(back, t);
  }
}

TEST(Date, RefusesWhatIsNone) {
  std::int64_t t = 0;
  for (const char* text :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nop 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 19x4 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET"})
    EXPECT_FALSE(parse_date(text, t)) << text;
}

TEST(ContentType, BelongsToAFileName) {
  EXPECT_EQ(type_by_name("a.html"), "text/html; charset=utf-8");
  EXPECT_EQ(type_by_name("A.JPG"), "image/jpeg");
  EXPECT_EQ(type_by_name("a.b.json"), "application/json");
  for (const char* name : {"", "a", "a.", ".", "a.unknown", "html"})
    EXPECT_EQ(type_by_name(name), "application/octet-stream");
}

TEST(ContentType, IsTakenApart) {
  EXPECT_EQ(media_type(" Text/HTML ; charset=x"), "text/html");
  EXPECT_EQ(media_type(""), "");
  EXPECT_EQ(charset("text/html; charset=UTF-8"), "utf-8");
  EXPECT_EQ(charset("text/html;x=1; charset = \"GBK\" ;y"), "gbk");
  EXPECT_EQ(charset("text/html; charset"), "");
  EXPECT_EQ(charset("charset=x"), "");
}

}  // namespace
}  // namespace tarn::http
