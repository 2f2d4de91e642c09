// SPDX-License-Identifier: BSL-1.0
#include <tarn/cli/serve.h>

#include <tarn/http/http.h>
#include <tarn/tarn.h>

#include <cstdio>

namespace tarn::cli {

namespace {

constexpr Duration hello_time = Duration::seconds(0.5);  // the tutorial's

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

Coro<http::Response> index(http::Request&) {
  co_await sleep(hello_time);
  co_return http::Response::html("<h1>Index</h1>");
}

Coro<http::Response> hello(http::Request& request) {
  co_await sleep(hello_time);
  co_return http::Response::html("<h1>hello, " + escape_html(request.match_info("name")) + "!</h1>");
}

/// Everything that is asked for: the routes, the files after their delay, a line about it.
class Site {
 public:
  explicit Site(const ServeOptions& options) : options_(options) {
    if (options_.hello) {
      routes_.get("/", index);
      routes_.get("/hello/{name}", hello);
    }
    files_.add_static("/", options_.directory);
  }

  Coro<http::Response> answer(http::Request& request) {
    const Duration began = get_running_loop().time();
    http::Response response = co_await route(request);
    if (!options_.quiet) {
      const Duration took = get_running_loop().time() - began;
      std::printf("%s \"%s %s\" %d %.1f ms\n", request.remote().c_str(), request.method.c_str(), request.target.c_str(),
                  response.status, took.seconds() * 1000);
      std::fflush(stdout);
    }
    co_return response;
  }

 private:
  Coro<http::Response> route(http::Request& request) {
    const bool ours = options_.hello && (request.path() == "/" || request.path().starts_with("/hello/"));
    if (!ours && options_.delay > 0) co_await sleep(Duration::seconds(options_.delay));
    http::Response response = co_await (ours ? routes_ : files_).handle(request);
    co_return response;
  }

  ServeOptions options_;
  http::Router routes_;
  http::Router files_;
};

Coro<> serve_until_interrupted(const ServeOptions& options) {
  Site site(options);
  http::Server server([&site](http::Request& request) { return site.answer(request); });
  co_await server.start(options.host, options.port);
  std::printf("Serving %s at %s (Ctrl-C ends it)\n", options.directory.c_str(), server.url().c_str());
  std::fflush(stdout);
  co_await server.serve_forever();
}

}  // namespace

int serve(const ServeOptions& options) {
  try {
    run(serve_until_interrupted(options));
  } catch (const KeyboardInterrupt&) {
    std::printf("\n");  // after the terminal's ^C
  }
  return 0;
}

}  // namespace tarn::cli
