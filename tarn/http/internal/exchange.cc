// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/internal/exchange.h>

#include <algorithm>

#include <tarn/core/timeouts.h>
#include <tarn/http/errors.h>

namespace tarn::http::internal {

using wire::Event;
using wire::EventKind;

namespace {

// A lent connection: given back when the response is whole, dropped otherwise.
class Lease {
 public:
  Lease(const SharedPool& pool, ClientConnection* connection) noexcept : pool_(pool), connection_(connection) {}
  Lease(Lease&& other) noexcept : pool_(other.pool_), connection_(std::exchange(other.connection_, nullptr)) {}
  Lease& operator=(Lease&&) = delete;
  ~Lease() {
    if (connection_) pool_->discard(connection_);
  }
  void release() noexcept {
    if (connection_) pool_->release(std::exchange(connection_, nullptr));
  }
  void discard() noexcept {
    if (connection_) pool_->discard(std::exchange(connection_, nullptr));
  }
  ClientConnection* operator->() const noexcept { return connection_; }
  ClientConnection& operator*() const noexcept { return *connection_; }
  explicit operator bool() const noexcept { return connection_ != nullptr; }

 private:
  SharedPool pool_;
  ClientConnection* connection_;
};

// The next thing that must happen, must happen by then.
void watch(ClientConnection& connection, const ExchangeLimits& limits) {
  OptionalDuration due = limits.deadline;
  if (limits.sock_read) {
    const Duration read_by = get_running_loop().time() + *limits.sock_read;
    if (!due || read_by < *due) due = read_by;
  }
  connection.set_deadline_at(due);
}

[[noreturn]] void throw_timeout(const std::string& host) {
  throw ServerTimeoutError("Timeout on reading data from " + host);
}

// The body of a response, from its connection.
class ResponseSource final : public BodySource {
 public:
  ResponseSource(Lease lease, ExchangeLimits limits, std::string prefix, std::optional<std::uint64_t> size)
      : lease_(std::move(lease)), limits_(limits), prefix_(std::move(prefix)), size_(size) {}

  std::optional<std::uint64_t> size() const override { return size_; }

  Coro<std::string_view> next_chunk() override {
    if (!prefix_given_ && !prefix_.empty()) {
      prefix_given_ = true;
      co_return prefix_;
    }
    if (!failure_.empty()) throw ClientPayloadError(failure_);
    while (lease_) {
      const Event event = lease_->machine.next_event();
      switch (event.kind) {
        case EventKind::data: co_return event.data;
        case EventKind::need_data:
          watch(*lease_, limits_);
          co_await lease_->fill();
          if (lease_->timed_out) {
            const std::string origin = lease_->origin();
            failure_ = "the response's body took too long";
            lease_.discard();
            throw_timeout(origin);
          }
          break;
        case EventKind::error:
          failure_ = event.error->text + (lease_->broken.empty() ? "" : " (" + lease_->broken + ")");
          lease_.discard();
          throw ClientPayloadError(failure_);
        default: lease_.release(); break;
      }
    }
    co_return std::string_view();
  }

 private:
  Lease lease_;
  ExchangeLimits limits_;
  std::string prefix_;  // what had come with the head
  std::string failure_;
  std::optional<std::uint64_t> size_;
  bool prefix_given_ = false;
};

class RequestWriter final : public BodyWriter {
 public:
  RequestWriter(ClientConnection& connection, const ExchangeLimits& limits)
      : connection_(connection), limits_(limits) {}
  Coro<> write(std::string_view data) override {
    if (const wire::ProtocolError error = connection_.machine.send_data(data, connection_.out))
      throw ValueError("request: " + error.text);
    watch(connection_, limits_);
    co_await connection_.flush();
  }

