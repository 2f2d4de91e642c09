// SPDX-License-Identifier: BSL-1.0
#include <tarn/io/internal/waker.h>

#include <cerrno>

#include <sys/eventfd.h>
#include <unistd.h>

#include <tarn/base/errors.h>

namespace tarn::internal {

// Blocking on purpose: io_uring gives -EAGAIN at once for a read of a non-blocking one. No write ever blocks, because
// the counter would have to reach 2^64 - 2 first.
Waker::Waker() : fd_(::eventfd(0, EFD_CLOEXEC)) {
  if (fd_ < 0) throw_os_error(errno, "eventfd");
}

Waker::~Waker() { ::close(fd_); }

void Waker::wake() noexcept {
  if (pending_.exchange(true, std::memory_order_acq_rel)) return;
  int saved = errno;  // a signal handler may be calling
  ::eventfd_write(fd_, 1);
  errno = saved;
}

}  // namespace tarn::internal
