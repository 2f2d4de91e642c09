// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/request.h>

#include <tarn/http/errors.h>
#include <tarn/http/internal/content_type.h>

namespace tarn::http {

Request::Request(std::string m, const Url& url)
    : method(std::move(m)), target(url.request_target()), destination(url.without_fragment()) {}

std::string_view Request::path() const noexcept {
  std::string_view path = target;
  if (!path.starts_with('/')) {  // absolute-form, "http://host/path"
    const std::size_t authority = path.find("://");
    if (authority == std::string_view::npos) return path;
    const std::size_t end = path.find_first_of("/?", authority + 3);
    if (end == std::string_view::npos || path[end] == '?') return "/";
    path.remove_prefix(end);
  }
  return path.substr(0, path.find('?'));
}

std::string_view Request::query_string() const noexcept {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::vector<QueryItem> Request::query_items() const {
  try {
    return decode_query(query_string());
  } catch (const ValueError& e) {
    throw HttpError(400, std::string("query: ") + e.what());
  }
}

std::optional<std::string> Request::query(std::string_view name) const {
  for (QueryItem& item : query_items())
    if (item.name == name) return std::move(item.value);
  return std::nullopt;
}

const std::string& Request::match_info(std::string_view name) const noexcept {
  static const std::string none;
  for (const auto& [key, value] : match_info_)
    if (key == name) return value;
  return none;
}

Url Request::url() const {
  if (!destination.empty()) return destination;
  try {
    if (!target.starts_with('/') && target != "*") return Url::parse(target);
    return Url::parse("http://" + std::string(headers.get("host", "localhost")) + (target == "*" ? "" : target));
  } catch (const ValueError& e) {
    throw HttpError(400, e.what());
  }
}

std::string Request::content_type() const { return internal::media_type(headers.get("content-type", "")); }

Coro<std::string> Request::read() {
  if (!read_) read_ = co_await content.read();
  co_return *read_;
}

Coro<std::string> Request::text() {
  if (!read_) read_ = co_await content.read();
  try {
    co_return internal::decode_text(*read_, headers.get("content-type", ""));
  } catch (const ValueError& e) {
    throw HttpError(415, e.what());
  }
}

}  // namespace tarn::http
