// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/internal/jobs.h>

namespace tarn::internal {

LoopJob::LoopJob(LoopState* loop) : loop_(loop), mailbox_(loop->mailbox) {
  mailbox_->retain();
  Ready::run = &arrive;
  older_job = loop->newest_job;
  if (older_job) older_job->newer_job = this;
  loop->newest_job = this;
  loop->port->begin_outside_work();
}

LoopJob::~LoopJob() { mailbox_->release(); }

void LoopJob::watch() {
  notice_.job = this;
  notice_.run = &notice_cancel;
  target()->tell(&notice_);
}

void LoopJob::run() noexcept {
  Phase expected = Phase::queued;
  if (phase_.replace(expected, Phase::running)) call();
  discard();
}

void LoopJob::discard() noexcept {
  if (!mailbox_->post(this)) unshare(1);  // the loop is closed and has let go of its part
}

void LoopJob::unlink() noexcept {
  loop_->port->end_outside_work();
  if (older_job) older_job->newer_job = newer_job;
  (newer_job ? newer_job->older_job : loop_->newest_job) = older_job;
}

void LoopJob::arrive(Ready* node, bool drop) {
  auto* const job = static_cast<LoopJob*>(node);
  job->unlink();
  int shares = 2;
  if (!job->target()->done()) {
    job->target()->untell(&job->notice_);
    ++shares;
  }
  if (!drop) job->deliver();
  job->forget_target();
  job->unshare(shares);
}

void LoopJob::notice_cancel(Ready* node, bool) {
  LoopJob* const job = static_cast<CancelNotice*>(node)->job;
  Phase expected = Phase::queued;
  job->phase_.replace(expected, Phase::cancelled);
  job->unshare(1);
}

void LoopJob::abandon() noexcept {
  unlink();
  int shares = 1;
  if (!target()->done()) {
    target()->untell(&notice_);
    ++shares;
  }
  forget_target();
  unshare(shares);
}

void LoopState::abandon_jobs() noexcept {
  while (newest_job) newest_job->abandon();
}

}  // namespace tarn::internal
