// SPDX-License-Identifier: BSL-1.0
// Stream: a connection to read from and write to; asyncio's StreamReader and StreamWriter as one handle.
//
// Reading is pulled: the kernel's bytes are fetched when somebody asks, so an unread connection holds no memory and
// pushes back on its peer by itself. Writing goes to the kernel at once; what it doesn't take is copied and sent in the
// background, and `co_await write()` waits while too much of that has piled up.
#pragma once
#include <tarn/core/coro.h>
#include <tarn/net/address.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace tarn {

namespace internal {
class StreamState;

/// A counted handle on the state that both halves of a stream share.
class StreamHandle {
 public:
  StreamHandle() = default;
  explicit StreamHandle(StreamState* state) noexcept;  // takes a new count
  StreamHandle(StreamHandle&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  StreamHandle& operator=(StreamHandle&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~StreamHandle() {
    if (state_) release(state_);
  }
  /// Errors: RuntimeError if it was moved from or default-made.
  StreamState& operator*() const {
    if (!state_) [[unlikely]]
      refuse();
    return *state_;
  }
  explicit operator bool() const noexcept { return state_ != nullptr; }

 private:
  static void release(StreamState* state) noexcept;
  [[noreturn]] static void refuse();
  StreamState* state_ = nullptr;
};
}  // namespace internal

/// How many bytes readline() and readuntil() go through before they give up.
inline constexpr std::size_t stream_limit_default = 64 * 1024;

/// The reading half. One coroutine reads at a time.
/// Every verb: Errors: RuntimeError if another coroutine is waiting in one; ConnectionResetError, OsError.
/// Cancel: safe, no byte is lost: what has arrived stays for the next read.   Thread: the loop's own.
/// Python: asyncio.StreamReader.
class StreamReader {
 public:
  StreamReader() = default;
  explicit StreamReader(internal::StreamState* state) noexcept : state_(state) {}

  /// Reads up to `n` bytes: waits for the first, gives what is there; "" is the end. Without `n`: all until the end.
  Coro<std::string> read(std::ptrdiff_t n = -1);
  /// Reads at least one and at most `into.size()` bytes; 0 means end of stream.
  /// Lifetime: `into` lives until return.   Cost: no copy unless bytes were buffered before; no allocation.
  Coro<std::size_t> read_some(std::span<char> into);
  Coro<std::size_t> read_some(std::span<std::byte> into) {
    return read_some(std::span<char>(reinterpret_cast<char*>(into.data()), into.size()));
  }
  /// Reads exactly `n` bytes. Errors: IncompleteReadError with what there was if the stream ends before.
  Coro<std::string> readexactly(std::ptrdiff_t n);
  /// Reads up to and with `separator`. Errors: IncompleteReadError if the stream ends before; LimitOverrunError if the
  /// part before the separator is longer than the limit (the data stays); ValueError if the separator is empty.
  Coro<std::string> readuntil(std::string separator = "\n");
  /// Reads a line with its "\n"; the last one may lack it; "" is the end.
  /// Errors: ValueError if it is longer than the limit (the line is dropped, or all that is buffered of it).
  Coro<std::string> readline();

  /// The end has come and everything before it was read.
  bool at_eof() const;
  Address peer_address() const;
  Address local_address() const;
  explicit operator bool() const noexcept { return static_cast<bool>(state_); }

 protected:
  internal::StreamHandle state_;
};

/// Levels of the write buffer: above `high` writers wait until it has fallen to `low`.
struct WriteBufferLimits {
  std::size_t low = 16 * 1024;
  std::size_t high = 64 * 1024;
};

/// The writing half. Several coroutines may write; each write() is one piece in the order of the calls.
/// Thread: the loop's own.   Python: asyncio.StreamWriter.
class StreamWriter {
 public:
  StreamWriter() = default;
  explicit StreamWriter(internal::StreamState* state) noexcept : state_(state) {}

  /// Sends `data`: at once what the kernel takes, the rest in the background; waits while too much is buffered.
  /// Errors: ConnectionResetError, BrokenPipeError, OsError; RuntimeError after write_eof().
  /// Cancel: safe; what was passed in is taken as a whole and will be sent.   Lifetime: `data` lives until return.
  /// Cost: one send, no copy, where the kernel takes all.   Python: write() with drain().
  Coro<> write(std::string_view data);
  Coro<> write(std::span<const std::byte> data) {
    return write(std::string_view(reinterpret_cast<const char*>(data.data()), data.size()));
  }
  /// As write(), without waiting: to be followed by drain(). After the connection is lost the data is dropped.
  /// Errors: RuntimeError after write_eof().   Python: StreamWriter.write.
  void write_nowait(std::string_view data);
  /// Waits until the buffer is below its limits again. Several tasks may.
  /// Errors: what ended the connection.   Cancel: safe.   Python: StreamWriter.drain.
  Coro<> drain();
  /// Half-closes: the peer reads the end after all that was written. Reading goes on.
  void write_eof();
  bool can_write_eof() const { return true; }

  /// Sends what is buffered, then closes; a coroutine that is reading gets the end of stream. Again: no effect.
  void close();
  /// Drops what is buffered and closes.
  void abort();
  /// close() or abort() was called, or the connection is gone.
  bool is_closing() const;
  /// Waits until the connection is closed. Errors: what broke it, if data was lost by that.
  Coro<> wait_closed();
  /// close() and the wait for it; a broken connection is no error here.   Cancel: safe; it goes on closing.
  Coro<> aclose();

  /// Errors: ValueError unless high >= low.
  void set_write_buffer_limits(WriteBufferLimits limits);
  WriteBufferLimits get_write_buffer_limits() const;
  /// Bytes that wait to be sent.
  std::size_t get_write_buffer_size() const;
  Address peer_address() const;
  Address local_address() const;
  explicit operator bool() const noexcept { return static_cast<bool>(state_); }

 protected:
  internal::StreamHandle state_;
};

/// A connection, both halves of it. Move-only; when the last half is gone it is closed as by close().
class Stream : public StreamReader, public StreamWriter {
 public:
  Stream() = default;
  explicit Stream(internal::StreamState* state) noexcept : StreamReader(state), StreamWriter(state) {}
  /// Takes over a connected stream socket. It is made non-blocking.
  /// Errors: RuntimeError without a running loop; OsError if it isn't a stream socket. It is then closed.
  static Stream from_socket(int fd, std::size_t limit = stream_limit_default);

  using StreamReader::local_address;
  using StreamReader::peer_address;
  explicit operator bool() const noexcept { return StreamReader::operator bool(); }

  /// Parts it: `auto [reader, writer] = std::move(stream).split();`
  std::pair<StreamReader, StreamWriter> split() && {
    return {StreamReader(std::move(*this)), StreamWriter(std::move(*this))};
  }
};

/// Two streams that are connected to each other. Errors: OsError.   Python: socket.socketpair.
std::pair<Stream, Stream> stream_pair(std::size_t limit = stream_limit_default);

}  // namespace tarn