 private:
  ClientConnection& connection_;
  const ExchangeLimits& limits_;
};

Coro<> send_body(ClientConnection& connection, Body& body, const ExchangeLimits& limits) {
  RequestWriter writer(connection, limits);
  if (Body::Producer* const producer = body.producer()) {
    co_await (*producer)(writer);
    co_return;
  }
  for (;;) {
    const std::string_view chunk = co_await body.next_chunk();
    if (chunk.empty()) co_return;
    co_await writer.write(chunk);
  }
}

// RFC 9110 9.2.2: sending one of these twice does what sending it once does.
bool is_idempotent(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS" ||
         method == "TRACE";
}

// What became of a request that got no response head.
enum class Sent : std::uint8_t { answered, disconnected };

Coro<Sent> send_request(ClientConnection& c, Request& request, const ExchangeLimits& limits) {
  wire::RequestHead head;
  head.method = request.method;
  head.target = request.target;
  head.version = request.version;
  head.headers = request.headers;
  if (const wire::ProtocolError error = c.machine.send(head, c.out)) throw ValueError("request: " + error.text);
  watch(c, limits);
  try {
    if (const std::string* const bytes = request.content.bytes()) {
      const wire::ProtocolError error = c.machine.send_data(*bytes, c.out);
      if (error) throw ValueError("request: " + error.text);
    } else {
      co_await send_body(c, request.content, limits);
    }
    if (const wire::ProtocolError error = c.machine.send_end(c.out)) throw ValueError("request: " + error.text);
    co_await c.flush();
  } catch (const OsError& error) {
    // A server that refuses a body may answer and close while it is being sent: the answer counts.
    c.broken = error.what();
  }
  co_return c.timed_out ? Sent::disconnected : Sent::answered;
}

// The final head of the response; nullptr if the server closed the connection instead.
Coro<wire::ResponseHead*> read_head(ClientConnection& c, const ExchangeLimits& limits) {
  for (;;) {
    const Event event = c.machine.next_event();
    switch (event.kind) {
      case EventKind::response_head: co_return event.response;
      case EventKind::need_data:
        watch(c, limits);
        c.out.clear();  // if anything is left, it couldn't be sent
        co_await c.fill();
        if (c.timed_out) throw_timeout(c.origin());
        break;
      case EventKind::interim_response: break;
      case EventKind::error:
        if (!c.broken.empty()) throw ServerDisconnectedError("Server disconnected: " + c.broken);
        throw ClientResponseError("invalid response: " + event.error->text, 0);
      default: co_return nullptr;
    }
  }
}

Response make_response(Lease lease, wire::ResponseHead& head, const Request& request, const ExchangeLimits& limits) {
  Response response(head.status);
  response.reason = std::move(head.reason);
  response.version = head.version;
  response.headers = std::move(head.headers);
  response.set_url(request.destination);
  // What has come with the head is taken now: a small response then gives its connection back before it is read.
  const std::optional<std::uint64_t> size = lease->machine.declared_length();
  std::string bytes;
  for (;;) {
    const Event event = lease->machine.next_event();
    if (event.kind == EventKind::data) {
      bytes += event.data;
      continue;
    }
    if (event.kind == EventKind::end_of_message) {
      lease.release();
      response.content = Body(std::move(bytes));
    } else {
      response.content = Body(new ResponseSource(std::move(lease), limits, std::move(bytes), size));
    }
    return response;
  }
}

}  // namespace

Coro<Response> exchange(SharedPool pool, Request& request, ExchangeLimits limits) {
  bool fresh = false;
  for (;;) {
    OptionalDuration connect = limits.connect;
    if (limits.deadline) {
      const Duration left = *limits.deadline - get_running_loop().time();
      if (!connect || left < *connect) connect = left;
    }
    ClientConnection* lent = nullptr;
    bool late = false;
    try {
      lent = co_await wait_for(pool->acquire(request.destination, fresh), connect);
    } catch (const TimeoutError&) {
      late = true;
    }
    if (late) throw ServerTimeoutError("Connection timeout to host " + request.destination.origin());
    Lease lease(pool, lent);
    const bool replayable = request.content.bytes() != nullptr && is_idempotent(request.method) && lease->used();
    co_await send_request(*lease, request, limits);
    if (lease->timed_out) throw_timeout(lease->origin());
    std::string disconnected = "Server disconnected";
    try {
      wire::ResponseHead* const head = co_await read_head(*lease, limits);
      if (head) co_return make_response(std::move(lease), *head, request, limits);
    } catch (const ServerDisconnectedError& error) {
      disconnected = error.what();
    }
    if (!replayable || fresh) throw ServerDisconnectedError(disconnected);
    fresh = true;
  }
}

}  // namespace tarn::http::internal
