// SPDX-License-Identifier: BSL-1.0
// Dates as HTTP writes them (RFC 9110 5.6.7): seconds since 1970 in, "Sun, 06 Nov 1994 08:49:37 GMT" out, and back.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace tarn::http::internal {

std::string format_date(std::int64_t unix_seconds);
/// IMF-fixdate only: the two obsolete forms have been sent by nobody for decades. False if it is none.
bool parse_date(std::string_view text, std::int64_t& unix_seconds) noexcept;

}  // namespace tarn::http::internal
