// SPDX-License-Identifier: BSL-1.0
// Connection: a Stream, the HTTP/1 machine that understands it, and what waits to be sent. Both ends use it; here bytes
// become events and nothing else happens.
#pragma once
#include <string>
#include <utility>

#include <tarn/http/internal/deadlines.h>
#include <tarn/net/stream.h>
#include <tarn/wire/http1.h>

namespace tarn::http::internal {

class Connection : public Deadline {
 public:
  Connection(Deadlines& deadlines, Stream stream, wire::Role role, const wire::Http1Limits& limits)
      : Deadline(deadlines), stream(std::move(stream)), machine(role, limits) {}

  /// Sends what is waiting in `out`, then receives into the machine, at least one byte or the end.
  /// A connection that broke counts as ended: `broken` tells. Cancel: safe, no byte is lost.
  Coro<> fill();
  /// Sends what is waiting in `out`. Errors: ConnectionError, or what else broke the stream.
  Coro<> flush();
  /// The same now, as far as it goes; for callers that can't wait.
  void flush_nowait();

  Stream stream;
  wire::Http1 machine;
  std::string out;
  std::string broken;      ///< how the connection broke, if it did
  bool timed_out = false;  ///< the deadline passed, and the stream was aborted for it

 protected:
  void expired() noexcept override {
    timed_out = true;
    stream.abort();
  }

 private:
  static constexpr std::size_t room_min = 8 * 1024;
  static constexpr std::size_t room_max = 256 * 1024;
  std::size_t room_ = room_min;
};

}  // namespace tarn::http::internal
