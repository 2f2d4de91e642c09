// SPDX-License-Identifier: BSL-1.0
// PartialFile: a file that has its name only once it is whole. Until then it is NAME.part, and gone if it isn't kept.
#pragma once
#include <cstdio>
#include <string>
#include <string_view>

namespace tarn::cli {

/// Writes NAME.part and renames it. What isn't an ordinary file (/dev/null, a pipe) is written as it is.
class PartialFile {
 public:
  /// Errors: OsError that names the file.
  explicit PartialFile(std::string path);
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  /// Removes what wasn't kept.
  ~PartialFile();

  /// Errors: OsError (no space left on the device).
  void write(std::string_view data);
  /// The file is whole: gives it its name, over one that was there. Errors: OsError; then nothing is kept.
  void keep();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::string path_;
  std::string partial_path_;  // empty: written in place
  std::FILE* file_ = nullptr;
};

}  // namespace tarn::cli
