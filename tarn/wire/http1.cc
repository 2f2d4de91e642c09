// SPDX-License-Identifier: BSL-1.0
// The reading half of the machine, and the turn of its cycles. The writing half is http1_write.cc.
#include <tarn/wire/http1.h>

#include <algorithm>
#include <cstring>

#include <tarn/wire/internal/chars.h>
#include <tarn/wire/internal/http1_lines.h>

namespace tarn::wire {

using internal::BodyKind;
using internal::Framing;
using internal::Refusal;

std::span<char> Http1::prepare(std::size_t size) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (storage_.size() - end_ < size) {
    std::memmove(storage_.data(), storage_.data() + begin_, available());
    end_ -= begin_;
    begin_ = 0;
    if (storage_.size() - end_ < size) storage_.resize(std::max(end_ + size, 2 * storage_.size()));
  }
  return {storage_.data() + end_, storage_.size() - end_};
}

void Http1::feed(std::string_view bytes) {
  if (bytes.empty()) return;
  std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

Event Http1::next_event() {
  switch (in_) {
    case In::start:
    case In::fields: return read_head();
    case In::length:
    case In::until_close: return read_plain();
    case In::chunk_line:
    case In::chunk_data:
    case In::chunk_crlf:
    case In::trailers: return read_chunked();
    case In::ending: return end_event();
    case In::done:
      if (eof_ && available() == 0) return {.kind = EventKind::closed};
      return {.kind = EventKind::paused};
    case In::switched: return {.kind = EventKind::paused};
    case In::closed: return {.kind = EventKind::closed};
    case In::failed: break;
  }
  return {.kind = EventKind::error, .error = &error_};
}

// --- lines

Http1::Line Http1::take_line(std::size_t budget, std::string_view& line) noexcept {
  const char* const begin = storage_.data() + begin_;
  const std::size_t look = std::min(available(), budget);
  const void* const lf = scanned_ < look ? std::memchr(begin + scanned_, '\n', look - scanned_) : nullptr;
  if (lf == nullptr) {
    scanned_ = look;
    return available() >= budget ? Line::too_long : Line::partial;
  }
  const auto size = static_cast<std::size_t>(static_cast<const char*>(lf) - begin) + 1;
  begin_ += size;
  scanned_ = 0;
  head_bytes_ += size;
  // RFC 9112 2.2 lets a recipient take a bare LF for a line's end; those who don't then disagree with those who do.
  if (size < 2 || begin[size - 2] != '\r') return Line::bare_lf;
  line = std::string_view(begin, size - 2);
  return Line::whole;
}

std::string Http1::where() const {
  if (in_ == In::trailers) return "trailer line " + std::to_string(line_);
  if (in_ >= In::chunk_line && in_ <= In::chunk_crlf)
    return "chunk after " + std::to_string(body_bytes_) + " bytes of body";
  return (role_ == Role::server ? "request line " : "response line ") + std::to_string(line_);
}

Event Http1::fail(std::uint16_t status, std::string_view where, std::string_view what) {
  error_.fault = Fault::remote;
  error_.status = role_ == Role::server ? status : std::uint16_t{502};
  error_.text.assign(where).append(where.empty() ? "" : ": ").append(what);
  in_ = In::failed;
  keep_alive_ = false;
  waits_for_continue_ = false;
  return {.kind = EventKind::error, .error = &error_};
}

Event Http1::fail_line(const Refusal& refusal) { return fail(refusal.status, where(), refusal.text); }

// --- heads

Event Http1::read_head() {
  for (;;) {
    if (in_ == In::start && available() > 0) {
      const char first = storage_[begin_];
      if (role_ == Role::client && out_ == Out::idle)
        return fail(400, {}, "bytes from the server before a request was sent");
      // Judged at once, so that a peer that speaks another protocol needn't send a newline to be told.
      if (role_ == Role::server ? !internal::is(first, internal::token_char) && first != '\r' : first != 'H')
        return fail(400, {},
                    "not HTTP: a message that begins with " + internal::show_byte(first) +
                        (first == '\x16' ? ", as TLS does" : ""));
    }
    const std::size_t line_max = in_ == In::start ? limits_.start_line_bytes_max : limits_.field_line_bytes_max;
    const std::size_t head_left = limits_.head_bytes_max - std::min(head_bytes_, limits_.head_bytes_max);
    std::string_view line;
    const Line found = take_line(std::min(line_max, head_left), line);
    if (found == Line::partial) {
      if (!eof_) return {};
      if (in_ == In::start && available() == 0) {
        in_ = In::closed;
        keep_alive_ = false;
        return {.kind = EventKind::closed};
      }
      return fail(400, {},
                  "the connection ended after " + std::to_string(head_bytes_ + available()) + " bytes of a head");
    }
    ++line_;
    if (found == Line::too_long) {
      if (head_left <= line_max)
        return fail(431, where(), "a head of more than " + std::to_string(limits_.head_bytes_max) + " bytes");
      return fail(in_ == In::start ? 414 : 431, where(), "more than " + std::to_string(line_max) + " bytes");
    }
    if (found == Line::bare_lf) return fail(400, where(), "a line that ends in LF without CR");
    if (in_ == In::start) {
      if (const std::optional<Event> event = start_line(line)) return *event;
      continue;
    }
    if (line.empty()) return role_ == Role::server ? finish_request() : finish_response();
    std::string_view name;
    std::string_view value;
    if (Refusal refusal = internal::parse_field_line(line, name, value)) return fail_line(refusal);
    if (Refusal refusal = facts_.add(name, value, role_ == Role::server)) return fail_line(refusal);
    Headers& headers = role_ == Role::server ? request_.headers : response_.headers;
    if (headers.size() >= limits_.fields_max)
      return fail(431, where(), "more than " + std::to_string(limits_.fields_max) + " fields");
    headers.add(name, value);
  }
}

std::optional<Event> Http1::start_line(std::string_view line) {
  if (role_ == Role::server && line.empty() && !skipped_empty_line_) {
    // RFC 9112 2.2: old clients send one CRLF too many after a body.
    skipped_empty_line_ = true;
    head_bytes_ = 0;
    line_ = 0;
    return std::nullopt;
  }
  if (Refusal refusal = role_ == Role::server ? internal::parse_request_line(line, request_)
                                              : internal::parse_status_line(line, response_))
    return fail_line(refusal);
  // One guess at the size of the fields saves the growing.
  constexpr std::size_t fields_guess = 16;
  constexpr std::size_t bytes_guess = 512;
  (role_ == Role::server ? request_.headers : response_.headers).reserve(fields_guess, bytes_guess);
  in_ = In::fields;
  return std::nullopt;
}

Event Http1::finish_request() {
  Framing framing;
  if (Refusal refusal = internal::frame_request(request_, facts_, framing))
    return fail(refusal.status, "request head", refusal.text);
  old_client_ = request_.version == Version::http_1_0;
  head_request_ = request_.method == "HEAD";
  connect_request_ = request_.method == "CONNECT";
  if (framing.kind == BodyKind::length && framing.length > limits_.body_bytes_max)
    return fail(
        413, "request head",
        "Content-Length " + std::to_string(framing.length) + " is more than " + std::to_string(limits_.body_bytes_max));
  // RFC 9110 7.8: Upgrade counts with its connection option only, and not in HTTP/1.0.
  upgrade_offered_ = facts_.upgrade_field && facts_.upgrade_token && !old_client_;
  keep_alive_ = keep_alive_ && internal::persists(request_.version, facts_);
  request_seen_ = true;
  begin_body(framing);
  // RFC 9110 10.1.1: ignored in HTTP/1.0 requests and without a body.
  waits_for_continue_ = facts_.expect_continue && !old_client_ && in_ != In::ending;
  return {.kind = EventKind::request_head, .request = &request_};
}

Event Http1::finish_response() {
  const std::uint16_t status = response_.status;
  if (status < 200 && status != 101) {
    if (++interim_responses_ > limits_.interim_responses_max)
      return fail(400, "response head",
                  "more than " + std::to_string(limits_.interim_responses_max) + " interim responses");
    in_ = In::start;
    facts_ = {};
    head_bytes_ = 0;
    line_ = 0;
    // The final head overwrites this one: given out as trailers are, in storage of its own.
    interim_ = std::move(response_);
    response_ = {};
    return {.kind = EventKind::interim_response, .response = &interim_};
  }
  Framing framing;
  if (Refusal refusal = internal::frame_response(response_, facts_, head_request_, connect_request_, framing))
    return fail(400, "response head", refusal.text);
  if (status == 101 && !upgrade_offered_) return fail(400, "response head", "101 to a request that offered no upgrade");
  if (framing.kind == BodyKind::length && framing.length > limits_.body_bytes_max)
    return fail(
        413, "response head",
        "Content-Length " + std::to_string(framing.length) + " is more than " + std::to_string(limits_.body_bytes_max));
  keep_alive_ = keep_alive_ && internal::persists(response_.version, facts_) && framing.kind != BodyKind::until_close;
  begin_body(framing);
  if (status == 101 || (connect_request_ && status < 300)) in_ = In::switched;
  return {.kind = EventKind::response_head, .response = &response_};
}

void Http1::begin_body(const Framing& framing) {
  head_bytes_ = 0;
  line_ = 0;
  length_ = remaining_ = framing.length;
  switch (framing.kind) {
    case BodyKind::none: in_ = In::ending; break;
    case BodyKind::length: in_ = framing.length > 0 ? In::length : In::ending; break;
    case BodyKind::chunked: in_ = In::chunk_line; break;
    case BodyKind::until_close: in_ = In::until_close; break;
  }
}

// --- bodies

Event Http1::end_event() {
  in_ = In::done;
  waits_for_continue_ = false;
  return {.kind = EventKind::end_of_message, .trailers = &trailers_};
}

Event Http1::data_event(std::size_t size) {
  const std::string_view data(storage_.data() + begin_, size);
  begin_ += size;
  body_bytes_ += size;
  waits_for_continue_ = false;
  return {.kind = EventKind::data, .data = data};
}

// There is no input to go on with: either more will come, or the body ends too early.
Event Http1::wait_for_body() {
  if (!eof_) return {};
  return fail(400, {},
              "incomplete body: got " + std::to_string(body_bytes_) +
                  (in_ == In::length ? " of " + std::to_string(length_) + " bytes" : " bytes, and no last chunk"));
}

Event Http1::fail_body_too_large() {
  return fail(413, {}, "a body of more than " + std::to_string(limits_.body_bytes_max) + " bytes");
}

Event Http1::read_plain() {
  const bool counted = in_ == In::length;
  if (available() == 0) return eof_ && !counted ? end_event() : wait_for_body();
  const std::uint64_t room = limits_.body_bytes_max - std::min(body_bytes_, limits_.body_bytes_max);
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(available(), counted ? remaining_ : room));
  if (size == 0) return fail_body_too_large();
  if (counted && (remaining_ -= size) == 0) in_ = In::ending;
  return data_event(size);
}

