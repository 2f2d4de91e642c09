// SPDX-License-Identifier: BSL-1.0
#include <tarn/base/url.h>

#include <algorithm>
#include <array>

#include <tarn/base/errors.h>
#include <tarn/base/utf8.h>

namespace tarn {
namespace {

constexpr std::uint8_t unreserved = 1;
constexpr std::uint8_t sub_delim = 2;
constexpr std::uint8_t path_extra = 4;
constexpr std::uint8_t query_extra = 8;
constexpr std::uint8_t user_extra = 16;
constexpr std::uint8_t hex = 32;
constexpr std::uint8_t host_chars = unreserved | sub_delim;
constexpr std::uint8_t user_chars = host_chars | user_extra;    // RFC 3986 3.2.1
constexpr std::uint8_t path_chars = user_chars | path_extra;    // pchar and "/" (3.3)
constexpr std::uint8_t query_chars = path_chars | query_extra;  // pchar, "/" and "?" (3.4, 3.5)

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> c{};
  for (unsigned char x = '0'; x <= '9'; ++x) c[x] = unreserved | hex;
  for (unsigned char x = 'a'; x <= 'z'; ++x) c[x] = unreserved;
  for (unsigned char x = 'A'; x <= 'Z'; ++x) c[x] = unreserved;
  for (unsigned char x : {'a', 'b', 'c', 'd', 'e', 'f', 'A', 'B', 'C', 'D', 'E', 'F'}) c[x] |= hex;
  for (unsigned char x : {'-', '.', '_', '~'}) c[x] = unreserved;
  for (unsigned char x : {'!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '='}) c[x] = sub_delim;
  c[':'] = user_extra;
  c['@'] = c['/'] = path_extra;
  c['?'] = query_extra;
  return c;
}
constexpr auto classes = make_classes();

constexpr bool is(char c, std::uint8_t cls) noexcept { return (classes[static_cast<unsigned char>(c)] & cls) != 0; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr int hex_value(char c) noexcept { return is_digit(c) ? c - '0' : lower(c) - 'a' + 10; }

void append_escape(std::string& to, char c) {
  constexpr char digits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  to += '%';
  to += digits[byte >> 4];
  to += digits[byte & 15];
}

// A character as an error message may show it.
std::string shown(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == ' ') return "a space";
  if (byte < 0x20 || byte == 0x7F) {
    std::string text = "the control character ";
    append_escape(text, c);
    return text;
  }
  if (byte >= 0x80) return "a character beyond ASCII";
  return std::string("'") + c + "'";
}

bool is_http(std::string_view scheme) noexcept {
  return scheme == "http" || scheme == "https" || scheme == "ws" || scheme == "wss";
}

bool is_ipv4(std::string_view text) noexcept {
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at >= text.size() || text[at++] != '.')) return false;
    const std::size_t begin = at;
    unsigned value = 0;
    while (at < text.size() && is_digit(text[at]) && at - begin < 3) value = value * 10 + unsigned(text[at++] - '0');
    // RFC 3986 3.2.2 dec-octet: no leading zero, which some resolvers would read as octal.
    if (at == begin || value > 255 || (text[begin] == '0' && at - begin > 1)) return false;
  }
  return at == text.size();
}

// RFC 3986 3.2.2 IPv6address: eight groups of 1-4 hex digits, one run of zeros as "::", the last two perhaps as IPv4.
bool is_ipv6(std::string_view text) noexcept {
  int groups = 0;
  bool gap = false;
  std::size_t at = 0;
  if (text.substr(0, 2) == "::") {
    gap = true;
    at = 2;
  }
  while (at < text.size()) {
    const std::size_t begin = at;
    while (at < text.size() && is(text[at], hex)) ++at;
    if (at < text.size() && text[at] == '.') {
      if (!is_ipv4(text.substr(begin))) return false;
      groups += 2;
      at = text.size();
      break;
    }
    if (at == begin || at - begin > 4) return false;
    ++groups;
    if (at == text.size()) break;
    if (text[at++] != ':' || at == text.size()) return false;
    if (text[at] == ':') {
      if (gap) return false;
      gap = true;
      ++at;
    }
  }
  return gap ? groups < 8 : groups == 8;
}

