// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/shield.h>

#include <tarn/core/internal/loop_state.h>

namespace tarn::internal {

void report_shielded(const AnyFuture& inner, const std::exception_ptr& error) noexcept {
  const std::string text = describe(error);
  internal_access::state(inner)->loop->report(
      {.message = text.substr(0, text.find(':')) + " exception in shielded future", .exception = error});
}

}  // namespace tarn::internal
