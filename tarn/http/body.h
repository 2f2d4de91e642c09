// SPDX-License-Identifier: BSL-1.0
// Body: what follows the head of a message, for both ends.
//
// It is bytes, or something that gives them piece by piece (a connection, a file), or a coroutine that writes them.
// The one who reads sets the pace: a body that isn't read isn't received, a writer waits for the peer. The body of a
// response that a client got can be handed on as the body of a server's response, and is then piped through.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <tarn/base/function.h>
#include <tarn/core/coro.h>

namespace tarn::http {

/// Where a body comes from, piece by piece.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// The next piece, which lives until the next call; empty at the end.
  virtual Coro<std::string_view> next_chunk() = 0;
  /// How many bytes there are in all, if that is known.
  virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
};

/// Where a body written by a coroutine goes. Python: the write() of aiohttp.web.StreamResponse.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  /// Sends a piece; waits while the peer reads too slowly. Errors: ConnectionError once the peer has gone.
  virtual Coro<> write(std::string_view data) = 0;
};

/// What follows the head of a message. Move-only. Empty when default-made.
class Body {
 public:
  /// Writes a body to what it is given; called once. The callable lives as long as the Body.
  using Producer = Function<Coro<>(BodyWriter&)>;

  Body() = default;
  Body(std::string bytes) : bytes_(std::move(bytes)), kind_(Kind::bytes) {}
  Body(const char* text) : Body(std::string(text)) {}
  Body(std::string_view text) : Body(std::string(text)) {}
  /// Takes `source` over.
  explicit Body(BodySource* source) : source_(source), kind_(Kind::source) {}
  explicit Body(Producer producer) : producer_(std::move(producer)), kind_(Kind::producer) {}
  Body(Body&& other) noexcept;
  Body& operator=(Body&& other) noexcept;
  ~Body() { delete source_; }

  /// Reads up to `n` bytes: waits for the first, gives what is there; "" is the end. Without `n`: all that is left.
  /// Errors: the connection's (ClientPayloadError, TimeoutError; HttpError 413 and 400 on a server).
  /// Cancel: safe, but what a read without `n` had gathered is lost.   Python: aiohttp.StreamReader.read.
  Coro<std::string> read(std::ptrdiff_t n = -1);
  /// Reads at least one and at most `into.size()` bytes; 0 is the end.
  /// Lifetime: `into` lives until return.   Cancel: safe, no byte is lost.
  Coro<std::size_t> read_some(std::span<char> into);
  /// The next piece as it came, or nothing at the end: `while (auto chunk = co_await body.next())`.
  /// Python: async for chunk in response.content.iter_any().
  Coro<std::optional<std::string>> next();
  /// The same without a copy: the piece lives until the body is read further; empty at the end.
  Coro<std::string_view> next_chunk();

  /// Whether there is nothing, and never was.
  bool empty() const noexcept { return kind_ == Kind::none || (kind_ == Kind::bytes && bytes_.empty()); }
  /// How many bytes there are in all, if that is known.
  std::optional<std::uint64_t> size() const;

  /// For those who send it: the bytes, if it is bytes; else nullptr.
  const std::string* bytes() const noexcept { return kind_ == Kind::bytes || kind_ == Kind::none ? &bytes_ : nullptr; }
  /// For those who send it: the writing coroutine, if it is one.
  Producer* producer() noexcept { return kind_ == Kind::producer ? &producer_ : nullptr; }

 private:
  enum class Kind : std::uint8_t { none, bytes, source, producer };
  Coro<> collect();
  std::string_view take(std::size_t n) noexcept;

  std::string bytes_;
  std::string_view pending_;  // of the source's last piece, what was not taken yet
  BodySource* source_ = nullptr;
  Producer producer_;
  std::size_t taken_ = 0;  // of bytes_
  Kind kind_ = Kind::none;
};

}  // namespace tarn::http
