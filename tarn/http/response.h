// SPDX-License-Identifier: BSL-1.0
// Response: what a server answers, on both ends: a handler returns one, ClientSession gives one.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tarn/base/url.h>
#include <tarn/http/body.h>
#include <tarn/http/request.h>

namespace tarn::http {

/// A response. Move-only. One that a client got holds its connection until the body is read, or it is dropped, which
/// closes the connection.   Python: aiohttp.ClientResponse, aiohttp.web.Response.
class Response {
 public:
  Response() = default;
  /// `text` as "text/plain; charset=utf-8".
  Response(std::string text);
  Response(const char* text) : Response(std::string(text)) {}
  explicit Response(std::uint16_t status) : status(status) {}

  /// Python: web.Response(text=…).
  static Response text(std::string text, std::uint16_t status = 200);
  static Response html(std::string html, std::uint16_t status = 200);
  /// `json` is JSON already.
  static Response json(std::string json, std::uint16_t status = 200);
  static Response bytes(std::string bytes, std::string_view content_type, std::uint16_t status = 200);
  /// Errors: ValueError for a control character in `location`.
  static Response redirect(std::string_view location, std::uint16_t status = 302);
  /// A body that `producer` writes while it is sent: `[](http::BodyWriter& out) -> Coro<> { co_await out.write(…); }`.
  /// It pauses while the client reads too slowly. The callable lives as long as the response.
  /// Python: web.StreamResponse.
  static Response stream(Body::Producer producer, std::string_view content_type = "application/octet-stream");

  std::uint16_t status = 200;
  std::string reason;  ///< for people; empty: the usual phrase is sent
  Version version = Version::http_1_1;
  Headers headers;
  /// The body, to be read in pieces.
  Body content;
  /// Client: the responses that redirected here, oldest first, without their bodies.
  std::vector<Response> history;

  /// Client: where it came from, after redirects; empty on a server.
  Url url() const { return url_.empty() ? Url() : Url::parse(url_); }
  /// Whether a client got it.
  bool received() const noexcept { return !url_.empty(); }
  /// For clients.
  void set_url(const Url& url) { url_ = url.str(); }

  /// The status is below 400.
  bool ok() const noexcept { return status < 400; }
  /// Errors: ClientResponseError for a status of 400 or more.   Python: raise_for_status.
  void raise_for_status() const;
  /// The media type of the body, without parameters, lower-cased: "text/html".
  std::string content_type() const;

  /// Reads the whole body; a second call gives it again. Errors: ClientPayloadError if it breaks off; TimeoutError.
  /// Python: await response.read().
  Coro<std::string> read();
  /// Reads the whole body and decodes it to UTF-8 by the charset of its Content-Type (default UTF-8).
  /// Errors: as read(); ValueError for an unknown charset or text that isn't in it.   Python: await response.text().
  Coro<std::string> text();
  /// The same with a charset of the caller's choice ("gbk"). Python: text(encoding=…).
  Coro<std::string> decode(std::string charset);

 private:
  std::string url_;  // as text: responses are moved often and asked for it seldom
  std::optional<std::string> read_;
};

}  // namespace tarn::http
