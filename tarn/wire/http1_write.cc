// SPDX-License-Identifier: BSL-1.0
// The writing half of the machine. Everything is judged before a byte is appended, so that a refused message leaves
// both the output and the machine as they were, and a server can still answer 500.
#include <array>
#include <charconv>

#include <tarn/wire/http1.h>
#include <tarn/wire/internal/chars.h>
#include <tarn/wire/internal/http1_lines.h>

namespace tarn::wire {

using internal::BodyKind;
using internal::Facts;
using internal::Framing;
using internal::Refusal;

namespace {

ProtocolError local(std::string text) { return {Fault::local, 0, std::move(text)}; }

// Reads the fields as the other end would. CR, LF and NUL in a value are how responses are split.
ProtocolError gather(const Headers& headers, bool in_request, Facts& facts) {
  for (const Header field : headers) {
    if (field.name.empty() || !internal::all(field.name, internal::token_char))
      return local("the field name " + internal::show(field.name) + " is not a token");
    const std::size_t bad = internal::find_bad_value_char(field.value);
    if (bad < field.value.size())
      return local(internal::show_byte(field.value[bad]) + " in the value of " + internal::show(field.name));
    if (Refusal refusal = facts.add(field.name, field.value, in_request)) return local(std::move(refusal.text));
  }
  return {};
}

void append_fields(const Headers& headers, bool without_coding, std::string& out) {
  for (const Header field : headers) {
    if (without_coding && equals_ignoring_case(field.name, "transfer-encoding")) continue;
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
}

void append_status_line(const ResponseHead& head, std::string& out) {
  const std::string_view reason = head.reason.empty() ? reason_phrase(head.status) : std::string_view(head.reason);
  const std::array<char, 4> code{static_cast<char>('0' + head.status / 100),
                                 static_cast<char>('0' + head.status / 10 % 10),
                                 static_cast<char>('0' + head.status % 10), ' '};
  // RFC 9110 2.5: a server names the version it speaks, not the one it was asked in.
  out.append("HTTP/1.1 ").append(code.data(), code.size()).append(reason).append("\r\n");
}

}  // namespace

ProtocolError Http1::send(const RequestHead& head, std::string& out) {
  if (role_ != Role::client) return local("a server sends no requests");
  if (out_ != Out::idle) return local("a second request in one cycle");
  if (in_ != In::start || eof_) return local("a request on a connection that is over");
  if (Refusal refusal = internal::check_method(head.method)) return local(std::move(refusal.text));
  if (Refusal refusal = internal::check_target(head.method, head.target)) return local(std::move(refusal.text));
  Facts facts;
  if (ProtocolError error = gather(head.headers, true, facts)) return error;
  Framing framing;
  if (Refusal refusal = internal::frame_request(head, facts, framing)) return local(std::move(refusal.text));

  head_request_ = head.method == "HEAD";
  connect_request_ = head.method == "CONNECT";
  upgrade_offered_ = facts.upgrade_field && facts.upgrade_token;
  keep_alive_ = keep_alive_ && internal::persists(head.version, facts);
  out_length_ = out_remaining_ = framing.length;
  out_ = framing.kind == BodyKind::chunked  ? Out::chunked
         : framing.kind == BodyKind::length ? Out::length
                                            : Out::no_body;
  out.append(head.method).append(" ").append(head.target);
  out.append(head.version == Version::http_1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  append_fields(head.headers, false, out);
  out.append("\r\n");
  return {};
}

// How the body of this response will be framed, or why it can't be sent.
ProtocolError Http1::plan_response(const ResponseHead& head, const Facts& facts, Out& plan) const {
  const bool switching = head.status == 101 || (connect_request_ && head.status >= 200 && head.status < 300);
  if (switching && in_ != In::ending && in_ != In::done)
    return local("the protocol can't be switched before the request is whole");
  if (head.status == 101 && !upgrade_offered_) return local("101 to a request that offered no upgrade");
  // RFC 9110 8.6 and RFC 9112 6.1: neither framing field may be in these.
  if ((head.status < 200 || head.status == 204 || switching) && (facts.has_length || facts.has_coding))
    return local("Content-Length or Transfer-Encoding in a response without a body");
  ResponseHead as_sent;
  as_sent.status = head.status;  // the version is the machine's business, so it isn't the caller's
  Framing framing;
  if (Refusal refusal = internal::frame_response(as_sent, facts, head_request_, connect_request_, framing))
    return local(std::move(refusal.text));
  switch (framing.kind) {
    case BodyKind::none: plan = Out::no_body; break;
    case BodyKind::length: plan = Out::length; break;
    case BodyKind::chunked:
    case BodyKind::until_close: plan = old_client_ ? Out::until_close : Out::chunked; break;
  }
  return {};
}

ProtocolError Http1::send(const ResponseHead& head, std::string& out) {
  if (role_ != Role::server) return local("a client sends no responses");
  if (out_ != Out::idle) return local("a second response in one cycle");
  if (!request_seen_ && in_ != In::failed) return local("a response before the request");
  if (head.status < 100 || head.status > 999) return local("status " + std::to_string(head.status));
  const std::size_t bad = internal::find_bad_value_char(head.reason);
  if (bad < head.reason.size()) return local(internal::show_byte(head.reason[bad]) + " in the reason");
  Facts facts;
  if (ProtocolError error = gather(head.headers, false, facts)) return error;
  Out plan = Out::no_body;
  if (ProtocolError error = plan_response(head, facts, plan)) return error;

  const bool interim = head.status < 200 && head.status != 101;
  if (interim && old_client_) return {};  // RFC 9110 15.2
  append_status_line(head, out);
  append_fields(head.headers, old_client_, out);
  if (head.status == 100) waits_for_continue_ = false;
  if (!interim) {
    out_ = plan;
    out_length_ = out_remaining_ = plan == Out::length ? facts.length : 0;
    if (head.status == 101 || (connect_request_ && head.status < 300)) {
      out_ = Out::done;
      in_ = In::switched;
    } else {
      keep_alive_ = keep_alive_ && !facts.close && plan != Out::until_close;
      if (plan == Out::chunked && !facts.has_coding) out.append("Transfer-Encoding: chunked\r\n");
      // RFC 9112 9.3, 9.6: who will close says so; an HTTP/1.0 client must be told of the opposite.
      if (!keep_alive_ && !facts.close)
        out.append("Connection: close\r\n");
      else if (keep_alive_ && old_client_ && !facts.keep_alive)
        out.append("Connection: keep-alive\r\n");
    }
  }
  out.append("\r\n");
  return {};
}

ProtocolError Http1::send_data(std::string_view data, std::string& out) {
  switch (out_) {
    case Out::idle: return local("a body before its head");
    case Out::done: return local("a body after its end");
    case Out::no_body:
      if (!data.empty()) return local("a body where the message has none");
      return {};
    case Out::until_close: out.append(data); return {};
    case Out::length:
      if (data.size() > out_remaining_)
        return local("a body of more than the " + std::to_string(out_length_) + " bytes of its Content-Length");
      out_remaining_ -= data.size();
      out.append(data);
      return {};
    case Out::chunked: break;
  }
  if (data.empty()) return {};  // a chunk of no bytes would be the last
  std::array<char, 18> size;
  char* const end = std::to_chars(size.data(), size.data() + 16, data.size(), 16).ptr;
  out.append(size.data(), end).append("\r\n").append(data).append("\r\n");
  return {};
}

ProtocolError Http1::send_end(std::string& out, const Headers* trailers) {
  const bool has_trailers = trailers != nullptr && !trailers->empty();
  if (out_ == Out::idle) return local("an end before its head");
  if (out_ == Out::done && in_ != In::switched) return local("a second end");
  if (out_ == Out::length && out_remaining_ > 0)
    return local("incomplete body: sent " + std::to_string(out_length_ - out_remaining_) + " of " +
                 std::to_string(out_length_) + " bytes");
  if (has_trailers && out_ != Out::chunked) return local("trailers after a body that is not chunked");
  if (has_trailers) {
    Facts facts;
    if (ProtocolError error = gather(*trailers, false, facts)) return error;
    for (const Header field : *trailers)
      if (!internal::may_be_trailer(field.name)) return local(internal::show(field.name) + " in the trailers");
  }
  if (out_ == Out::chunked) {
    out.append("0\r\n");
    if (has_trailers) append_fields(*trailers, false, out);
    out.append("\r\n");
  }
  out_ = Out::done;
  return {};
}

}  // namespace tarn::wire
