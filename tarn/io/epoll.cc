// SPDX-License-Identifier: BSL-1.0
// The Port on epoll(7).
//
// A descriptor is registered once, edge-triggered for both directions, when an operation on it first has to wait, and
// stays registered until close() or forget(). Between edges the Port remembers what the kernel last said: an operation
// on a descriptor known not to be ready is queued without a system call, and a read that got less than it asked for
// has said by that that the next one would wait. A round trip of an echo is so one recv, one send and its share of one
// epoll_wait.
//
// wait() has two halves. First the events are turned into results: queues in front of a ready descriptor are served in
// order, no callback runs. Then the finished operations are completed; what they submit or cancel can't disturb the
// first half any more.
//
// It does not know regular files (epoll refuses them: they are always ready) and does not notice a descriptor that is
// closed behind its back, unless accept() hands the same number out again.
#include <cerrno>
#include <ctime>
#include <vector>

#include <poll.h>
#include <sys/epoll.h>
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

// Operation::state: which queue an operation stands in.
enum Place : std::uint16_t { nowhere, in_reads, in_writes, in_done };

constexpr std::int64_t would_wait = -EAGAIN;
constexpr std::uint64_t waker_key = UINT64_MAX;  // no descriptor: its lower half would be -1
// A batch is received as a whole before its tasks run. Small batches leave large messages in the cache until then: at
// 16 KiB a round trip is 3 % cheaper than with 512, at 64 B no dearer.
constexpr int events_max = 32;

// Whether a short read means that the socket is empty: in a stream yes; a message socket gives one message at a time.
enum class Kind : std::uint8_t { unknown, stream, messages };

// What is known of one descriptor. `readable` and `writable` mean "not known to be unready".
struct Slot {
  OpQueue reads;   // accept, recv, poll_read
  OpQueue writes;  // connect, send, poll_write
  // Part of the event's key. A registration outlives close() while a forked child shares the socket; its events must
  // not be taken for those of a new socket with the same number.
  std::uint32_t generation = 0;
  bool registered = false;
  bool readable = true;
  bool writable = true;
  bool ending = false;  // RDHUP, HUP or ERR was seen: what waits behind the data brings no edge of its own
  Kind kind = Kind::unknown;

  // The number is another descriptor's from now on.
  void renew() noexcept {
    std::uint32_t next = generation + 1;
    *this = Slot();
    generation = next;
  }
};

bool is_stream(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

// 0 (ready), would_wait or another error: what poll(2) says of `fd` now.
std::int64_t ask(int fd, short events) {
  pollfd p{fd, events, 0};
  int rc = ::poll(&p, 1, 0);
  if (rc < 0) return -errno;
  return rc == 0 ? would_wait : (p.revents & POLLNVAL) != 0 ? -EBADF : 0;
}

std::int64_t ask_readable(int fd) { return ask(fd, POLLIN | POLLRDHUP); }
std::int64_t ask_writable(int fd) { return ask(fd, POLLOUT); }

bool is_poll(const Operation& op) { return op.op == Op::poll_read || op.op == Op::poll_write; }

std::int64_t socket_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return -errno;
  return -error;
}

class EpollPort final : public Port {
 public:
  EpollPort();
  ~EpollPort() override;

  const char* name() const noexcept override { return "epoll"; }
  bool submit(Operation& op) override;
  void cancel(Operation& op) noexcept override;
  std::int64_t send_now(int fd, const void* data, std::size_t size) noexcept override;
  std::int64_t recv_now(int fd, void* data, std::size_t size) noexcept override;
  void close(int fd) noexcept override;
  void forget(int fd) noexcept override;
  void wait(std::int64_t deadline) override;
  void wake() noexcept override { waker_.wake(); }
  std::int64_t now() noexcept override;
  bool trap_interrupt(InterruptTrap* trap) noexcept override { return interrupts_.trap(trap, &waker_, &attention_); }

 private:
  Slot* known(int fd) noexcept {
    return static_cast<std::size_t>(fd) < slots_.size() ? &slots_[static_cast<std::size_t>(fd)] : nullptr;
  }
  Slot& slot_of(int fd) {
    if (static_cast<std::size_t>(fd) >= slots_.size()) slots_.resize(static_cast<std::size_t>(fd) * 2 + 64);
    return slots_[static_cast<std::size_t>(fd)];
  }

  bool submit_connect(Slot& slot, Operation& op);
  bool submit_poll(Slot& slot, Operation& op);
  bool enqueue(Slot& slot, Operation& op, Place place);
  int watch(Slot& slot, int fd) noexcept;
  void finish(Operation& op, std::int64_t result) noexcept;

  std::int64_t receive(Slot& slot, int fd, void* data, std::size_t size) noexcept;
  std::int64_t send(Slot& slot, int fd, const void* data, std::size_t size) noexcept;
  std::int64_t accept(Slot& slot, int fd) noexcept;
  std::int64_t attempt(Slot& slot, Operation& op) noexcept;

  int collect(std::int64_t deadline);
  void on_event(std::uint64_t key, std::uint32_t events) noexcept;
  void serve(Slot& slot, OpQueue& queue) noexcept;
  bool complete_finished();

