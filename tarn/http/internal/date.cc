// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/internal/date.h>

#include <array>

namespace tarn::http::internal {
namespace {

constexpr std::array<std::string_view, 7> day_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::int64_t day_seconds = 86400;

struct Day {
  std::int64_t year;
  int month;  // 1 to 12
  int day;    // 1 to 31
};

// The proleptic Gregorian calendar in 400-year eras whose years begin in March, so that the leap day is the last.
constexpr std::int64_t era_days = 146097;

constexpr Day day_of(std::int64_t days) {
  days += 719468;  // from 1970-01-01 to 0000-03-01
  const std::int64_t era = (days >= 0 ? days : days - (era_days - 1)) / era_days;
  const std::int64_t in_era = days - era * era_days;
  const std::int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
  const std::int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
  const auto from_march = static_cast<int>((5 * in_year + 2) / 153);
  const auto day = static_cast<int>(in_year - (153 * from_march + 2) / 5 + 1);
  const int month = from_march < 10 ? from_march + 3 : from_march - 9;
  return {year + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

constexpr std::int64_t days_of(const Day& d) {
  const std::int64_t year = d.year - (d.month <= 2 ? 1 : 0);
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t in_era_year = year - era * 400;
  const std::int64_t in_year = (153 * (d.month > 2 ? d.month - 3 : d.month + 9) + 2) / 5 + d.day - 1;
  return era * era_days + in_era_year * 365 + in_era_year / 4 - in_era_year / 100 + in_year - 719468;
}
static_assert(days_of({1970, 1, 1}) == 0 && days_of({2000, 3, 1}) == 11017);

void append_number(std::string& out, std::int64_t value, int digits) {
  std::array<char, 8> text;
  for (int i = digits; i-- > 0; value /= 10) text[static_cast<unsigned>(i)] = static_cast<char>('0' + value % 10);
  out.append(text.data(), static_cast<unsigned>(digits));
}

bool number(std::string_view text, std::size_t at, std::size_t digits, int& value) noexcept {
  value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  return true;
}

}  // namespace

std::string format_date(std::int64_t unix_seconds) {
  std::int64_t days = unix_seconds / day_seconds;
  std::int64_t seconds = unix_seconds % day_seconds;
  if (seconds < 0) {
    seconds += day_seconds;
    --days;
  }
  const Day d = day_of(days);
  std::string out;
  out.reserve(29);
  out += day_names[static_cast<unsigned>(((days + 4) % 7 + 7) % 7)];  // 1970 began on a Thursday
  out += ", ";
  append_number(out, d.day, 2);
  out.append(" ").append(month_names[static_cast<unsigned>(d.month - 1)]).append(" ");
  append_number(out, d.year, 4);
  out += ' ';
  append_number(out, seconds / 3600, 2);
  out += ':';
  append_number(out, seconds / 60 % 60, 2);
  out += ':';
  append_number(out, seconds % 60, 2);
  return out += " GMT";
}

bool parse_date(std::string_view text, std::int64_t& unix_seconds) noexcept {
  // Sun, 06 Nov 1994 08:49:37 GMT
  if (text.size() != 29 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' ||
      text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT")
    return false;
  int day = 0;
  int year = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!number(text, 5, 2, day) || !number(text, 12, 4, year) || !number(text, 17, 2, hour) ||
      !number(text, 20, 2, minute) || !number(text, 23, 2, second))
    return false;
  int month = 1;
  while (month <= 12 && month_names[static_cast<unsigned>(month - 1)] != text.substr(8, 3)) ++month;
  if (month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return false;
  unix_seconds = days_of({year, month, day}) * day_seconds + hour * 3600 + minute * 60 + second;
  return true;
}

}  // namespace tarn::http::internal
