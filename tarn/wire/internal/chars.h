// SPDX-License-Identifier: BSL-1.0
// What each byte may be in HTTP/1, as one table: a check is one load per byte.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tarn::wire::internal {

inline constexpr std::uint8_t token_char = 1;   // RFC 9110 5.6.2 tchar
inline constexpr std::uint8_t target_char = 2;  // what browsers send in a request-target; see make_char_classes()
inline constexpr std::uint8_t host_char = 4;    // RFC 3986 3.2.2 reg-name and IP-literal, and the port's colon
inline constexpr std::uint8_t value_char = 8;   // RFC 9110 5.5 field-vchar, SP and HTAB

constexpr std::array<std::uint8_t, 256> make_char_classes() {
  std::array<std::uint8_t, 256> c{};
  for (int x = 0x20; x < 256; ++x)
    if (x != 0x7F) c[static_cast<unsigned>(x)] |= value_char;
  c['\t'] |= value_char;
  // RFC 9112 3.2 wants RFC 3986 characters only. Browsers send |, {, }, \, ^, ` and brackets in queries as they are
  // (the URL standard's query percent-encode set); those are harmless to framing. A '#' is no part of a target; '"',
  // '<', '>', spaces, control characters and bytes beyond ASCII are escaped by everybody.
  for (int x = 0x21; x < 0x7F; ++x) c[static_cast<unsigned>(x)] |= target_char;
  for (unsigned char x : {'#', '"', '<', '>'}) c[x] &= static_cast<std::uint8_t>(~target_char);
  for (unsigned char x = '0'; x <= '9'; ++x) c[x] |= token_char | host_char;
  for (unsigned char x = 'a'; x <= 'z'; ++x) c[x] |= token_char | host_char;
  for (unsigned char x = 'A'; x <= 'Z'; ++x) c[x] |= token_char | host_char;
  for (unsigned char x : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'})
    c[x] |= token_char;
  for (unsigned char x :
       {'-', '.', '_', '~', '!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '=', '%', ':', '[', ']'})
    c[x] |= host_char;
  return c;
}
inline constexpr auto char_classes = make_char_classes();

constexpr bool is(char c, std::uint8_t cls) noexcept {
  return (char_classes[static_cast<unsigned char>(c)] & cls) != 0;
}
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

/// The first byte at or after `from` that isn't of the class, or the size.
inline std::size_t skip(std::string_view text, std::size_t from, std::uint8_t cls) noexcept {
  while (from < text.size() && is(text[from], cls)) ++from;
  return from;
}
inline bool all(std::string_view text, std::uint8_t cls) noexcept { return skip(text, 0, cls) == text.size(); }

/// The first byte that can't stand in a field value, or the size. Eight bytes a step where none is special.
inline std::size_t find_bad_value_char(std::string_view text) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  constexpr std::uint64_t tops = 0x8080808080808080U;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t x = 0;
    std::memcpy(&x, text.data() + i, 8);
    const std::uint64_t below_space = (x - ones * 0x20) & ~x;
    const std::uint64_t del = x ^ (ones * 0x7F);
    if (((below_space | ((del - ones) & ~del)) & tops) == 0) continue;
    // A tab, a bad byte, or one that a borrow made suspicious: the table knows.
    for (std::size_t k = i; k < i + 8; ++k)
      if (!is(text[k], value_char)) return k;
  }
  return skip(text, i, value_char);
}

constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Takes the next element off a comma-separated list (RFC 9110 5.6.1); elements may be empty. False at its end.
inline bool next_element(std::string_view& list, bool& more, std::string_view& element) noexcept {
  if (!more) return false;
  const std::size_t comma = list.find(',');
  element = trim(list.substr(0, comma));
  more = comma != std::string_view::npos;
  list.remove_prefix(more ? comma + 1 : list.size());
  return true;
}

/// A byte, and a piece of text, as an error message may show them: never a control character, never long.
inline std::string show_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte > 0x20 && byte < 0x7F) return std::string("'") + c + "'";
  if (c == ' ') return "a space";
  constexpr char hex[] = "0123456789abcdef";
  return std::string("byte 0x") + hex[byte >> 4] + hex[byte & 15];
}
inline std::string show(std::string_view text) {
  constexpr std::size_t shown_max = 64;  // enough to recognise a field by, short enough for a log line
  std::string out = "'";
  for (char c : text.substr(0, shown_max)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return out + (text.size() > shown_max ? "...'" : "'");
}

}  // namespace tarn::wire::internal
