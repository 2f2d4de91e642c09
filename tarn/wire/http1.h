// SPDX-License-Identifier: BSL-1.0
// Http1: one end of an HTTP/1.1 connection as a machine. Bytes in, events out; messages in, bytes out.
//
// It never throws, never waits, reads no clock and does no I/O, and its verdict is the same however the input is cut:
// what is said of a connection depends on the bytes alone. That is kept by judging line by line, each line when its end
// is there or when it is longer than a line may be.
//
// A connection lives in cycles of one request and one response. In each cycle next_event() gives the head, data, and
// end_of_message; send(), send_data() and send_end() append the other direction's bytes to a string. When both are
// through, start_next_cycle() begins the next one; until then pipelined bytes wait in the buffer.
//
// It is strict where RFC 9112 lets it choose, because two readers that choose differently are how requests are
// smuggled: bare LF, folded lines, spaces before colons, two framings, and unknown codings are refused. What it
// doesn't know: what the fields mean beyond framing and connection, content codings, redirects, time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tarn/wire/internal/http1_framing.h>
#include <tarn/wire/message.h>

namespace tarn::wire {

/// Which end of the connection this is.
enum class Role : std::uint8_t { server, client };

/// How much of anything the other end may send. A line's bytes include its CRLF.
struct Http1Limits {
  /// Request or status line. RFC 9112 3 asks for 8000 at least; Apache 8190, nginx 8 KiB, aiohttp 8190.
  std::size_t start_line_bytes_max = 8 * 1024;
  /// One field line. Apache 8190, nginx 8 KiB, aiohttp 8190; twice that, for cookies and security policies.
  std::size_t field_line_bytes_max = 16 * 1024;
  /// The whole head. Node 16 KiB, nginx 4 x 8 KiB, Go 1 MiB.
  std::size_t head_bytes_max = 64 * 1024;
  /// Fields in a head, and in trailers. Apache 100, aiohttp and Go's reverse proxies 128.
  std::size_t fields_max = 128;
  /// A chunk's size line. Go 4 KiB, h11 256 bytes.
  std::size_t chunk_line_bytes_max = 1024;
  /// All chunk extensions of one body: they are for nothing but abuse. Go's limit is 16 KiB since CVE-2023-39326.
  std::size_t chunk_extension_bytes_max = 16 * 1024;
  /// All trailer lines.
  std::size_t trailer_bytes_max = 16 * 1024;
  /// Interim responses before the final one; a real exchange has two (100, 103).
  std::size_t interim_responses_max = 16;
  /// A message body, coding removed. A server above sets its own.
  std::uint64_t body_bytes_max = UINT64_MAX;
};

/// What an Event tells; the fields of Event that go with it are named beside each.
enum class EventKind : std::uint8_t {
  need_data,         ///< nothing more can be said: feed() or feed_eof()
  request_head,      ///< `request` (server)
  interim_response,  ///< `response` with a 1xx status; the final one follows (client)
  response_head,     ///< `response` (client)
  data,              ///< `data`: some bytes of the body
  end_of_message,    ///< the message is whole; `trailers` came after a chunked body
  paused,            ///< the message is over: start_next_cycle(), or take_leftover() if the protocol was switched
  closed,            ///< the other end closed between messages
  error,             ///< `error`: the connection can't be read any more
};

/// What next_event() found. What it points to belongs to the machine and lives until the next call of any of its
/// functions that isn't const; heads may be moved from.
struct Event {
  EventKind kind = EventKind::need_data;
  RequestHead* request = nullptr;
  ResponseHead* response = nullptr;
  Headers* trailers = nullptr;
  const ProtocolError* error = nullptr;
  std::string_view data{};
};

/// One end of an HTTP/1.0 or 1.1 connection. Thread: one at a time.   Python: h11.Connection.
class Http1 {
 public:
  explicit Http1(Role role, const Http1Limits& limits = {}) : limits_(limits), role_(role) {}

  // --- input

  /// Room for at least `size` bytes inside the machine's buffer, to receive into without a copy; commit() what came.
  std::span<char> prepare(std::size_t size = 16 * 1024);
  void commit(std::size_t size) noexcept { end_ += size; }
  /// Takes bytes that were received elsewhere.
  void feed(std::string_view bytes);
  /// The other end will send no more.
  void feed_eof() noexcept { eof_ = true; }

  /// What comes next in the input. Errors: as events; the first one is repeated for ever.   Cost: no allocation but
  /// what a head needs, and none of those if the last cycle's head was left in place.
  Event next_event();

  // --- output: each appends to `out` and returns what the caller did wrong; nothing was appended or changed then.

  /// Client: begins a request. Its body is framed as the head says: Content-Length, Transfer-Encoding, or none.
  [[nodiscard]] ProtocolError send(const RequestHead& head, std::string& out);
  /// Server: begins the response, or sends an interim one (1xx, as often as wished; dropped for HTTP/1.0 clients).
  /// A body whose length isn't given is framed by chunks, for an HTTP/1.0 client by the end of the connection. Adds the
  /// Connection field that the outcome needs. 101 and 2xx to CONNECT switch the protocol.
  [[nodiscard]] ProtocolError send(const ResponseHead& head, std::string& out);
  /// Appends a part of the body. More than Content-Length, or any to a message without a body, is an error.
  [[nodiscard]] ProtocolError send_data(std::string_view data, std::string& out);
  /// Ends the message. Fewer bytes than Content-Length is an error. `trailers` go with a chunked body only.
  [[nodiscard]] ProtocolError send_end(std::string& out, const Headers* trailers = nullptr);

