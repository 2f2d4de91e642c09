// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/internal/deadlines.h>

#include <algorithm>

namespace tarn::http::internal {

Deadline::Deadline(Deadlines& all) noexcept : all_(all), older_(all.newest_) {
  if (older_) older_->newer_ = this;
  all.newest_ = this;
}

Deadline::~Deadline() {
  (newer_ ? newer_->older_ : all_.newest_) = older_;
  if (older_) older_->newer_ = newer_;
}

void Deadline::set_deadline(OptionalDuration after) {
  if (!after) return clear_deadline();
  all_.recent_ = all_.loop_.time();
  set_deadline_at(all_.recent_ + *after);
}

void Deadline::set_deadline_at(OptionalDuration when) {
  if (!when) return clear_deadline();
  due_ = (*when).count();
  if (due_ < all_.armed_) all_.arm(due_);
}

void Deadlines::arm(std::int64_t due) {
  due = std::max(due, last_look_ + tick);
  if (due >= armed_) return;
  if (timer_) timer_->cancel();
  armed_ = due;
  timer_ = loop_.call_at(Duration::nanoseconds(due), [this] { look(); });
}

void Deadlines::look() {
  timer_.reset();
  armed_ = Deadline::never;
  last_look_ = loop_.time().count();
  std::int64_t next = Deadline::never;
  for (Deadline* d = newest_; d; d = d->older_) {
    if (d->due_ <= last_look_) {
      d->due_ = Deadline::never;
      d->expired();
    }
    next = std::min(next, d->due_);
  }
  if (next != Deadline::never) arm(next);
}

}  // namespace tarn::http::internal
