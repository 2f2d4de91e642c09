// SPDX-License-Identifier: BSL-1.0
#include <tarn/net/internal/stream_state.h>

#include <tarn/base/errors.h>
#include <tarn/base/log.h>
#include <tarn/net/internal/socket.h>

namespace tarn::internal {
namespace {

// A recv asks for the smaller at first, and for more while its peer fills what it asks for.
constexpr std::size_t chunk_min = 4 * 1024;
constexpr std::size_t chunk_max = 64 * 1024;
// Output buffers beyond this size are given back once they are empty.
constexpr std::size_t output_kept_max = 64 * 1024;
// As asyncio: that many writes to a lost connection are forgiven before the log tells of them.
constexpr unsigned lost_writes_forgiven = 5;

}  // namespace

StreamState::StreamState(LoopState* loop, int fd, std::size_t limit)
    : loop_(loop), fd_(fd), limit_(limit), chunk_(chunk_min) {
  if (limit == 0) throw ValueError("Limit cannot be <= 0");
  abandon = &abandon_stream;
  drained_.set();
  flush_.stream = this;
  flush_.complete = &flushed;
  flush_.op = Op::send;
  flush_.fd = fd;
  loop_->add_resource(this);
}

// --- Reading ---

void StreamState::check_reader(const char* verb) const {
  if (reader_) [[unlikely]]
    throw RuntimeError(std::string(verb) + "() called while another coroutine is already waiting for incoming data");
  if (read_error_) [[unlikely]]
    std::rethrow_exception(read_error_);
}

std::size_t StreamState::received(std::int64_t result) {
  if (result > 0) return static_cast<std::size_t>(result);
  // -ECANCELED: close() has ended the wait, which is the end of the stream for who reads.
  if (result == 0 || result == -ECANCELED) {
    eof_ = true;
    return 0;
  }
  read_error_ = make_os_error(static_cast<int>(-result), "read");
  std::rethrow_exception(read_error_);
}

Coro<bool> StreamState::fill() {
  if (ended()) co_return false;
  if (in_.empty() && in_.capacity() > 4 * chunk_) in_.release();
  char* const room = in_.room(chunk_);
  const std::size_t asked = in_.room_left();
  OperationWait wait(Op::recv, fd_, room, asked);
  const ReadTurn turn(*this, wait);
  const std::int64_t result = co_await wait;
  const std::size_t count = received(result);
  in_.added(count);
  if (count == asked && chunk_ < chunk_max) chunk_ *= 2;
  if (count < chunk_ / 4 && chunk_ > chunk_min) chunk_ /= 2;
  co_return count != 0;
}

std::string StreamState::take(std::size_t count) {
  std::string bytes(in_.view().substr(0, count));
  in_.drop(count);
  return bytes;
}

// --- Writing ---

void StreamState::refuse_closed() { throw ConnectionResetError(ECONNRESET, "the stream is closed"); }

void StreamState::write(std::string_view data) {
  if (eof_written_) throw RuntimeError("Cannot call write() after write_eof()");
  if (closing_ || write_error_) [[unlikely]] {
    if (++lost_writes_ == lost_writes_forgiven) log(LogLevel::warning, "a lost connection is still written to");
    return;
  }
  if (!flushing_ && buffered() == 0) {
    const std::int64_t n = loop_->port->send_now(fd_, data.data(), data.size());
    if (n >= 0) {
      data.remove_prefix(static_cast<std::size_t>(n));
    } else if (n != -EAGAIN) {
      sent(n);
      return;
    }
  }
  if (data.empty()) return;
  queued_.append(data);
  if (buffered() > limits_.high) drained_.clear();
  if (!flushing_) flush();
}

// Hands the buffer to the kernel until that makes it wait or nothing is left.
void StreamState::flush() {
  while (buffered() != 0) {
    if (sending_.empty()) sending_.swap(queued_);
    flush_.data = sending_.data();
    flush_.size = sending_.size();
    if (!loop_->port->submit(flush_)) {
      flushing_ = true;
      return;
    }
    if (!sent(flush_.result)) return;
  }
  all_sent();
}

void StreamState::flushed(Operation* operation) {
  StreamState& self = *static_cast<Flush*>(operation)->stream;
  self.flushing_ = false;
  if (!self.sent(self.flush_.result)) return self.finish_close();
  self.flush();
}

// False: the connection takes no more.
bool StreamState::sent(std::int64_t result) noexcept {
  if (result < 0) {
    if (result != -ECANCELED) write_error_ = make_os_error(static_cast<int>(-result), "write");
    drop_output();
    return false;
  }
  sending_.drop(static_cast<std::size_t>(result));
  if (paused() && buffered() <= limits_.low) drained_.set();
  return true;
}

void StreamState::all_sent() noexcept {
  for (ByteBuffer* buffer : {&sending_, &queued_})
    if (buffer->capacity() > output_kept_max) buffer->release();
  if (eof_written_ && fd_ >= 0) shutdown_write(fd_);
  if (closing_) finish_close();
}

void StreamState::drop_output() noexcept {
  if (!flushing_) sending_.clear();
  queued_.clear();
  drained_.set();
}

Coro<> StreamState::drain(Ref stream) {
  while (stream->paused()) co_await stream->drained_.wait();
  stream->check_writer();
}

void StreamState::write_eof() {
  if (eof_written_ || closing_) return;
  eof_written_ = true;
  if (!flushing_ && buffered() == 0) shutdown_write(fd_);
}

void StreamState::set_limits(WriteBufferLimits limits) {
  if (limits.high < limits.low)
    throw ValueError("high (" + std::to_string(limits.high) + ") must be >= low (" + std::to_string(limits.low) + ")");
  limits_ = limits;
  if (buffered() > limits_.high) {
    drained_.clear();
  } else if (buffered() <= limits_.low) {
    drained_.set();
  }
}

// --- The end ---

void StreamState::close() noexcept {
  if (closing_) return;
  closing_ = true;
  if (reader_) reader_->stop();
  finish_close();
}

void StreamState::abort() noexcept {
  closing_ = true;
  drop_output();
  if (flushing_) loop_->port->cancel(flush_);
  if (reader_) reader_->stop();
  finish_close();
}

// Closes the socket as soon as nothing is on its way on it.
void StreamState::finish_close() noexcept {
  if (!closing_ || fd_ < 0 || reader_ || flushing_ || buffered() != 0) return;
  loop_->port->close(fd_);
  fd_ = -1;
  if (listed_) loop_->remove_resource(this);
  if (owner) owner->stream_closed(*this);
  drained_.set();
  closed_.set();
  unref();
}

void StreamState::abandon_stream(LoopResource* resource) noexcept {
  auto* const self = static_cast<StreamState*>(resource);
  self->listed_ = false;
  self->loop_->remove_resource(self);
  self->abort();
}

Coro<> StreamState::wait_closed(Ref stream, bool tell_error) {
  co_await stream->closed_.wait();
  if (tell_error) stream->check_writer();
}

Stream adopt_socket(LoopState* loop, int fd, std::size_t limit) {
  try {
    return Stream(new StreamState(loop, fd, limit));
  } catch (...) {
    close_socket(fd);
    throw;
  }
}

}  // namespace tarn::internal
