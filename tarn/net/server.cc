// SPDX-License-Identifier: BSL-1.0
#include <tarn/net/server.h>

#include <tarn/base/errors.h>
#include <tarn/net/internal/resolve_passive.h>
#include <tarn/net/internal/server_state.h>

#include <cerrno>

namespace tarn {

using internal::ServerState;

namespace {

ServerState& checked(ServerState* state) {
  if (!state) throw RuntimeError("the server was moved from");
  return *state;
}

// Asked for port 0, the further addresses listen at the port that the first was given, if it is free there.
void add_listener(ServerState& state, const Address& address, std::uint16_t asked) {
  const std::vector<Address> others = state.addresses();
  if (asked != 0 || others.empty()) return state.add_listener(address);
  try {
    state.add_listener(address.with_port(others.front().port()));
  } catch (const OsError& error) {
    if (error.error_number() != EADDRINUSE) throw;
    state.add_listener(address);
  }
}

}  // namespace

Coro<Server> internal::listen(ClientCallback callback, std::string host, std::uint16_t port, ServerOptions options) {
  const std::vector<Address> addresses = co_await resolve_passive(host, port);
  auto* const state = new ServerState(running_loop(), std::move(callback), options);
  Server server(state);
  std::exception_ptr unavailable;
  for (const Address& address : addresses) {
    try {
      add_listener(*state, address, port);
    } catch (const OsError& error) {
      // A family that is switched off in this kernel: the other one will do.
      if (error.error_number() != EAFNOSUPPORT && error.error_number() != EADDRNOTAVAIL) throw;
      unavailable = std::current_exception();
    }
  }
  if (state->addresses().empty()) std::rethrow_exception(unavailable);
  if (options.start_serving) state->start();
  co_return server;
}

Coro<Server> internal::listen_unix(ClientCallback callback, std::string path, ServerOptions options) {
  auto* const state = new ServerState(running_loop(), std::move(callback), options);
  Server server(state);
  state->add_listener(Address::unix_path(path));
  if (options.start_serving) state->start();
  co_return server;
}

Server::~Server() {
  if (!state_) return;
  state_->close();
  state_->unref();
}

std::vector<Address> Server::sockets() const { return checked(state_).addresses(); }
std::uint16_t Server::port() const {
  const std::vector<Address> addresses = sockets();
  return addresses.empty() ? std::uint16_t{0} : addresses.front().port();
}
bool Server::is_serving() const { return checked(state_).serving(); }
std::size_t Server::connections() const { return checked(state_).connections(); }
void Server::start_serving() { checked(state_).start(); }
Coro<> Server::serve_forever() { return ServerState::serve_forever(ServerState::Ref(checked(state_))); }
void Server::close() { checked(state_).close(); }
void Server::close_clients() { checked(state_).close_clients(false); }
void Server::abort_clients() { checked(state_).close_clients(true); }
Coro<> Server::wait_closed() { return ServerState::wait_closed(ServerState::Ref(checked(state_))); }

}  // namespace tarn
