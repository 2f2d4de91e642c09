// SPDX-License-Identifier: BSL-1.0
// What the tests of net share: each runs on both Ports, and leaves no descriptor behind.
#pragma once
#include <tarn/core/core.h>
#include <tarn/net/stream.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tarn {

using namespace std::chrono_literals;

inline std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

class NetTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    ::setenv("TARN_PORT", GetParam(), 1);
    try {
      delete open_port();
    } catch (const OsError& e) {
      // Where the tests decide about a change, a Port that was not tested is a failure.
      if (std::getenv("CI")) FAIL() << "this kernel refuses it: " << e.what();
      GTEST_SKIP() << "this kernel refuses it: " << e.what();
    }
  }
  void TearDown() override { ::unsetenv("TARN_PORT"); }

  /// Runs `body()`, a coroutine, with ten seconds of patience.
  template <class F>
  void run(F body) {
    const std::size_t before = open_descriptors();
    tarn::run(wait_for(body(), 10s));
    EXPECT_EQ(open_descriptors(), before) << "run() has left a descriptor open";
  }
};

/// What an awaitable raises as an E: its text; "nothing" if it ends well. Anything else goes on.
template <class E, class A>
Coro<std::string> raised(A awaitable) {
  std::string text = "nothing";
  try {
    co_await std::move(awaitable);
  } catch (const E& e) {
    text = e.what();
  }
  co_return text;
}

/// Some iterations of the loop: what can happen without the clock has happened then.
inline Coro<> settle() {
  for (int i = 0; i < 10; ++i) co_await sleep(0s);
  co_await sleep(1ms);
}

#define TARN_ON_BOTH_PORTS(suite)                                               \
  INSTANTIATE_TEST_SUITE_P(BothPorts, suite, testing::Values("uring", "epoll"), \
                           [](const auto& info) { return std::string(info.param); })

}  // namespace tarn
