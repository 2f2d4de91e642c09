// SPDX-License-Identifier: BSL-1.0
// `tarn get`: downloads, several at once.
#pragma once
#include <string>
#include <vector>

namespace tarn::cli {

/// The arguments of `tarn get`.
struct GetOptions {
  std::vector<std::string> urls;
  std::string directory = ".";
  std::string output;    ///< a name for the only file
  unsigned jobs = 8;     ///< downloads at once
  unsigned retries = 2;  ///< further tries after a failure that may pass
  double timeout = 300;  ///< seconds for each try
  bool quiet = false;
  bool json = false;
  bool discard = false;  ///< read and throw away
};

/// Returns the exit status: 0 if every file is there and whole, 1 otherwise.
/// Errors: ValueError for options that don't go together, or a bad URL.
int get(const GetOptions& options);

}  // namespace tarn::cli
