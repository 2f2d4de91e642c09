// SPDX-License-Identifier: BSL-1.0
// Port: all that the loop needs from an operating system, and the one seam below it.
//
// The loop hands over Operations (plain data that lives in the awaiting frame), waits for completions, is woken from
// other threads and asks for the time. It never learns what a file descriptor means: it passes ints on.
// Real kernels are in io/ (uring.cc, epoll.cc); testing/ has a simulated one with virtual time.
#pragma once
#include <tarn/base/atomic.h>

#include <cstddef>
#include <cstdint>

namespace tarn {

/// What an Operation asks for. Results are as the system call's: >= 0, or -errno.
enum class Op : std::uint8_t {
  accept,      ///< fd listens; result is the new descriptor (non-blocking, close-on-exec)
  connect,     ///< data/size: a socket address; result 0
  recv,        ///< data/size: where to; result is the number of bytes, 0 at end of stream
  send,        ///< data/size: what; result is the number of bytes taken, which may be fewer (MSG_NOSIGNAL)
  poll_read,   ///< result 0 once fd is readable (or in error): level-triggered, once
  poll_write,  ///< result 0 once fd is writable (or in error): level-triggered, once
};

/// One request to the Port. It belongs to whoever awaits it and must stay where it is from submit() until `complete`
/// runs.
struct Operation {
  /// Called by the Port inside wait(), on the loop's thread, once `result` is final. It may submit and cancel
  /// operations.
  void (*complete)(Operation*) = nullptr;
  void* data = nullptr;
  std::size_t size = 0;
  int fd = -1;
  Op op = Op::recv;
  bool cancelled = false;   ///< cancel() was asked for; `result` is still what happened (-ECANCELED, or it had won)
  std::uint16_t state = 0;  ///< the Port's own
  std::int64_t result = 0;
  Operation* next = nullptr;  ///< the Port's own while the operation is in flight
  Operation* prev = nullptr;  ///< the Port's own while the operation is in flight
};

/// Tells the loop's thread of an interrupt (SIGINT) while a run() wants to hear of it.
struct InterruptTrap {
  void (*fire)(InterruptTrap*) = nullptr;  ///< called on the loop's thread, inside wait()
};

class Port {
 public:
  /// wait() without an end: until a completion or a wake().
  static constexpr std::int64_t forever = INT64_MAX;

  virtual ~Port() = default;

  /// "uring", "epoll", "simulated".
  virtual const char* name() const noexcept = 0;

  /// Starts `op`. True: it finished at once, `op.result` is final and `complete` will not be called.
  /// False: `complete` is called later, exactly once, inside wait().
  virtual bool submit(Operation& op) = 0;

  /// Asks for the end of an operation in flight. `complete` is still called, inside a later wait(): with -ECANCELED,
  /// or with the operation's own result if that had already won.
  virtual void cancel(Operation& op) noexcept = 0;

  /// Sends at once what the kernel takes without waiting. Returns the bytes taken, or -errno (-EAGAIN: nothing now).
  virtual std::int64_t send_now(int fd, const void* data, std::size_t size) noexcept = 0;

  /// Receives at once what is there. Returns the bytes, 0 at end of stream, or -errno (-EAGAIN: nothing now).
  virtual std::int64_t recv_now(int fd, void* data, std::size_t size) noexcept = 0;

  /// Forgets what is known of `fd` and closes it. No operation on it may be in flight.
  virtual void close(int fd) noexcept = 0;

  /// Forgets what is known of `fd` (its owner takes it away). No operation on it may be in flight.
  virtual void forget(int fd) noexcept = 0;

  /// Submits what is queued and calls `complete` for everything that has finished. Returns when there was something,
  /// at the time `deadline` (of now(), in ns; <= now(): looks and returns at once), or after a wake().
  virtual void wait(std::int64_t deadline) = 0;

  /// Makes a wait() that runs now or next return soon. The only call that other threads (and signal handlers) may make.
  virtual void wake() noexcept = 0;

  /// Monotonic time in nanoseconds. Virtual time in a simulation.
  virtual std::int64_t now() noexcept = 0;

  /// Operations in flight. While work is ready, the loop asks a Port without any only for what wake() brings.
  std::size_t in_flight() const noexcept { return in_flight_; }

  /// A signal has something to say: the loop calls wait() in this iteration, however busy it is.
  bool wants_attention() const noexcept { return attention_.load_relaxed(); }

  /// How long, in ns, the loop may run ready work before it asks the Port again (0: every iteration).
  std::int64_t poll_interval() const noexcept { return poll_interval_; }

  /// Work begins or ends on other threads that will wake() this one: virtual time must not pass meanwhile.
  void begin_outside_work() noexcept { ++outside_work_; }
  void end_outside_work() noexcept { --outside_work_; }

  /// Routes the process's SIGINT to `trap` until called with nullptr. Returns false if this Port or thread can't
  /// (not the main thread; another handler is installed), and nothing has changed then.
  virtual bool trap_interrupt(InterruptTrap* trap) noexcept = 0;

 protected:
  Atomic<bool> attention_{false};
  std::size_t in_flight_ = 0;
  std::size_t outside_work_ = 0;
  std::int64_t poll_interval_ = 20'000;
};

/// Makes the Port of a new loop. The loop takes it over. Throws OsError if the kernel refuses.
using LoopFactory = Port* (*)();

/// The Port that TARN_PORT names, else the best one the kernel grants. A forced Port that the kernel refuses is an
/// OsError; an unknown name a ValueError. Defined in io/: core doesn't know the kernels.
Port* open_port();

}  // namespace tarn
