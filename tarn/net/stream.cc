// SPDX-License-Identifier: BSL-1.0
#include <tarn/net/stream.h>

#include <tarn/base/errors.h>
#include <tarn/core/event_loop.h>
#include <tarn/net/internal/socket.h>
#include <tarn/net/internal/stream_state.h>

#include <cstring>

namespace tarn {

using internal::OperationYield;
using internal::StreamState;

namespace internal {

StreamHandle::StreamHandle(StreamState* state) noexcept : state_(state) {
  state->add_handle();
  state->ref();
}

void StreamHandle::release(StreamState* state) noexcept { state->drop_handle(); }

void StreamHandle::refuse() { throw RuntimeError("the stream was moved from"); }

namespace {

// Where a separator is, or why it isn't.
struct Found {
  enum class What : std::uint8_t { separator, end_of_stream, beyond_limit } what;
  std::size_t at;  ///< the separator's place; how many bytes may be skipped before it may begin
  const char* message = nullptr;
};

Coro<Found> find(StreamState& stream, std::string_view separator) {
  std::size_t from = 0;
  for (;;) {
    const std::string_view bytes = stream.input().view();
    if (bytes.size() - from >= separator.size()) {
      const std::size_t at = bytes.find(separator, from);
      if (at != std::string_view::npos) {
        if (at <= stream.limit()) co_return Found{Found::What::separator, at};
        co_return Found{Found::What::beyond_limit, at, "Separator is found, but chunk is longer than limit"};
      }
      from = bytes.size() + 1 - separator.size();
      if (from > stream.limit())
        co_return Found{Found::What::beyond_limit, from, "Separator is not found, and chunk exceed the limit"};
    }
    const bool more = co_await stream.fill();
    if (!more) co_return Found{Found::What::end_of_stream, 0};
  }
}

}  // namespace
}  // namespace internal

using internal::Found;

// --- Reading ---

Coro<std::size_t> StreamReader::read_some(std::span<char> into) {
  StreamState& s = *state_;
  s.check_reader("read_some");
  if (!s.input().empty()) {
    const std::size_t count = into.size() < s.input().size() ? into.size() : s.input().size();
    std::memcpy(into.data(), s.input().data(), count);
    s.input().drop(count);
    co_return count;
  }
  if (s.ended() || into.empty()) co_return 0;
  OperationWait wait(Op::recv, s.fd(), into.data(), into.size());
  const StreamState::ReadTurn turn(s, wait);
  const std::int64_t result = co_await wait;
  co_return s.received(result);
}

Coro<std::string> StreamReader::read(std::ptrdiff_t n) {
  StreamState& s = *state_;
  const StreamState::Ref held(s);
  s.check_reader("read");
  if (n == 0) co_return std::string();
  bool more = true;
  while (more && (n < 0 || s.input().empty())) more = co_await s.fill();
  const std::size_t there = s.input().size();
  co_return s.take(n < 0 || static_cast<std::size_t>(n) > there ? there : static_cast<std::size_t>(n));
}

Coro<std::string> StreamReader::readexactly(std::ptrdiff_t n) {
  StreamState& s = *state_;
  const StreamState::Ref held(s);
  if (n < 0) throw ValueError("readexactly size can not be less than zero");
  s.check_reader("readexactly");
  const auto wanted = static_cast<std::size_t>(n);
  bool more = true;
  while (more && s.input().size() < wanted) more = co_await s.fill();
  if (s.input().size() < wanted) throw IncompleteReadError(s.take(s.input().size()), n);
  co_return s.take(wanted);
}

Coro<std::string> StreamReader::readuntil(std::string separator) {
  StreamState& s = *state_;
  const StreamState::Ref held(s);
  if (separator.empty()) throw ValueError("Separator should be at least one-byte string");
  s.check_reader("readuntil");
  const Found found = co_await internal::find(s, separator);
  if (found.what == Found::What::beyond_limit) throw LimitOverrunError(found.message, found.at);
  if (found.what == Found::What::end_of_stream) throw IncompleteReadError(s.take(s.input().size()), -1);
  co_return s.take(found.at + separator.size());
}

Coro<std::string> StreamReader::readline() {
  StreamState& s = *state_;
  const StreamState::Ref held(s);
  s.check_reader("readline");
  const Found found = co_await internal::find(s, "\n");
  if (found.what == Found::What::beyond_limit) {
    // asyncio's rule: a line that is there as a whole is dropped alone; of one that goes on, all there is.
    const bool whole = s.input().view().substr(found.at).starts_with('\n');
    s.input().drop(whole ? found.at + 1 : s.input().size());
    throw ValueError(found.message);
  }
  co_return s.take(found.what == Found::What::separator ? found.at + 1 : s.input().size());
}

bool StreamReader::at_eof() const { return (*state_).ended() && (*state_).input().empty(); }
Address StreamReader::peer_address() const { return internal::peer_address((*state_).fd()); }
Address StreamReader::local_address() const { return internal::local_address((*state_).fd()); }

// --- Writing ---

Coro<> StreamWriter::write(std::string_view data) {
  StreamState& s = *state_;
  s.check_writer();
  if (s.closing()) StreamState::refuse_closed();
  s.write(data);
  if (s.paused()) co_return co_await StreamState::drain(StreamState::Ref(s));
  s.check_writer();
  if (internal::spend_immediate_operation()) co_await OperationYield();
}

void StreamWriter::write_nowait(std::string_view data) { (*state_).write(data); }

Coro<> StreamWriter::drain() {
  StreamState& s = *state_;
  const StreamState::Ref held(s);
  if (s.closing()) co_await OperationYield();
  if (s.fd() < 0) StreamState::refuse_closed();
  co_await StreamState::drain(StreamState::Ref(s));
}

void StreamWriter::write_eof() { (*state_).write_eof(); }
void StreamWriter::close() { (*state_).close(); }
void StreamWriter::abort() { (*state_).abort(); }
bool StreamWriter::is_closing() const { return (*state_).closing(); }
Coro<> StreamWriter::wait_closed() { return StreamState::wait_closed(StreamState::Ref(*state_), true); }
Coro<> StreamWriter::aclose() {
  StreamState& s = *state_;
  s.close();
  co_await StreamState::wait_closed(StreamState::Ref(s), false);
}
void StreamWriter::set_write_buffer_limits(WriteBufferLimits limits) { (*state_).set_limits(limits); }
WriteBufferLimits StreamWriter::get_write_buffer_limits() const { return (*state_).limits(); }
std::size_t StreamWriter::get_write_buffer_size() const { return (*state_).buffered(); }
Address StreamWriter::peer_address() const { return internal::peer_address((*state_).fd()); }
Address StreamWriter::local_address() const { return internal::local_address((*state_).fd()); }

// --- Making ---

Stream Stream::from_socket(int fd, std::size_t limit) {
  const int rc = internal::prepare_stream_socket(fd);
  if (rc < 0) {
    internal::close_socket(fd);
    throw_os_error(-rc, "not a stream socket");
  }
  return internal::adopt_socket(internal::running_loop(), fd, limit);
}

std::pair<Stream, Stream> stream_pair(std::size_t limit) {
  internal::LoopState* const loop = internal::running_loop();
  int fds[2];
  const int rc = internal::open_socket_pair(fds);
  if (rc < 0) throw_os_error(-rc, "socketpair");
  Stream first = internal::adopt_socket(loop, fds[0], limit);
  return {std::move(first), internal::adopt_socket(loop, fds[1], limit)};
}

}  // namespace tarn
