// SPDX-License-Identifier: BSL-1.0
// Url: a URL as RFC 3986 writes it, taken apart.
//
// A Url keeps its components as they were written (percent-encoded); the accessors that decode say so. Scheme and host
// are lower-cased, letters beyond ASCII in path, query and fragment are percent-encoded as RFC 3987 maps them, an empty
// port is dropped; nothing else is changed, so that what is printed is what was read. It doesn't guess: spaces,
// control characters, backslashes, broken escapes and impossible ports are refused, where browsers repair them.
// It knows neither IDNA nor the public suffix list.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tarn {

/// One `name=value` of a query, decoded.
struct QueryItem {
  std::string name;
  std::string value;
  friend bool operator==(const QueryItem&, const QueryItem&) = default;
};

/// A URL. A value: copied, compared, printed. Default-made it is empty, which no parsed one is.
/// Python: yarl.URL, as aiohttp uses it.
class Url {
 public:
  Url() = default;

  /// Reads an absolute URL. http, https, ws and wss need a host.
  /// Errors: ValueError, naming what is wrong and at which position.
  static Url parse(std::string_view text);

  /// Resolves a reference against this URL (RFC 3986 5.2, strictly).
  /// Errors: ValueError, as parse().   Python: yarl.URL.join, urllib.parse.urljoin.
  Url join(std::string_view reference) const;

  /// Lower-cased, without the colon.
  const std::string& scheme() const noexcept { return scheme_; }
  /// As written, percent-encoded: "user:pass".
  const std::string& user_info() const noexcept { return user_info_; }
  /// What stands before the first colon of the user info, decoded.
  std::string user() const;
  /// What stands after the first colon of the user info, decoded.
  std::string password() const;
  /// A name, an IPv4 or an IPv6 address, the latter without its brackets: what a resolver wants.
  const std::string& host() const noexcept { return host_; }
  /// The port written, else the scheme's default, else 0.
  std::uint16_t port() const noexcept;
  /// Percent-encoded; may be empty.
  const std::string& path() const noexcept { return path_; }
  /// Percent-encoded, without the question mark.
  const std::string& query() const noexcept { return query_; }
  /// Percent-encoded, without the hash.
  const std::string& fragment() const noexcept { return fragment_; }

  bool empty() const noexcept { return scheme_.empty(); }
  bool has_authority() const noexcept { return has_authority_; }
  bool has_port() const noexcept { return has_port_; }
  bool has_query() const noexcept { return has_query_; }
  bool has_fragment() const noexcept { return has_fragment_; }
  bool is_ipv6() const noexcept { return ipv6_; }

  /// The whole URL.
  std::string str() const;
  /// "https://example.org" or "http://[::1]:8080": scheme, host, and the port unless it is the default (RFC 6454 6.2).
  std::string origin() const;
  /// What an HTTP client sends as Host: the host, in brackets if IPv6, and the port unless it is the default.
  std::string host_header() const;
  /// What an HTTP client sends as the request-target in origin-form: path ("/" if empty) and query (RFC 9112 3.2.1).
  std::string request_target() const;

  /// What follows the last `after` in the last segment of the path, decoded and made safe by safe_file_name():
  /// for "https://example.org/it/u=32,21&gp=0.jpg" that is "u=32,21&gp=0.jpg", and "21&gp=0.jpg" after ','.
  std::string file_name(char after = '/') const;

  /// The query, decoded as an HTML form writes it. Errors: ValueError, if an escape is broken.
  std::vector<QueryItem> query_items() const;
  /// This URL with another query. An empty list leaves no question mark.
  Url with_query(const std::vector<QueryItem>& items) const;
  /// This URL with one more `name=value` at the end of its query. Python: yarl.URL.extend_query.
  Url with_query_item(std::string_view name, std::string_view value) const;
  /// This URL without its fragment: what is requested.
  Url without_fragment() const;
  /// This URL without user and password: what may be logged or sent to another origin.
  Url without_user_info() const;

  friend bool operator==(const Url&, const Url&) = default;

 private:
  friend class UrlParser;

  std::string scheme_;
  std::string user_info_;
  std::string host_;
  std::string path_;
  std::string query_;
  std::string fragment_;
  std::uint16_t port_ = 0;
  bool has_authority_ = false;
  bool has_user_info_ = false;
  bool has_port_ = false;
  bool has_query_ = false;
  bool has_fragment_ = false;
  bool ipv6_ = false;
};

/// The port that belongs to a scheme (http, https, ws, wss, redis, rediss, mysql), or 0.
std::uint16_t default_port(std::string_view scheme) noexcept;

/// Writes every byte as %XX but letters, digits, "-._~" and those in `keep`. UTF-8 stays UTF-8.
/// Python: urllib.parse.quote(text, safe=keep).
std::string percent_encode(std::string_view text, std::string_view keep = {});

/// Undoes %XX. Errors: ValueError for a broken escape.   Python: urllib.parse.unquote_to_bytes, but strict.
std::string percent_decode(std::string_view text);

/// Undoes %XX into `into`; false (and `into` unspecified) for a broken escape.
bool try_percent_decode(std::string_view text, std::string& into);

/// "a=1&b=two+words": names and values as an HTML form writes them (application/x-www-form-urlencoded).
std::string encode_query(const std::vector<QueryItem>& items);

/// Reads what encode_query() writes. Errors: ValueError for a broken escape.   Python: urllib.parse.parse_qsl.
std::vector<QueryItem> decode_query(std::string_view text);

/// Makes `name` one ordinary file name of at most 255 bytes: separators, control characters and NUL become '_', what
/// isn't UTF-8 too; ".", ".." and the empty name become "download".
std::string safe_file_name(std::string_view name);

}  // namespace tarn