// RFC 3986 5.2.4.
std::string remove_dot_segments(std::string_view path) {
  std::string out;
  const auto drop_last = [&out] { out.resize(out.rfind('/') == std::string::npos ? 0 : out.rfind('/')); };
  while (!path.empty()) {
    if (path.starts_with("../"))
      path.remove_prefix(3);
    else if (path.starts_with("./"))
      path.remove_prefix(2);
    else if (path.starts_with("/./"))
      path.remove_prefix(2);
    else if (path == "/.")
      path = "/";
    else if (path.starts_with("/../"))
      path.remove_prefix(3), drop_last();
    else if (path == "/..")
      path = "/", drop_last();
    else if (path == "." || path == "..")
      path = {};
    else {
      const std::size_t end = path.find('/', 1);
      out += path.substr(0, end);
      path.remove_prefix(end == std::string_view::npos ? path.size() : end);
    }
  }
  return out;
}

}  // namespace

// Reads one text into one Url; keeps the whole text so that every refusal can tell the position in it.
class UrlParser {
 public:
  UrlParser(std::string_view text, Url& url) : text_(text), url_(url) {}

  void parse(bool may_be_relative) {
    check_characters();
    std::size_t at = scheme(may_be_relative);
    if (text_.substr(at, 2) == "//") at = authority(at + 2);
    at = path(at);
    if (at < text_.size() && text_[at] == '?') {
      const std::size_t end = find(at + 1, "#");
      url_.has_query_ = true;
      url_.query_ = component(at + 1, end, query_chars, "query");
      at = end;
    }
    if (at < text_.size()) {
      url_.has_fragment_ = true;
      url_.fragment_ = component(at + 1, text_.size(), query_chars, "fragment");
    }
    if (is_http(url_.scheme_) && url_.host_.empty()) refuse(url_.scheme_.size() + 1, "the host is missing");
  }