Event Http1::read_chunked() {
  for (;;) {
    if (in_ == In::chunk_data) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(available(), remaining_));
      if (size == 0) return wait_for_body();
      if ((remaining_ -= size) == 0) in_ = In::chunk_crlf;
      return data_event(size);
    }
    if (in_ == In::chunk_crlf) {
      // One byte at a time: the first may be wrong already when the second isn't there.
      if (available() > 0 && (storage_[begin_] != '\r' || (available() > 1 && storage_[begin_ + 1] != '\n')))
        return fail(400, where(), "CRLF doesn't follow the chunk's data");
      if (available() < 2) return wait_for_body();
      begin_ += 2;
      in_ = In::chunk_line;
    }
    const std::optional<Event> event = in_ == In::chunk_line ? chunk_line() : trailer_line();
    if (event) return *event;
  }
}

// Reads a line that says how long the next chunk is; no event if there was one and all is well.
std::optional<Event> Http1::chunk_line() {
  std::string_view line;
  switch (take_line(limits_.chunk_line_bytes_max, line)) {
    case Line::partial: return wait_for_body();
    case Line::too_long:
      return fail(400, where(), "a size line of more than " + std::to_string(limits_.chunk_line_bytes_max) + " bytes");
    case Line::bare_lf: return fail(400, where(), "a size line that ends in LF without CR");
    case Line::whole: break;
  }
  head_bytes_ = 0;
  std::size_t extension_bytes = 0;
  if (Refusal refusal = internal::parse_chunk_line(line, remaining_, extension_bytes)) return fail_line(refusal);
  extension_bytes_ += extension_bytes;
  if (extension_bytes_ > limits_.chunk_extension_bytes_max)
    return fail(400, where(),
                "more than " + std::to_string(limits_.chunk_extension_bytes_max) + " bytes of extensions");
  if (remaining_ > limits_.body_bytes_max - std::min(body_bytes_, limits_.body_bytes_max)) return fail_body_too_large();
  in_ = remaining_ > 0 ? In::chunk_data : In::trailers;
  return std::nullopt;
}

