// SPDX-License-Identifier: BSL-1.0
// ServerState: the listeners and connections behind a Server.
//
// It lives as long as somebody needs it: the Server, each listener that waits for something, each connection, and each
// task that runs the callback (whose closure is kept here).
#pragma once
#include <tarn/core/event_loop.h>
#include <tarn/net/internal/stream_state.h>
#include <tarn/net/server.h>

#include <memory>
#include <optional>
#include <vector>

namespace tarn::internal {

class ServerState final : LoopResource, StreamOwner {
 public:
  /// Counts one who needs the state.
  class Ref {
   public:
    explicit Ref(ServerState& server) noexcept : server_(&server) { ++server_->refs_; }
    Ref(Ref&& other) noexcept : server_(std::exchange(other.server_, nullptr)) {}
    Ref& operator=(Ref&&) = delete;
    ~Ref() {
      if (server_) server_->unref();
    }
    ServerState* operator->() const noexcept { return server_; }

   private:
    ServerState* server_;
  };

  ServerState(LoopState* loop, ClientCallback callback, const ServerOptions& options);
  ServerState(const ServerState&) = delete;
  ServerState& operator=(const ServerState&) = delete;
  void unref() noexcept {
    if (--refs_ == 0) delete this;
  }

  /// Opens a listener. Errors: OsError.
  void add_listener(const Address& address);
  void start();
  void close() noexcept;
  void close_clients(bool abruptly) noexcept;
  bool serving() const noexcept { return serving_; }
  std::size_t connections() const noexcept { return connections_; }
  std::vector<Address> addresses() const;
  static Coro<> wait_closed(Ref server);
  static Coro<> serve_forever(Ref server);

 private:
  struct Listener;
  struct Accept : Operation {
    Listener* listener = nullptr;
  };
  // As a Timer it is what accepts again later.
  struct Listener : Timer {
    ServerState* server = nullptr;
    int fd = -1;
    bool busy = false;  ///< its accept is in flight, or it waits to accept again; counted in refs_ meanwhile
    bool in_flight = false;
    std::uint64_t socket_file = 0;
    Address address;
    Accept accept;
  };

  ~ServerState();
  static void accepted(Operation* operation);
  static void accept_again(Ready* node, bool drop);
  static void abandon_server(LoopResource* resource) noexcept;
  static Coro<> serve(Ref server, Stream stream);

  void accept(Listener& listener);
  bool take(Listener& listener, std::int64_t result);
  void take_connection(int fd);
  void schedule(Listener& listener) noexcept;
  void rest(Listener& listener, int error);
  void close_listener(Listener& listener) noexcept;
  void stream_closed(StreamState& stream) noexcept override;
  void check_gone() noexcept;
  bool full() const noexcept { return options_.max_connections != 0 && connections_ >= options_.max_connections; }

  LoopState* loop_;
  ClientCallback callback_;
  ServerOptions options_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::optional<Future<>> forever_;  ///< what serve_forever() waits for
  StreamState* newest_ = nullptr;
  std::size_t connections_ = 0;
  std::uint32_t refs_ = 1;
  bool serving_ = false;
  bool closed_ = false;
  bool listed_ = true;  ///< among the loop's resources
  Event gone_;          ///< closed, and no connection is left
};

}  // namespace tarn::internal
