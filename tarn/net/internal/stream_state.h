// SPDX-License-Identifier: BSL-1.0
// StreamState: the connection behind a Stream's handles.
//
// It outlives its handles until the socket is closed: what is buffered is still sent. The socket is closed when nobody
// waits on it any more: the kernel may not hold an operation on a descriptor that is closed.
#pragma once
#include <tarn/core/locks.h>
#include <tarn/core/operation.h>
#include <tarn/net/internal/byte_buffer.h>
#include <tarn/net/stream.h>

namespace tarn::internal {

/// Who wants to hear of a connection's end: a server, of those it accepted. Holds them in a list meanwhile.
class StreamOwner {
 public:
  virtual void stream_closed(StreamState& stream) noexcept = 0;

 protected:
  ~StreamOwner() = default;
};

class StreamState final : LoopResource {
 public:
  /// Keeps the state while a coroutine is inside, whatever becomes of the handles.
  class Ref {
   public:
    explicit Ref(StreamState& stream) noexcept : stream_(&stream) { stream_->ref(); }
    Ref(Ref&& other) noexcept : stream_(std::exchange(other.stream_, nullptr)) {}
    Ref& operator=(Ref&&) = delete;
    ~Ref() {
      if (stream_) stream_->unref();
    }
    StreamState* operator->() const noexcept { return stream_; }

   private:
    StreamState* stream_;
  };

  /// Takes over `fd`, which is connected and non-blocking.
  StreamState(LoopState* loop, int fd, std::size_t limit);
  StreamState(const StreamState&) = delete;
  StreamState& operator=(const StreamState&) = delete;

  // -- handles: with the last one the connection is closed
  void add_handle() noexcept { ++handles_; }
  void drop_handle() noexcept {
    if (--handles_ == 0) close();
    unref();
  }
  void ref() noexcept { ++refs_; }
  void unref() noexcept {
    if (--refs_ == 0) delete this;
  }

  // -- reading
  /// Registers a wait for bytes with the stream, which ends it when it closes.
  class ReadTurn {
   public:
    ReadTurn(StreamState& stream, OperationWait& wait) noexcept : stream_(stream) { stream_->reader_ = &wait; }
    ReadTurn(const ReadTurn&) = delete;
    ReadTurn& operator=(const ReadTurn&) = delete;
    ~ReadTurn() {
      stream_->reader_ = nullptr;
      if (stream_->closing_) stream_->finish_close();
    }

   private:
    Ref stream_;
  };
  /// Errors: RuntimeError if another coroutine waits for bytes; what broke the connection.
  void check_reader(const char* verb) const;
  /// Nothing will come after what is buffered.
  bool ended() const noexcept { return eof_ || closing_; }
  /// The number of bytes of a recv's result, 0 at the end. Errors: the connection's.
  std::size_t received(std::int64_t result);
  /// Waits for more bytes in input(). False: there will be none.
  Coro<bool> fill();
  ByteBuffer& input() noexcept { return in_; }
  std::string take(std::size_t count);
  std::size_t limit() const noexcept { return limit_; }

  // -- writing
  /// Errors: RuntimeError after write_eof().
  void write(std::string_view data);
  /// Errors: what broke the connection for writers.
  void check_writer() const {
    if (write_error_) [[unlikely]]
      std::rethrow_exception(write_error_);
  }
  /// Errors: ConnectionResetError. Python: what drain() raises after the connection is lost.
  [[noreturn]] static void refuse_closed();
  bool paused() const noexcept { return !drained_.is_set(); }
  static Coro<> drain(Ref stream);
  void write_eof();
  void set_limits(WriteBufferLimits limits);
  WriteBufferLimits limits() const noexcept { return limits_; }
  std::size_t buffered() const noexcept { return sending_.size() + queued_.size(); }

  // -- the end
  void close() noexcept;
  void abort() noexcept;
  bool closing() const noexcept { return closing_; }
  static Coro<> wait_closed(Ref stream, bool tell_error);

  int fd() const noexcept { return fd_; }
  LoopState* loop() const noexcept { return loop_; }

  // -- a server's list
  StreamOwner* owner = nullptr;
  StreamState* older_sibling = nullptr;
  StreamState* newer_sibling = nullptr;

 private:
  ~StreamState() = default;

  struct Flush : Operation {
    StreamState* stream = nullptr;
  };
  static void flushed(Operation* operation);
  static void abandon_stream(LoopResource* resource) noexcept;
  void flush();
  bool sent(std::int64_t result) noexcept;
  void all_sent() noexcept;
  void drop_output() noexcept;
  void finish_close() noexcept;

  LoopState* loop_;
  int fd_;
  std::uint32_t handles_ = 0;
  std::uint32_t refs_ = 1;  ///< its own while it is open, one for each handle and for each coroutine inside
  bool eof_ = false;
  bool closing_ = false;
  bool listed_ = true;        ///< among the loop's resources
  bool eof_written_ = false;  ///< write_eof() was called; its shutdown comes after the buffer
  bool flushing_ = false;     ///< flush_ is in flight; it reads from sending_
  unsigned lost_writes_ = 0;
  OperationWait* reader_ = nullptr;
  std::size_t limit_;
  std::size_t chunk_;  ///< how much the next recv asks for
  WriteBufferLimits limits_;
  ByteBuffer in_;
  ByteBuffer sending_;  ///< the kernel's while flushing_: it must not move
  ByteBuffer queued_;
  Flush flush_;
  std::exception_ptr read_error_;
  std::exception_ptr write_error_;
  Event drained_;  ///< not set: the write buffer was above `high` and has not fallen to `low`
  Event closed_;
};

/// A Stream on a connected, non-blocking socket, which is closed if that fails.
Stream adopt_socket(LoopState* loop, int fd, std::size_t limit);

}  // namespace tarn::internal