  internal::Waker waker_;
  internal::Interrupts interrupts_;
  int epoll_ = -1;
  bool has_pwait2_ = true;
  std::vector<Slot> slots_;  // by descriptor
  OpQueue done_;             // results are final, `complete` is due
  epoll_event events_[events_max];
};

EpollPort::EpollPort() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw_os_error(errno, "epoll_create1");
  // Edge-triggered, so that nobody has to read the counter: every write is an edge.
  epoll_event event{EPOLLIN | EPOLLET, {.u64 = waker_key}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, waker_.fd(), &event) != 0) {
    int error = errno;
    ::close(epoll_);
    throw_os_error(error, "epoll_ctl");
  }
}

// Operations still in flight are dropped: the kernel holds none of their memory.
EpollPort::~EpollPort() { ::close(epoll_); }

std::int64_t EpollPort::now() noexcept {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

// --- Submission ---

bool EpollPort::submit(Operation& op) {
  op.cancelled = false;
  op.state = nowhere;
  if (op.fd < 0) {
    op.result = -EBADF;
    return true;
  }
  Slot& slot = slot_of(op.fd);
  switch (op.op) {
    case Op::poll_read:
    case Op::poll_write: return submit_poll(slot, op);
    case Op::connect: return submit_connect(slot, op);
    case Op::accept:
    case Op::recv:
      if (!slot.reads.empty() || !slot.readable) return enqueue(slot, op, in_reads);
      op.result = attempt(slot, op);
      return op.result != would_wait || enqueue(slot, op, in_reads);
    case Op::send:
      if (!slot.writes.empty() || !slot.writable) return enqueue(slot, op, in_writes);
      op.result = attempt(slot, op);
      return op.result != would_wait || enqueue(slot, op, in_writes);
  }
  op.result = -EINVAL;
  return true;
}

bool EpollPort::submit_connect(Slot& slot, Operation& op) {
  int rc = ::connect(op.fd, static_cast<const sockaddr*>(op.data), static_cast<socklen_t>(op.size));
  op.result = rc == 0 ? 0 : -errno;
  // EAGAIN of a unix socket (the listener's backlog is full) is final: nothing tells when there is room again.
  if (op.result != -EINPROGRESS && op.result != -EINTR) return true;
  slot.writable = false;
  return enqueue(slot, op, in_writes);
}

// The cache may say "unready" of a descriptor that somebody else reads, too: poll operations ask the kernel.
bool EpollPort::submit_poll(Slot& slot, Operation& op) {
  op.result = attempt(slot, op);
  return op.result != would_wait || enqueue(slot, op, op.op == Op::poll_read ? in_reads : in_writes);
}

bool EpollPort::enqueue(Slot& slot, Operation& op, Place place) {
  if (!slot.registered) {
    if (int error = watch(slot, op.fd); error != 0) {
      // epoll(7) refuses regular files and directories with EPERM: they never wait.
      op.result = error == EPERM && is_poll(op) ? 0 : -error;
      return true;
    }
  }
  op.state = place;
  (place == in_reads ? slot.reads : slot.writes).push(op);
  ++in_flight_;
  return false;
}

// The kernel reports what is ready already as the first edge: nothing is lost between a refused try and this.
int EpollPort::watch(Slot& slot, int fd) noexcept {
  std::uint64_t key = std::uint64_t{slot.generation} << 32 | static_cast<std::uint32_t>(fd);
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.u64 = key}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) return errno;
  slot.registered = true;
  return 0;
}

void EpollPort::cancel(Operation& op) noexcept {
  op.cancelled = true;
  if (op.state != in_reads && op.state != in_writes) return;  // it has won already
  Slot& slot = slots_[static_cast<std::size_t>(op.fd)];
  (op.state == in_reads ? slot.reads : slot.writes).remove(op);
  finish(op, -ECANCELED);
}

void EpollPort::finish(Operation& op, std::int64_t result) noexcept {
  op.result = result;
  op.state = in_done;
  done_.push(op);
}

// --- System calls, and what their results say of the descriptor ---

std::int64_t EpollPort::receive(Slot& slot, int fd, void* data, std::size_t size) noexcept {
  ssize_t n = ::recv(fd, data, size, MSG_DONTWAIT);
  if (n < 0) {
    if (errno == EAGAIN) slot.readable = false;
    return -errno;
  }
  if (static_cast<std::size_t>(n) < size && n != 0 && !slot.ending) {
    if (slot.kind == Kind::unknown) slot.kind = is_stream(fd) ? Kind::stream : Kind::messages;
    // Without a registration the next edge would be missed; with it, what comes from now on is one.
    if (slot.kind == Kind::stream && (slot.registered || watch(slot, fd) == 0)) slot.readable = false;
  }
  return n;
}

std::int64_t EpollPort::send(Slot& slot, int fd, const void* data, std::size_t size) noexcept {
  ssize_t n = ::send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n >= 0) return n;
  if (errno == EAGAIN) slot.writable = false;
  return -errno;
}

