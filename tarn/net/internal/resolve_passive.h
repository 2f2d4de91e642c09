// SPDX-License-Identifier: BSL-1.0
// resolve() for listeners.
#pragma once
#include <tarn/core/coro.h>
#include <tarn/net/address.h>

#include <string>
#include <vector>

namespace tarn::internal {

/// As resolve(); an empty host is every interface, of both families.
Coro<std::vector<Address>> resolve_passive(std::string host, std::uint16_t port);

}  // namespace tarn::internal
