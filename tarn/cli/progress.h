// SPDX-License-Identifier: BSL-1.0
// Progress bars on a terminal: one line for each transfer under way and one for all of them, redrawn in place.
#pragma once
#include <tarn/base/duration.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace tarn::cli {

/// One file on its way.
struct Transfer {
  enum class State : std::uint8_t { waiting, running, done, failed };

  std::string name;
  State state = State::waiting;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> size = {};  ///< known once the head of the response is there, if the server tells
  Duration began = {};                     ///< on the loop's clock
  Duration ended = {};
};

/// "93.4 kB", "1.2 MB": what people read.
std::string readable_size(double bytes);

/// Draws transfers. Owns nothing but the number of lines it has drawn.
class ProgressBars {
 public:
  /// More transfers than this at once are drawn as the first ones under way.
  static constexpr std::size_t lines_max = 12;

  ProgressBars(std::FILE* out, int columns) : out_(out), columns_(columns) {}
  /// Draws over what was drawn before. `now` is on the loop's clock.
  void draw(const std::vector<Transfer>& transfers, Duration began, Duration now);

 private:
  std::string line(const Transfer& transfer, Duration now) const;
  std::string bar(double part) const;

  std::FILE* out_;
  int columns_;
  int lines_ = 0;
};

}  // namespace tarn::cli
