// SPDX-License-Identifier: BSL-1.0
// Coro<T>: a coroutine object, as calling an `async def` gives. Lazy, move-only, runs once: when it is awaited or made
// a task. Awaiting it is a plain call: no task, no scheduling; the value or the exception comes back to the awaiter.
#pragma once
#include <tarn/core/internal/task_state.h>

#include <coroutine>
#include <type_traits>
#include <utility>

namespace tarn {

template <class T = void>
class Coro;

namespace internal {

template <class T>
inline constexpr bool is_coro = false;
template <class T>
inline constexpr bool is_coro<Coro<T>> = true;

/// Stands first in every coroutine frame of ours, at the same distance from its start.
struct PromiseBase {
  std::coroutine_handle<> parent;  ///< who awaits this; empty for a task's root
  std::source_location where;      ///< the await it is suspended in; the function itself before the first
#if !TARN_SYMMETRIC_TRANSFER
  enum class Phase : std::uint8_t { detached, inside_parent, ended_inside_parent };
  Phase phase = Phase::detached;
#endif

  static void* operator new(std::size_t size) { return pool_allocate(size); }
  static void operator delete(void* p, std::size_t size) noexcept { pool_release(p, size); }
  std::suspend_always initial_suspend() noexcept { return {}; }

  /// Notes the line. Everything that tarn can wait for passes through here unchanged.
  template <class A>
  A&& await_transform(A&& awaitable, std::source_location at = std::source_location::current()) noexcept {
    static_assert(!std::is_lvalue_reference_v<A> || !is_coro<std::remove_cvref_t<A>>,
                  "a Coro runs once: write co_await std::move(coro), or make it a task");
    where = at;
    return static_cast<A&&>(awaitable);
  }
};

/// "coroutine 'f' was never awaited (file:line)".
void report_never_awaited(const std::source_location& where) noexcept;

/// How deep coroutines may start inside each other on the stack before the trampoline takes over.
inline constexpr unsigned inline_depth_max = 32;

struct FinalAwaiter {
  bool await_ready() const noexcept { return false; }
  void await_resume() const noexcept {}
#if TARN_SYMMETRIC_TRANSFER
  template <class P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> h) const noexcept {
    if (const std::coroutine_handle<> parent = h.promise().parent) return parent;
    end_of_root(h);
    return std::noop_coroutine();
  }
#else
  template <class P>
  void await_suspend(std::coroutine_handle<P> h) const noexcept {
    auto& promise = h.promise();
    if (promise.phase == PromiseBase::Phase::inside_parent)
      promise.phase = PromiseBase::Phase::ended_inside_parent;
    else if (promise.parent)
      hot.trampoline = promise.parent;
    else
      end_of_root(h);
  }
#endif
  static void end_of_root(std::coroutine_handle<> h) noexcept {
    hot.current->leaf = h;
    hot.current->flags |= FutureBase::finished;
  }
};

template <class T>
struct PromiseResult : PromiseBase {
  Outcome<T> outcome;
  template <class U = T>
    requires std::is_constructible_v<T, U>
  void return_value(U&& value) {
    outcome.set(std::forward<U>(value));
  }
};
template <>
struct PromiseResult<void> : PromiseBase {
  Outcome<None> outcome;
  void return_void() { outcome.set(); }
};

template <class T>
struct Promise final : PromiseResult<T> {
  static_assert(alignof(PromiseResult<T>) <= 2 * sizeof(void*),
                "over-aligned results are not supported: g++ 12 and clang -O0 misplace them; return a pointer");
  using Handle = std::coroutine_handle<Promise>;

  Coro<T> get_return_object(std::source_location at = std::source_location::current()) noexcept {
    this->where = at;
    return Coro<T>(Handle::from_promise(*this));
  }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept {
    const Fate fate = fate_of_current_exception();
    this->outcome.fail(std::current_exception(), fate);
  }
};

/// Runs a child and takes its result. Lives in the parent's frame while the child runs.
template <class T>
class CoroAwaiter {
 public:
  using Handle = std::coroutine_handle<Promise<T>>;
  explicit CoroAwaiter(Handle child) : child_(child) {}

  bool await_ready() const {
    if (!child_ || child_.promise().parent) throw RuntimeError("cannot reuse already awaited coroutine");
    return false;
  }
#if TARN_SYMMETRIC_TRANSFER
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) const noexcept {
    child_.promise().parent = parent;
    return child_;
  }
#else
  bool await_suspend(std::coroutine_handle<> parent) const {
    auto& child = child_.promise();
    child.parent = parent;
    if (hot.depth >= inline_depth_max) {
      hot.trampoline = child_;
      return true;
    }
    ++hot.depth;
    child.phase = PromiseBase::Phase::inside_parent;
    child_.resume();
    if (hot.depth > 0) --hot.depth;
    const bool ended = child.phase == PromiseBase::Phase::ended_inside_parent;
    child.phase = PromiseBase::Phase::detached;
    return !ended;
  }
#endif
  T await_resume() const {
    if constexpr (std::is_void_v<T>)
      child_.promise().outcome.get();
    else
      return std::move(child_.promise().outcome.get());
  }

 private:
  Handle child_;
};

}  // namespace internal

/// A coroutine that has not started, or runs on behalf of its awaiter.
/// Errors: awaiting it a second time is a RuntimeError; dropping it un-run is reported with its name and line.
/// Lifetime: owns its frame; parameters taken by reference must outlive it.
/// Cost: one frame, from the thread's pool.   Python: coroutine object.
template <class T>
class [[nodiscard("a coroutine does nothing until it is awaited or made a task")]] Coro {
 public:
  using promise_type = internal::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;
  using Value = T;

  explicit Coro(Handle handle) noexcept : handle_(handle) {}
  Coro(Coro&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Coro& operator=(Coro&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Coro() {
    if (!handle_) return;
    if (!handle_.promise().parent) internal::report_never_awaited(handle_.promise().where);
    handle_.destroy();
  }

  internal::CoroAwaiter<T> operator co_await() && noexcept { return internal::CoroAwaiter<T>(handle_); }
  void operator co_await() & = delete;  // a Coro runs once: co_await std::move(coro)

  /// Drops it without running it and without a report. Python: coroutine.close() before the first step.
  void close() noexcept {
    if (handle_) std::exchange(handle_, {}).destroy();
  }
  /// Where it is written, or the await it is suspended in.
  std::source_location where() const { return handle_ ? handle_.promise().where : std::source_location(); }
  /// Whether it can still be awaited or made a task.
  bool unstarted() const noexcept { return handle_ && !handle_.promise().parent; }
  /// Gives the frame away: for those who make tasks.
  Handle release() noexcept { return std::exchange(handle_, {}); }

 private:
  Handle handle_;
};

}  // namespace tarn
