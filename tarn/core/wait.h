// SPDX-License-Identifier: BSL-1.0
// wait(): until all, the first, or the first failed of some tasks is done. It never cancels and never raises for them.
#pragma once
#include <tarn/core/event_loop.h>

namespace tarn {

/// When wait() returns. A cancelled task doesn't count as failed. Python: the constants of the same names.
enum ReturnWhen : std::uint8_t { ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION };

/// How long wait() waits (for ever, if not said) and for what.
struct WaitOptions {
  OptionalDuration timeout = {};
  ReturnWhen return_when = ALL_COMPLETED;
};

/// What wait() gives: `auto [done, pending] = co_await wait(tasks);`, both in the order of the arguments.
template <class F>
struct WaitResult {
  std::vector<F> done;
  std::vector<F> pending;
};

namespace internal {

struct WaitNode : Ready {
  class WaitLeaf* owner = nullptr;
  FutureBase* future = nullptr;
};

/// Waits on many futures at once; its nodes stand in their lists of waiters. A node that is ready already runs before
/// the task does (the queue is FIFO), so the frame outlives it.
class WaitLeaf : public Ready, public Leaf {
 public:
  WaitLeaf(std::vector<WaitNode>& nodes, WaitOptions options) : nodes_(nodes), options_(options) {}
  WaitLeaf(const WaitLeaf&) = delete;
  WaitLeaf& operator=(const WaitLeaf&) = delete;
  ~WaitLeaf();

  bool await_ready();
  void await_suspend(std::coroutine_handle<> h);
  void await_resume() const {
    if (task_) task_->check();
  }

 private:
  bool enough(const FutureBase* f) const;
  void one_done(const FutureBase* f);
  void detach();
  static bool cancel_wait(Leaf* leaf, const std::exception_ptr& reason);

  std::vector<WaitNode>& nodes_;
  WaitOptions options_;
  std::size_t left_ = 0;
  TaskBase* task_ = nullptr;
  std::optional<TimerHandle> timer_;
  bool waiting_ = false;
};

[[noreturn]] void throw_empty_set();

template <class F>
Coro<WaitResult<F>> wait_owned(std::vector<F> futures, WaitOptions options) {
  std::vector<WaitNode> nodes(futures.size());
  for (std::size_t i = 0; i < futures.size(); ++i) nodes[i].future = internal_access::state(futures[i]);
  WaitLeaf leaf(nodes, options);
  co_await InPlace(leaf);
  WaitResult<F> result;
  for (auto& f : futures) (f.done() ? result.done : result.pending).push_back(std::move(f));
  co_return result;
}

}  // namespace internal

/// Waits for tasks or futures; a Coro among the arguments becomes a task at the call. Duplicates count once.
/// Errors: ValueError for an empty set. Timeouts and the tasks' own errors raise nothing.
/// Cancel: safe; the tasks run on.   Python: asyncio.wait (which refuses coroutines since 3.11).
template <Awaitable A>
auto wait(std::vector<A> awaitables, WaitOptions options = {}) {
  if (awaitables.empty()) internal::throw_empty_set();
  return internal::wait_owned(internal::ensure_futures(std::move(awaitables)), options);
}

/// The same for tasks named in braces. Not inside a co_await expression on g++ 12.2: name the vector there.
template <class T>
auto wait(std::initializer_list<Task<T>> tasks, WaitOptions options = {}) {
  return wait(std::vector<Task<T>>(tasks), options);
}

/// The same for tasks of different types.
inline Coro<WaitResult<AnyTask>> wait(std::vector<AnyTask> tasks, WaitOptions options = {}) {
  if (tasks.empty()) internal::throw_empty_set();
  return internal::wait_owned<AnyTask>(std::move(tasks), options);
}

}  // namespace tarn