// RFC 9112 7.1.2: fields after the last chunk, up to an empty line.
std::optional<Event> Http1::trailer_line() {
  std::string_view line;
  const std::size_t left = limits_.trailer_bytes_max - std::min(head_bytes_, limits_.trailer_bytes_max);
  const Line found = take_line(left, line);
  if (found == Line::partial) return wait_for_body();
  ++line_;
  if (found == Line::too_long)
    return fail(431, where(), "more than " + std::to_string(limits_.trailer_bytes_max) + " bytes of trailers");
  if (found == Line::bare_lf) return fail(400, where(), "a line that ends in LF without CR");
  if (line.empty()) return end_event();
  std::string_view name;
  std::string_view value;
  if (Refusal refusal = internal::parse_field_line(line, name, value)) return fail_line(refusal);
  if (!internal::may_be_trailer(name)) return fail(400, where(), internal::show(name) + " in the trailers");
  if (trailers_.size() >= limits_.fields_max)
    return fail(431, where(), "more than " + std::to_string(limits_.fields_max) + " fields");
  trailers_.add(name, value);
  return std::nullopt;
}

// --- the connection

bool Http1::start_next_cycle() {
  if (!can_reuse()) return false;
  request_.headers.clear();
  response_.headers.clear();
  trailers_.clear();
  facts_ = {};
  in_ = In::start;
  out_ = Out::idle;
  head_bytes_ = line_ = interim_responses_ = extension_bytes_ = 0;
  remaining_ = length_ = body_bytes_ = 0;
  skipped_empty_line_ = head_request_ = connect_request_ = upgrade_offered_ = false;
  old_client_ = request_seen_ = waits_for_continue_ = false;
  return true;
}

std::string Http1::take_leftover() {
  std::string rest(storage_.data() + begin_, available());
  begin_ = end_ = 0;
  return rest;
}

}  // namespace tarn::wire
