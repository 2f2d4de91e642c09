// SPDX-License-Identifier: BSL-1.0
// An HTTP server and a client of it.
#include <tarn/http/http.h>
#include <tarn/tarn.h>

#include <cstdio>

using tarn::Coro;
namespace http = tarn::http;

// [handlers]
Coro<http::Response> hello(http::Request& request) {
  co_return http::Response::html("<h1>hello, " + request.match_info("name") + "!</h1>");
}

Coro<http::Response> count(http::Request& request) {
  const std::string body = co_await request.text();
  co_return std::to_string(body.size()) + " bytes";
}

Coro<> write_squares(http::BodyWriter& out) {
  for (int i = 1; i <= 3; ++i) co_await out.write(std::to_string(i * i) + "\n");  // waits for a slow client
}
// [handlers]

// [server]
http::Router routes() {
  http::Router router;
  router.get("/hello/{name}", hello);
  router.post("/count", count);
  router.get("/squares", [] { return http::Response::stream(write_squares, "text/plain"); });
  return router;
}
// [server]

// [client]
Coro<> use(http::ClientSession& session) {
  http::Response response = co_await session.get("hello/tarn");
  std::string text = co_await response.text();
  std::printf("%d %s\n", response.status, text.c_str());

  response = co_await session.post("count", {.data = "0123456789"});
  text = co_await response.text();
  std::printf("%s\n", text.c_str());

  response = co_await session.get("squares");
  while (auto piece = co_await response.content.next()) std::fputs(piece->c_str(), stdout);

  response = co_await session.get("missing");
  std::printf("%d %s\n", response.status, response.reason.c_str());
}
// [client]

// [main]
Coro<> amain() {
  http::Server server(routes());
  co_await server.start("127.0.0.1", 0);  // 0: any free port
  const std::string base = server.url() + "/";
  co_await tarn::with(http::ClientSession({.base_url = base}), use);
  co_await server.close();  // requests under way are answered first
}

int main() { tarn::run(amain()); }
// [main]

// Prints:
// 200 <h1>hello, tarn!</h1>
// 10 bytes
// 1
// 4
// 9
// 404 Not Found
