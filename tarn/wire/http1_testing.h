// SPDX-License-Identifier: BSL-1.0
// What the tests and the fuzzer of Http1 share: a connection written down as text, so that two runs can be compared.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <tarn/wire/http1.h>

namespace tarn::wire::testing {

/// One way to play a connection.
struct Play {
  Role role = Role::server;
  const char* method = "GET";  ///< what a client has asked
  bool upgrade = false;        ///< a client has offered an upgrade; a server accepts one
  bool eof = true;             ///< the other end closes after the last byte
  Http1Limits limits{};
};

inline void write_headers(const Headers& headers, std::string& out) {
  for (const Header field : headers) out.append("|").append(field.name).append("=").append(field.value);
}

/// A machine and the protocol of what it said: one line per event, neighbouring data joined.
class Recorder {
 public:
  explicit Recorder(const Play& play) : play_(play), machine_(play.role, play.limits) { ask(); }

  void feed(std::string_view bytes) {
    machine_.feed(bytes);
    drain();
  }
  void feed_eof() {
    machine_.feed_eof();
    drain();
  }
  std::string finish() {
    if (play_.eof) feed_eof();
    flush();
    if (machine_.switched()) log_.append("switched ").append(machine_.take_leftover()).append("\n");
    return log_;
  }

 private:
  void ask() {
    if (play_.role == Role::server) return;
    RequestHead head;
    head.method = play_.method;
    head.target = head.method == "CONNECT" ? "a:1" : "/";
    head.headers.add("Host", "a");
    if (play_.upgrade) {
      head.headers.add("Connection", "upgrade");
      head.headers.add("Upgrade", "x");
    }
    std::string out;
    if (machine_.send(head, out) || machine_.send_end(out)) log_ += "can't ask\n";
  }

  void answer() {
    if (play_.role == Role::client) return;
    std::string out;
    ResponseHead head;
    head.status = 204;
    if (play_.upgrade) head.status = 101;
    if (machine_.send(head, out)) {
      head.status = 200;
      head.headers.add("Content-Length", "0");
      if (machine_.send(head, out)) log_ += "can't answer\n";
    }
    if (machine_.send_end(out)) log_ += "can't end\n";
  }

  void flush() {
    if (!data_.empty()) log_.append("data ").append(data_).append("\n");
    data_.clear();
  }

  void drain() {
    for (;;) {
      const Event event = machine_.next_event();
      if (event.kind == EventKind::need_data) return;
      if (event.kind == EventKind::data) {
        data_ += event.data;
        continue;
      }
      if (event.kind == EventKind::paused) {
        if (!machine_.start_next_cycle()) return;
        ask();
        continue;
      }
      flush();
      if (!note(event)) return;
    }
  }

  // False: there is no more to come.
  bool note(const Event& event) {
    switch (event.kind) {
      case EventKind::request_head:
        log_.append(event.request->method).append(" ").append(event.request->target);
        log_ += event.request->version == Version::http_1_0 ? " 1.0" : " 1.1";
        write_headers(event.request->headers, log_);
        log_ += "\n";
        return true;
      case EventKind::interim_response: log_ += "interim "; [[fallthrough]];
      case EventKind::response_head:
        log_.append(std::to_string(event.response->status)).append(" ").append(event.response->reason);
        write_headers(event.response->headers, log_);
        log_ += "\n";
        return true;
      case EventKind::end_of_message:
        log_ += machine_.keep_alive() ? "end" : "end, close";
        write_headers(*event.trailers, log_);
        log_ += "\n";
        answer();
        return true;
      case EventKind::closed: over("closed\n"); return false;
      case EventKind::error:
        over((event.error->fault == Fault::remote ? "error " : "local error ") + std::to_string(event.error->status) +
             " " + event.error->text + "\n");
        return false;
      default: return true;
    }
  }

  // The last event is repeated for ever: written down once.
  void over(const std::string& line) {
    if (!over_) log_ += line;
    over_ = true;
  }

  Play play_;
  Http1 machine_;
  std::string log_;
  std::string data_;
  bool over_ = false;
};

inline std::string record(const Play& play, const std::vector<std::string_view>& pieces) {
  Recorder recorder(play);
  for (std::string_view piece : pieces) recorder.feed(piece);
  return recorder.finish();
}

/// Whether the verdict depends on how the input is cut; empty if not, else both verdicts. `cuts_max` bounds the work
/// for long inputs: the cuts are then spread over it.
inline std::string cut_dependence(const Play& play, std::string_view input, std::size_t cuts_max) {
  const std::string whole = record(play, {input});
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < input.size(); ++i) bytes.push_back(input.substr(i, 1));
  const std::string single = record(play, bytes);
  if (single != whole) return "byte by byte:\n" + single + "whole:\n" + whole;
  const std::size_t step = input.size() <= cuts_max ? 1 : input.size() / cuts_max;
  for (std::size_t at = 1; at < input.size(); at += step) {
    const std::string cut = record(play, {input.substr(0, at), input.substr(at)});
    if (cut != whole) return "cut at " + std::to_string(at) + ":\n" + cut + "whole:\n" + whole;
  }
  return {};
}

}  // namespace tarn::wire::testing
