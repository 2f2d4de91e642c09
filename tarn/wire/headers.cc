// SPDX-License-Identifier: BSL-1.0
#include <tarn/wire/headers.h>

#include <algorithm>

#include <tarn/wire/internal/chars.h>

namespace tarn::wire {

namespace {
// What most messages need, so that the first field's allocations are the last.
constexpr std::size_t first_slots = 8;
constexpr std::size_t first_bytes = 240;
}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (internal::lower(a[i]) != internal::lower(b[i])) return false;
  return true;
}

bool has_token(std::string_view value, std::string_view token) noexcept {
  bool more = true;
  std::string_view element;
  while (internal::next_element(value, more, element))
    if (equals_ignoring_case(element, token)) return true;
  return false;
}

void Headers::add(std::string_view name, std::string_view value) {
  if (bytes_.size() + name.size() + value.size() > UINT32_MAX) return;
  if (slots_.capacity() == 0) slots_.reserve(first_slots);
  slots_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(name.size()),
                    static_cast<std::uint32_t>(value.size())});
  const std::size_t size = bytes_.size() + name.size() + value.size();
  if (size <= bytes_.capacity()) {
    bytes_.append(name).append(value);
    return;
  }
  // The views may look into this object's own bytes: those must outlive the copying.
  std::string grown;
  grown.reserve(std::max({size, 2 * bytes_.capacity(), first_bytes}));
  grown.append(bytes_).append(name).append(value);
  bytes_.swap(grown);
}

void Headers::set(std::string_view name, std::string_view value) {
  const std::string kept_name(name);
  const std::string kept_value(value);
  remove(kept_name);
  add(kept_name, kept_value);
}

void Headers::set_default(std::string_view name, std::string_view value) {
  if (!contains(name)) add(name, value);
}

std::size_t Headers::remove(std::string_view name) {
  return std::erase_if(slots_, [&](const Slot& s) { return equals_ignoring_case(at(s).name, name); });
}

void Headers::clear() noexcept {
  bytes_.clear();
  slots_.clear();
}

void Headers::reserve(std::size_t fields, std::size_t bytes) {
  slots_.reserve(fields);
  bytes_.reserve(bytes);
}

std::size_t Headers::find(std::string_view name) const noexcept {
  std::size_t i = 0;
  while (i < slots_.size() && !equals_ignoring_case(at(slots_[i]).name, name)) ++i;
  return i;
}

std::optional<std::string_view> Headers::get(std::string_view name) const noexcept {
  const std::size_t i = find(name);
  return i == slots_.size() ? std::nullopt : std::optional(at(slots_[i]).value);
}

std::string_view Headers::get(std::string_view name, std::string_view fallback) const noexcept {
  const std::size_t i = find(name);
  return i == slots_.size() ? fallback : at(slots_[i]).value;
}

std::vector<std::string_view> Headers::get_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Header field : *this)
    if (equals_ignoring_case(field.name, name)) values.push_back(field.value);
  return values;
}

bool Headers::has(std::string_view name, std::string_view token) const noexcept {
  for (const Header field : *this)
    if (equals_ignoring_case(field.name, name) && has_token(field.value, token)) return true;
  return false;
}

bool operator==(const Headers& a, const Headers& b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!equals_ignoring_case(a[i].name, b[i].name) || a[i].value != b[i].value) return false;
  return true;
}

}  // namespace tarn::wire
