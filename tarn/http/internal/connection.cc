// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/internal/connection.h>

#include <algorithm>

#include <tarn/base/errors.h>

namespace tarn::http::internal {

Coro<> Connection::fill() {
  if (!out.empty()) co_await flush();
  std::size_t received = 0;
  try {
    const std::span<char> room = machine.prepare(room_);
    received = co_await stream.read_some(room);
    // A sender that fills the room has more: fewer, larger reads for big bodies, little memory for small ones.
    if (received == room.size()) room_ = std::min(room_ * 2, room_max);
  } catch (const OsError& e) {
    broken = e.what();
  }
  if (received == 0)
    machine.feed_eof();
  else
    machine.commit(received);
}

Coro<> Connection::flush() {
  // The stream copies what the kernel doesn't take at once, and only then waits: `out` is free when write() returns.
  std::string sent = std::exchange(out, {});
  co_await stream.write(sent);
  sent.clear();
  if (out.empty()) out = std::move(sent);  // its memory, for the next message
}

void Connection::flush_nowait() {
  if (out.empty()) return;
  stream.write_nowait(out);
  out.clear();
}

}  // namespace tarn::http::internal
