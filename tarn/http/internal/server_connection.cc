// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/internal/server_connection.h>

#include <cerrno>

#include <tarn/base/log.h>
#include <tarn/http/errors.h>

namespace tarn::http::internal {

using wire::Event;
using wire::EventKind;

namespace {

// How much of a response gathers before it is sent: a few pipelined small ones leave in one send.
constexpr std::size_t cork_bytes = 64 * 1024;
// What is received and thrown away after a connection's last response, so that the peer can read that (RFC 9112 9.6).
constexpr std::size_t linger_bytes_max = 256 * 1024;
constexpr double linger_seconds = 2;

void log_failure(const Request& request, const std::exception_ptr& error) {
  log(LogLevel::error, "http: " + request.method + " " + request.target + " failed: " + describe(error));
}

}  // namespace

// The body of a request as its handler reads it. The handler may keep the request longer than the connection lives: the
// connection then cuts it off.
class RequestSource final : public BodySource {
 public:
  RequestSource(ServerConnection& connection, std::optional<std::uint64_t> size)
      : connection_(&connection), size_(size) {
    connection.source_ = this;
  }
  RequestSource(const RequestSource&) = delete;
  RequestSource& operator=(const RequestSource&) = delete;
  ~RequestSource() override {
    if (connection_) connection_->source_ = nullptr;
  }
  void cut_off() noexcept { connection_ = nullptr; }

  std::optional<std::uint64_t> size() const override { return size_; }

  Coro<std::string_view> next_chunk() override {
    if (done_) co_return std::string_view();
    if (!connection_) throw HttpError(400, "the request's body was read after its response");
    ServerConnection& c = *connection_;
    const ServerOptions& options = c.server_.options();
    if (size_.value_or(0) > options.body_bytes_max) throw too_large();
    for (;;) {
      if (c.machine.waits_for_continue()) {
        wire::ResponseHead go_on;
        go_on.status = 100;
        (void)c.machine.send(go_on, c.out);
      }
      const Event event = c.machine.next_event();
      switch (event.kind) {
        case EventKind::data:
          if (c.machine.body_bytes() > options.body_bytes_max) throw too_large();
          co_return event.data;
        case EventKind::need_data:
          c.set_deadline(options.body_timeout);
          co_await c.fill();
          if (!connection_) throw HttpError(400, "the request's body was read after its response");
          c.clear_deadline();
          if (c.timed_out) throw HttpError(408);
          break;
        case EventKind::error: throw HttpError(event.error->status, event.error->text);
        default: done_ = true; co_return std::string_view();
      }
    }
  }

 private:
  static HttpError too_large() { return HttpError(413); }

  ServerConnection* connection_;
  std::optional<std::uint64_t> size_;
  bool done_ = false;
};

namespace {

// Where a producer's pieces go: to the client, each at once, since the producer may wait long for the next.
class ResponseWriter final : public BodyWriter {
 public:
  explicit ResponseWriter(Connection& connection, OptionalDuration timeout)
      : connection_(connection), timeout_(timeout) {}

  Coro<> write(std::string_view data) override {
    if (const wire::ProtocolError error = connection_.machine.send_data(data, connection_.out))
      throw RuntimeError("response: " + error.text);
    connection_.set_deadline(timeout_);
    co_await connection_.flush();
    connection_.clear_deadline();
  }

