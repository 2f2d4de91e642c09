// SPDX-License-Identifier: BSL-1.0
// The echo server of the benchmarks, as a user would write it: echo_server PORT [uring|epoll]
#include <tarn/core/core.h>
#include <tarn/io/ports.h>
#include <tarn/net/server.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

tarn::Coro<> echo(tarn::Stream stream) {
  char buffer[16384];
  try {
    for (;;) {
      const std::size_t n = co_await stream.read_some(buffer);
      if (n == 0) break;
      co_await stream.write({buffer, n});
    }
  } catch (const tarn::ConnectionError&) {
    // the client went away with a message on its way
  }
}

tarn::Coro<> serve(std::uint16_t port) {
  auto server = co_await tarn::start_server(echo, "127.0.0.1", port, {.backlog = 4096});
  co_await server.serve_forever();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: echo_server PORT [uring|epoll]\n"), 2;
  const std::string_view port = argc > 2 ? argv[2] : "";
  const tarn::LoopFactory factory = port == "uring" ? tarn::uring : port == "epoll" ? tarn::epoll : nullptr;
  try {
    tarn::run(serve(static_cast<std::uint16_t>(std::atoi(argv[1]))), {.loop_factory = factory});
  } catch (const tarn::KeyboardInterrupt&) {
  }
}
