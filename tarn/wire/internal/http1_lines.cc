// SPDX-License-Identifier: BSL-1.0
#include <tarn/wire/internal/http1_lines.h>

#include <tarn/wire/internal/chars.h>

namespace tarn::wire::internal {
namespace {

// The longest method in the registry has 17 letters (UPDATEREDIRECTREF). RFC 9112 3: 501 for a longer one than known.
constexpr std::size_t method_bytes_max = 32;

Refusal parse_version(std::string_view text, Version& version, std::uint16_t other_major) {
  // RFC 9112 2.3: case-sensitive, one digit each.
  if (text.size() != 8 || text.substr(0, 5) != "HTTP/" || !is_digit(text[5]) || text[6] != '.' || !is_digit(text[7]))
    return {400, show(text) + " is not an HTTP version"};
  if (text[5] != '1') return {other_major, "HTTP/" + std::string(text.substr(5)) + " is not spoken here"};
  version = text[7] == '0' ? Version::http_1_0 : Version::http_1_1;
  return {};
}

bool is_host_and_port(std::string_view text) noexcept {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size() || !all(text, host_char)) return false;
  for (std::size_t i = colon + 1; i < text.size(); ++i)
    if (!is_digit(text[i])) return false;
  return true;
}

// "http://host/..." with a host in it (RFC 9110 4.2.1); user information in it is refused (4.2.4).
bool is_absolute(std::string_view target) noexcept {
  const std::size_t colon = target.find(':');
  if (colon == std::string_view::npos || colon == 0 || target.substr(colon, 3) != "://") return false;
  for (char c : target.substr(0, colon))
    if (!is_digit(c) && !(lower(c) >= 'a' && lower(c) <= 'z') && c != '+' && c != '-' && c != '.') return false;
  const std::string_view rest = target.substr(colon + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  return !authority.empty() && authority[0] != ':' && all(authority, host_char);
}

std::size_t skip_blanks(std::string_view line, std::size_t at) noexcept {
  while (at < line.size() && (line[at] == ' ' || line[at] == '\t')) ++at;
  return at;
}

// RFC 9110 5.6.4; returns the position after the closing quote, or npos.
std::size_t skip_quoted(std::string_view line, std::size_t at) noexcept {
  for (++at; at < line.size(); ++at) {
    if (line[at] == '"') return at + 1;
    if (line[at] == '\\') ++at;
    if (at >= line.size() || !is(line[at], value_char)) break;
  }
  return std::string_view::npos;
}

// RFC 9112 7.1.1: *( BWS ";" BWS name [ BWS "=" BWS value ] ), to the end of the line.
bool is_chunk_extensions(std::string_view line, std::size_t at) noexcept {
  while (at < line.size()) {
    at = skip_blanks(line, at);
    if (at == line.size() || line[at] != ';') return false;
    at = skip_blanks(line, at + 1);
    const std::size_t name_end = skip(line, at, token_char);
    if (name_end == at) return false;
    at = name_end;
    const std::size_t equals = skip_blanks(line, at);
    if (equals == line.size() || line[equals] != '=') continue;
    at = skip_blanks(line, equals + 1);
    const std::size_t value_end =
        at < line.size() && line[at] == '"' ? skip_quoted(line, at) : skip(line, at, token_char);
    if (value_end == at || value_end == std::string_view::npos) return false;
    at = value_end;
  }
  return true;
}

}  // namespace

Refusal check_method(std::string_view method) {
  const std::size_t end = skip(method, 0, token_char);
  if (method.empty()) return {400, "the method is missing"};
  if (end < method.size()) return {400, show_byte(method[end]) + " in the method"};
  if (method.size() > method_bytes_max) return {501, "a method of " + std::to_string(method.size()) + " bytes"};
  return {};
}

Refusal check_target(std::string_view method, std::string_view target) {
  if (target.empty()) return {400, "the target is missing"};
  const std::size_t end = skip(target, 0, target_char);
  if (end < target.size()) return {400, show_byte(target[end]) + " in the target"};
  if (method == "CONNECT") {  // RFC 9112 3.2.3
    if (!is_host_and_port(target)) return {400, "the target of CONNECT is not a host and a port"};
  } else if (target == "*") {  // RFC 9112 3.2.4
    if (method != "OPTIONS") return {400, "the target \"*\" of a method other than OPTIONS"};
  } else if (target[0] != '/' && !is_absolute(target)) {  // RFC 9112 3.2.1, 3.2.2
    return {400, "the target " + show(target) + " is neither a path nor a URL"};
  }
  return {};
}

Refusal parse_request_line(std::string_view line, RequestHead& into) {
  const std::size_t method_end = line.find(' ');
  const std::string_view method = line.substr(0, method_end);
  if (Refusal refusal = check_method(method)) return refusal;
  if (method_end == std::string_view::npos) return {400, "the target is missing"};
  const std::string_view rest = line.substr(method_end + 1);
  const std::size_t target_end = rest.find(' ');
  // RFC 9112 3: one space each. Without a version it would be HTTP/0.9, which nobody speaks.
  if (target_end == std::string_view::npos) return {400, "the HTTP version is missing"};
  const std::string_view target = rest.substr(0, target_end);
  if (Refusal refusal = parse_version(rest.substr(target_end + 1), into.version, 505)) return refusal;
  if (Refusal refusal = check_target(method, target)) return refusal;
  into.method.assign(method);
  into.target.assign(target);
  return {};
}

Refusal parse_status_line(std::string_view line, ResponseHead& into) {
  if (Refusal refusal = parse_version(line.substr(0, line.find(' ')), into.version, 400)) return refusal;
  const std::string_view code = line.substr(line.size() < 9 ? line.size() : 9, 3);
  if (code.size() != 3 || !is_digit(code[0]) || !is_digit(code[1]) || !is_digit(code[2]) || code[0] == '0')
    return {400, show(code) + " is not a status"};
  into.status = static_cast<std::uint16_t>((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
  // RFC 9112 4 wants the space even before an empty reason; many servers leave it out, and nothing hangs on it (h11
  // and llhttp accept it too).
  const std::string_view rest = line.substr(12);
  if (!rest.empty() && rest[0] != ' ') return {400, show_byte(rest[0]) + " after the status"};
  const std::string_view reason = rest.empty() ? rest : rest.substr(1);
  const std::size_t bad = find_bad_value_char(reason);
  if (bad < reason.size()) return {400, show_byte(reason[bad]) + " in the reason"};
  into.reason.assign(reason);
  return {};
}

Refusal parse_field_line(std::string_view line, std::string_view& name, std::string_view& value) {
  const std::size_t name_end = skip(line, 0, token_char);
  name = line.substr(0, name_end);
  if (name_end == line.size()) return {400, "the field " + show(line) + " has no colon"};
  if (line[name_end] != ':') {
    const bool blank = line[name_end] == ' ' || line[name_end] == '\t';
    // RFC 9112 5.2: obsolete folding is rejected.
    if (blank && name_end == 0) return {400, "a line that begins with white space (folding is obsolete)"};
    // RFC 9112 5.1: no white space between name and colon; it was the way around many a front end.
    if (blank) return {400, "white space between the field name " + show(name) + " and its colon"};
    return {400, show_byte(line[name_end]) + " in the field name " + show(line.substr(0, line.find(':')))};
  }
  if (name_end == 0) return {400, "a field without a name"};
  value = trim(line.substr(name_end + 1));
  const std::size_t bad = find_bad_value_char(value);
  // RFC 9110 5.5: CR, LF and NUL must be rejected or replaced; other controls are of no use either.
  if (bad < value.size()) return {400, show_byte(value[bad]) + " in the value of " + show(name)};
  return {};
}

Refusal parse_chunk_line(std::string_view line, std::uint64_t& size, std::size_t& extension_bytes) {
  size = 0;
  std::size_t at = 0;
  for (; at < line.size(); ++at) {
    const char c = lower(line[at]);
    const bool letter = c >= 'a' && c <= 'f';
    if (!is_digit(c) && !letter) break;
    if (size >> 60 != 0) return {400, "the chunk size " + show(line) + " is too large"};
    size = size << 4 | static_cast<std::uint64_t>(letter ? c - 'a' + 10 : c - '0');
  }
  // RFC 9112 7.1: hexadecimal digits, at least one, no sign and no "0x".
  if (at == 0) return {400, "the chunk size " + show(line) + " is not a hexadecimal number"};
  extension_bytes = line.size() - at;
  if (!is_chunk_extensions(line, at)) return {400, "the chunk size line " + show(line) + " has a malformed extension"};
  return {};
}

}  // namespace tarn::wire::internal
