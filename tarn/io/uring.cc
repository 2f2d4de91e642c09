// SPDX-License-Identifier: BSL-1.0
// The Port on io_uring(7).
//
// submit() only queues an operation; wait() writes the queue as entries of the ring and hands them to the kernel in the
// same system call that waits. A round trip costs so a share of one io_uring_enter. From that call on the kernel owns
// the operation and its buffer until the entry's completion has arrived: cancel() asks for an early end, the operation
// stays in flight until the kernel has given it back, and the destructor waits for all of them.
//
// wait() has two halves: completions become results, then the finished operations are completed. What their callbacks
// submit or cancel can't disturb the first half any more.
//
// The kernel serves several receives on one socket in any order, so only one operation of a direction and descriptor is
// with the kernel at a time; others stand in line behind it.
//
// It does not use registered files, fixed buffers or SQPOLL, and does not know kernels before 5.11 (EXT_ARG).
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <vector>

#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tarn/base/errors.h>
#include <tarn/io/internal/interrupts.h>
#include <tarn/io/internal/op_queue.h>
#include <tarn/io/internal/waker.h>
#include <tarn/io/ports.h>

namespace tarn {
namespace {

using internal::OpQueue;

// Operation::state: where an operation is.
enum Place : std::uint16_t { nowhere, in_line, in_pending, in_kernel, in_done };

// The turn of one direction of a descriptor.
struct Line {
  bool taken = false;
  OpQueue waiting;
};

struct Slot {
  Line reads;   // accept, recv
  Line writes;  // connect, send
};

bool is_poll(const Operation& op) { return op.op == Op::poll_read || op.op == Op::poll_write; }

// user_data of the entries that are no Operation.
constexpr std::uint64_t waker_tag = 1;
constexpr std::uint64_t cancel_tag = 2;

constexpr unsigned sq_entries = 256;
constexpr unsigned cq_entries = 4096;  // beyond it the kernel keeps completions in a list of its own (NODROP)

// Makes the best ring the kernel grants; returns 0 or -errno.
int open_ring(io_uring& ring) {
  constexpr unsigned common = IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE;
  constexpr unsigned flags[] = {
      // 6.1: completions are worked off in wait() alone, never by interrupting the loop's thread.
      common | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
          IORING_SETUP_TASKRUN_FLAG,
      common | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,  // 5.19
      common,
  };
  int rc = -EINVAL;
  for (unsigned wanted : flags) {
    io_uring_params params{};
    params.flags = wanted;
    params.cq_entries = cq_entries;
    rc = io_uring_queue_init_params(sq_entries, &ring, &params);
    if (rc == -EINVAL) continue;
    if (rc < 0) return rc;
    constexpr unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_FAST_POLL | IORING_FEAT_EXT_ARG;
    if ((params.features & needed) == needed) return 0;
    io_uring_queue_exit(&ring);
    return -ENOSYS;
  }
  return rc;
}

// A number of the calling thread's own. Unlike pthread_t it isn't handed to a later thread.
unsigned this_thread() {
  static std::atomic<unsigned> last{0};
  static thread_local unsigned number = 0;
  if (number == 0) number = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return number;
}

class UringPort final : public Port {
 public:
  UringPort();
  ~UringPort() override;

  const char* name() const noexcept override { return "uring"; }
  bool submit(Operation& op) override;
  void cancel(Operation& op) noexcept override;
  std::int64_t send_now(int fd, const void* data, std::size_t size) noexcept override;
  std::int64_t recv_now(int fd, void* data, std::size_t size) noexcept override;
  void close(int fd) noexcept override { ::close(fd); }
  void forget(int) noexcept override {}
  void wait(std::int64_t deadline) override;
  void wake() noexcept override { waker_.wake(); }
  std::int64_t now() noexcept override;
  bool trap_interrupt(InterruptTrap* trap) noexcept override { return interrupts_.trap(trap, &waker_, &attention_); }

 private:
  void settle_on_this_thread();
  void move_to_this_thread();
  io_uring_sqe* next_entry() noexcept;
  void prepare(Operation& op) noexcept;
  void watch_waker() noexcept;
  void submit_pending() noexcept;
  void enter(std::int64_t deadline);
  int wait_in_kernel(std::int64_t deadline) noexcept;
  bool reap() noexcept;
  void on_completion(const io_uring_cqe& cqe) noexcept;
  Line& line_of(const Operation& op) noexcept;
  void give_up_turn(const Operation& op) noexcept;
  void finish(Operation& op, std::int64_t result) noexcept;
  bool complete_finished();
  void drain() noexcept;

