// SPDX-License-Identifier: BSL-1.0
#include <tarn/wire/internal/http1_framing.h>

#include <tarn/wire/internal/chars.h>

namespace tarn::wire::internal {
namespace {

Refusal add_length(Facts& facts, std::string_view value, bool in_request) {
  // RFC 9110 8.6: 1*DIGIT, no list, no sign.
  if (value.empty()) return {400, "Content-Length is empty"};
  std::uint64_t length = 0;
  for (char c : value) {
    if (!is_digit(c)) return {400, "Content-Length " + show(value) + " is not a number"};
    if (__builtin_mul_overflow(length, 10U, &length) ||
        __builtin_add_overflow(length, static_cast<std::uint64_t>(c - '0'), &length))
      return {400, "Content-Length " + show(value) + " is too large"};
  }
  if (facts.has_length) {
    // RFC 9110 8.6 lets a recipient reject even equal ones. Requests: always, for the sake of readers further on;
    // responses: servers that repeat themselves exist and have no readers further on.
    if (length != facts.length) return {400, "two Content-Length fields that differ"};
    if (in_request) return {400, "two Content-Length fields"};
  }
  facts.has_length = true;
  facts.length = length;
  return {};
}

Refusal add_coding(Facts& facts, std::string_view value) {
  facts.has_coding = true;
  bool more = true;
  std::string_view coding;
  while (next_element(value, more, coding)) {
    if (facts.chunked) return {400, "a transfer coding after \"chunked\""};
    if (coding.empty()) return {400, "Transfer-Encoding has an empty element"};
    if (equals_ignoring_case(coding, "chunked"))
      facts.chunked = true;
    else
      facts.unknown_coding = true;
  }
  return {};
}

void add_connection(Facts& facts, std::string_view value) {
  bool more = true;
  std::string_view option;
  while (next_element(value, more, option)) {
    if (equals_ignoring_case(option, "close"))
      facts.close = true;
    else if (equals_ignoring_case(option, "keep-alive"))
      facts.keep_alive = true;
    else if (equals_ignoring_case(option, "upgrade"))
      facts.upgrade_token = true;
  }
}

// RFC 9112 3.2: a request with an invalid Host is answered 400. An http URL without a host is invalid (RFC 9110 4.2.1).
Refusal add_host(Facts& facts, std::string_view value) {
  if (++facts.hosts > 1) return {400, "two Host fields"};
  if (value.empty()) return {400, "Host is empty"};
  const std::size_t bad = skip(value, 0, host_char);
  if (bad < value.size()) return {400, show_byte(value[bad]) + " in Host"};
  const std::size_t bracket = value.rfind(']');
  const std::size_t colon = value.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if ((value[0] == '[') != (bracket != std::string_view::npos) || value.find('[', 1) != std::string_view::npos ||
      (bracket != std::string_view::npos && bracket + 1 < value.size() && colon != bracket + 1) || colon == 0)
    return {400, "Host " + show(value) + " is not a host and a port"};
  for (std::size_t i = colon; i < value.size() && ++i < value.size();)
    if (!is_digit(value[i])) return {400, "Host " + show(value) + " has a port that is not a number"};
  return {};
}

Refusal no_two_framings(Version version, const Facts& facts) {
  if (!facts.has_coding) return {};
  // RFC 9112 6.1: together they are an attempt at smuggling, or a fault of whoever is in between.
  if (facts.has_length) return {400, "both Content-Length and Transfer-Encoding"};
  // RFC 9112 6.1: HTTP/1.0 doesn't know transfer codings; its framing would be a guess.
  if (version == Version::http_1_0) return {400, "Transfer-Encoding in an HTTP/1.0 message"};
  // RFC 9112 6.3, item 4: without "chunked" at the end nobody knows where the body ends.
  if (!facts.chunked)
    return {facts.unknown_coding ? std::uint16_t{501} : std::uint16_t{400},
            "Transfer-Encoding doesn't end in \"chunked\""};
  // RFC 9112 6.1.
  if (facts.unknown_coding) return {501, "a transfer coding other than \"chunked\""};
  return {};
}

}  // namespace

Refusal Facts::add(std::string_view name, std::string_view value, bool in_request) {
  switch (name.size()) {
    case 4:
      if (in_request && equals_ignoring_case(name, "host")) return add_host(*this, value);
      break;
    case 6:
      if (equals_ignoring_case(name, "expect") && equals_ignoring_case(value, "100-continue")) expect_continue = true;
      break;
    case 7:
      if (equals_ignoring_case(name, "upgrade")) upgrade_field = true;
      break;
    case 10:
      if (equals_ignoring_case(name, "connection")) add_connection(*this, value);
      break;
    case 14:
      if (equals_ignoring_case(name, "content-length")) return add_length(*this, value, in_request);
      break;
    case 17:
      if (equals_ignoring_case(name, "transfer-encoding")) return add_coding(*this, value);
      break;
    default: break;
  }
  return {};
}

Refusal frame_request(const RequestHead& head, const Facts& facts, Framing& framing) {
  // RFC 9112 3.2.
  if (facts.hosts == 0 && head.version == Version::http_1_1) return {400, "Host is missing"};
  if (Refusal refusal = no_two_framings(head.version, facts)) return refusal;
  // RFC 9110 9.3.6: CONNECT has no content; bytes after it may be the tunnel's already.
  if (head.method == "CONNECT" && (facts.chunked || facts.length > 0)) return {400, "a CONNECT request with a body"};
  if (facts.chunked)
    framing.kind = BodyKind::chunked;
  else if (facts.has_length)
    framing = {BodyKind::length, facts.length};
  return {};
}

Refusal frame_response(const ResponseHead& head, const Facts& facts, bool head_request, bool connect_request,
                       Framing& framing) {
  // RFC 9112 6.3, items 1 and 2: these have no body whatever their fields say.
  if (head_request || head.status < 200 || head.status == 204 || head.status == 304 ||
      (connect_request && head.status < 300))
    return {};
  if (Refusal refusal = no_two_framings(head.version, facts)) return refusal;
  if (facts.chunked)
    framing.kind = BodyKind::chunked;
  else if (facts.has_length)
    framing = {BodyKind::length, facts.length};
  else
    framing.kind = BodyKind::until_close;
  return {};
}

bool persists(Version version, const Facts& facts) noexcept {
  if (facts.close) return false;
  return version == Version::http_1_1 || facts.keep_alive;
}

bool may_be_trailer(std::string_view name) noexcept {
  for (std::string_view banned :
       {"transfer-encoding", "content-length", "host", "connection", "trailer", "upgrade", "te", "expect",
        "authorization", "set-cookie", "content-encoding", "content-type", "content-range"})
    if (equals_ignoring_case(name, banned)) return false;
  return true;
}

}  // namespace tarn::wire::internal
