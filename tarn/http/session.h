// SPDX-License-Identifier: BSL-1.0
// ClientSession: requests, on connections that are kept and used again.
//
// A session keeps the connections of each origin (scheme, host and port) and hands them out one request at a time;
// limits say how many may be under way at once, further requests wait their turn. A request that meets a kept
// connection which the server has just closed is sent again on a new one, if its method allows that (RFC 9110 9.2.2).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tarn/base/duration.h>
#include <tarn/core/coro.h>
#include <tarn/http/request.h>
#include <tarn/http/response.h>
#include <tarn/wire/http1.h>

namespace tarn::http {

/// How long things may take; aiohttp's names and values. Trivially destructible. Python: aiohttp.ClientTimeout.
struct ClientTimeout {
  /// From the call to the last byte of the body.
  OptionalDuration total = Duration::seconds(300);
  /// For a connection from the pool, waiting and connecting included.
  OptionalDuration connect = Duration::seconds(30);
  /// Between two pieces of the response.
  OptionalDuration sock_read = {};
};

/// How many headers or query items options can list: an array, since g++ 12.2 can't have lists inside a co_await.
inline constexpr std::size_t listed_max = 16;

/// Options of one request. Trivially destructible, so that it may stand in any expression on g++ 12.2; what it names is
/// copied at the call: `session.post(url, {.data = "x", .headers = {{"Accept", "text/plain"}}})`.
struct RequestOptions {
  /// Items for the URL's query, in addition to those it has.
  Header params[listed_max] = {};
  /// The body.
  std::string_view data = {};
  /// The body, as application/json; it is JSON already.
  std::string_view json = {};
  Header headers[listed_max] = {};
  /// Further headers, however many.   Lifetime: until the call returns.
  const Headers* more_headers = nullptr;
  /// In the place of the session's.
  const ClientTimeout* timeout = nullptr;
  bool allow_redirects = true;
  int max_redirects = 10;
  /// Raise ClientResponseError for a status of 400 or more.
  bool raise_for_status = false;
};

/// Options of a session. Trivially destructible; copied by the constructor.
struct SessionOptions {
  /// What relative URLs are resolved against.
  std::string_view base_url = {};
  /// Sent with every request, unless the request has its own.
  Header headers[listed_max] = {};
  ClientTimeout timeout = {};
  /// Requests under way at once. aiohttp: 100.
  std::size_t limit = 100;
  /// The same for one origin; 0: no limit but the other one. aiohttp: 0.
  std::size_t limit_per_host = 0;
  /// How long an unused connection is kept. aiohttp: 15 s.
  OptionalDuration keepalive_timeout = Duration::seconds(15);
  bool raise_for_status = false;
  wire::Http1Limits wire = {};
};

/// A request to be sent: `co_await session.get(url)` gives the Response; `co_await with(session.get(url), f)` closes it
/// when `f` is through. Nothing happens before. Python: the object that session.get() returns.
class [[nodiscard("a request is sent when it is awaited")]] RequestCall {
 public:
  explicit RequestCall(Coro<Response> coro) : coro_(std::move(coro)) {}

  auto operator co_await() && noexcept { return std::move(coro_).operator co_await(); }
  operator Coro<Response>() && { return std::move(coro_); }

  /// For with().
  Coro<Response> aenter() { return std::move(coro_); }
  void aexit(const std::exception_ptr&) noexcept {}

 private:
  Coro<Response> coro_;
};

/// A client.
/// Every request: Errors: InvalidUrl; ClientConnectorError; ServerDisconnectedError; ClientPayloadError, if the body
/// breaks off; ClientResponseError, for a response that isn't HTTP; TooManyRedirects; ServerTimeoutError; RuntimeError
/// after close().   Cancel: safe; the connection is closed.
/// Lifetime: of the loop it is first used on; destroyed it drops its connections. Responses may outlive it.
/// Thread: the loop's own.   Python: aiohttp.ClientSession.
class ClientSession {
 public:
  explicit ClientSession(SessionOptions options = {});
  ClientSession(ClientSession&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  ClientSession& operator=(ClientSession&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~ClientSession();

  RequestCall request(std::string_view method, std::string_view url, const RequestOptions& options = {});
  RequestCall get(std::string_view url, const RequestOptions& options = {}) { return request("GET", url, options); }
  RequestCall head(std::string_view url, const RequestOptions& options = {}) { return request("HEAD", url, options); }
  RequestCall post(std::string_view url, const RequestOptions& options = {}) { return request("POST", url, options); }
  RequestCall put(std::string_view url, const RequestOptions& options = {}) { return request("PUT", url, options); }
  RequestCall patch(std::string_view url, const RequestOptions& options = {}) { return request("PATCH", url, options); }
  RequestCall delete_(std::string_view url, const RequestOptions& options = {}) {
    return request("DELETE", url, options);
  }
  RequestCall options(std::string_view url, const RequestOptions& options = {}) {
    return request("OPTIONS", url, options);
  }
  /// Sends a request that was made by hand, for bodies that are streamed. Of the options, `params`, `data`, `json` and
  /// `headers` are not looked at.
  RequestCall send(Request request, const RequestOptions& options = {});

  bool closed() const noexcept;
  /// How many connections wait to be used again.
  std::size_t idle_connections() const noexcept;
  /// Closes every connection, those under way too. Again: no effect.
  Coro<> close();

  /// For with(): nothing to enter, close() on the way out.
  ClientSession& aenter() noexcept { return *this; }
  Coro<> aexit(std::exception_ptr) { return close(); }

  class State;

 private:
  State* state_;
};

}  // namespace tarn::http