  internal::Waker waker_;
  internal::Interrupts interrupts_;
  io_uring ring_{};
  unsigned owner_;              // the thread that made the ring: with SINGLE_ISSUER no other may use it
  std::vector<Slot> slots_;     // by descriptor
  OpQueue pending_;             // submitted to us, not yet to the kernel
  OpQueue kernels_;             // the kernel's, with their buffers
  OpQueue done_;                // results are final, `complete` is due
  bool waker_watched_ = false;  // the read below is in the kernel
  bool woken_ = false;
  std::uint64_t wakes_ = 0;  // where the kernel reads the waker's counter to
};

UringPort::UringPort() : owner_(this_thread()) {
  if (int rc = open_ring(ring_); rc < 0) throw_os_error(-rc, "io_uring_setup");
}

UringPort::~UringPort() {
  drain();
  io_uring_queue_exit(&ring_);
}

std::int64_t UringPort::now() noexcept {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

std::int64_t UringPort::send_now(int fd, const void* data, std::size_t size) noexcept {
  ssize_t n = ::send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  return n < 0 ? -errno : n;
}

std::int64_t UringPort::recv_now(int fd, void* data, std::size_t size) noexcept {
  ssize_t n = ::recv(fd, data, size, MSG_DONTWAIT);
  return n < 0 ? -errno : n;
}

// --- The ring and its thread ---

void UringPort::settle_on_this_thread() {
  if (owner_ != this_thread()) move_to_this_thread();
}

// A loop may be made in one thread and run in another. The kernel ties a ring to the thread that made it, so the ring
// is made anew, which only works while nothing depends on the old one.
void UringPort::move_to_this_thread() {
  if (!kernels_.empty())
    throw RuntimeError("an io_uring Port can't move to another thread while operations are in flight");
  io_uring fresh{};
  if (int rc = open_ring(fresh); rc < 0) throw_os_error(-rc, "io_uring_setup");
  io_uring_queue_exit(&ring_);
  ring_ = fresh;
  owner_ = this_thread();
  waker_watched_ = false;
}

// --- Submission ---

bool UringPort::submit(Operation& op) {
  op.cancelled = false;
  op.state = nowhere;
  if (op.fd < 0) {
    op.result = -EBADF;
    return true;
  }
  std::size_t fd = static_cast<std::size_t>(op.fd);
  if (fd >= slots_.size()) slots_.resize(fd * 2 + 64);
  ++in_flight_;
  if (!is_poll(op)) {
    Line& line = line_of(op);
    if (line.taken) {
      op.state = in_line;
      line.waiting.push(op);
      return false;
    }
    line.taken = true;
  }
  op.state = in_pending;
  pending_.push(op);
  return false;
}

Line& UringPort::line_of(const Operation& op) noexcept {
  Slot& slot = slots_[static_cast<std::size_t>(op.fd)];
  return op.op == Op::recv || op.op == Op::accept ? slot.reads : slot.writes;
}

void UringPort::give_up_turn(const Operation& op) noexcept {
  if (is_poll(op)) return;
  Line& line = line_of(op);
  line.taken = !line.waiting.empty();
  if (!line.taken) return;
  Operation& next = line.waiting.pop();
  next.state = in_pending;
  pending_.push(next);
}

void UringPort::cancel(Operation& op) noexcept {
  bool again = op.cancelled;
  op.cancelled = true;
  if (op.state == in_line) {
    line_of(op).waiting.remove(op);
    finish(op, -ECANCELED);
  } else if (op.state == in_pending) {
    pending_.remove(op);
    give_up_turn(op);
    finish(op, -ECANCELED);
  } else if (op.state == in_kernel && !again) {
    // -ENOENT (it has just finished) and -EALREADY (it runs and will end by itself) need no answer: whatever becomes
    // of this entry, the operation's own completion is on its way.
    io_uring_sqe* sqe = next_entry();
    io_uring_prep_cancel64(sqe, reinterpret_cast<std::uint64_t>(&op), 0);
    io_uring_sqe_set_data64(sqe, cancel_tag);
  }
}

// Entries stand in the order in which they are taken: a cancellation can't reach an operation that was put at the same
// address later.
io_uring_sqe* UringPort::next_entry() noexcept {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  while (sqe == nullptr) {
    // Full: hand over what there is. EBUSY and EAGAIN say that completions must be taken out first.
    if (int rc = io_uring_submit(&ring_); rc == -EBUSY || rc == -EAGAIN) {
      io_uring_get_events(&ring_);
      reap();
    } else if (rc < 0 && rc != -EINTR) {
      std::abort();  // not our ring any more: the caller is on a foreign thread or closed descriptors wildly
    }
    sqe = io_uring_get_sqe(&ring_);
  }
  return sqe;
}

void UringPort::prepare(Operation& op) noexcept {
  io_uring_sqe* sqe = next_entry();
  switch (op.op) {
    case Op::accept: io_uring_prep_accept(sqe, op.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); break;
    case Op::connect:
      io_uring_prep_connect(sqe, op.fd, static_cast<const sockaddr*>(op.data), static_cast<socklen_t>(op.size));
      break;
    case Op::recv: io_uring_prep_recv(sqe, op.fd, op.data, op.size, 0); break;
    case Op::send: io_uring_prep_send(sqe, op.fd, op.data, op.size, MSG_NOSIGNAL); break;
    case Op::poll_read: io_uring_prep_poll_add(sqe, op.fd, POLLIN | POLLRDHUP); break;
    case Op::poll_write: io_uring_prep_poll_add(sqe, op.fd, POLLOUT); break;
  }
  io_uring_sqe_set_data(sqe, &op);
  op.state = in_kernel;
  kernels_.push(op);
}

void UringPort::watch_waker() noexcept {
  io_uring_sqe* sqe = next_entry();
  io_uring_prep_read(sqe, waker_.fd(), &wakes_, sizeof wakes_, 0);
  io_uring_sqe_set_data64(sqe, waker_tag);
  waker_watched_ = true;
}

void UringPort::submit_pending() noexcept {
  if (!waker_watched_) watch_waker();
  while (!pending_.empty()) prepare(pending_.pop());
}

// --- Waiting ---

void UringPort::wait(std::int64_t deadline) {
  settle_on_this_thread();
  for (;;) {
    submit_pending();
    enter(done_.empty() ? deadline : 0);
    while (reap()) {
    }
    bool woken = woken_;
    woken_ = false;
    bool interrupted = interrupts_.deliver();
    if (complete_finished() || woken || interrupted) return;
    if (deadline <= 0 || (deadline != forever && deadline <= now())) return;
  }
}

// Hands the entries over and waits for a completion until `deadline`.
void UringPort::enter(std::int64_t deadline) {
  int rc = wait_in_kernel(deadline);
  switch (-rc) {
    case 0:
    case ETIME:
    case EINTR:
    case EBUSY:   // completions first: the caller takes them out and comes back
    case EAGAIN:  // the kernel is short of memory: the entries stay where they are
      return;
    default:
      if (rc < 0) throw_os_error(-rc, "io_uring_enter");
  }
}

int UringPort::wait_in_kernel(std::int64_t deadline) noexcept {
  if (deadline == forever) return io_uring_submit_and_wait(&ring_, 1);
  std::int64_t left = deadline <= 0 ? 0 : deadline - now();
  if (left > 0) {
    __kernel_timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
    io_uring_cqe* first = nullptr;
    return io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
  }
  // Only a look: the kernel is asked if there is something to hand over or it says that it has work left.
  unsigned kernel_flags = __atomic_load_n(ring_.sq.kflags, __ATOMIC_ACQUIRE);
  bool has_work = (kernel_flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
  if (io_uring_sq_ready(&ring_) == 0 && !has_work) return 0;
  return io_uring_submit_and_get_events(&ring_);
}

// Turns the ring's completions into results. True: the kernel holds back more, and has been asked for them.
bool UringPort::reap() noexcept {
  unsigned head = 0;
  unsigned count = 0;
  io_uring_cqe* cqe = nullptr;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    on_completion(*cqe);
    ++count;
  }
  io_uring_cq_advance(&ring_, count);
  return io_uring_cq_has_overflow(&ring_) && io_uring_get_events(&ring_) >= 0;
}

void UringPort::on_completion(const io_uring_cqe& cqe) noexcept {
  if (cqe.user_data == cancel_tag) return;
  if (cqe.user_data == waker_tag) {
    waker_watched_ = false;
    woken_ = true;
    waker_.seen();
    return;
  }
  Operation& op = *reinterpret_cast<Operation*>(cqe.user_data);
  kernels_.remove(op);
  // Not the caller's affair: the kernel was interrupted, or an accepted connection broke before it was handed out.
  if ((cqe.res == -EINTR || (cqe.res == -ECONNABORTED && op.op == Op::accept)) && !op.cancelled) {
    op.state = in_pending;
    pending_.push(op);
    return;
  }
  give_up_turn(op);
  finish(op, is_poll(op) && cqe.res > 0 ? 0 : cqe.res);
}

void UringPort::finish(Operation& op, std::int64_t result) noexcept {
  op.result = result;
  op.state = in_done;
  done_.push(op);
}

bool UringPort::complete_finished() {
  OpQueue batch;
  batch.take(done_);  // what a callback cancels from here on is for the next wait()
  bool any = !batch.empty();
  while (!batch.empty()) {
    Operation& op = batch.pop();
    op.state = nowhere;
    --in_flight_;
    op.complete(&op);
  }
  return any;
}

// Until this returns the kernel may write into the operations' buffers. Nothing is completed: nobody is there to hear.
void UringPort::drain() noexcept {
  if (owner_ != this_thread()) return;  // only closing the ring is left, which cancels as well
  if (waker_watched_) waker_.wake();
  while (!kernels_.empty() || waker_watched_) {
    // Again in every round: where the ring is full, cancel() takes completions out and changes the list meanwhile.
    for (Operation* op = kernels_.front(); op != nullptr && op->state == in_kernel; op = op->next) {
      if (!op->cancelled) cancel(*op);
    }
    int rc = io_uring_submit_and_wait(&ring_, 1);
    if (rc < 0 && rc != -EINTR && rc != -EBUSY && rc != -EAGAIN) return;
    reap();
  }
}

}  // namespace

Port* uring() { return new UringPort; }

}  // namespace tarn
