// SPDX-License-Identifier: BSL-1.0
// shield()'s rule, S1 of the section on timeouts.
#include <tests/on_every_port.h>

namespace tarn {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class Shields : public OnEveryPort {};
TARN_ON_EVERY_PORT(Shields);

Coro<std::string> finishes() {
  co_await sleep(stretch(1));
  co_return "fin";
}
Coro<std::string> fails() {
  co_await sleep(stretch(1));
  throw ValueError("inner");
}
Coro<> awaits_shielded(Task<std::string> inner) { co_await shield(inner); }

TEST_P(Shields, S1_TheCallerIsCancelledAndTheInnerGoesOn) {
  const auto main = [&]() -> Coro<> {
    Task<std::string> inner = create_task(finishes());
    Task<> caller = create_task(awaits_shielded(inner));
    co_await yield(2);
    caller.cancel();
    const std::string ended = co_await outcome(caller);
    EXPECT_THAT(ended, StartsWith("CancelledError"));
    EXPECT_FALSE(inner.done());
    EXPECT_EQ(inner.cancelling(), 0);
    const std::string value = co_await inner;
    EXPECT_EQ(value, "fin");
  };
  run(main());
}

TEST_P(Shields, S1_AnUncancelledCallerGetsTheResultOrTheError) {
  const auto main = [&]() -> Coro<> {
    const std::string value = co_await shield(finishes());
    EXPECT_EQ(value, "fin");
    const std::string ended = co_await outcome(shield(fails()));
    EXPECT_EQ(ended, "ValueError: inner");
  };
  run(main());
}

TEST_P(Shields, S1_AnInnerThatIsCancelledCancelsTheOuter) {
  const auto main = [&]() -> Coro<> {
    Task<std::string> inner = create_task(finishes());
    Future<std::string> outer = shield(inner);
    co_await yield();
    inner.cancel();
    const std::string ended = co_await outcome(outer);
    EXPECT_THAT(ended, StartsWith("CancelledError"));
    EXPECT_TRUE(outer.cancelled());
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

TEST_P(Shields, S1_ADoneInnerIsDoneAtOnce) {
  const auto main = [&]() -> Coro<> {
    Future<int> f;
    f.set_result(1);
    EXPECT_TRUE(shield(f).done());
    EXPECT_EQ(shield(f).result(), 1);
    Future<int> cancelled;
    cancelled.cancel();
    EXPECT_TRUE(shield(cancelled).cancelled());
    co_return;
  };
  run(main());
}

TEST_P(Shields, S1_AnErrorAfterTheCallerHasGoneIsReported) {
  const auto main = [&]() -> Coro<> {
    Task<std::string> inner = create_task(fails());
    Task<> caller = create_task(awaits_shielded(inner));
    co_await yield(2);
    caller.cancel();
    co_await outcome(caller);
    co_await outcome(inner);
    co_await yield();
  };
  run(main());
  EXPECT_THAT(reports(), ElementsAre("ValueError exception in shielded future: ValueError: inner"));
}

TEST_P(Shields, S1_TheLoopKeepsAShieldedCoroutineAlive) {
  Trace out;
  const auto notes = [](Trace& o) -> Coro<> {
    co_await yield(3);
    o.emplace_back("done");
  };
  const auto main = [&]() -> Coro<> {
    const auto caller = [&]() -> Coro<> { co_await shield(notes(out)); };
    Task<> t = create_task(caller());
    co_await yield();
    t.cancel();
    co_await outcome(t);
    co_await yield(5);
  };
  run(main());
  EXPECT_THAT(out, ElementsAre("done"));
}

}  // namespace
}  // namespace tarn
