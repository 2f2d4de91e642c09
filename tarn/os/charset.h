// SPDX-License-Identifier: BSL-1.0
// Text in other charsets than UTF-8, by the C library's iconv.
#pragma once
#include <string>
#include <string_view>

namespace tarn {

/// Turns `text` into UTF-8. `charset` is a name of the IANA registry in any case ("gbk", "ISO-8859-1"); empty is UTF-8.
/// Errors: ValueError for an unknown charset or bytes that aren't in it.   Python: bytes.decode(charset).
std::string to_utf8(std::string_view text, const std::string& charset);

}  // namespace tarn
