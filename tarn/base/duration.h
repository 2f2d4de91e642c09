// SPDX-License-Identifier: BSL-1.0
// Duration: a length of time in nanoseconds, made from any std::chrono duration without including <chrono>
// (31,000 lines of it). Also used for moments: the time since the loop's clock began.
#pragma once
#include <compare>
#include <cstdint>
#include <type_traits>

namespace tarn {

namespace internal {
template <class D>
concept ChronoDuration = requires(const D& d) {
  typename D::rep;
  D::period::num;
  D::period::den;
  d.count();
};
}  // namespace internal

/// A length of time. Implicitly made from std::chrono durations (`50ms`, `0.5s`), saturating at about ±292 years;
/// a floating-point NaN is kept and refused by those who wait for it (ValueError).
class Duration {
 public:
  constexpr Duration() = default;
  template <internal::ChronoDuration D>
  constexpr Duration(D d) : ns_(from(static_cast<long double>(d.count()), d.count(), D::period::num, D::period::den)) {}

  static constexpr Duration nanoseconds(std::int64_t ns) {
    Duration d;
    d.ns_ = ns;
    return d;
  }
  /// Python's float seconds.
  static constexpr Duration seconds(double s) {
    return nanoseconds(s != s ? nan_ns : scale(static_cast<long double>(s) * 1e9L));
  }
  static constexpr Duration max() { return nanoseconds(INT64_MAX); }

  constexpr std::int64_t count() const { return ns_; }
  constexpr double seconds() const { return static_cast<double>(ns_) / 1e9; }
  constexpr bool is_nan() const { return ns_ == nan_ns; }

  template <internal::ChronoDuration D>
  constexpr operator D() const {
    using Rep = typename D::rep;
    if constexpr (std::is_floating_point_v<Rep>)
      return D(static_cast<Rep>(static_cast<long double>(ns_) * D::period::den / D::period::num / 1e9L));
    else
      return D(static_cast<Rep>(static_cast<__int128>(ns_) * D::period::den / D::period::num / 1'000'000'000));
  }

  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return nanoseconds(add(a.ns_, b.ns_)); }
  friend constexpr Duration operator-(Duration a, Duration b) {
    return nanoseconds(add(a.ns_, b.ns_ == INT64_MIN ? INT64_MAX : -b.ns_));
  }
  friend constexpr Duration operator*(Duration a, double k) {
    return nanoseconds(scale(static_cast<long double>(a.ns_) * k));
  }
  friend constexpr Duration operator*(double k, Duration a) { return a * k; }

 private:
  static constexpr std::int64_t nan_ns = INT64_MIN;
  static constexpr std::int64_t scale(long double ns) {
    if (ns >= 9.2233720368547e18L) return INT64_MAX;
    if (ns <= -9.2233720368547e18L) return -INT64_MAX;
    return static_cast<std::int64_t>(ns);
  }
  static constexpr std::int64_t add(std::int64_t a, std::int64_t b) {
    std::int64_t r = 0;
    if (__builtin_add_overflow(a, b, &r)) return a < 0 ? -INT64_MAX : INT64_MAX;
    return r;
  }
  template <class Rep>
  static constexpr std::int64_t from(long double count, Rep exact, std::int64_t num, std::int64_t den) {
    if constexpr (std::is_floating_point_v<Rep>) {
      if (exact != exact) return nan_ns;
      return scale(count * num / den * 1e9L);
    } else {
      const __int128 ns = static_cast<__int128>(exact) * num * (1'000'000'000 / den ? 1'000'000'000 / den : 1) /
                          (1'000'000'000 / den ? 1 : den / 1'000'000'000);
      if (ns > INT64_MAX) return INT64_MAX;
      if (ns < -INT64_MAX) return -INT64_MAX;
      return static_cast<std::int64_t>(ns);
    }
  }

  std::int64_t ns_ = 0;
};

/// A deadline that may be absent: what Python writes `timeout=None`.
class OptionalDuration {
 public:
  constexpr OptionalDuration() = default;
  constexpr OptionalDuration(Duration d) : value_(d), has_(true) {}
  template <internal::ChronoDuration D>
  constexpr OptionalDuration(D d) : OptionalDuration(Duration(d)) {}
  constexpr explicit operator bool() const { return has_; }
  constexpr bool has_value() const { return has_; }
  constexpr Duration operator*() const { return value_; }
  friend constexpr bool operator==(OptionalDuration, OptionalDuration) = default;

 private:
  Duration value_{};
  bool has_ = false;
};

/// No deadline.
inline constexpr OptionalDuration no_timeout{};

}  // namespace tarn