 private:
  [[noreturn]] void refuse(std::size_t at, const std::string& what) const {
    constexpr std::size_t shown_max = 200;  // enough to recognise a URL by, short enough for a log line
    std::string quoted;
    for (char c : text_.substr(0, shown_max)) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
        append_escape(quoted, c);
      else
        quoted += c;
    }
    if (text_.size() > shown_max) quoted += "...";
    throw ValueError("invalid URL '" + quoted + "': " + what + " at position " + std::to_string(at));
  }

  std::size_t find(std::size_t from, const char* stops) const {
    const std::size_t at = text_.find_first_of(stops, from);
    return at == std::string_view::npos ? text_.size() : at;
  }

  // What is wrong anywhere, first: the position is then the first bad one, whatever component it is in.
  void check_characters() const {
    if (text_.empty()) refuse(0, "it is empty");
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const char c = text_[i];
      if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F) refuse(i, shown(c));
      if (c == '%' && (i + 2 >= text_.size() || !is(text_[i + 1], hex) || !is(text_[i + 2], hex)))
        refuse(i, "a '%' that two hexadecimal digits don't follow");
    }
    if (!is_utf8(text_)) refuse(0, "it isn't UTF-8");
  }

  std::size_t scheme(bool may_be_relative) {
    const std::size_t end = find(0, ":/?#");
    if (end == text_.size() || text_[end] != ':') {
      if (may_be_relative) return 0;
      refuse(0, "the scheme is missing (as in \"https://\")");
    }
    if (end == 0 || !is_alpha(text_[0])) refuse(0, "a scheme must begin with a letter");
    for (std::size_t i = 0; i < end; ++i) {
      const char c = text_[i];
      if (!is_alpha(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') refuse(i, shown(c) + " in the scheme");
      url_.scheme_ += lower(c);
    }
    return end + 1;
  }

  std::size_t authority(std::size_t begin) {
    const std::size_t end = find(begin, "/?#");
    url_.has_authority_ = true;
    std::size_t at = begin;
    const std::size_t ampersat = text_.substr(begin, end - begin).rfind('@');
    if (ampersat != std::string_view::npos) {
      url_.has_user_info_ = true;
      url_.user_info_ = component(begin, begin + ampersat, user_chars, "user info");
      at = begin + ampersat + 1;
    }
    at = at < end && text_[at] == '[' ? ip_literal(at, end) : registered_name(at, end);
    if (at < end) port(at + 1, end);
    return end;
  }

  std::size_t ip_literal(std::size_t at, std::size_t end) {
    const std::size_t close = text_.find(']', at);
    if (close == std::string_view::npos || close >= end) refuse(at, "a '[' without its ']'");
    const std::string_view address = text_.substr(at + 1, close - at - 1);
    if (!tarn::is_ipv6(address)) refuse(at + 1, "not an IPv6 address");
    if (close + 1 < end && text_[close + 1] != ':') refuse(close + 1, shown(text_[close + 1]) + " after the host");
    url_.ipv6_ = true;
    for (char c : address) url_.host_ += lower(c);
    return close + 1;
  }

  std::size_t registered_name(std::size_t at, std::size_t end) {
    const std::size_t colon = text_.substr(0, end).find(':', at);
    const std::size_t host_end = colon == std::string_view::npos ? end : colon;
    const bool http = is_http(url_.scheme_);
    for (std::size_t i = at; i < host_end; ++i) {
      const char c = text_[i];
      // An escape or a sub-delimiter can't stand in a name that DNS shall find: only generic schemes may have them.
      if (!is(c, http ? unreserved : host_chars) && (http || c != '%')) refuse(i, shown(c) + " in the host");
      if (c == '%')
        url_.host_ += text_.substr(i, 3), i += 2;
      else
        url_.host_ += lower(c);
    }
    // "1.2.3" and "0x7f.1" are addresses to some resolvers and names to others; RFC 3986 7.4 calls that an attack.
    const std::string& host = url_.host_;
    const std::size_t last = host.rfind('.', host.size() - (host.ends_with('.') ? 2 : 1)) + 1;
    if (!host.empty() && is_digit(host[last]) && http && !is_ipv4(host) &&
        (host.find_first_not_of("0123456789.", last) == std::string::npos || host.substr(last, 2) == "0x"))
      refuse(at, "a number as the host that isn't an IPv4 address");
    return host_end;
  }

  void port(std::size_t at, std::size_t end) {
    unsigned value = 0;
    for (std::size_t i = at; i < end; ++i) {
      if (!is_digit(text_[i])) refuse(i, shown(text_[i]) + " in the port");
      value = value * 10 + unsigned(text_[i] - '0');
      if (value > 65535) refuse(at, "a port above 65535");
    }
    // RFC 3986 6.2.3: an empty port is the same as none.
    url_.has_port_ = end > at;
    url_.port_ = static_cast<std::uint16_t>(value);
  }

  std::size_t path(std::size_t at) {
    const std::size_t end = find(at, "?#");
    url_.path_ = component(at, end, path_chars, "path");
    return end;
  }

  std::string component(std::size_t begin, std::size_t end, std::uint8_t allowed, const char* name) const {
    std::string out;
    out.reserve(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      const char c = text_[i];
      if (is(c, allowed) || c == '%')
        out += c;
      else if (static_cast<unsigned char>(c) >= 0x80)
        append_escape(out, c);  // RFC 3987 3.1
      else
        refuse(i, shown(c) + " in the " + name + " (a data character is written percent-encoded)");
    }
    return out;
  }

  std::string_view text_;
  Url& url_;
};

Url Url::parse(std::string_view text) {
  Url url;
  UrlParser(text, url).parse(false);
  return url;
}

// RFC 3986 5.2.2, "Transform References".
Url Url::join(std::string_view reference) const {
  if (reference.empty()) return without_fragment();
  Url target;
  UrlParser(reference, target).parse(true);
  if (!target.scheme_.empty()) {
    target.path_ = remove_dot_segments(target.path_);
    return target;
  }
  target.scheme_ = scheme_;
  if (target.has_authority_) {
    target.path_ = remove_dot_segments(target.path_);
    // Only now is the scheme known, and with it what its host may look like.
    return parse(target.str());
  }
  target.has_authority_ = has_authority_;
  target.user_info_ = user_info_;
  target.has_user_info_ = has_user_info_;
  target.host_ = host_;
  target.ipv6_ = ipv6_;
  target.port_ = port_;
  target.has_port_ = has_port_;
  if (target.path_.empty()) {
    target.path_ = path_;
    if (!target.has_query_) {
      target.query_ = query_;
      target.has_query_ = has_query_;
    }
  } else if (target.path_[0] == '/') {
    target.path_ = remove_dot_segments(target.path_);
  } else if (has_authority_ && path_.empty()) {
    target.path_ = remove_dot_segments("/" + target.path_);
  } else {
    const std::size_t slash = path_.rfind('/');
    target.path_ = remove_dot_segments((slash == std::string::npos ? "" : path_.substr(0, slash + 1)) + target.path_);
  }
  return target;
}

std::string Url::user() const { return percent_decode(std::string_view(user_info_).substr(0, user_info_.find(':'))); }

std::string Url::password() const {
  const std::size_t colon = user_info_.find(':');
  return colon == std::string::npos ? std::string() : percent_decode(std::string_view(user_info_).substr(colon + 1));
}

std::uint16_t Url::port() const noexcept { return has_port_ ? port_ : default_port(scheme_); }

std::string Url::str() const {
  std::string out;
  if (!scheme_.empty()) out.append(scheme_).append(":");
  if (has_authority_) {
    out += "//";
    if (has_user_info_) out.append(user_info_).append("@");
    if (ipv6_)
      out.append("[").append(host_).append("]");
    else
      out += host_;
    if (has_port_) out.append(":").append(std::to_string(port_));
  } else if (path_.starts_with("//")) {
    out += "/.";  // RFC 3986 6.2.2.3's erratum 4547: a path may not look like an authority
  }
  out += path_;
  if (has_query_) out.append("?").append(query_);
  if (has_fragment_) out.append("#").append(fragment_);
  return out;
}

std::string Url::origin() const { return scheme_ + "://" + host_header(); }

std::string Url::host_header() const {
  std::string out = ipv6_ ? "[" + host_ + "]" : host_;
  if (has_port_ && port_ != default_port(scheme_)) out.append(":").append(std::to_string(port_));
  return out;
}

std::string Url::request_target() const {
  std::string out = path_.empty() ? "/" : path_;
  if (has_query_) out.append("?").append(query_);
  return out;
}

std::string Url::file_name(char after) const {
  std::string_view segment = path_;
  segment.remove_prefix(segment.rfind('/') + 1);
  if (after != '/') segment.remove_prefix(segment.rfind(after) + 1);
  return safe_file_name(percent_decode(segment));
}

std::vector<QueryItem> Url::query_items() const { return decode_query(query_); }

Url Url::with_query(const std::vector<QueryItem>& items) const {
  Url url = *this;
  url.query_ = encode_query(items);
  url.has_query_ = !items.empty();
  return url;
}

Url Url::with_query_item(std::string_view name, std::string_view value) const {
  Url url = *this;
  if (!url.query_.empty()) url.query_ += '&';
  url.query_ += encode_query({QueryItem{std::string(name), std::string(value)}});
  url.has_query_ = true;
  return url;
}

Url Url::without_fragment() const {
  Url url = *this;
  url.fragment_.clear();
  url.has_fragment_ = false;
  return url;
}

Url Url::without_user_info() const {
  Url url = *this;
  url.user_info_.clear();
  url.has_user_info_ = false;
  return url;
}

std::uint16_t default_port(std::string_view scheme) noexcept {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  if (scheme == "redis" || scheme == "rediss") return 6379;
  if (scheme == "mysql") return 3306;
  return 0;
}

std::string percent_encode(std::string_view text, std::string_view keep) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (is(c, unreserved) || keep.find(c) != std::string_view::npos)
      out += c;
    else
      append_escape(out, c);
  }
  return out;
}

