// SPDX-License-Identifier: BSL-1.0
// What the tests of http share: net's fixture (both Ports, no descriptor left), and peers that speak raw bytes.
#pragma once
#include <tarn/http/http.h>
#include <tarn/net/connect.h>
#include <tarn/net/net_fixture.h>
#include <tarn/net/server.h>

#include <string>
#include <vector>

namespace tarn::http {

class HttpTest : public NetTest {};

/// Sends `bytes`, half-closes, and gives all that comes back.
inline Coro<std::string> talk(std::uint16_t port, std::string bytes) {
  Stream stream = co_await open_connection("127.0.0.1", port);
  co_await stream.write(bytes);
  stream.write_eof();
  std::string answer = co_await stream.read();
  co_return answer;
}

/// A server that is none: for each connection, in turn, it reads a request's head, sends one of these texts and closes.
class Script {
 public:
  explicit Script(std::vector<std::string> answers) : answers_(std::move(answers)) {}
  Coro<> start() {
    auto serve = [this](Stream stream) { return play(std::move(stream)); };
    server_ = co_await start_server(serve, "127.0.0.1", 0);
  }
  Coro<> play(Stream stream) {
    const std::size_t turn = connections_++;
    const std::string head = co_await stream.readuntil("\r\n\r\n");
    heads_.push_back(head);
    if (turn < answers_.size()) co_await stream.write(answers_[turn]);
    co_await stream.aclose();
  }
  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + path;
  }
  const std::vector<std::string>& heads() const { return heads_; }
  Coro<> close() {
    server_.close();
    co_await server_.wait_closed();
  }

 private:
  std::vector<std::string> answers_;
  std::vector<std::string> heads_;
  tarn::Server server_;
  std::size_t connections_ = 0;
};

/// The status line's code of a raw response, 0 if it is none.
inline int status_of(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") && answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0;
}

/// What stands after the head of a raw response.
inline std::string body_of(const std::string& answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? std::string() : answer.substr(end + 4);
}

}  // namespace tarn::http
