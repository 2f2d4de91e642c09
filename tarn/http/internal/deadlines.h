// SPDX-License-Identifier: BSL-1.0
// Deadlines: many connections' time limits on one timer.
//
// A limit is set and cleared with every message and hardly ever reached, so setting one is two stores and a comparison:
// the timer belongs to all together, and looks at each when the earliest may be due. A limit is reported up to
// `tick` late, never early.
#pragma once
#include <optional>

#include <tarn/core/event_loop.h>

namespace tarn::http::internal {

class Deadlines;

/// One thing with a time limit. The owner derives from it. Stands in the list of its Deadlines while it lives.
class Deadline {
 public:
  explicit Deadline(Deadlines& all) noexcept;
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  virtual ~Deadline();

  /// Calls expired() once, `after` from now, unless it is cleared or set anew. No limit: as clear_deadline().
  void set_deadline(OptionalDuration after);
  /// The same for a moment on the loop's clock.
  void set_deadline_at(OptionalDuration when);
  void clear_deadline() noexcept { due_ = never; }

 protected:
  /// The time is up. Must not destroy any Deadline.
  virtual void expired() noexcept = 0;

 private:
  friend class Deadlines;
  static constexpr std::int64_t never = INT64_MAX;
  Deadlines& all_;
  Deadline* older_ = nullptr;
  Deadline* newer_ = nullptr;
  std::int64_t due_ = never;
};

/// The list and its timer. Must outlive what is in it.
class Deadlines {
 public:
  explicit Deadlines(EventLoop& loop) noexcept : loop_(loop) {}
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;
  ~Deadlines() {
    if (timer_) timer_->cancel();
  }
  EventLoop& loop() const noexcept { return loop_; }
  /// The loop's clock as it was when a deadline was last set, which happens whenever something waits.
  Duration recent_time() const noexcept { return recent_; }

 private:
  friend class Deadline;
  /// The least time between two looks: what bounds the work when thousands of limits are close together.
  static constexpr std::int64_t tick = 10'000'000;

  void look();
  void arm(std::int64_t due);

  EventLoop& loop_;
  Deadline* newest_ = nullptr;
  std::int64_t armed_ = Deadline::never;  // when the timer fires
  std::int64_t last_look_ = 0;
  Duration recent_;
  std::optional<TimerHandle> timer_;
};

}  // namespace tarn::http::internal
