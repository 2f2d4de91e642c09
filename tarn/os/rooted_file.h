// SPDX-License-Identifier: BSL-1.0
// Directory and RootedFile: the files below a folder, and no others, whatever their names and links say.
//
// The kernel does the looking up and the refusing (openat2 with RESOLVE_BENEATH, Linux 5.6), so that nobody can move a
// link between a check and its use. On older kernels symbolic links are refused altogether. All of it blocks: it is
// called in a thread.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace tarn {

/// A file or folder that was opened for reading. Move-only; closed when it goes. Thread: one at a time.
class RootedFile {
 public:
  RootedFile() = default;
  RootedFile(RootedFile&& other) noexcept { swap(other); }
  RootedFile& operator=(RootedFile&& other) noexcept {
    swap(other);
    return *this;
  }
  ~RootedFile();

  bool is_directory() const noexcept { return directory_; }
  std::uint64_t size() const noexcept { return size_; }
  /// When it was last changed, in seconds since 1970.
  std::int64_t modified() const noexcept { return modified_; }
  /// Reads at `offset`; 0 is the end of the file. Blocks. Errors: OsError.
  std::size_t read_at(std::uint64_t offset, std::span<char> into) const;

 private:
  friend class Directory;
  void swap(RootedFile& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(size_, other.size_);
    std::swap(modified_, other.modified_);
    std::swap(directory_, other.directory_);
  }
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::int64_t modified_ = 0;
  bool directory_ = false;
};

/// A folder whose files may be opened. Move-only.
class Directory {
 public:
  /// Errors: OsError if there is no such folder.
  explicit Directory(const std::string& path);
  Directory(Directory&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Directory& operator=(Directory&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Directory();

  /// Opens the regular file or folder at `relative` ("a/b.txt"; "" is the folder itself). Nothing if there is none, it
  /// may not be read, it is something else (a device, a pipe), or the way to it leads out: by "..", an absolute path or
  /// a symbolic link. Links that stay inside are followed. Blocks. Thread: any.
  std::optional<RootedFile> open(const std::string& relative) const;

 private:
  int fd_ = -1;
};

}  // namespace tarn