std::int64_t EpollPort::accept(Slot& slot, int fd) noexcept {
  for (;;) {
    int accepted = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      if (Slot* fresh = known(accepted)) fresh->renew();
      return accepted;
    }
    if (errno == ECONNABORTED || errno == EINTR) continue;  // accept(2): that connection is gone, the next may be there
    if (errno == EAGAIN) slot.readable = false;
    return -errno;
  }
}

// The result of `op`, or would_wait.
std::int64_t EpollPort::attempt(Slot& slot, Operation& op) noexcept {
  switch (op.op) {
    case Op::accept: return accept(slot, op.fd);
    case Op::recv: return receive(slot, op.fd, op.data, op.size);
    case Op::send: return send(slot, op.fd, op.data, op.size);
    case Op::poll_read: return ask_readable(op.fd);
    case Op::poll_write: return ask_writable(op.fd);
    case Op::connect: {
      // An edge from before the connect() may still be on its way: only the socket itself knows.
      std::int64_t ready = ask_writable(op.fd);
      return ready == 0 ? socket_error(op.fd) : ready;
    }
  }
  return -EINVAL;
}

std::int64_t EpollPort::send_now(int fd, const void* data, std::size_t size) noexcept {
  if (Slot* slot = known(fd)) {
    if (!slot->writes.empty() || !slot->writable) return would_wait;
    return send(*slot, fd, data, size);
  }
  Slot unknown;
  return send(unknown, fd, data, size);
}

std::int64_t EpollPort::recv_now(int fd, void* data, std::size_t size) noexcept {
  if (Slot* slot = known(fd)) {
    if (!slot->reads.empty() || !slot->readable) return would_wait;
    return receive(*slot, fd, data, size);
  }
  ssize_t n = ::recv(fd, data, size, MSG_DONTWAIT);
  return n < 0 ? -errno : n;
}

void EpollPort::forget(int fd) noexcept {
  Slot* slot = known(fd);
  if (slot == nullptr) return;
  if (slot->registered) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  slot->renew();
}

// close(2) ends the registration with the last reference to the socket.
void EpollPort::close(int fd) noexcept {
  if (Slot* slot = known(fd)) slot->renew();
  ::close(fd);
}

// --- Waiting ---

void EpollPort::wait(std::int64_t deadline) {
  for (;;) {
    int count = collect(done_.empty() ? deadline : 0);
    bool woken = false;
    for (int i = 0; i < count; ++i) {
      if (events_[i].data.u64 == waker_key) {
        waker_.seen();
        woken = true;
      } else {
        on_event(events_[i].data.u64, events_[i].events);
      }
    }
    bool interrupted = interrupts_.deliver();
    if (complete_finished() || woken || interrupted) return;
    if (deadline <= 0 || (deadline != forever && deadline <= now())) return;
  }
}

// Fills events_; returns their number.
int EpollPort::collect(std::int64_t deadline) {
  std::int64_t left = deadline == forever ? forever : deadline <= 0 ? 0 : deadline - now();
  int count = -1;
  if (left <= 0 || deadline == forever) {
    count = ::epoll_wait(epoll_, events_, events_max, left <= 0 ? 0 : -1);
  } else {
    if (has_pwait2_) {
      timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
      count = ::epoll_pwait2(epoll_, events_, events_max, &timeout, nullptr);
      has_pwait2_ = count >= 0 || errno != ENOSYS;  // Linux 5.11
    }
    if (!has_pwait2_) {
      std::int64_t ms = (left + 999'999) / 1'000'000;  // rounded up: never early
      count = ::epoll_wait(epoll_, events_, events_max, static_cast<int>(ms < 1'000'000'000 ? ms : 1'000'000'000));
    }
  }
  if (count >= 0) return count;
  if (errno != EINTR) throw_os_error(errno, "epoll_wait");
  return 0;
}

void EpollPort::on_event(std::uint64_t key, std::uint32_t events) noexcept {
  int fd = static_cast<int>(key & UINT32_MAX);
  Slot& slot = slots_[static_cast<std::size_t>(fd)];
  if (slot.generation != key >> 32) return;
  constexpr std::uint32_t broken = EPOLLHUP | EPOLLERR;
  if ((events & (EPOLLRDHUP | broken)) != 0) slot.ending = true;
  if ((events & (EPOLLIN | EPOLLRDHUP | broken)) != 0) {
    slot.readable = true;
    serve(slot, slot.reads);
  }
  if ((events & (EPOLLOUT | broken)) != 0) {
    slot.writable = true;
    serve(slot, slot.writes);
  }
}

// Gives a queue what its descriptor has, until the next operation would wait.
void EpollPort::serve(Slot& slot, OpQueue& queue) noexcept {
  // Those in front have just had their answer. Behind an operation that takes something they must ask again.
  while (!queue.empty() && is_poll(*queue.front())) finish(queue.pop(), 0);
  while (!queue.empty()) {
    Operation& op = *queue.front();
    std::int64_t result = attempt(slot, op);
    if (result == would_wait) return;
    queue.remove(op);
    finish(op, result);
  }
}

bool EpollPort::complete_finished() {
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

}  // namespace

Port* epoll() { return new EpollPort; }

}  // namespace tarn
