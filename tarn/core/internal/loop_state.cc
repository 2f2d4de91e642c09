// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/internal/loop_state.h>

#include <tarn/base/log.h>
#include <tarn/core/event_loop.h>
#include <tarn/core/executor.h>

namespace tarn::internal {

TARN_THREAD_LOCAL Hot hot{};

const void* this_thread_mark() noexcept { return &hot; }

void throw_no_loop() { throw RuntimeError("no running event loop"); }

LoopState::LoopState(Port* p) : port(p), mailbox(new Mailbox(p)) {}

LoopState::~LoopState() { mailbox->release(); }

void LoopState::set_timer(Timer* timer, Duration delay) {
  if (delay.is_nan()) throw ValueError("Invalid delay: NaN (not a number)");
  timers.set(timer, (Duration::nanoseconds(port->now()) + delay).count());
}

void LoopState::check_can_run() const {
  check_open();
  if (running) throw RuntimeError("This event loop is already running");
  if (hot.loop) throw RuntimeError("Cannot run the event loop while another loop is running");
}

void LoopState::check_thread() const {
  if (debug && thread && thread != this_thread_mark())
    throw RuntimeError("Non-thread-safe operation invoked on an event loop other than the current one");
}

void LoopState::run_until_stopped() {
  struct Running {
    LoopState& s;
    explicit Running(LoopState& state) : s(state) {
      s.running = true;
      s.thread = this_thread_mark();
      hot.loop = &s;
    }
    ~Running() {
      s.stopping = false;
      s.running = false;
      s.thread = nullptr;
      hot.loop = nullptr;
    }
  } running(*this);
  do {
    iterate(Port::forever);
  } while (!stopping);
}

void LoopState::iterate(std::int64_t deadline) {
  std::int64_t now = not_read;
  // While work is ready and nothing but the ready queue can change, an iteration is only its batch.
  if (ready.empty() || stopping || port->in_flight() > 0 || port->poll_interval() == 0 || port->wants_attention())
    now = ask_port(deadline);
  if (mailbox->has_mail()) mailbox->collect(ready);
  if (!timers.empty()) timers.release(now == not_read ? port->now() : now, ready);
  run_batch();
}

std::int64_t LoopState::ask_port(std::int64_t deadline) {
  if (ready.empty() && !stopping && mailbox->fall_asleep()) {
    if (!timers.empty() && timers.next() < deadline) deadline = timers.next();
    port->wait(deadline);
    mailbox->awake();
    last_poll = just_polled;
    return not_read;
  }
  // Work is ready: look at the kernel only now and then, for a look is a system call.
  const std::int64_t now = port->now();
  if (last_poll == just_polled) last_poll = now;
  if (now - last_poll < port->poll_interval() && !port->wants_attention()) return now;
  last_poll = now;
  port->wait(now);
  return not_read;
}

void LoopState::run_batch() {
  Ready* node = ready.take();
  Ready* rest = nullptr;
  try {
    while (node) {
      rest = node->next;
      node->run(node, false);
      node = rest;
    }
  } catch (...) {
    hot.current = nullptr;
    ready.put_back(rest);
    throw;
  }
}

void LoopState::report(const ExceptionContext& context) noexcept {
  try {
    if (!exception_handler || !face) return EventLoop::default_exception_handler(context);
    exception_handler(*face, context);
  } catch (...) {
    EventLoop::default_exception_handler(
        {.message = "Unhandled error in exception handler", .exception = std::current_exception()});
    EventLoop::default_exception_handler(context);
  }
}

void LoopState::add_resource(LoopResource* resource) {
  check_open();
  resource->older = newest_resource;
  resource->newer = nullptr;
  if (newest_resource) newest_resource->newer = resource;
  newest_resource = resource;
}

void LoopState::remove_resource(LoopResource* resource) noexcept {
  if (resource->older) resource->older->newer = resource->newer;
  (resource->newer ? resource->newer->older : newest_resource) = resource->older;
  resource->older = resource->newer = nullptr;
}

void LoopState::abandon_resources() noexcept {
  while (newest_resource) newest_resource->abandon(newest_resource);
}

}  // namespace tarn::internal
