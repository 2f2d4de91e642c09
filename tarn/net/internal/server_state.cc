// SPDX-License-Identifier: BSL-1.0
#include <tarn/net/internal/server_state.h>

#include <tarn/base/errors.h>
#include <tarn/net/internal/socket.h>

#include <cerrno>

namespace tarn::internal {
namespace {

// Accepted in one go before others get a turn.
constexpr int accepts_max = 64;

// As asyncio: so long a listener rests when the process or the system has run out of something.
constexpr Duration accept_retry_delay = Duration::nanoseconds(1'000'000'000);

bool out_of_resources(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

// Closes a socket that did not come as far as a listener.
struct Opened {
  int fd;
  ~Opened() {
    if (fd >= 0) close_socket(fd);
  }
};

}  // namespace

ServerState::ServerState(LoopState* loop, ClientCallback callback, const ServerOptions& options)
    : loop_(loop), callback_(std::move(callback)), options_(options) {
  abandon = &abandon_server;
  loop_->add_resource(this);
}

ServerState::~ServerState() {
  if (listed_) loop_->remove_resource(this);
}

// --- Listening ---

void ServerState::add_listener(const Address& address) {
  const auto check = [&](int rc, const char* verb) {
    if (rc < 0) throw_os_error(-rc, std::string(verb) + " " + address.to_string());
    return rc;
  };
  const bool ip = address.family() != Address::Family::unix_socket;
  Opened socket{check(open_stream_socket(address.family()), "socket for")};
  if (ip && options_.reuse_address) check(set_reuse_address(socket.fd), "SO_REUSEADDR for");
  if (ip && options_.reuse_port) check(set_reuse_port(socket.fd), "SO_REUSEPORT for");
  if (address.family() == Address::Family::ipv6) check(set_ipv6_only(socket.fd), "IPV6_V6ONLY for");
  if (!ip) remove_socket_file(address, socket_file(address));
  check(bind_socket(socket.fd, address), "bind");
  check(listen_socket(socket.fd, options_.backlog), "listen on");

  auto listener = std::make_unique<Listener>();
  listener->run = &accept_again;
  listener->server = this;
  listener->address = local_address(socket.fd);
  listener->socket_file = socket_file(address);
  listener->fd = std::exchange(socket.fd, -1);
  listener->accept.listener = listener.get();
  listener->accept.op = Op::accept;
  listener->accept.fd = listener->fd;
  listener->accept.complete = &accepted;
  listeners_.push_back(std::move(listener));
}

std::vector<Address> ServerState::addresses() const {
  std::vector<Address> addresses;
  if (closed_) return addresses;
  for (const auto& listener : listeners_) addresses.push_back(listener->address);
  return addresses;
}

void ServerState::start() {
  if (closed_) throw RuntimeError("server is closed");
  if (serving_) return;
  serving_ = true;
  for (const auto& listener : listeners_) accept(*listener);
}

// --- Accepting ---

void ServerState::accept(Listener& listener) {
  for (int i = 0; i < accepts_max; ++i) {
    if (!serving_ || full()) return;
    if (!loop_->port->submit(listener.accept)) {
      listener.busy = listener.in_flight = true;
      ++refs_;
      return;
    }
    if (!take(listener, listener.accept.result)) return;
  }
  schedule(listener);
}

void ServerState::accepted(Operation* operation) {
  Listener& listener = *static_cast<Accept*>(operation)->listener;
  ServerState& server = *listener.server;
  const Ref held(server);
  listener.busy = listener.in_flight = false;
  --server.refs_;
  if (server.closed_) {
    if (operation->result >= 0) server.loop_->port->close(static_cast<int>(operation->result));
    return server.close_listener(listener);
  }
  if (server.take(listener, operation->result)) server.accept(listener);
}

// Lets the listener go on in the loop's next iteration.
void ServerState::schedule(Listener& listener) noexcept {
  if (listener.busy) return;
  listener.busy = true;
  ++refs_;
  loop_->ready.push(&listener);
}

void ServerState::accept_again(Ready* node, bool drop) {
  auto& listener = *static_cast<Listener*>(node);
  ServerState& server = *listener.server;
  const Ref held(server);
  listener.busy = false;
  --server.refs_;
  if (drop) return;
  if (server.closed_) return server.close_listener(listener);
  server.accept(listener);
}

// True: the listener may go on.
bool ServerState::take(Listener& listener, std::int64_t result) {
  if (result < 0) {
    rest(listener, static_cast<int>(-result));
    return false;
  }
  try {
    take_connection(static_cast<int>(result));
  } catch (const std::exception&) {
    loop_->report({.message = "Accepting a connection failed", .exception = std::current_exception()});
  }
  return true;
}

void ServerState::rest(Listener& listener, int error) {
  loop_->report(
      {.message = out_of_resources(error) ? "socket.accept() out of system resource" : "socket.accept() failed",
       .exception = make_os_error(error, "accept at " + listener.address.to_string())});
  listener.busy = true;
  ++refs_;
  loop_->set_timer(&listener, accept_retry_delay);
}

void ServerState::take_connection(int fd) {
  set_no_delay(fd);
  StreamState* stream = nullptr;
  try {
    stream = new StreamState(loop_, fd, options_.limit);
  } catch (...) {
    loop_->port->close(fd);
    throw;
  }
  stream->owner = this;
  stream->older_sibling = newest_;
  if (newest_) newest_->newer_sibling = stream;
  newest_ = stream;
  ++connections_;
  ++refs_;
  make_task(loop_, serve(Ref(*this), Stream(stream)), {}, std::source_location::current());
}

Coro<> ServerState::serve(Ref server, Stream stream) {
  try {
    co_await server->callback_(std::move(stream));
  } catch (const BaseException&) {
    throw;  // a cancelled callback ends quietly: its stream goes with it, which closes the connection
  } catch (...) {
    server->loop_->report(
        {.message = "Unhandled exception in client_connected_cb", .exception = std::current_exception()});
  }
}

void ServerState::stream_closed(StreamState& stream) noexcept {
  (stream.newer_sibling ? stream.newer_sibling->older_sibling : newest_) = stream.older_sibling;
  if (stream.older_sibling) stream.older_sibling->newer_sibling = stream.newer_sibling;
  const bool was_full = full();
  --connections_;
  if (was_full && serving_)
    for (const auto& listener : listeners_) schedule(*listener);
  check_gone();
  unref();
}

// --- The end ---

void ServerState::close() noexcept {
  if (closed_) return;
  const Ref held(*this);
  closed_ = true;
  serving_ = false;
  for (const auto& listener : listeners_) {
    if (listener->armed()) {
      loop_->unset_timer(listener.get());
      listener->busy = false;
      --refs_;
    }
    if (listener->in_flight) loop_->port->cancel(listener->accept);
    close_listener(*listener);
  }
  if (forever_) forever_->cancel();
  check_gone();
}

// Unless the kernel still holds its accept; the completion comes back here.
void ServerState::close_listener(Listener& listener) noexcept {
  if (listener.in_flight || listener.fd < 0) return;
  remove_socket_file(listener.address, listener.socket_file);
  loop_->port->close(std::exchange(listener.fd, -1));
  check_gone();
}

void ServerState::check_gone() noexcept {
  if (!closed_ || connections_ != 0) return;
  for (const auto& listener : listeners_)
    if (listener->fd >= 0) return;
  gone_.set();
}

void ServerState::close_clients(bool abruptly) noexcept {
  const Ref held(*this);
  for (StreamState* stream = newest_; stream != nullptr;) {
    StreamState* const older = stream->older_sibling;
    abruptly ? stream->abort() : stream->close();
    stream = older;
  }
}

void ServerState::abandon_server(LoopResource* resource) noexcept {
  auto* const self = static_cast<ServerState*>(resource);
  self->listed_ = false;
  self->loop_->remove_resource(self);
  self->close();
}

Coro<> ServerState::wait_closed(Ref server) { co_await server->gone_.wait(); }

Coro<> ServerState::serve_forever(Ref server) {
  if (server->forever_) throw RuntimeError("server is already being awaited on serve_forever()");
  server->start();
  server->forever_.emplace(server->loop_);
  std::exception_ptr ended;
  try {
    co_await *server->forever_;
  } catch (...) {
    ended = std::current_exception();
  }
  server->forever_.reset();
  server->close();
  co_await server->gone_.wait();
  if (ended) std::rethrow_exception(ended);
}

}  // namespace tarn::internal
