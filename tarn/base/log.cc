// SPDX-License-Identifier: BSL-1.0
#include <tarn/base/log.h>

#include <atomic>
#include <cstdio>
#include <mutex>

namespace tarn {
namespace {

constexpr const char* level_names[] = {"debug", "info", "warning", "error", "critical", "off"};

void write_to_stderr(LogLevel level, std::string_view message) noexcept {
  std::fprintf(stderr, "tarn: %s: %.*s\n", level_names[static_cast<int>(level)], static_cast<int>(message.size()),
               message.data());
}

std::atomic<LogSink> current_sink{&write_to_stderr};
std::atomic<LogLevel> current_level{LogLevel::warning};
std::mutex one_at_a_time;

}  // namespace

LogSink set_log_sink(LogSink sink) noexcept {
  const LogSink before = current_sink.exchange(sink ? sink : &write_to_stderr);
  return before == &write_to_stderr ? nullptr : before;
}

void set_log_level(LogLevel level) noexcept { current_level = level; }

bool log_enabled(LogLevel level) noexcept { return level >= current_level.load(std::memory_order_relaxed); }

void log(LogLevel level, std::string_view message) noexcept {
  if (!log_enabled(level) || level == LogLevel::off) return;
  const std::lock_guard lock(one_at_a_time);
  current_sink.load()(level, message);
}

}  // namespace tarn
