// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/internal/pool.h>

#include <algorithm>

#include <tarn/http/errors.h>
#include <tarn/net/connect.h>

namespace tarn::http::internal {

ClientConnection::ClientConnection(Pool& pool, Deadlines& deadlines, Stream s, std::string origin,
                                   const wire::Http1Limits& limits)
    : Connection(deadlines, std::move(s), wire::Role::client, limits),
      pool_(pool),
      origin_(std::move(origin)),
      older_(pool.newest_) {
  if (older_) older_->newer_ = this;
  pool.newest_ = this;
}

ClientConnection::~ClientConnection() {
  (newer_ ? newer_->older_ : pool_.newest_) = older_;
  if (older_) older_->newer_ = newer_;
}

// Of a request: it took too long. Of an idle connection: it was kept long enough; the pool drops it when it next looks,
// because a deadline may not destroy one.
void ClientConnection::expired() noexcept {
  timed_out = true;
  if (idle_)
    stream.close();
  else
    stream.abort();
}

namespace {

Coro<Stream> dial(const Url& url) {
  if (url.scheme() != "http")
    throw InvalidUrl("'" + url.scheme() + "' URLs can't be requested: " + url.without_user_info().str());
  const std::uint16_t port = url.port();
  std::string failure;
  try {
    co_return co_await open_connection(url.host(), port);
  } catch (const OsError& error) {
    failure = error.what();
  }
  throw ClientConnectorError("Cannot connect to host " + url.host() + ":" + std::to_string(port) + " [" + failure + "]",
                             url.host(), port);
}

}  // namespace

bool Pool::may_lend(const Host& host) const noexcept {
  return (limits_.limit == 0 || lent_ < limits_.limit) &&
         (limits_.limit_per_host == 0 || host.lent < limits_.limit_per_host);
}

ClientConnection* Pool::take_idle(Host& host) noexcept {
  while (!host.idle.empty()) {
    ClientConnection* const connection = host.idle.back();
    host.idle.pop_back();
    connection->idle_ = false;
    connection->clear_deadline();
    if (!connection->timed_out && !connection->stream.is_closing()) return connection;
    delete connection;
  }
  return nullptr;
}

Coro<ClientConnection*> Pool::acquire(Url url, bool fresh) {
  std::string origin = url.origin();
  for (;;) {
    if (closed_) throw RuntimeError("Session is closed");
    Host& host = hosts_[origin];
    if (may_lend(host)) break;
    Future<> turn;
    waiters_.push_back({origin, turn});
    try {
      co_await turn;
    } catch (...) {
      // Cancelled: a turn that was given already goes to the next.
      std::erase_if(waiters_, [&](const Waiter& w) { return w.turn == turn; });
      if (turn.done() && !turn.cancelled()) wake_waiter();
      throw;
    }
  }
  Host& host = hosts_[origin];
  ++lent_;
  ++host.lent;
  if (!fresh)
    if (ClientConnection* const connection = take_idle(host)) co_return connection;
  try {
    Stream stream = co_await dial(url);
    if (closed_) throw RuntimeError("Session is closed");
    co_return new ClientConnection(*this, deadlines_, std::move(stream), origin, wire_);
  } catch (...) {
    returned(origin);
    throw;
  }
}

void Pool::returned(const std::string& origin) noexcept {
  --lent_;
  const auto host = hosts_.find(origin);
  if (host != hosts_.end() && --host->second.lent == 0 && host->second.idle.empty()) hosts_.erase(host);
  wake_waiter();
}

// Gives the turn to the first that its limits allow one.
void Pool::wake_waiter() noexcept {
  for (auto waiter = waiters_.begin(); waiter != waiters_.end(); ++waiter) {
    const auto host = hosts_.find(waiter->origin);
    if (!closed_ && host != hosts_.end() && !may_lend(host->second)) continue;
    const Future<> turn = waiter->turn;
    waiters_.erase(waiter);
    if (!turn.done()) turn.set_result();
    return;
  }
}

void Pool::release(ClientConnection* connection) noexcept {
  connection->clear_deadline();
  const bool keep =
      !closed_ && !connection->timed_out && !connection->stream.is_closing() && connection->machine.start_next_cycle();
  if (!keep) return discard(connection);
  connection->used_ = true;
  connection->idle_ = true;
  connection->set_deadline(limits_.keepalive_timeout);
  hosts_[connection->origin_].idle.push_back(connection);
  returned(connection->origin_);
}

void Pool::discard(ClientConnection* connection) noexcept {
  const std::string origin = connection->origin_;
  connection->stream.abort();
  delete connection;
  returned(origin);
}

void Pool::close() noexcept {
  closed_ = true;
  for (auto& [origin, host] : hosts_) {
    for (ClientConnection* connection : host.idle) delete connection;
    host.idle.clear();
  }
  for (ClientConnection* c = newest_; c; c = c->older_) c->stream.abort();
  while (!waiters_.empty()) wake_waiter();
}

std::size_t Pool::idle() const noexcept {
  std::size_t count = 0;
  for (const auto& [origin, host] : hosts_)
    count += static_cast<std::size_t>(std::count_if(host.idle.begin(), host.idle.end(), [](const ClientConnection* c) {
      return !c->timed_out && !c->stream.is_closing();
    }));
  return count;
}

}  // namespace tarn::http::internal
