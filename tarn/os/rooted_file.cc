// SPDX-License-Identifier: BSL-1.0
#include <tarn/os/rooted_file.h>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <tarn/base/errors.h>

namespace tarn {
namespace {

// O_NONBLOCK: opening a pipe must not wait for somebody to write into it.
constexpr int read_flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

int open_beneath(int root, const char* path) noexcept {
  open_how how{};
  how.flags = read_flags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(syscall(SYS_openat2, root, path, &how, sizeof how));
}

// Step by step, without following any link: for kernels and sandboxes without openat2.
int open_without_links(int root, std::string_view path) noexcept {
  int at = root;
  do {
    const std::string name(path.substr(0, path.find('/')));
    path.remove_prefix(name.size() < path.size() ? name.size() + 1 : path.size());
    const int next = name == ".." ? -1 : openat(at, name.empty() ? "." : name.c_str(), read_flags | O_NOFOLLOW);
    if (at != root) close(at);
    at = next;
  } while (at >= 0 && !path.empty());
  return at;
}

}  // namespace

RootedFile::~RootedFile() {
  if (fd_ >= 0) close(fd_);
}

std::size_t RootedFile::read_at(std::uint64_t offset, std::span<char> into) const {
  for (;;) {
    const ssize_t n = pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) throw_os_error(errno, "read");
  }
}

Directory::Directory(const std::string& path) : fd_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ < 0) throw_os_error(errno, "open folder '" + path + "'");
}

Directory::~Directory() {
  if (fd_ >= 0) close(fd_);
}

std::optional<RootedFile> Directory::open(const std::string& relative) const {
  if (relative.find('\0') != std::string::npos || relative.starts_with('/')) return std::nullopt;
  RootedFile file;
  file.fd_ = open_beneath(fd_, relative.empty() ? "." : relative.c_str());
  if (file.fd_ < 0 && (errno == ENOSYS || errno == EPERM)) file.fd_ = open_without_links(fd_, relative);
  if (file.fd_ < 0) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) throw_os_error(errno, "open '" + relative + "'");
    return std::nullopt;
  }
  struct stat info{};
  if (fstat(file.fd_, &info) != 0) throw_os_error(errno, "stat '" + relative + "'");
  file.directory_ = S_ISDIR(info.st_mode);
  if (!file.directory_ && !S_ISREG(info.st_mode)) return std::nullopt;
  file.size_ = static_cast<std::uint64_t>(info.st_size);
  file.modified_ = info.st_mtim.tv_sec;
  return file;
}

}  // namespace tarn
