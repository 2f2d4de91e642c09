// SPDX-License-Identifier: BSL-1.0
// The log seam: where the library's few words to the operator go. It formats nothing and filters nothing but the level;
// a program that has a logger puts its own sink in.
#pragma once
#include <cstdint>
#include <string_view>

namespace tarn {

/// How bad it is, mildest first; `off` is for set_log_level() only. Python: logging's levels.
enum class LogLevel : std::uint8_t { debug, info, warning, error, critical, off };

/// Receives a finished message without a newline. May be called from any thread, one call at a time.
using LogSink = void (*)(LogLevel level, std::string_view message) noexcept;

/// Replaces the sink; nullptr restores the default, which writes "tarn: level: message" lines to stderr.
/// Returns the sink before. Thread: any.   Python: logging.getLogger("asyncio").
LogSink set_log_sink(LogSink sink) noexcept;

/// Messages below this level are dropped (default: warning). Thread: any.
void set_log_level(LogLevel level) noexcept;

/// Whether a message of this level would be kept: asks before an expensive text is made.
bool log_enabled(LogLevel level) noexcept;

/// Hands a message to the sink. Never throws. Thread: any.
void log(LogLevel level, std::string_view message) noexcept;

}  // namespace tarn
