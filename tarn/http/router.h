// SPDX-License-Identifier: BSL-1.0
// Router: which handler answers which method and path.
//
// Paths are matched segment by segment, percent-decoded after they were split: an encoded slash is data, never a
// separator. A literal segment wins over `{name}`, which takes one segment that isn't empty, and that over `{name...}`,
// which takes the rest of the path. "/a" and "/a/" are different paths.
#pragma once
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tarn/base/function.h>
#include <tarn/core/awaitable.h>
#include <tarn/http/request.h>
#include <tarn/http/response.h>

namespace tarn::http {

/// What answers a request. The request lives until the response is sent.
using Handler = Function<Coro<Response>(Request&)>;

namespace internal {
// Owns the callable; the closure lives in the handler, the coroutine in the connection's task.
inline Coro<Response> ready(Response response) { co_return response; }

template <class F>
Coro<Response> call_handler(F& f, Request& request) {
  if constexpr (std::is_invocable_v<F&, Request&>) {
    if constexpr (Awaitable<std::invoke_result_t<F&, Request&>>)
      co_return Response(co_await f(request));
    else
      co_return Response(f(request));
  } else {
    if constexpr (Awaitable<std::invoke_result_t<F&>>)
      co_return Response(co_await f());
    else
      co_return Response(f());
  }
}
}  // namespace internal

/// Any `f(Request&)` or `f()` that gives a Response, a string (text/plain), or a coroutine of one, as a Handler.
template <class F>
Handler make_handler(F&& f) {
  using Held = std::decay_t<F>;
  static_assert(std::is_invocable_v<Held&, Request&> || std::is_invocable_v<Held&>,
                "a handler takes an http::Request& or nothing");
  return [held = Held(std::forward<F>(f))](Request& request) mutable -> Coro<Response> {
    if constexpr (std::is_invocable_r_v<Coro<Response>, Held&, Request&>)
      return held(request);
    else
      return internal::call_handler(held, request);
  };
}

/// How a directory is served.
struct StaticOptions {
  std::string_view index = "index.html";  ///< what stands for a directory; empty: directories are not found
  std::string_view cache_control = {};    ///< the field's value, if wanted: "max-age=3600"
};

/// Routes. Built before it serves, not changed while. Python: aiohttp.web.UrlDispatcher.
class Router {
 public:
  Router();
  Router(Router&& other) noexcept : root_(std::exchange(other.root_, nullptr)) {}
  Router& operator=(Router&& other) noexcept {
    std::swap(root_, other.root_);
    return *this;
  }
  ~Router();

  /// Answers `method` on paths like "/users/{id}" or "/files/{path...}".
  /// Errors: ValueError for a malformed pattern, or a route that exists.
  Router& add(std::string_view method, std::string_view pattern, Handler handler);

  /// GET, and HEAD with it: the same handler, whose body isn't sent.
  template <class F>
  Router& get(std::string_view pattern, F&& handler) {
    return add("GET", pattern, make_handler(std::forward<F>(handler)));
  }
  template <class F>
  Router& post(std::string_view pattern, F&& handler) {
    return add("POST", pattern, make_handler(std::forward<F>(handler)));
  }
  template <class F>
  Router& put(std::string_view pattern, F&& handler) {
    return add("PUT", pattern, make_handler(std::forward<F>(handler)));
  }
  template <class F>
  Router& patch(std::string_view pattern, F&& handler) {
    return add("PATCH", pattern, make_handler(std::forward<F>(handler)));
  }
  template <class F>
  Router& delete_(std::string_view pattern, F&& handler) {
    return add("DELETE", pattern, make_handler(std::forward<F>(handler)));
  }

  /// Serves the files below `directory` at paths below `prefix` ("/static"). Nothing outside of it can be reached, by
  /// dots, encoded separators or symbolic links. Knows HEAD, Last-Modified and If-Modified-Since.
  /// Errors: ValueError if there is no such directory.   Python: app.router.add_static.
  Router& add_static(std::string_view prefix, std::string directory, StaticOptions options = {});

  /// Answers a request: 404 if no path matches, 405 with Allow if one does but not its method, 400 for a path that
  /// isn't UTF-8.   Lifetime: the router and the request live until the response is there.
  Coro<Response> handle(Request& request);

  struct Node;

 private:
  Node* root_;
};

}  // namespace tarn::http
