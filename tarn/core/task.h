// SPDX-License-Identifier: BSL-1.0
// Task<T>: a coroutine that the loop runs by itself. The loop owns it until it is done; handles are shared.
#pragma once
#include <tarn/core/future.h>

#include <vector>

namespace tarn {

/// A task without its value's type: what current_task() and all_tasks() give.
class AnyTask : public AnyFuture {
 public:
  AnyTask() = default;
  /// A further handle on a task's state, for the library's own rooms.
  static AnyTask of(internal::TaskBase* task) {
    ++task->refs;
    return AnyTask(task);
  }

  /// How many cancel() requests were not taken back. Python: cancelling().
  int cancelling() const { return task()->cancels; }
  /// Takes one request back; at zero a request that was not delivered yet is forgotten. Returns what is left.
  int uncancel() const { return task()->uncancel(); }
  /// "Task-7", or what it was given.
  std::string name() const { return task()->name(); }
  void set_name(std::string_view name) const;
  /// Where create_task was called.
  std::source_location where() const { return task()->where; }

 protected:
  explicit AnyTask(internal::FutureBase* adopted) : AnyFuture(adopted) {}
  internal::TaskBase* task() const { return static_cast<internal::TaskBase*>(state_); }
};

namespace internal {

template <class T>
struct TaskState final : TaskBase, Pooled {
  using Value = Unvoid<T>;
  Outcome<Value> outcome;

  TaskState(LoopState* l, typename Promise<T>::Handle root, std::source_location at)
      : TaskBase(&table_of, l, root, at) {
    run = &first_step;
    refs = 2;  // the loop's and the handle's
    l->ready.push(this);
  }

  static void first_step(Ready* node, bool drop) {
    if (drop) return;
    auto* const t = static_cast<TaskState*>(static_cast<TaskBase*>(node));
    if (t->flags & must) [[unlikely]] {  // cancelled before it began: the body never runs
      t->leaf.destroy();
      t->leaf = nullptr;
      t->outcome.fail(t->take_reason(), Fate::cancelled);
      return t->end();
    }
    t->flags |= started;
    t->run = &TaskBase::step;
    TaskBase::step(t, false);
  }
  static void finish(TaskBase* task) {
    auto* const t = static_cast<TaskState*>(task);
    const auto root = Promise<T>::Handle::from_address(t->leaf.address());
    if ((t->flags & must) && root.promise().outcome.fate() == Fate::value) [[unlikely]]
      t->outcome.fail(t->take_reason(), Fate::cancelled);
    else
      t->outcome.take(root.promise().outcome);
    t->leaf = nullptr;
    root.destroy();
    t->end();
  }
  void end() {
    unlink();
    become(outcome.fate());
    if (fate == Fate::error) [[unlikely]] {
      const std::exception_ptr error = outcome.error();
      drop();
      return raise_if_it_leaves_the_loop(error);
    }
    drop();
  }
  static bool cancel(FutureBase* f, const std::exception_ptr& reason) {
    return static_cast<TaskState*>(f)->TaskBase::cancel(reason);
  }
  static void destroy(FutureBase* f) noexcept {
    auto* const t = static_cast<TaskState*>(f);
    if (t->fate == Fate::error && !(t->flags & retrieved)) [[unlikely]]
      t->report_never_retrieved();
    delete t;
  }
  /// The loop closes: the frame goes without having ended.
  static void abandon(TaskBase* task) noexcept {
    auto* const t = static_cast<TaskState*>(task);
    t->outcome.fail(plain_cancelled_error(), Fate::cancelled);
    t->unlink();
    t->become(Fate::cancelled);
    t->drop();
  }
  static constexpr FutureTable table_of{&destroy, &cancel, &state_error<TaskState>, &finish, &abandon, "Task"};
};

}  // namespace internal

/// A handle on a scheduled coroutine. Copies name the same task; dropping every handle doesn't stop it.
/// Errors: what the coroutine raised; CancelledError if it ended cancelled.
/// Cancel: safe: cancelling a task that awaits this one cancels this one too, as in asyncio; shield() keeps it.
/// Python: asyncio.Task.
template <class T = void>
class Task : public internal::FutureFace<T, internal::TaskState<T>, AnyTask, Task<T>> {
  using State = internal::TaskState<T>;
  using Face = internal::FutureFace<T, State, AnyTask, Task<T>>;

