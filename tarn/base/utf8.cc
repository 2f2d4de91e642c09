// SPDX-License-Identifier: BSL-1.0
#include <tarn/base/utf8.h>

#include <cstdint>
#include <cstring>

namespace tarn {
namespace {

// The length of the sequence that starts with `lead`, and the range of its second byte (RFC 3629 section 4); what
// follows the second byte is always 80..BF. Length 0: no sequence starts like this.
struct Sequence {
  std::uint8_t length;
  std::uint8_t second_min;
  std::uint8_t second_max;
};

constexpr Sequence sequence(std::uint8_t lead) noexcept {
  if (lead >= 0xC2 && lead <= 0xDF) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  const auto* p = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto* const end = p + text.size();
  while (p != end) {
    if (*p < 0x80) {
      std::uint64_t eight = 0;
      while (end - p >= 8 && (std::memcpy(&eight, p, 8), (eight & 0x8080808080808080U) == 0)) p += 8;
      while (p != end && *p < 0x80) ++p;
      continue;
    }
    const Sequence s = sequence(*p);
    if (s.length == 0 || end - p < s.length || p[1] < s.second_min || p[1] > s.second_max) return false;
    for (int i = 2; i < s.length; ++i)
      if ((p[i] & 0xC0) != 0x80) return false;
    p += s.length;
  }
  return true;
}

}  // namespace tarn
