// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/response.h>

#include <tarn/http/errors.h>
#include <tarn/http/internal/content_type.h>
#include <tarn/os/charset.h>

namespace tarn::http {

Response::Response(std::string text) : content(std::move(text)) {
  headers.add("Content-Type", "text/plain; charset=utf-8");
}

Response Response::bytes(std::string bytes, std::string_view content_type, std::uint16_t status) {
  Response response(status);
  response.headers.add("Content-Type", content_type);
  response.content = Body(std::move(bytes));
  return response;
}

Response Response::text(std::string text, std::uint16_t status) {
  return bytes(std::move(text), "text/plain; charset=utf-8", status);
}

Response Response::html(std::string html, std::uint16_t status) {
  return bytes(std::move(html), "text/html; charset=utf-8", status);
}

Response Response::json(std::string json, std::uint16_t status) {
  return bytes(std::move(json), "application/json", status);
}

Response Response::redirect(std::string_view location, std::uint16_t status) {
  for (char c : location)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F)
      throw ValueError("redirect: a space or control character in the location");
  Response response(status);
  response.headers.add("Location", location);
  return response;
}

Response Response::stream(Body::Producer producer, std::string_view content_type) {
  Response response;
  response.headers.add("Content-Type", content_type);
  response.content = Body(std::move(producer));
  return response;
}

void Response::raise_for_status() const {
  if (ok()) return;
  const std::string_view phrase = reason.empty() ? wire::reason_phrase(status) : std::string_view(reason);
  throw ClientResponseError(
      std::to_string(status) + ", message='" + std::string(phrase) + "', url='" + url().without_user_info().str() + "'",
      status);
}

std::string Response::content_type() const { return internal::media_type(headers.get("content-type", "")); }

Coro<std::string> Response::read() {
  if (!read_) read_ = co_await content.read();
  co_return *read_;
}

Coro<std::string> Response::text() {
  if (!read_) read_ = co_await content.read();
  co_return internal::decode_text(*read_, headers.get("content-type", ""));
}

Coro<std::string> Response::decode(std::string charset) {
  if (!read_) read_ = co_await content.read();
  co_return to_utf8(*read_, charset);
}

}  // namespace tarn::http