  // --- the connection

  /// Begins the next cycle. False, and nothing changes, unless can_reuse().
  bool start_next_cycle();
  /// Whether both messages of this cycle are whole and neither end, nor an error, has asked for the end.
  bool can_reuse() const noexcept { return keep_alive_ && in_ == In::done && out_ == Out::done; }
  /// Whether the connection is to live beyond this cycle, as known now.
  bool keep_alive() const noexcept { return keep_alive_; }
  /// Makes this the last cycle: the response says Connection: close.
  void close_after_this() noexcept { keep_alive_ = false; }
  /// Whether nothing of a message has come yet in this cycle, not a byte.
  bool untouched() const noexcept { return in_ == In::start && head_bytes_ == 0 && begin_ == end_; }
  /// Server: whether the client holds its body back until an interim 100 (RFC 9110 10.1.1).
  bool waits_for_continue() const noexcept { return waits_for_continue_ && begin_ == end_ && out_ == Out::idle; }
  /// Server: whether the client asked for a 100, got none and sent no body: it may still send one, or not.
  bool continue_unanswered() const noexcept { return waits_for_continue_; }
  /// After a head: whether a body follows, and how long it is if its head says so.
  bool expects_body() const noexcept { return in_ >= In::length && in_ < In::ending; }
  std::optional<std::uint64_t> declared_length() const noexcept {
    return in_ == In::length ? std::optional(length_) : std::nullopt;
  }
  /// Whether the connection speaks another protocol from now on (101, or 2xx to CONNECT).
  bool switched() const noexcept { return in_ == In::switched; }
  /// The bytes received beyond the last message: those of the next protocol.
  std::string take_leftover();
  /// How many bytes of the body have been given out in this cycle, coding removed.
  std::uint64_t body_bytes() const noexcept { return body_bytes_; }
  /// Another limit for this connection's bodies, for example once the route of a request is known. It is applied to
  /// what comes; a declared length was already compared with the old one.
  void set_body_bytes_max(std::uint64_t size) noexcept { limits_.body_bytes_max = size; }
  /// Whether the response that is being sent has a body.
  bool sends_body() const noexcept { return out_ != Out::idle && out_ != Out::no_body && out_ != Out::done; }

 private:
  enum class In : std::uint8_t {
    start,
    fields,
    length,
    until_close,
    chunk_line,
    chunk_data,
    chunk_crlf,
    trailers,
    ending,
    done,
    switched,
    failed,
    closed
  };
  enum class Out : std::uint8_t { idle, no_body, length, chunked, until_close, done };
  enum class Line : std::uint8_t { whole, partial, too_long, bare_lf };

  Event read_head();
  std::optional<Event> start_line(std::string_view line);
  Event finish_request();
  Event finish_response();
  void begin_body(const internal::Framing& framing);
  Event read_plain();
  Event read_chunked();
  std::optional<Event> chunk_line();
  std::optional<Event> trailer_line();
  Event end_event();
  Event data_event(std::size_t size);
  Event wait_for_body();
  Event fail_body_too_large();
  Event fail(std::uint16_t status, std::string_view where, std::string_view what);
  Event fail_line(const internal::Refusal& refusal);
  std::string where() const;
  Line take_line(std::size_t budget, std::string_view& line) noexcept;
  std::size_t available() const noexcept { return end_ - begin_; }

  ProtocolError plan_response(const ResponseHead& head, const internal::Facts& facts, Out& plan) const;

  // The buffer: [begin_, end_) of storage_ is input not yet consumed; its first `scanned_` bytes have no LF.
  std::string storage_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t scanned_ = 0;

  // The message being read.
  RequestHead request_;
  ResponseHead response_;
  ResponseHead interim_;
  Headers trailers_;
  internal::Facts facts_;
  ProtocolError error_;
  std::size_t head_bytes_ = 0;  // consumed of this head, or of the trailers
  std::size_t line_ = 0;        // lines of this head, or of the trailers
  std::size_t interim_responses_ = 0;
  std::size_t extension_bytes_ = 0;  // chunk extensions of this body
  std::uint64_t remaining_ = 0;      // of this body or chunk
  std::uint64_t length_ = 0;         // as Content-Length declared
  std::uint64_t body_bytes_ = 0;

  // The message being sent.
  std::uint64_t out_remaining_ = 0;
  std::uint64_t out_length_ = 0;

  Http1Limits limits_;
  Role role_;
  In in_ = In::start;
  Out out_ = Out::idle;
  bool eof_ = false;
  bool skipped_empty_line_ = false;
  bool keep_alive_ = true;
  // What the request of this cycle said that its response depends on, whichever direction it went.
  bool head_request_ = false;
  bool connect_request_ = false;
  bool upgrade_offered_ = false;
  bool old_client_ = false;  // the request was HTTP/1.0
  bool request_seen_ = false;
  bool waits_for_continue_ = false;
};

}  // namespace tarn::wire
