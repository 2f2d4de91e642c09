// SPDX-License-Identifier: BSL-1.0
// UTF-8: is it, or isn't it. Knows nothing of code points' meaning.
#pragma once
#include <string_view>

namespace tarn {

/// Whether `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
/// Thread: any.   Python: bytes.decode("utf-8") without the UnicodeDecodeError.
bool is_utf8(std::string_view text) noexcept;

}  // namespace tarn
