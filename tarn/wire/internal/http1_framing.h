// SPDX-License-Identifier: BSL-1.0
// What the fields of a head say of the message's end and of the connection's, for both directions: a head that is
// refused when it comes in is refused when it is about to go out.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include <tarn/wire/message.h>

namespace tarn::wire::internal {

/// Why something is refused, and what a server answers. False when it isn't.
struct Refusal {
  std::uint16_t status = 0;
  std::string text;
  explicit operator bool() const noexcept { return status != 0; }
};

/// What was gathered, field by field.
struct Facts {
  std::uint64_t length = 0;
  std::uint16_t hosts = 0;
  bool has_length = false;
  bool has_coding = false;
  bool chunked = false;  // the last transfer coding so far
  bool unknown_coding = false;
  bool close = false;
  bool keep_alive = false;
  bool upgrade_token = false;  // Connection: upgrade
  bool upgrade_field = false;  // Upgrade: ...
  bool expect_continue = false;

  /// Takes the next field of the head in. Refuses what is wrong in itself.
  Refusal add(std::string_view name, std::string_view value, bool in_request);
};

enum class BodyKind : std::uint8_t { none, length, chunked, until_close };
struct Framing {
  BodyKind kind = BodyKind::none;
  std::uint64_t length = 0;
};

/// RFC 9112 6.3 for a request, and what else must hold of its head as a whole (Host).
Refusal frame_request(const RequestHead& head, const Facts& facts, Framing& framing);

/// RFC 9112 6.3 for a final response to a request that was a HEAD or CONNECT or neither.
Refusal frame_response(const ResponseHead& head, const Facts& facts, bool head_request, bool connect_request,
                       Framing& framing);

/// Whether a connection outlives a message with this head (RFC 9112 9.3).
bool persists(Version version, const Facts& facts) noexcept;

/// Whether a field may stand in trailers: those that frame or route a message may not (RFC 9110 6.5.1).
bool may_be_trailer(std::string_view name) noexcept;

}  // namespace tarn::wire::internal
