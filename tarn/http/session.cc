// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/session.h>

#include <tarn/http/errors.h>
#include <tarn/http/internal/exchange.h>

namespace tarn::http {

using internal::ExchangeLimits;
using internal::SharedPool;

namespace {

// Plain numbers and flags: what perform() needs of RequestOptions.
struct Manner {
  ClientTimeout timeout;
  int max_redirects;
  bool allow_redirects;
  bool raise_for_status;
};

void add_listed(const Header (&listed)[listed_max], Headers& headers) {
  for (const Header& field : listed)
    if (!field.name.empty()) headers.add(field.name, field.value);
}

std::string base64(std::string_view bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(bytes.size() - i, 3);
    unsigned bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < left ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= left ? digits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

Url parse_url(const std::string& text, const Url& base) {
  try {
    return base.empty() ? Url::parse(text) : base.join(text);
  } catch (const ValueError& error) {
    throw InvalidUrl(error.what());
  }
}

// Fills in what the request leaves to the client.
void complete(Request& request) {
  Headers& headers = request.headers;
  headers.set_default("Accept", "*/*");
  headers.set_default("User-Agent", "tarn");
  if (!request.destination.user_info().empty() && !headers.contains("Authorization"))
    headers.add("Authorization", "Basic " + base64(request.destination.user() + ":" + request.destination.password()));
  headers.set_default("Host", request.destination.host_header());
  if (headers.contains("Content-Length") || headers.contains("Transfer-Encoding")) return;
  const std::optional<std::uint64_t> size = request.content.size();
  // RFC 9110 8.6: a length even of nothing where the method expects content.
  const bool expects_content = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (!size)
    headers.add("Transfer-Encoding", "chunked");
  else if (*size > 0 || expects_content)
    headers.add("Content-Length", std::to_string(*size));
}

// Where a response sends the client, or nothing.
std::optional<Url> redirection(const Response& response) {
  switch (response.status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: break;
    default: return std::nullopt;
  }
  const auto location = response.headers.get("Location");
  if (!location) return std::nullopt;
  return parse_url(std::string(*location), response.url());
}

// Makes the request that follows a redirect (RFC 9110 15.4): methods change as every browser changes them.
void follow(Request& request, std::uint16_t status, const Url& next) {
  const bool to_get =
      (status == 303 && request.method != "HEAD") || ((status == 301 || status == 302) && request.method == "POST");
  if (to_get) {
    request.method = "GET";
    request.content = Body();
    request.headers.remove("Content-Type");
  }
  request.headers.remove("Content-Length");
  request.headers.remove("Transfer-Encoding");
  request.headers.remove("Host");
  // What was meant for one origin isn't told to another.
  if (next.origin() != request.destination.origin()) {
    request.headers.remove("Authorization");
    request.headers.remove("Cookie");
    request.headers.remove("Proxy-Authorization");
  }
  request.target = next.request_target();
  request.destination = next;
}

Response without_body(Response& response) {
  Response head(response.status);
  head.reason = response.reason;
  head.version = response.version;
  head.headers = response.headers;
  head.set_url(response.url());
  return head;
}

Coro<Response> perform(SharedPool pool, Request request, Manner manner) {
  ExchangeLimits limits{.deadline = {}, .connect = manner.timeout.connect, .sock_read = manner.timeout.sock_read};
  if (manner.timeout.total) limits.deadline = pool->loop().time() + *manner.timeout.total;
  std::vector<Response> history;
  for (;;) {
    complete(request);
    Response response = co_await internal::exchange(pool, request, limits);
    std::optional<Url> next;
    if (manner.allow_redirects) next = redirection(response);
    if (!next) {
      response.history = std::move(history);
      if (manner.raise_for_status) response.raise_for_status();
      co_return response;
    }
    if (static_cast<int>(history.size()) >= manner.max_redirects)
      throw TooManyRedirects(
          std::to_string(history.size() + 1) + " redirects, the last to " + next->without_user_info().str(),
          response.status);
    history.push_back(without_body(response));
    const bool replayable = request.content.bytes() != nullptr;
    follow(request, response.status, *next);
    if (!replayable && request.content.bytes() == nullptr)
      throw ClientResponseError("a redirect of a request whose body can't be sent twice", response.status);
  }
}

// The loop is known, and with it the pool, when the first request runs.
class LazyPool {
 public:
  explicit LazyPool(internal::PoolLimits limits, const wire::Http1Limits& wire) : limits_(limits), wire_(wire) {}
  SharedPool& get() {
    if (!pool_) pool_.emplace(get_running_loop(), limits_, wire_);
    return *pool_;
  }
  std::optional<SharedPool>& made() noexcept { return pool_; }

 private:
  internal::PoolLimits limits_;
  wire::Http1Limits wire_;
  std::optional<SharedPool> pool_;
};

}  // namespace

class ClientSession::State {
 public:
  explicit State(const SessionOptions& options)
      : pool({options.limit, options.limit_per_host, options.keepalive_timeout}, options.wire),
        timeout(options.timeout),
        raise_for_status(options.raise_for_status) {
    add_listed(options.headers, headers);
    if (!options.base_url.empty()) base = parse_url(std::string(options.base_url), Url());
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void ref() noexcept { ++refs_; }
  void unref() noexcept {
    if (--refs_ == 0) delete this;
  }

  Manner manner(const RequestOptions& options) const {
    return {options.timeout ? *options.timeout : timeout, options.max_redirects, options.allow_redirects,
            options.raise_for_status || raise_for_status};
  }
  void check_open() const {
    if (closed) throw RuntimeError("Session is closed");
  }

  LazyPool pool;
  Headers headers;
  Url base;
  ClientTimeout timeout;
  bool raise_for_status;
  bool closed = false;

 private:
  ~State() = default;
  int refs_ = 1;
};

namespace {

// Everything a call names was copied when the call was made; the rest happens when it is awaited.
struct Call {
  ClientSession::State* state;
  explicit Call(ClientSession::State* s) noexcept : state(s) { s->ref(); }
  Call(Call&& other) noexcept : state(std::exchange(other.state, nullptr)) {}
  Call& operator=(Call&&) = delete;
  ~Call() {
    if (state) state->unref();
  }
};

Coro<Response> start(Call call, Request request, Manner manner) {
  call.state->check_open();
  if (request.destination.scheme().empty()) throw InvalidUrl("a request without a destination");
  for (const Header field : call.state->headers) request.headers.set_default(field.name, field.value);
  SharedPool pool = call.state->pool.get();
  co_return co_await perform(pool, std::move(request), manner);
}

Coro<Response> start_text(Call call, std::string method, std::string url, Headers headers,
                          std::vector<QueryItem> params, std::string body, Manner manner) {
  Url destination = parse_url(url, call.state->base);
  for (const QueryItem& item : params) destination = destination.with_query_item(item.name, item.value);
  Request request(std::move(method), destination);
  request.headers = std::move(headers);
  request.content = Body(std::move(body));
  co_return co_await start(std::move(call), std::move(request), manner);
}

}  // namespace

ClientSession::ClientSession(SessionOptions options) : state_(new State(options)) {}

ClientSession::~ClientSession() {
  if (!state_) return;
  state_->closed = true;
  if (auto& pool = state_->pool.made()) (*pool)->close();
  state_->unref();
}

RequestCall ClientSession::request(std::string_view method, std::string_view url, const RequestOptions& options) {
  Headers headers;
  add_listed(options.headers, headers);
  if (options.more_headers)
    for (const Header field : *options.more_headers) headers.add(field.name, field.value);
  std::vector<QueryItem> params;
  for (const Header& item : options.params)
    if (!item.name.empty()) params.push_back({std::string(item.name), std::string(item.value)});
  if (!options.json.empty())
    headers.set_default("Content-Type", "application/json");
  else if (!options.data.empty())
    headers.set_default("Content-Type", "application/octet-stream");
  std::string body(options.json.empty() ? options.data : options.json);
  return RequestCall(start_text(Call(state_), std::string(method), std::string(url), std::move(headers),
                                std::move(params), std::move(body), state_->manner(options)));
}

RequestCall ClientSession::send(Request request, const RequestOptions& options) {
  return RequestCall(start(Call(state_), std::move(request), state_->manner(options)));
}

bool ClientSession::closed() const noexcept { return state_->closed; }

std::size_t ClientSession::idle_connections() const noexcept {
  const auto& pool = state_->pool.made();
  return pool ? (*pool)->idle() : 0;
}

Coro<> ClientSession::close() {
  state_->closed = true;
  if (auto& pool = state_->pool.made()) (*pool)->close();
  co_return;
}

}  // namespace tarn::http
