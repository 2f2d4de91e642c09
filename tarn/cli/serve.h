// SPDX-License-Identifier: BSL-1.0
// `tarn serve`: a folder over HTTP.
#pragma once
#include <cstdint>
#include <string>

namespace tarn::cli {

/// The arguments of `tarn serve`.
struct ServeOptions {
  std::string directory = ".";
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;  ///< 0: any free one
  double delay = 0;           ///< seconds that each file waits: a slow server to try things with
  bool hello = false;         ///< the tutorial's routes, too
  bool quiet = false;
};

/// Serves until SIGINT; returns the exit status.
/// Errors: OsError if the address can't be had; ValueError for a bad folder.
int serve(const ServeOptions& options);

}  // namespace tarn::cli
