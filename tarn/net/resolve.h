// SPDX-License-Identifier: BSL-1.0
// resolve(): from a host's name to its addresses.
//
// Numeric hosts need no look-up. Names are asked of the system's resolver (getaddrinfo: /etc/hosts, nsswitch, DNS) in
// the loop's default executor, because it blocks.
#pragma once
#include <tarn/base/errors.h>
#include <tarn/core/coro.h>
#include <tarn/net/address.h>

#include <string>
#include <vector>

namespace tarn {

/// A name that could not be resolved. `code()` is getaddrinfo's (EAI_NONAME …). Python: socket.gaierror.
class ResolveError : public OsError {
 public:
  ResolveError(int code, const std::string& what) : OsError(Plain{}, what), code_(code) {}
  int code() const noexcept { return code_; }

 private:
  int code_;
};

/// The addresses of `host` for stream sockets, in the order in which they should be tried; at least one. An empty host
/// is the loopback. `family` none: both.
/// Errors: ResolveError; ValueError for a host with a zero byte.
/// Cancel: safe; a look-up that has begun goes on in its thread.   Python: loop.getaddrinfo.
Coro<std::vector<Address>> resolve(std::string host, std::uint16_t port,
                                   Address::Family family = Address::Family::none);

}  // namespace tarn
