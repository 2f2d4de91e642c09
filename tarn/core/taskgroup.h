// SPDX-License-Identifier: BSL-1.0
// TaskGroup: tasks that end before the block does. One that fails cancels the others; what failed is raised together.
#pragma once
#include <tarn/core/event_loop.h>
#include <tarn/core/with.h>

namespace tarn {

/// `co_await with(TaskGroup(), [&](TaskGroup& tg) -> Coro<> { tg.create_task(…); co_return; })`.
/// Errors: ExceptionGroup of what the children and the block raised (CancelledErrors apart); RuntimeError outside a
/// task, entered twice, or for create_task before entry, after the end, or while it shuts down.
/// Cancel: cancels the children and waits for them.   Lifetime: must outlive its block; `with` sees to it.
/// Python: asyncio.TaskGroup.
class TaskGroup {
 public:
  TaskGroup() = default;
  /// Only before it is entered.
  TaskGroup(TaskGroup&& other) noexcept;
  TaskGroup& operator=(TaskGroup&&) = delete;
  ~TaskGroup();

  TaskGroup& aenter();
  Coro<bool> aexit(std::exception_ptr error);

  /// As tarn::create_task, in the group. Refused coroutines are closed without a report.
  template <class T>
  Task<T> create_task(Coro<T> coro, TaskOptions options = {},
                      std::source_location at = std::source_location::current()) {
    if (const char* const reason = refusal()) {
      coro.close();
      throw RuntimeError(reason);
    }
    Task<T> task = internal::make_task(loop(), std::move(coro), options, at);
    adopt(task);
    return task;
  }
  template <Awaitable A>
    requires(!internal::is_coro<std::remove_cvref_t<A>>)
  auto create_task(A&& awaitable, TaskOptions options = {}, std::source_location at = std::source_location::current()) {
    return create_task(internal::as_coro(std::decay_t<A>(std::forward<A>(awaitable))), options, at);
  }
  /// Calls `f(args…)` in a child that owns the callable and its arguments.
  template <class F, class... A>
    requires(!Awaitable<F> && std::invocable<std::decay_t<F>&, std::decay_t<A>...>)
  auto create_task(F&& f, A&&... args) {
    TARN_CHECK_CALLABLE(F);
    auto coro = internal::invoke_owned(std::decay_t<F>(std::forward<F>(f)), std::decay_t<A>(std::forward<A>(args))...);
    const std::source_location at = coro.where();
    return create_task(std::move(coro), TaskOptions{}, at);
  }

 private:
  struct Child;
  const char* refusal() const;
  internal::LoopState* loop() const;
  void adopt(const AnyTask& task);
  void child_done(Child* child, bool drop);
  void abort();
  Coro<> wait_for_children(std::exception_ptr& cancellation);
  [[noreturn]] void raise_errors();

  AnyTask parent_;
  Child* oldest_ = nullptr;  // the children that run
  Child* newest_ = nullptr;
  std::vector<std::exception_ptr> errors_;
  std::exception_ptr base_error_;  // a KeyboardInterrupt or SystemExit goes out alone
  std::optional<Future<void>> all_done_;
  bool entered_ = false;
  bool exiting_ = false;
  bool aborting_ = false;
  bool parent_cancel_requested_ = false;
};

}  // namespace tarn
