// SPDX-License-Identifier: BSL-1.0
// The Ports of real kernels, to be named where a LoopFactory is wanted: `run(main(), {.loop_factory = tarn::epoll})`.
//
// Both behave alike (port_test.cc is one suite for the two). They differ in cost alone; open_port() chooses.
#pragma once
#include <tarn/core/port.h>

namespace tarn {

/// Makes a Port on epoll(7): readiness is cached per descriptor, so a round trip costs one recv and one send.
/// Descriptors must be non-blocking, and closed through Port::close().
/// Errors: OsError if the kernel refuses (EMFILE).
Port* epoll();

/// Makes a Port on io_uring(7): everything that waits is one entry of a shared ring. The thread that first waits on
/// it owns it; it may move to another thread while nothing is in flight.
/// Errors: OsError if the kernel refuses io_uring (EPERM, ENOSYS) or is older than 5.11.
Port* uring();

}  // namespace tarn