 private:
  Connection& connection_;
  OptionalDuration timeout_;
};

}  // namespace

ServerConnection::ServerConnection(ServerContext& server, Deadlines& deadlines, Stream stream)
    : Connection(deadlines, std::move(stream), wire::Role::server, server.options().wire),
      server_(server),
      task_(current_task()),
      remote_(this->stream.peer_address().to_string()) {}

ServerConnection::~ServerConnection() {
  if (source_) source_->cut_off();
}

void ServerConnection::close_gracefully() {
  if (idle_)
    stream.close();
  else
    machine.close_after_this();
}

void ServerConnection::cancel() {
  task_.cancel();
  stream.abort();
}

Coro<> ServerConnection::serve() {
  try {
    bool more = true;
    while (more) more = co_await serve_one();
    if (!out.empty()) co_await flush();
  } catch (const OsError&) {
    // The client has gone: nobody is left to be told.
  } catch (const std::exception& error) {
    log(LogLevel::error, std::string("http: connection from ") + remote_ + ": " + error.what());
  }
}

// One request and its response. False: the connection is through.
Coro<bool> ServerConnection::serve_one() {
  const bool found = co_await next_head();
  if (!found) co_return false;
  idle_ = false;
  first_ = false;
  clear_deadline();

  Request request;
  request.method = std::move(head_->method);
  request.target = std::move(head_->target);
  request.version = head_->version;
  request.headers = std::move(head_->headers);
  request.set_remote(remote_);
  if (machine.expects_body()) request.content = Body(new RequestSource(*this, machine.declared_length()));

  Response response = co_await call_handler(request);
  co_await send(request, response);
  if (source_) {
    source_->cut_off();
    source_ = nullptr;
  }
  head_->headers = std::move(request.headers);  // their memory, for the next request
  const bool more = co_await finish_cycle();
  co_return more;
}

Coro<bool> ServerConnection::next_head() {
  const ServerOptions& options = server_.options();
  enum class Wait : std::uint8_t { none, first_byte, rest } wait = Wait::none;
  for (;;) {
    const Event event = machine.next_event();
    switch (event.kind) {
      case EventKind::request_head: head_ = event.request; co_return true;
      case EventKind::need_data:
        // Set once for each: a peer that sends a byte now and then gains nothing.
        if (machine.untouched() && wait == Wait::none) {
          wait = Wait::first_byte;
          set_deadline(first_ ? options.head_timeout : options.keepalive_timeout);
        } else if (!machine.untouched() && wait != Wait::rest) {
          wait = Wait::rest;
          idle_ = false;
          set_deadline(options.head_timeout);
        }
        co_await fill();
        break;
      case EventKind::error: {
        clear_deadline();
        if (!timed_out && broken.empty()) co_await refuse(*event.error);
        co_return false;
      }
      default: co_return false;
    }
  }
}

// A request that isn't HTTP is answered with what is wrong with it, and was the last one.
Coro<> ServerConnection::refuse(const wire::ProtocolError& error) {
  const std::string text = std::to_string(error.status) + ": " + error.text + "\n";
  wire::ResponseHead head;
  head.status = error.status;
  head.headers.add("Content-Type", "text/plain; charset=utf-8");
  head.headers.add("Content-Length", std::to_string(text.size()));
  head.headers.add("Date", server_.date());
  if (machine.send(head, out) || machine.send_data(text, out) || machine.send_end(out)) co_return;
  log(LogLevel::info, "http: " + remote_ + ": " + error.text);
  set_deadline(server_.options().send_timeout);
  co_await flush();
  co_await linger();
}

Coro<Response> ServerConnection::call_handler(Request& request) {
  // Responses of earlier pipelined requests wait in `out` for company. If this handler waits, they go.
  std::optional<Handle> flusher;
  if (!out.empty()) flusher = get_running_loop().call_soon([this] { flush_nowait(); });
  Response response;
  std::exception_ptr failure;
  try {
    response = co_await server_.answer(request);
  } catch (const HttpError& error) {
    response = Response::text(error.what(), error.status());
  } catch (const BaseException&) {
    if (flusher) flusher->cancel();
    throw;
  } catch (...) {
    failure = std::current_exception();
  }
  if (flusher) flusher->cancel();
  if (failure) {
    // What went wrong is the operator's business, not the client's.
    log_failure(request, failure);
    response = Response::text("500: Internal Server Error", 500);
  }
  co_return response;
}

// Puts the head into `out`. A head that can't be sent, the handler's mistake, becomes a 500.
void ServerConnection::begin_response(const Request& request, Response& response) {
  if (response.received()) {
    // It came from another server: those fields were between that one and us (RFC 9110 7.6.1).
    for (std::string_view name :
         {"Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade"})
      response.headers.remove(name);
  }
  wire::ResponseHead head;
  head.status = response.status;
  head.reason = response.reason;
  head.headers = std::move(response.headers);
  const bool has_length = head.headers.contains("Content-Length") || head.headers.contains("Transfer-Encoding");
  const std::optional<std::uint64_t> size = response.content.size();
  if (size && !has_length && response.status >= 200 && response.status != 204 && response.status != 304)
    head.headers.add("Content-Length", std::to_string(*size));
  head.headers.set_default("Date", server_.date());
  if (server_.closing()) machine.close_after_this();
  const wire::ProtocolError error = machine.send(head, out);
  if (!error) return;
  log(LogLevel::error, "http: " + request.method + " " + request.target + ": response refused: " + error.text);
  response = Response::text("500: Internal Server Error", 500);
  wire::ResponseHead plain;
  plain.status = 500;
  plain.headers.add("Content-Type", "text/plain; charset=utf-8");
  plain.headers.add("Content-Length", std::to_string(response.content.size().value_or(0)));
  (void)machine.send(plain, out);
}

Coro<> ServerConnection::send(const Request& request, Response& response) {
  begin_response(request, response);
  log_access(request, response.status);
  std::exception_ptr failure;
  try {
    if (machine.sends_body()) co_await send_body(response.content);
    if (const wire::ProtocolError error = machine.send_end(out)) throw RuntimeError("response: " + error.text);
  } catch (const OsError&) {
    throw;  // the client has gone
  } catch (const BaseException&) {
    stream.abort();
    throw;
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  // The head is out: all that can be told is that the body is not whole, by not ending it.
  log_failure(request, failure);
  stream.abort();
  throw ConnectionResetError(ECONNRESET, "response aborted");
}

Coro<> ServerConnection::send_body(Body& body) {
  const OptionalDuration timeout = server_.options().send_timeout;
  if (Body::Producer* const producer = body.producer()) {
    ResponseWriter writer(*this, timeout);
    co_await flush();  // the head goes ahead: the first piece may take its time
    co_await (*producer)(writer);
    co_return;
  }
  for (;;) {
    std::string_view chunk = co_await body.next_chunk();
    if (chunk.empty()) co_return;
    while (!chunk.empty()) {
      const std::string_view piece = chunk.substr(0, cork_bytes);
      chunk.remove_prefix(piece.size());
      if (const wire::ProtocolError error = machine.send_data(piece, out))
        throw RuntimeError("response: " + error.text);
      if (out.size() < cork_bytes) continue;
      set_deadline(timeout);
      co_await flush();
      clear_deadline();
    }
  }
}

// Makes the connection ready for the next request. False: this was the last one.
Coro<bool> ServerConnection::finish_cycle() {
  const bool whole = co_await skip_body();
  if (!whole) {
    co_await flush();
    co_await linger();
    co_return false;
  }
  if (!machine.start_next_cycle()) co_return false;
  idle_ = true;
  // Without more input, fill() sends; with it, the responses to all that is there leave together.
  if (out.size() >= cork_bytes) co_await flush();
  co_return true;
}

// Receives what the handler left of the request's body. False: too much, or it didn't come.
Coro<bool> ServerConnection::skip_body() {
  const ServerOptions& options = server_.options();
  // A client that was never told to go on may send its body or not: nobody can tell what comes next.
  if (machine.continue_unanswered()) co_return false;
  const std::uint64_t before = machine.body_bytes();
  for (;;) {
    const Event event = machine.next_event();
    switch (event.kind) {
      case EventKind::data:
        if (machine.body_bytes() - before > options.unread_body_bytes_max) co_return false;
        break;
      case EventKind::need_data:
        set_deadline(options.body_timeout);
        co_await fill();
        break;
      case EventKind::error: co_return false;
      case EventKind::end_of_message: break;
      default: co_return true;
    }
  }
}

// A close with input unread makes the kernel reset the connection, and the peer may lose the response.
Coro<> ServerConnection::linger() {
  if (timed_out || !broken.empty()) co_return;
  stream.write_eof();
  set_deadline(Duration::seconds(linger_seconds));
  std::size_t left = linger_bytes_max;
  for (;;) {
    const std::span<char> room = machine.prepare();
    const std::size_t received = co_await stream.read_some(room);
    if (received == 0 || received >= left) co_return;
    left -= received;
  }
}

void ServerConnection::log_access(const Request& request, std::uint16_t status) const {
  if (!log_enabled(LogLevel::info)) return;
  log(LogLevel::info, remote_ + " - \"" + request.method + " " + request.target +
                          (request.version == Version::http_1_0 ? " HTTP/1.0\" " : " HTTP/1.1\" ") +
                          std::to_string(status) + " " + std::string(wire::reason_phrase(status)));
}

}  // namespace tarn::http::internal
