// SPDX-License-Identifier: BSL-1.0
// Which Port a loop gets that asks for none.
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
  try {
    return uring();
  } catch (const OsError&) {
    return epoll();  // switched off (seccomp, sysctl kernel.io_uring_disabled), an old kernel, or no memory for a ring
  }
}

}  // namespace tarn