bool try_percent_decode(std::string_view text, std::string& into) {
  into.clear();
  into.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      into += text[i];
      continue;
    }
    if (i + 2 >= text.size() || !is(text[i + 1], hex) || !is(text[i + 2], hex)) return false;
    into += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
    i += 2;
  }
  return true;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  if (!try_percent_decode(text, out))
    throw ValueError("a '%' that two hexadecimal digits don't follow, in '" + std::string(text) + "'");
  return out;
}

std::string encode_query(const std::vector<QueryItem>& items) {
  std::string out;
  const auto append = [&out](std::string_view text) {
    for (char c : text) {
      if (c == ' ')
        out += '+';
      else if (is(c, unreserved))
        out += c;
      else
        append_escape(out, c);
    }
  };
  for (const QueryItem& item : items) {
    if (!out.empty()) out += '&';
    append(item.name);
    out += '=';
    append(item.value);
  }
  return out;
}

std::vector<QueryItem> decode_query(std::string_view text) {
  const auto decode = [](std::string_view part) {
    std::string plain(part);
    for (char& c : plain)
      if (c == '+') c = ' ';
    return percent_decode(plain);
  };
  std::vector<QueryItem> items;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    items.push_back({decode(pair.substr(0, equals)),
                     equals == std::string_view::npos ? std::string() : decode(pair.substr(equals + 1))});
  }
  return items;
}

std::string safe_file_name(std::string_view name) {
  constexpr std::size_t name_bytes_max = 255;  // NAME_MAX of every Linux file system worth the name
  const bool utf8 = is_utf8(name);
  std::string out;
  for (char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool bad = byte < 0x20 || byte == 0x7F || c == '/' || c == '\\' || (byte >= 0x80 && !utf8);
    out += bad ? '_' : c;
  }
  if (out.size() > name_bytes_max) {
    std::size_t end = name_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0) == 0x80) --end;  // never half a character
    out.resize(end);
  }
  if (out.empty() || out == "." || out == "..") return "download";
  return out;
}

}  // namespace tarn
