// SPDX-License-Identifier: BSL-1.0
// Headers: the fields of a message, in order, names compared without case, several values per name.
//
// All bytes stand in one string and a table says where: two allocations however many fields, none when an object is
// used again. It checks nothing: what may be sent is judged where it is sent (http1.h), so that every way there is
// covered.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tarn::wire {

/// Whether two texts are the same but for the case of ASCII letters.
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Whether the comma-separated list `value` has `token`, case ignored ("keep-alive, Upgrade" has "upgrade").
bool has_token(std::string_view value, std::string_view token) noexcept;

/// One field. The views belong to the Headers it came from.
struct Header {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const Header&, const Header&) = default;
};

/// The fields of a message. Views taken from it live until it is next changed.
/// Python: multidict.CIMultiDict, as aiohttp uses it.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> fields) {
    for (const Header& field : fields) add(field.name, field.value);
  }

  /// Puts a field at the end, whatever others have the name. A whole set may hold 4 GiB; what is beyond is left out.
  void add(std::string_view name, std::string_view value);
  /// Puts a field in the place of all that have the name.
  void set(std::string_view name, std::string_view value);
  /// Puts a field at the end unless there is one of that name.
  void set_default(std::string_view name, std::string_view value);
  /// Removes all fields of that name; returns how many there were.
  std::size_t remove(std::string_view name);
  /// Forgets all fields and keeps the memory.
  void clear() noexcept;
  void reserve(std::size_t fields, std::size_t bytes);

  bool contains(std::string_view name) const noexcept { return find(name) != slots_.size(); }
  /// The first value of that name.
  std::optional<std::string_view> get(std::string_view name) const noexcept;
  /// The first value of that name, or `fallback`.
  std::string_view get(std::string_view name, std::string_view fallback) const noexcept;
  /// Every value of that name, in order.
  std::vector<std::string_view> get_all(std::string_view name) const;
  /// Whether any value of that name, read as a comma-separated list, has the token.
  bool has(std::string_view name, std::string_view token) const noexcept;

  std::size_t size() const noexcept { return slots_.size(); }
  bool empty() const noexcept { return slots_.empty(); }
  Header operator[](std::size_t i) const noexcept { return at(slots_[i]); }

  class iterator {
   public:
    using value_type = Header;
    using difference_type = std::ptrdiff_t;
    iterator(const Headers* headers, std::size_t i) : headers_(headers), i_(i) {}
    Header operator*() const noexcept { return (*headers_)[i_]; }
    iterator& operator++() noexcept {
      ++i_;
      return *this;
    }
    friend bool operator==(const iterator&, const iterator&) = default;

   private:
    const Headers* headers_;
    std::size_t i_;
  };
  iterator begin() const noexcept { return {this, 0}; }
  iterator end() const noexcept { return {this, slots_.size()}; }

  /// The same fields in the same order; names without case, values with it.
  friend bool operator==(const Headers& a, const Headers& b) noexcept;

 private:
  // A name, then its value, side by side in `bytes_` from `at` on.
  struct Slot {
    std::uint32_t at;
    std::uint32_t name_size;
    std::uint32_t value_size;
  };
  Header at(const Slot& s) const noexcept {
    return {std::string_view(bytes_.data() + s.at, s.name_size),
            std::string_view(bytes_.data() + s.at + s.name_size, s.value_size)};
  }
  std::size_t find(std::string_view name) const noexcept;

  std::string bytes_;
  std::vector<Slot> slots_;
};

}  // namespace tarn::wire
