// SPDX-License-Identifier: BSL-1.0
// Stands in for uring.cc where tarn is built without liburing (TARN_WITH_URING=OFF): a kernel without io_uring.
#include <cerrno>

#include <tarn/base/errors.h>
#include <tarn/io/ports.h>

namespace tarn {

Port* uring() { throw_os_error(ENOSYS, "tarn was built without io_uring"); }

}  // namespace tarn
