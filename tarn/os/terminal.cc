// SPDX-License-Identifier: BSL-1.0
#include <tarn/os/terminal.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace tarn {

bool is_terminal(StandardStream stream) noexcept {
  if (!isatty(static_cast<int>(stream))) return false;
  const char* const no_colour = std::getenv("NO_COLOR");
  const char* const term = std::getenv("TERM");
  return !(no_colour && *no_colour) && term && std::strcmp(term, "dumb") != 0;
}

int terminal_columns(StandardStream stream) noexcept {
  winsize size{};
  if (ioctl(static_cast<int>(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace tarn
