// SPDX-License-Identifier: BSL-1.0
#include <tarn/cli/progress.h>

#include <algorithm>
#include <cmath>

namespace tarn::cli {

namespace {

constexpr const char* green = "\x1b[32m";
constexpr const char* red = "\x1b[31m";
constexpr const char* dim = "\x1b[2m";
constexpr const char* plain = "\x1b[0m";
constexpr const char* clear_to_end = "\x1b[K";

constexpr std::size_t name_columns = 24;
constexpr int figures_columns = 32;  // what stands to the right of a bar

/// Cut or filled to a width; a cut name keeps its beginning. Counts code points, which is right for most names.
std::string fitted(const std::string& text, std::size_t columns) {
  std::string out;
  std::size_t used = 0;
  std::size_t i = 0;
  for (; i < text.size() && used < columns; ++used) {
    std::size_t next = i + 1;
    while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0) == 0x80) ++next;
    out.append(text, i, next - i);
    i = next;
  }
  return out + std::string(columns - used, ' ');
}

std::string formatted(const char* format, double value, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, format, value, unit);
  return text;
}

}  // namespace

std::string readable_size(double bytes) {
  const char* const units[] = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 1000 && unit + 1 < std::size(units); ++unit) bytes /= 1000;
  return formatted(unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

std::string ProgressBars::bar(double part) const {
  const int width = std::max(10, columns_ - static_cast<int>(name_columns) - figures_columns);
  const int filled = static_cast<int>(std::lround(std::clamp(part, 0.0, 1.0) * width));
  std::string text;
  for (int i = 0; i < filled; ++i) text += "━";
  text += dim;
  for (int i = filled; i < width; ++i) text += "─";
  return text + plain;
}

std::string ProgressBars::line(const Transfer& transfer, Duration now) const {
  const bool over = transfer.state == Transfer::State::done || transfer.state == Transfer::State::failed;
  const double seconds = ((over ? transfer.ended : now) - transfer.began).seconds();
  const double part = transfer.size && *transfer.size > 0
                          ? static_cast<double>(transfer.bytes) / static_cast<double>(*transfer.size)
                          : (transfer.state == Transfer::State::done ? 1.0 : 0.0);
  const char* const colour = transfer.state == Transfer::State::done     ? green
                             : transfer.state == Transfer::State::failed ? red
                                                                         : plain;
  std::string text = fitted(transfer.name, name_columns - 1) + " " + colour + bar(part) + plain;
  text += transfer.state == Transfer::State::failed ? "  failed" : formatted(" %4.0f %s", part * 100, "%");
  text += "  " + readable_size(static_cast<double>(transfer.bytes));
  if (seconds > 0) text += formatted("  %.2f %s", seconds, "s");
  return text;
}

void ProgressBars::draw(const std::vector<Transfer>& transfers, Duration began, Duration now) {
  std::string screen;
  if (lines_ > 0) screen += "\x1b[" + std::to_string(lines_) + "A\r";
  Transfer total{.name = "total", .began = began, .ended = now};
  std::size_t done = 0;
  std::size_t failed = 0;
  std::uint64_t size = 0;
  bool sizes_known = true;
  int lines = 0;
  const bool all_fit = transfers.size() <= lines_max;
  for (const Transfer& t : transfers) {
    done += t.state == Transfer::State::done ? 1 : 0;
    failed += t.state == Transfer::State::failed ? 1 : 0;
    total.bytes += t.bytes;
    sizes_known = sizes_known && t.size;
    size += t.size.value_or(0);
    const bool shown = all_fit || (t.state == Transfer::State::running && lines < static_cast<int>(lines_max));
    if (!shown) continue;
    screen += line(t, now) + clear_to_end + "\n";
    ++lines;
  }
  if (sizes_known) total.size = size;
  if (done + failed == transfers.size()) total.state = failed ? Transfer::State::failed : Transfer::State::done;
  total.name = "total " + std::to_string(done) + "/" + std::to_string(transfers.size());
  screen += line(total, now) + clear_to_end + "\n";
  ++lines;
  for (; lines < lines_; ++lines) screen += std::string(clear_to_end) + "\n";
  lines_ = lines;
  std::fputs(screen.c_str(), out_);
  std::fflush(out_);
}

}  // namespace tarn::cli
