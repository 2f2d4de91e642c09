// SPDX-License-Identifier: BSL-1.0
// A server that sends lines back in capitals, and a client of it.
#include <tarn/tarn.h>

#include <cctype>
#include <cstdio>

// [server]
tarn::Coro<> shout(tarn::Stream stream) {
  for (;;) {
    std::string line = co_await stream.readline();
    if (line.empty()) break;  // the end
    for (char& c : line) c = static_cast<char>(std::toupper(c));
    co_await stream.write(line);
  }
}
// [server]

// [client]
tarn::Coro<> talk(std::uint16_t port) {
  auto stream = co_await tarn::open_connection("127.0.0.1", port);
  for (const char* line : {"hello\n", "world\n"}) {
    co_await stream.write(line);
    const std::string answer = co_await stream.readline();
    std::fputs(answer.c_str(), stdout);
  }
  co_await stream.aclose();
}
// [client]

// [main]
tarn::Coro<> amain() {
  auto server = co_await tarn::start_server(shout, "127.0.0.1", 0);  // 0: any free port
  co_await talk(server.port());
  server.close();
  co_await server.wait_closed();
}

int main() { tarn::run(amain()); }
// [main]

// Prints:
// HELLO
// WORLD
