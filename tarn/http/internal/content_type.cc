// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/internal/content_type.h>

#include <array>
#include <utility>

#include <tarn/os/charset.h>

namespace tarn::http::internal {
namespace {

std::string lowered(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

using Type = std::pair<std::string_view, std::string_view>;
// What a site is made of; text is declared as UTF-8, since browsers guess otherwise.
constexpr auto types = std::to_array<Type>({
    {"html", "text/html; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"xml", "text/xml; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"pdf", "application/pdf"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"tar", "application/x-tar"},
    {"zst", "application/zstd"},
    {"wasm", "application/wasm"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"toml", "application/toml"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/vnd.microsoft.icon"},
    {"bmp", "image/bmp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"otf", "font/otf"},
    {"mp3", "audio/mpeg"},
    {"ogg", "audio/ogg"},
    {"wav", "audio/wav"},
    {"flac", "audio/flac"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
    {"mpd", "application/dash+xml"},
    {"m3u8", "application/vnd.apple.mpegurl"},
});

}  // namespace

std::string media_type(std::string_view content_type) {
  return lowered(content_type.substr(0, content_type.find(';')));
}

std::string charset(std::string_view content_type) {
  std::size_t at = content_type.find(';');
  while (at != std::string_view::npos) {
    content_type.remove_prefix(at + 1);
    at = content_type.find(';');
    const std::string_view parameter = content_type.substr(0, at);
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos || lowered(parameter.substr(0, equals)) != "charset") continue;
    std::string value = lowered(parameter.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    return value;
  }
  return {};
}

std::string_view type_by_name(std::string_view file_name) noexcept {
  const std::size_t dot = file_name.rfind('.');
  constexpr std::string_view unknown = "application/octet-stream";
  if (dot == std::string_view::npos) return unknown;
  const std::string_view extension = file_name.substr(dot + 1);
  for (const auto& [name, type] : types) {
    if (name.size() != extension.size()) continue;
    std::size_t i = 0;
    while (i < name.size() &&
           (extension[i] >= 'A' && extension[i] <= 'Z' ? extension[i] + 32 : extension[i]) == name[i])
      ++i;
    if (i == name.size()) return type;
  }
  return unknown;
}

std::string decode_text(std::string_view text, std::string_view content_type) {
  return to_utf8(text, charset(content_type));
}

}  // namespace tarn::http::internal
