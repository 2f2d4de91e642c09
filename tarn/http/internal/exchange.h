// SPDX-License-Identifier: BSL-1.0
// exchange(): one request and its response on one connection of a pool.
#pragma once
#include <tarn/core/event_loop.h>
#include <tarn/http/internal/pool.h>
#include <tarn/http/session.h>

namespace tarn::http::internal {

/// A Pool that lives as long as somebody counts on it: its session, and the responses that are still being read.
class SharedPool {
 public:
  SharedPool(EventLoop& loop, PoolLimits limits, const wire::Http1Limits& wire) : box_(new Box(loop, limits, wire)) {}
  SharedPool(const SharedPool& other) noexcept : box_(other.box_) { ++box_->refs; }
  SharedPool& operator=(const SharedPool&) = delete;
  ~SharedPool() {
    if (--box_->refs == 0) delete box_;
  }
  Pool* operator->() const noexcept { return &box_->pool; }

 private:
  struct Box {
    Box(EventLoop& loop, PoolLimits limits, const wire::Http1Limits& wire) : pool(loop, limits, wire) {}
    Pool pool;
    int refs = 1;
  };
  Box* box_;
};

/// What limits one request in time. `deadline` is on the loop's clock.
struct ExchangeLimits {
  OptionalDuration deadline;
  OptionalDuration connect;
  OptionalDuration sock_read;
};

/// Sends `request`, whose fields are complete, and reads the head of the response; its body holds the connection.
/// Lifetime: `request` lives until return.   Errors: as ClientSession's, redirects apart.
Coro<Response> exchange(SharedPool pool, Request& request, ExchangeLimits limits);

}  // namespace tarn::http::internal
