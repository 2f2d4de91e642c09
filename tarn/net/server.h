// SPDX-License-Identifier: BSL-1.0
// start_server(): listens, and calls a coroutine with the Stream of each connection.
#pragma once
#include <tarn/base/function.h>
#include <tarn/core/awaitable.h>
#include <tarn/net/stream.h>

#include <cstdint>
#include <vector>

namespace tarn {

/// Trivially destructible, so that it may stand inside a co_await expression on g++ 12.2.
struct ServerOptions {
  std::size_t limit = stream_limit_default;  ///< of the connections' readline() and readuntil()
  int backlog = 100;                         ///< connections that the kernel keeps until they are accepted
  bool reuse_address = true;                 ///< listen again at once on a port that was in use a moment ago
  bool reuse_port = false;                   ///< several processes or threads listen on one port, the kernel shares out
  std::size_t max_connections = 0;           ///< accept no more while so many are open; 0: any number
  bool start_serving = true;                 ///< false: start_serving() begins
};

namespace internal {
class ServerState;
}

/// A listener and the connections it accepted. Move-only; when it goes it stops listening, open connections stay.
/// Thread: the loop's own.   Python: asyncio.Server.
class Server {
 public:
  Server() = default;
  explicit Server(internal::ServerState* state) noexcept : state_(state) {}  // takes the count over
  Server(Server&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Server& operator=(Server&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Server();

  /// The addresses it listens at; none after close(). Python: sockets.
  std::vector<Address> sockets() const;
  /// The port of the first of them; 0 without one.
  std::uint16_t port() const;
  bool is_serving() const;
  /// Connections that are open now.
  std::size_t connections() const;

  /// Begins to accept. Errors: RuntimeError after close().   Python: start_serving.
  void start_serving();
  /// Serves until it is cancelled, then closes and waits for the connections, as asyncio does.
  /// Errors: RuntimeError "server is closed", or if another coroutine is in it.   Python: serve_forever.
  Coro<> serve_forever();
  /// Stops listening. Open connections stay. Again: no effect.
  void close();
  /// Closes the connections as by Stream::close(). Python: close_clients.
  void close_clients();
  /// Drops the connections as by Stream::abort(). Python: abort_clients.
  void abort_clients();
  /// Waits until it is closed and the last connection has ended, by whoever's doing.   Cancel: safe.
  Coro<> wait_closed();

  /// For with(): gives itself; leaving closes it and waits for the connections.
  Server& aenter() { return *this; }
  Coro<> aexit(std::exception_ptr) {
    close();
    return wait_closed();
  }

 private:
  internal::ServerState* state_ = nullptr;
};

namespace internal {
using ClientCallback = Function<Coro<>(Stream)>;

template <class F>
ClientCallback as_client_callback(F callback) {
  if constexpr (std::is_same_v<std::invoke_result_t<F&, Stream>, Coro<>>)
    return ClientCallback(std::move(callback));
  else
    return [callback = std::move(callback)](Stream stream) mutable -> Coro<> {
      if constexpr (Awaitable<std::invoke_result_t<F&, Stream>>)
        co_await callback(std::move(stream));
      else
        callback(std::move(stream));
      co_return;
    };
}

Coro<Server> listen(ClientCallback callback, std::string host, std::uint16_t port, ServerOptions options);
Coro<Server> listen_unix(ClientCallback callback, std::string path, ServerOptions options);
}  // namespace internal

/// Listens at every address of `host` (empty: every interface) and runs `callback(Stream)` in a task per connection.
/// The callback is kept until the last of these tasks is done. `port` 0: the kernel chooses, see Server::port().
/// A callback that fails goes to the exception handler and its connection is closed; a cancelled one ends quietly.
/// Errors: OsError "bind …" (EADDRINUSE, PermissionError); ResolveError.   Python: asyncio.start_server.
template <class F>
Coro<Server> start_server(F&& callback, std::string host, std::uint16_t port, ServerOptions options = {}) {
  TARN_CHECK_CALLABLE(F);
  return internal::listen(internal::as_client_callback(std::decay_t<F>(std::forward<F>(callback))), std::move(host),
                          port, options);
}

/// The same on a unix socket at `path`; a socket file nobody listens on any more is replaced, and the file is removed
/// when the server closes.   Python: asyncio.start_unix_server.
template <class F>
Coro<Server> start_unix_server(F&& callback, std::string path, ServerOptions options = {}) {
  TARN_CHECK_CALLABLE(F);
  return internal::listen_unix(internal::as_client_callback(std::decay_t<F>(std::forward<F>(callback))),
                               std::move(path), options);
}

}  // namespace tarn
