// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/coro.h>

#include <tarn/base/log.h>

namespace tarn::internal {

void report_never_awaited(const std::source_location& where) noexcept {
  log(LogLevel::warning, std::string("coroutine '") + where.function_name() + "' was never awaited (" +
                             where.file_name() + ":" + std::to_string(where.line()) + ")");
}

}  // namespace tarn::internal
