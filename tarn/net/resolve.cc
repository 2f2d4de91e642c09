// SPDX-License-Identifier: BSL-1.0
#include <tarn/net/resolve.h>

#include <tarn/core/threads.h>
#include <tarn/net/internal/resolve_passive.h>
#include <tarn/net/internal/socket.h>

namespace tarn {
namespace {

using Family = Address::Family;

Coro<std::vector<Address>> look_up_in_thread(std::string host, std::uint16_t port, Family family, bool passive) {
  if (host.find('\0') != std::string::npos) throw ValueError("a host's name has no zero byte");
  Address numeric;
  if (Address::try_parse(host, port, numeric)) {
    if (family == Family::none || family == numeric.family()) co_return std::vector<Address>{numeric};
    throw ResolveError(0, host + ": an address of another family");
  }
  auto job = [host, port, family, passive] { return internal::look_up(host.c_str(), port, family, passive); };
  internal::Lookup found = co_await to_thread(job);
  if (found.system_error != 0) throw_os_error(found.system_error, host);
  if (found.error != 0) throw ResolveError(found.error, host + ": " + internal::lookup_error_text(found.error));
  co_return std::move(found.addresses);
}

}  // namespace

Coro<std::vector<Address>> resolve(std::string host, std::uint16_t port, Address::Family family) {
  return look_up_in_thread(std::move(host), port, family, false);
}

Coro<std::vector<Address>> internal::resolve_passive(std::string host, std::uint16_t port) {
  return look_up_in_thread(std::move(host), port, Family::none, true);
}

}  // namespace tarn
