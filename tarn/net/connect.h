// SPDX-License-Identifier: BSL-1.0
// open_connection(): a Stream to somewhere.
#pragma once
#include <tarn/net/stream.h>

#include <cstdint>

namespace tarn {

/// Trivially destructible, so that it may stand inside a co_await expression on g++ 12.2. Copied before anything waits.
struct ConnectOptions {
  std::size_t limit = stream_limit_default;        ///< of readline() and readuntil()
  Address::Family family = Address::Family::none;  ///< none: both
  std::string_view local_host = {};                ///< numeric; where to connect from
  std::uint16_t local_port = 0;
};

/// Connects to `host`, whose addresses are tried one after another; small writes go out at once (TCP_NODELAY).
/// Errors: ResolveError; ConnectionRefusedError, TimeoutError or another OsError if one address was tried or all failed
/// alike; else OsError "Multiple exceptions: …". ValueError for a bad local_host.
/// Cancel: safe; the half-open socket is closed.   Python: asyncio.open_connection.
Coro<Stream> open_connection(std::string host, std::uint16_t port, ConnectOptions options = {});

/// Connects to one address, of any family. Errors: OsError and its kinds.   Cancel: safe.
Coro<Stream> open_connection(Address address, ConnectOptions options = {});

/// Connects to the unix socket at `path`.
/// Errors: FileNotFoundError, ConnectionRefusedError, OsError; ValueError for a path that is too long.   Cancel: safe.
/// Python: asyncio.open_unix_connection.
Coro<Stream> open_unix_connection(std::string path, ConnectOptions options = {});

}  // namespace tarn
