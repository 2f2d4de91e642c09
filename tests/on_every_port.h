// SPDX-License-Identifier: BSL-1.0
// The fixture of behaviour tests: each TEST_P runs on the simulated Port, on epoll and on io_uring, and fails if
// something was reported that it didn't ask for. A Port that the kernel refuses is skipped, and says so.
#pragma once
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tarn/base/log.h>
#include <tarn/core/core.h>
#include <tarn/io/ports.h>
#include <tarn/testing/simulated.h>

namespace tarn {

/// What happened, in order.
using Trace = std::vector<std::string>;

struct PortChoice {
  const char* name;
  LoopFactory open;
  friend void PrintTo(const PortChoice& port, std::ostream* out) { *out << port.name; }
};

/// While it lives, the log's messages are kept instead of printed.
class LogCapture {
 public:
  LogCapture() {
    kept().clear();
    before_ = set_log_sink([](LogLevel, std::string_view message) noexcept { kept().emplace_back(message); });
  }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;
  ~LogCapture() { set_log_sink(before_); }

  /// The first line of every message so far, which are forgotten.
  static Trace take() {
    Trace lines;
    for (auto& text : std::exchange(kept(), {})) lines.push_back(text.substr(0, text.find('\n')));
    return lines;
  }

 private:
  static Trace& kept() {
    static Trace messages;
    return messages;
  }
  LogSink before_;
};

class OnEveryPort : public ::testing::TestWithParam<PortChoice> {
 protected:
  void SetUp() override {
    try {
      delete GetParam().open();
    } catch (const OsError& e) {
      // Where the tests decide about a change, a Port that was not tested is a failure.
      if (std::getenv("CI")) FAIL() << "this kernel refuses it: " << e.what();
      GTEST_SKIP() << "this kernel refuses it: " << e.what();
    }
  }
  void TearDown() override { EXPECT_THAT(reports(), ::testing::IsEmpty()) << "nobody asked for these reports"; }

  template <class A>
  auto run(A&& main, bool debug = false) {
    return tarn::run(std::forward<A>(main), RunOptions{.debug = debug, .loop_factory = GetParam().open});
  }
  LoopFactory factory() const { return GetParam().open; }
  bool simulated() const { return GetParam().open == &testing::simulated; }
  /// What the loop and the library have reported since the last call.
  static Trace reports() { return LogCapture::take(); }

 private:
  LogCapture log_;
};

/// What awaiting comes to: "ok", or the exception as describe() puts it. It catches cancellations, too.
template <class A>
Coro<std::string> outcome(A awaitable) {
  std::string text = "ok";
  try {
    co_await std::move(awaitable);
  } catch (...) {
    text = describe(std::current_exception());
  }
  co_return text;
}

/// What a call comes to, in the same words.
template <class F>
std::string outcome_of(F&& call) {
  try {
    call();
  } catch (...) {
    return describe(std::current_exception());
  }
  return "ok";
}

/// Lets the others run, `n` times.
inline Coro<> yield(int n = 1) {
  for (; n > 0; --n) co_await sleep(Duration());
}

/// A stretch of time long enough that the order of two deadlines is the order of their stretches on a busy machine.
inline Duration stretch(double n) { return n * Duration::nanoseconds(2'000'000); }

}  // namespace tarn

#define TARN_ON_EVERY_PORT(suite)                                                                                  \
  INSTANTIATE_TEST_SUITE_P(                                                                                        \
      , suite,                                                                                                     \
      ::testing::Values(::tarn::PortChoice{"simulated", &::tarn::testing::simulated},                              \
                        ::tarn::PortChoice{"epoll", &::tarn::epoll}, ::tarn::PortChoice{"uring", &::tarn::uring}), \
      [](const auto& chosen) { return std::string(chosen.param.name); })

/// The same on the Ports of real kernels only, for what virtual time doesn't have.
#define TARN_ON_KERNEL_PORTS(suite)                                                                                \
  INSTANTIATE_TEST_SUITE_P(                                                                                        \
      , suite,                                                                                                     \
      ::testing::Values(::tarn::PortChoice{"epoll", &::tarn::epoll}, ::tarn::PortChoice{"uring", &::tarn::uring}), \
      [](const auto& chosen) { return std::string(chosen.param.name); })
