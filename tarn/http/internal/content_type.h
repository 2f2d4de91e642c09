// SPDX-License-Identifier: BSL-1.0
// Content-Type: its parts, the type that belongs to a file's name, and text in its charset.
#pragma once
#include <string>
#include <string_view>

namespace tarn::http::internal {

/// "text/html" of " Text/HTML; charset=utf-8".
std::string media_type(std::string_view content_type);
/// "utf-8" of "text/html; charset=\"UTF-8\"", lower-cased; empty if there is none.
std::string charset(std::string_view content_type);
/// The Content-Type for a file of this name, by its extension; "application/octet-stream" if that isn't known.
std::string_view type_by_name(std::string_view file_name) noexcept;
/// `text` in UTF-8, by the charset of a Content-Type; UTF-8 if it names none. Errors: ValueError, as to_utf8().
std::string decode_text(std::string_view text, std::string_view content_type);

}  // namespace tarn::http::internal
