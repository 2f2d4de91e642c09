// SPDX-License-Identifier: BSL-1.0
#include <tarn/cli/partial_file.h>

#include <tarn/base/errors.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace tarn::cli {

PartialFile::PartialFile(std::string path) : path_(std::move(path)) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path_, ignored);
  const bool in_place = std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
  if (!in_place) partial_path_ = path_ + ".part";
  file_ = std::fopen(in_place ? path_.c_str() : partial_path_.c_str(), "wbe");
  if (!file_) {
    partial_path_.clear();
    fail("open ");
  }
}

PartialFile::~PartialFile() {
  if (file_) std::fclose(file_);
  if (!partial_path_.empty()) std::remove(partial_path_.c_str());
}

void PartialFile::fail(const char* what) const { throw_os_error(errno, what + path_); }

void PartialFile::write(std::string_view data) {
  if (std::fwrite(data.data(), 1, data.size(), file_) != data.size()) fail("write ");
}

void PartialFile::keep() {
  // What stdio had not written yet is written here, so the disk may turn out to be full here.
  const bool flushed = std::fflush(file_) == 0;
  const int flush_error = errno;
  std::fclose(std::exchange(file_, nullptr));
  if (!flushed) {
    errno = flush_error;
    fail("write ");
  }
  if (partial_path_.empty()) return;
  if (std::rename(partial_path_.c_str(), path_.c_str()) != 0) fail("rename to ");
  partial_path_.clear();
}

}  // namespace tarn::cli
