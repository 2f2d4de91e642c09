// SPDX-License-Identifier: BSL-1.0
// The lines of HTTP/1, each read in one pass. A line comes without its CRLF and has no LF in it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <tarn/wire/internal/http1_framing.h>
#include <tarn/wire/message.h>

namespace tarn::wire::internal {

/// RFC 9112 3: method SP request-target SP HTTP-version.
Refusal parse_request_line(std::string_view line, RequestHead& into);
/// RFC 9112 4: HTTP-version SP status-code SP [reason].
Refusal parse_status_line(std::string_view line, ResponseHead& into);
/// RFC 9112 5: field-name ":" OWS field-value OWS. The views look into `line`.
Refusal parse_field_line(std::string_view line, std::string_view& name, std::string_view& value);
/// RFC 9112 7.1: chunk-size [chunk-ext]. `extension_bytes` is the size of the latter.
Refusal parse_chunk_line(std::string_view line, std::uint64_t& size, std::size_t& extension_bytes);

/// What a method and a target must be, in either direction.
Refusal check_method(std::string_view method);
Refusal check_target(std::string_view method, std::string_view target);

}  // namespace tarn::wire::internal
