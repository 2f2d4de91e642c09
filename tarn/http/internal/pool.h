// SPDX-License-Identifier: BSL-1.0
// Pool: a client's connections, by origin.
#pragma once
#include <deque>
#include <map>
#include <string>
#include <vector>

#include <tarn/base/url.h>
#include <tarn/core/future.h>
#include <tarn/http/internal/connection.h>

namespace tarn::http::internal {

class Pool;

/// A connection of a pool: waiting in it, or lent to one request.
class ClientConnection final : public Connection {
 public:
  ClientConnection(Pool& pool, Deadlines& deadlines, Stream stream, std::string origin,
                   const wire::Http1Limits& limits);
  ~ClientConnection() override;

  const std::string& origin() const noexcept { return origin_; }
  /// It has served a request before: the server may have closed it since.
  bool used() const noexcept { return used_; }

 private:
  friend class Pool;
  void expired() noexcept override;

  Pool& pool_;
  std::string origin_;
  bool idle_ = false;
  bool used_ = false;
  // All connections of the pool.
  ClientConnection* older_ = nullptr;
  ClientConnection* newer_ = nullptr;
};

/// Trivially destructible.
struct PoolLimits {
  std::size_t limit = 0;
  std::size_t limit_per_host = 0;
  OptionalDuration keepalive_timeout;
};

/// Lends connections and takes them back. Must outlive what it lends.
class Pool {
 public:
  Pool(EventLoop& loop, PoolLimits limits, const wire::Http1Limits& wire)
      : deadlines_(loop), limits_(limits), wire_(wire) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { close(); }

  /// A connection to the URL's origin: the one used last, or a new one (always, if `fresh`). Waits while the limits are
  /// reached. Errors: ClientConnectorError; RuntimeError if the pool is closed.   Cancel: safe.
  Coro<ClientConnection*> acquire(Url url, bool fresh);
  /// Takes one back; keeps it if it can serve another request.
  void release(ClientConnection* connection) noexcept;
  /// Takes one back that is of no use any more.
  void discard(ClientConnection* connection) noexcept;
  /// Drops all idle connections and aborts those that are lent; who waits for one gets a RuntimeError.
  void close() noexcept;

  std::size_t idle() const noexcept;
  EventLoop& loop() const noexcept { return deadlines_.loop(); }

 private:
  friend class ClientConnection;
  struct Host {
    std::vector<ClientConnection*> idle;  // the one used last at the end
    std::size_t lent = 0;                 // and being connected
  };
  struct Waiter {
    std::string origin;
    Future<> turn;
  };

  ClientConnection* take_idle(Host& host) noexcept;
  bool may_lend(const Host& host) const noexcept;
  void forget_idle(ClientConnection& connection) noexcept;
  void returned(const std::string& origin) noexcept;
  void wake_waiter() noexcept;

  Deadlines deadlines_;
  PoolLimits limits_;
  wire::Http1Limits wire_;
  std::map<std::string, Host, std::less<>> hosts_;
  std::deque<Waiter> waiters_;
  ClientConnection* newest_ = nullptr;
  std::size_t lent_ = 0;
  bool closed_ = false;
};

}  // namespace tarn::http::internal
