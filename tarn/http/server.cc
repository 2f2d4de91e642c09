// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/server.h>

#include <ctime>
#include <optional>

#include <tarn/base/errors.h>
#include <tarn/core/locks.h>
#include <tarn/core/timeouts.h>
#include <tarn/http/internal/date.h>
#include <tarn/http/internal/server_connection.h>
#include <tarn/net/server.h>

namespace tarn::http {

using internal::ServerConnection;

// Shared by the Server and its connections' tasks, each of which counts.
class Server::State final : public internal::ServerContext {
 public:
  State(Router router, Handler handler, ServerOptions options)
      : router_(std::move(router)), handler_(std::move(handler)), options_(options) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  class Ref {
   public:
    explicit Ref(State& state) noexcept : state_(&state) { ++state.refs_; }
    Ref(const Ref& other) noexcept : Ref(*other.state_) {}
    Ref& operator=(const Ref&) = delete;
    ~Ref() { state_->unref(); }
    State* operator->() const noexcept { return state_; }
    State& operator*() const noexcept { return *state_; }

   private:
    State* state_;
  };
  void unref() noexcept {
    if (--refs_ == 0) delete this;
  }

  static Coro<> start(Ref state, std::string host, std::uint16_t port) {
    if (state->listener) throw RuntimeError("http::Server: already started");
    tarn::ServerOptions options;
    options.max_connections = state->options_.connections_max;
    state->deadlines_.emplace(get_running_loop());
    auto serve = [state](Stream stream) { return State::serve(state, std::move(stream)); };
    tarn::Server listener = co_await start_server(serve, std::move(host), port, options);
    state->listener.emplace(std::move(listener));
  }

  static Coro<> close(Ref state) {
    state->stop();
    co_await finish_connections(state);
    // The port is free when this returns, not some time after.
    if (state->listener) co_await state->listener->wait_closed();
  }

  static Coro<> finish_connections(Ref state) {
    if (!state->newest_) co_return;
    bool late = false;
    try {
      co_await wait_for(state->empty_.wait(), state->options_.shutdown_timeout);
    } catch (const TimeoutError&) {
      late = true;
    }
    if (!late) co_return;
    for (ServerConnection* c = state->newest_; c; c = c->older) c->cancel();
    co_await state->empty_.wait();
  }

  // No new connections; the idle ones end now, the others with the response they are at.
  void stop() {
    closing_ = true;
    if (listener) listener->close();
    for (ServerConnection* c = newest_; c; c = c->older) c->close_gracefully();
  }

  // The Server goes without close().
  void drop() {
    stop();
    for (ServerConnection* c = newest_; c; c = c->older) c->cancel();
    listener.reset();  // and with it, once the last connection has ended, its callback's count
    unref();
  }

  Coro<Response> answer(Request& request) override { return handler_ ? handler_(request) : router_.handle(request); }
  const ServerOptions& options() const noexcept override { return options_; }
  bool closing() const noexcept override { return closing_; }
  const std::string& date() override {
    // The wall clock is asked once a second at most, on the loop's clock.
    constexpr double date_lifetime_seconds = 1;
    const Duration now = deadlines_->recent_time();
    if (date_.empty() || now >= date_until_) {
      date_ = internal::format_date(std::time(nullptr));
      date_until_ = now + Duration::seconds(date_lifetime_seconds);
    }
    return date_;
  }

  std::optional<tarn::Server> listener;

 private:
  ~State() = default;

  static Coro<> serve(Ref state, Stream stream) {
    ServerConnection connection(*state, *state->deadlines_, std::move(stream));
    const Listed listed(*state, connection);
    if (state->closing_) co_return;
    co_await connection.serve();
  }

  struct Listed {
    Listed(State& state, ServerConnection& connection) : state(state), connection(connection) {
      connection.older = state.newest_;
      if (state.newest_) state.newest_->newer = &connection;
      state.newest_ = &connection;
      state.empty_.clear();
    }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() {
      (connection.newer ? connection.newer->older : state.newest_) = connection.older;
      if (connection.older) connection.older->newer = connection.newer;
      if (!state.newest_) state.empty_.set();
    }
    State& state;
    ServerConnection& connection;
  };

  Router router_;
  Handler handler_;
  ServerOptions options_;
  std::optional<internal::Deadlines> deadlines_;
  ServerConnection* newest_ = nullptr;
  Event empty_;  // no connection is open
  std::string date_;
  Duration date_until_;
  int refs_ = 1;
  bool closing_ = false;
};

Server::Server(Router router, ServerOptions options) : state_(new State(std::move(router), {}, options)) {}
Server::Server(Handler /*none*/, Handler handler, ServerOptions options)
    : state_(new State(Router(), std::move(handler), options)) {}
Server::~Server() {
  if (state_) state_->drop();
}

Coro<> Server::start(std::string host, std::uint16_t port) {
  return State::start(State::Ref(*state_), std::move(host), port);
}
std::uint16_t Server::port() const noexcept { return state_->listener ? state_->listener->port() : std::uint16_t{0}; }
std::string Server::url() const {
  if (!state_->listener) return {};
  const std::vector<Address> addresses = state_->listener->sockets();
  return addresses.empty() ? std::string() : "http://" + addresses.front().to_string();
}
std::size_t Server::connections() const noexcept { return state_->listener ? state_->listener->connections() : 0; }

Coro<> Server::serve_forever() {
  Future<> never;
  auto closing = [this] { return close(); };
  co_await try_finally(never, closing);
}

Coro<> Server::close() { return State::close(State::Ref(*state_)); }
Coro<> Server::aexit(std::exception_ptr) { return close(); }

}  // namespace tarn::http
