// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/run.h>

#include <tarn/base/log.h>
#include <tarn/core/internal/done_wait.h>

namespace tarn {

namespace {

constexpr Duration executor_join_time = Duration::seconds(300);  // asyncio's

/// A task that makes new ones while it is being cancelled could go on for ever; asyncio gives up after the first round.
constexpr int cancel_rounds_max = 100;

/// The first SIGINT cancels the main task, the next one raises KeyboardInterrupt out of the loop.
struct Interrupts : InterruptTrap {
  AnyTask main;
  int count = 0;

  explicit Interrupts(AnyTask task) : main(std::move(task)) {
    fire = [](InterruptTrap* trap) {
      auto* const self = static_cast<Interrupts*>(trap);
      if (++self->count == 1 && !self->main.done()) {
        self->main.cancel();
        return;
      }
      self->main.get_loop().call_soon([] { throw KeyboardInterrupt(); });
    };
  }
};

Coro<> until_done(std::vector<AnyTask> tasks) {
  for (const auto& task : tasks)
    if (!task.done()) co_await internal::DoneWait(internal_access::state(task));
}

}  // namespace

Runner::~Runner() {
  try {
    close();
  } catch (...) {
    log(LogLevel::error, "closing the loop failed: " + describe(std::current_exception()));
  }
  delete loop_;
}

void Runner::refuse_nested() {
  if (internal::hot.loop) throw RuntimeError("run() cannot be called from a running event loop");
}

EventLoop& Runner::get_loop() {
  if (closed_) throw RuntimeError("Runner is closed");
  refuse_nested();
  if (!loop_) {
    loop_ = new EventLoop(options_.loop_factory);
    loop_->set_debug(options_.debug);
  }
  return *loop_;
}

void Runner::run_task(const AnyTask& task) {
  Interrupts interrupts(task);
  Port& port = loop_->port();
  const bool trapped = port.trap_interrupt(&interrupts);
  struct Untrap {
    Port* port;
    ~Untrap() {
      if (port) port->trap_interrupt(nullptr);
    }
  } untrap{trapped ? &port : nullptr};
  loop_->run_until_done(task);
  if (task.cancelled() && interrupts.count > 0 && task.uncancel() == 0) throw KeyboardInterrupt();
}

void Runner::cancel_all_tasks() {
  for (int round = 0; round < cancel_rounds_max; ++round) {
    const std::vector<AnyTask> left = loop_->all_tasks();
    if (left.empty()) return;
    for (const auto& task : left) task.cancel();
    loop_->run_until_complete(until_done(left));
    for (const auto& task : left) {
      if (task.cancelled()) continue;
      if (const std::exception_ptr error = task.exception())
        loop_->call_exception_handler({.message = "unhandled exception during run() shutdown",
                                       .exception = error,
                                       .task = task.name(),
                                       .where = task.where()});
    }
  }
}

void Runner::close() {
  if (closed_) return;
  closed_ = true;
  if (!loop_) return;
  cancel_all_tasks();
  if (!loop_->shutdown_default_executor(executor_join_time))
    log(LogLevel::warning, "The executor did not finish joining its threads within 300 seconds.");
  loop_->close();
}

}  // namespace tarn
