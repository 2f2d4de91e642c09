// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/router.h>

#include <gtest/gtest.h>

#include <tarn/core/core.h>
#include <tarn/http/errors.h>

namespace tarn::http {
namespace {

// What a router answers: "200 body", "405 Allow", or the status of the HttpError.
std::string ask(Router& router, std::string method, std::string target) {
  const auto call = [](Router& r, std::string m, std::string t) -> Coro<std::string> {
    Request request;
    request.method = std::move(m);
    request.target = std::move(t);
    std::string said;
    try {
      Response response = co_await r.handle(request);
      said = std::to_string(response.status) + " ";
      if (response.status == 405)
        said += response.headers.get("Allow", "");
      else
        said += co_await response.text();
    } catch (const HttpError& error) {
      said = std::to_string(error.status());
    }
    co_return said;
  };
  return tarn::run(call(router, std::move(method), std::move(target)));
}

auto says(std::string text) {
  return [text = std::move(text)](Request& request) -> Coro<Response> {
    co_return text + ":" + request.match_info("a") + ":" + request.match_info("b");
  };
}

TEST(Router, FindsTheMostLiteralRoute) {
  Router router;
  router.get("/", says("root"))
      .get("/users", says("users"))
      .get("/users/", says("users/"))
      .get("/users/{a}", says("user"))
      .get("/users/me", says("me"))
      .get("/users/{a}/posts/{b}", says("post"))
      .get("/users/me/x", says("me-x"))
      .get("/files/{a...}", says("files"))
      .get("/files/special", says("special"));
  EXPECT_EQ(ask(router, "GET", "/"), "200 root::");
  EXPECT_EQ(ask(router, "GET", "/?x=/users"), "200 root::");
  EXPECT_EQ(ask(router, "GET", "/users"), "200 users::");
  EXPECT_EQ(ask(router, "GET", "/users/"), "200 users/::");
  EXPECT_EQ(ask(router, "GET", "/users/7"), "200 user:7:");
  EXPECT_EQ(ask(router, "GET", "/users/me"), "200 me::");
  EXPECT_EQ(ask(router, "GET", "/users/me/posts/1"), "200 post:me:1");  // back from "me" to {a}
  EXPECT_EQ(ask(router, "GET", "/files/a/b"), "200 files:a/b:");
  EXPECT_EQ(ask(router, "GET", "/files/"), "200 files::");
  EXPECT_EQ(ask(router, "GET", "/files/special"), "200 special::");
  EXPECT_EQ(ask(router, "GET", "http://host/users"), "200 users::");
}

TEST(Router, FindsNothingElse) {
  Router router;
  router.get("/a/{a}", says("a")).get("/b/", says("b")).get("/f/{a...}", says("f"));
  for (const char* target : {"/", "/a", "/a/", "/a/b/c", "//a/b", "/b", "/b//", "/A/x", "*", "/f", "/a/x/"})
    EXPECT_EQ(ask(router, "GET", target), "404") << target;
}

TEST(Router, DecodesSegmentsAfterItSplitThem) {
  Router router;
  router.get("/a/{a}", says("a")).get("/f/{a...}", says("f")).get("/caf\xC3\xA9", says("cafe"));
  EXPECT_EQ(ask(router, "GET", "/a/x%2Fy"), "200 a:x/y:");
  EXPECT_EQ(ask(router, "GET", "/%61/x%20y"), "200 a:x y:");
  EXPECT_EQ(ask(router, "GET", "/a/%E4%BD%A0"), "200 a:\xE4\xBD\xA0:");
  EXPECT_EQ(ask(router, "GET", "/caf%C3%A9"), "200 cafe::");
  EXPECT_EQ(ask(router, "GET", "/f/x%2Fy"), "404");  // it couldn't be told from a separator
  EXPECT_EQ(ask(router, "GET", "/a%2Fx"), "404");
}

TEST(Router, RefusesPathsThatAreNoUtf8) {
  Router router;
  router.get("/{a}", says("a"));
  for (const char* target : {"/%FF", "/%C0%AF", "/%", "/%2", "/%zz", "/%ED%A0%80"})
    EXPECT_EQ(ask(router, "GET", target), "400") << target;
}

TEST(Router, TellsTheMethodsThatAPathAllows) {
  Router router;
  router.get("/x", says("get")).post("/x", says("post")).put("/y", says("put"));
  EXPECT_EQ(ask(router, "POST", "/x"), "200 post::");
  EXPECT_EQ(ask(router, "HEAD", "/x"), "200 get::");
  EXPECT_EQ(ask(router, "DELETE", "/x"), "405 GET, POST, HEAD");
  EXPECT_EQ(ask(router, "GET", "/y"), "405 PUT");
  EXPECT_EQ(ask(router, "HEAD", "/y"), "405 PUT");
  EXPECT_EQ(ask(router, "get", "/x"), "405 GET, POST, HEAD");  // methods are case-sensitive
  router.add("HEAD", "/x", make_handler(says("head")));
  EXPECT_EQ(ask(router, "HEAD", "/x"), "200 head::");
}

TEST(Router, TakesHandlersOfEveryForm) {
  Router router;
  router.get("/1", [] { return "text"; });
  router.get("/2", [](Request& request) { return Response::text(request.method); });
  router.get("/3", []() -> Coro<std::string> { co_return "coroutine"; });
  router.get("/4", [](Request&) -> Coro<Response> { co_return Response(204); });
  EXPECT_EQ(ask(router, "GET", "/1"), "200 text");
  EXPECT_EQ(ask(router, "GET", "/2"), "200 GET");
  EXPECT_EQ(ask(router, "GET", "/3"), "200 coroutine");
  EXPECT_EQ(ask(router, "GET", "/4"), "204 ");
}

TEST(Router, RefusesMalformedPatterns) {
  Router router;
  router.get("/a/{x}", says("a"));
  for (const char* pattern : {"", "a", "/{", "/{}", "/x{y}", "/{x}y", "/{x...}/y", "/{x}/{x}", "/{...}", "/{x:[0-9]+}",
                              "/a/{x}", "/a/{other}", "/%zz"})
    EXPECT_THROW(router.get(pattern, says("")), ValueError) << pattern;
  EXPECT_THROW(router.add_static("/static", "/no/such/folder"), ValueError);
}

}  // namespace
}  // namespace tarn::http
