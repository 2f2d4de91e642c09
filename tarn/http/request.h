// SPDX-License-Identifier: BSL-1.0
// Request: what a client asks, on both ends: a handler gets one, ClientSession::send() takes one.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tarn/base/url.h>
#include <tarn/http/body.h>
#include <tarn/wire/message.h>

namespace tarn::http {

/// The fields of a message: ordered, names without case, several values per name.
using Headers = wire::Headers;
/// One field, as a pair of views.
using Header = wire::Header;
using wire::Version;

/// A request. Owns all it has: nothing of it dies at an await. Move-only.
/// Python: aiohttp.web.Request; on the client's side, the arguments of ClientSession.request.
class Request {
 public:
  Request() = default;
  Request(std::string method, const Url& url);

  std::string method = "GET";
  /// As in the request line: "/path?query".
  std::string target = "/";
  Version version = Version::http_1_1;
  Headers headers;
  /// The body, to be read in pieces. A server's limit on its size applies: HttpError 413.
  Body content;
  /// Client: where it goes. Server: empty; see url().
  Url destination;

  /// The path, percent-encoded as it came, without the query.
  std::string_view path() const noexcept;
  /// The query, percent-encoded, without the question mark.
  std::string_view query_string() const noexcept;
  /// The query's items, decoded. Errors: HttpError 400 for a broken escape.
  std::vector<QueryItem> query_items() const;
  /// The first value of a query item, decoded.
  /// Errors: HttpError 400 for a broken escape.   Python: request.query.get(name).
  std::optional<std::string> query(std::string_view name) const;
  /// What the route's `{name}` stands for, decoded; empty if the route has none of that name.
  /// Python: request.match_info[name].
  const std::string& match_info(std::string_view name) const noexcept;
  /// Server: the whole URL, as far as the Host field can be trusted. Errors: HttpError 400 if it isn't one.
  Url url() const;
  /// Server: the address of the peer, "127.0.0.1:4711".
  const std::string& remote() const noexcept { return remote_; }
  /// The media type of the body, without parameters, lower-cased: "text/plain".
  std::string content_type() const;

  /// Reads the whole body; a second call gives it again. Errors: HttpError 413, 400.   Python: await request.read().
  Coro<std::string> read();
  /// Reads the whole body and decodes it to UTF-8 by the charset of its Content-Type.
  /// Errors: HttpError 413, 400; HttpError 415 for an unknown charset.   Python: await request.text().
  Coro<std::string> text();

  /// For routers: what matched.
  void set_match_info(std::vector<std::pair<std::string, std::string>> info) { match_info_ = std::move(info); }
  /// For servers.
  void set_remote(std::string remote) { remote_ = std::move(remote); }

 private:
  std::vector<std::pair<std::string, std::string>> match_info_;
  std::string remote_;
  std::optional<std::string> read_;
};

}  // namespace tarn::http