 public:
  Task() = default;
  explicit Task(State* adopted) : Face(adopted) {}
};

/// Trivially destructible, so that it may stand inside a co_await expression on g++ 12.2. Callees copy before they
/// suspend.
struct TaskOptions {
  std::string_view name = {};  ///< instead of "Task-7"
};

namespace internal {

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<Task<T>> = true;
template <class T>
inline constexpr bool is_future = false;
template <class T>
inline constexpr bool is_future<Future<T>> = true;

template <class T>
Task<T> make_task(LoopState* loop, Coro<T> coro, TaskOptions options, std::source_location at) {
  loop->check_open();
  if (!coro.unstarted()) throw RuntimeError("cannot reuse already awaited coroutine");
  Task<T> task(new TaskState<T>(loop, coro.release(), at));
  if (!options.name.empty()) task.set_name(options.name);
  return task;
}

template <class F, class... A>
auto invoke_owned(F f, A... args) -> Coro<AwaitResult<std::invoke_result_t<F&, A...>>> {
  co_return co_await f(std::move(args)...);
}

}  // namespace internal

/// Schedules a coroutine on the running loop; it begins in the next iteration, never inside this call.
/// Errors: RuntimeError without a running loop, or for a coroutine that was awaited.
/// Cost: one task state; the frame is the coroutine's own.   Python: asyncio.create_task.
template <class T>
Task<T> create_task(Coro<T> coro, TaskOptions options = {}, std::source_location at = std::source_location::current()) {
  return internal::make_task(internal::running_loop(), std::move(coro), options, at);
}

/// The same for any other awaitable: `create_task(queue.get())`.
template <Awaitable A>
  requires(!internal::is_coro<std::remove_cvref_t<A>>)
Task<AwaitResult<A>> create_task(A&& awaitable, TaskOptions options = {},
                                 std::source_location at = std::source_location::current()) {
  return internal::make_task(internal::running_loop(), internal::as_coro(std::decay_t<A>(std::forward<A>(awaitable))),
                             options, at);
}

/// Calls `f(args…)` in a new task, which owns the callable and its arguments: the safe way to spawn a lambda.
template <class F, class... A>
  requires(!Awaitable<F> && std::invocable<std::decay_t<F>&, std::decay_t<A>...>)
auto create_task(F&& f, A&&... args) {
  TARN_CHECK_CALLABLE(F);
  auto coro = internal::invoke_owned(std::decay_t<F>(std::forward<F>(f)), std::decay_t<A>(std::forward<A>(args))...);
  const std::source_location at = coro.where();
  return internal::make_task(internal::running_loop(), std::move(coro), {}, at);
}

/// A task or future as it is; anything else becomes a task. Python: asyncio.ensure_future.
template <Awaitable A>
auto ensure_future(A&& awaitable, std::source_location at = std::source_location::current()) {
  if constexpr (internal::is_task<std::remove_cvref_t<A>> || internal::is_future<std::remove_cvref_t<A>>)
    return std::remove_cvref_t<A>(std::forward<A>(awaitable));
  else
    return create_task(std::forward<A>(awaitable), TaskOptions{}, at);
}

namespace internal {
/// ensure_future() for each, and each future once, where it is mentioned first.
template <class A>
auto ensure_futures(std::vector<A> awaitables) {
  std::vector<decltype(ensure_future(std::move(awaitables[0])))> all;
  all.reserve(awaitables.size());
  for (auto& a : awaitables) all.push_back(ensure_future(std::move(a)));
  decltype(all) once;
  once.reserve(all.size());
  for (auto& future : all) {
    std::uint8_t& flags = internal_access::state(future)->flags;
    if (!(flags & FutureBase::marked)) once.push_back(std::move(future));
    flags |= FutureBase::marked;
  }
  for (const auto& f : once) internal_access::state(f)->flags &= static_cast<std::uint8_t>(~FutureBase::marked);
  return once;
}
}  // namespace internal

/// The task that runs now, or an empty handle (a callback runs, or no loop). Python: asyncio.current_task.
inline AnyTask current_task() { return internal::hot.current ? AnyTask::of(internal::hot.current) : AnyTask(); }

/// The running loop's tasks that are not done, oldest first. Python: asyncio.all_tasks.
std::vector<AnyTask> all_tasks();

}  // namespace tarn
