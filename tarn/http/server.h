// SPDX-License-Identifier: BSL-1.0
// Server: HTTP/1.1 for handlers that are coroutines.
//
// Each connection is one task: it reads a head, awaits the handler, sends the response, and again. Pipelined requests
// are answered in their order, their responses leave together. A handler may return before it has read the request's
// body; a body that is short is then thrown away, after a long one the connection is closed.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tarn/base/duration.h>
#include <tarn/base/function.h>
#include <tarn/http/request.h>
#include <tarn/http/response.h>
#include <tarn/http/router.h>
#include <tarn/net/address.h>
#include <tarn/wire/http1.h>

namespace tarn::http {

/// Trivially destructible, so that it may stand in any expression on g++ 12.2. Every limit is on by default.
struct ServerOptions {
  /// From the first byte of a request to the end of its head. nginx: 60 s, Node: 60 s.
  OptionalDuration head_timeout = Duration::seconds(30);
  /// How long a handler that reads a body waits for its next bytes. nginx: 60 s.
  OptionalDuration body_timeout = Duration::seconds(60);
  /// How long a connection may wait for its next request. nginx: 75 s, aiohttp: 75 s.
  OptionalDuration keepalive_timeout = Duration::seconds(75);
  /// How long a response may make no progress because its client doesn't read. nginx: 60 s.
  OptionalDuration send_timeout = Duration::seconds(60);
  /// What close() waits for handlers. aiohttp: 60 s.
  OptionalDuration shutdown_timeout = Duration::seconds(60);
  /// A request's body; more is answered 413 when the handler reads it. nginx: 1 MiB, aiohttp: 1 MiB.
  std::uint64_t body_bytes_max = 1024 * 1024;
  /// What of a body that a handler didn't read is received and thrown away, to keep the connection. Go: 256 KiB.
  std::uint64_t unread_body_bytes_max = 256 * 1024;
  /// How many connections are open at once; more wait in the kernel's queue until others have closed.
  std::size_t connections_max = 10'000;
  /// Limits of heads, lines and chunks.
  wire::Http1Limits wire = {};
};

/// Serves a Router, or one handler for everything, on any number of addresses.
/// Lifetime: of the loop it was started on; not to be destroyed while it serves (close() first: the destructor drops
/// what is still connected).   Thread: the loop's own.   Python: aiohttp.web.AppRunner with its TCPSite.
class Server {
 public:
  explicit Server(Router router, ServerOptions options = {});
  /// Calls `handler(request)` for every request; it is a Coro<Response> or gives a Response.
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Router> && !std::is_same_v<std::remove_cvref_t<F>, Server>)
  explicit Server(F&& handler, ServerOptions options = {})
      : Server(Handler(), make_handler(std::forward<F>(handler)), options) {}
  Server(Server&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Server& operator=(Server&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Server();

  /// Listens on `host` and `port`; port 0 lets the system choose. Errors: OsError (the address is in use).
  Coro<> start(std::string host, std::uint16_t port);
  /// The port of the first address; 0 before start().
  std::uint16_t port() const noexcept;
  /// "http://127.0.0.1:8080", of the first address.
  std::string url() const;
  /// How many connections are open.
  std::size_t connections() const noexcept;

  /// Serves until the task is cancelled, then closes. Python: loop.run_forever() around a site.
  Coro<> serve_forever();
  /// Closes gracefully: no new connections, idle ones are closed, requests under way are answered; what is not through
  /// at the shutdown_timeout is cancelled. Again: no effect.
  Coro<> close();

  /// For with(): nothing to enter, close() on the way out.
  Server& aenter() noexcept { return *this; }
  Coro<> aexit(std::exception_ptr error);

  class State;

 private:
  Server(Handler none, Handler handler, ServerOptions options);
  State* state_;
};

}  // namespace tarn::http
