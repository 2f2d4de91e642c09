// SPDX-License-Identifier: BSL-1.0
// Which Port a loop gets that asks for none: epoll, because io_uring measured no faster (docs/decisions/0004).
//
// TARN_PORT forces one and never falls back, so that a test or a user who names a Port knows that it ran.
#include <cstdlib>
#include <string>
#include <string_view>

#include <tarn/base/errors.h>
#include <tarn/io/ports.h>

namespace tarn {

Port* open_port() {
  const char* variable = std::getenv("TARN_PORT");
  std::string_view wanted = variable == nullptr ? "" : variable;
  if (wanted == "epoll") return epoll();
  if (wanted == "uring") return uring();
  if (!wanted.empty())
    throw ValueError("TARN_PORT is \"" + std::string(wanted) + "\"; it may be uring or epoll, or unset");
  return epoll();
}

}  // namespace tarn
