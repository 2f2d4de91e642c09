// SPDX-License-Identifier: BSL-1.0
// Future<T>: a value that somebody else will set. AnyFuture is the part that doesn't depend on T.
#pragma once
#include <tarn/core/awaitable.h>
#include <tarn/core/internal/callback.h>

#include <concepts>
#include <string_view>

namespace tarn {

/// The face that Future, Task and gather() share, without the value's type. A shared handle: copies name the same
/// thing.
/// Thread: the loop's own, as everything here that isn't marked otherwise.
class AnyFuture {
 public:
  AnyFuture() = default;
  AnyFuture(const AnyFuture& other) noexcept : state_(other.state_) {
    if (state_) ++state_->refs;
  }
  AnyFuture(AnyFuture&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  AnyFuture& operator=(AnyFuture other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~AnyFuture() {
    if (state_) state_->drop();
  }

  /// Whether the handle names something (default-made and moved-from ones don't).
  bool valid() const noexcept { return state_ != nullptr; }
  explicit operator bool() const noexcept { return valid(); }
  friend bool operator==(const AnyFuture& a, const AnyFuture& b) noexcept { return a.state_ == b.state_; }

  /// It has a value, an exception, or was cancelled.
  bool done() const { return state_->done(); }
  bool cancelled() const { return state_->fate == internal::Fate::cancelled; }
  /// Asks for cancellation; false if it is done. A task ends later, and may refuse. Python: cancel(msg).
  bool cancel() const {
    check_thread();
    return state_->table->cancel(state_, internal::plain_cancelled_error());
  }
  bool cancel(std::string_view message) const {
    check_thread();
    return state_->table->cancel(state_, std::make_exception_ptr(CancelledError(std::string(message))));
  }
  /// The exception it ended with, or nullptr. Errors: InvalidStateError if not done, CancelledError if cancelled.
  std::exception_ptr exception() const;
  EventLoop& get_loop() const { return *state_->loop->face; }

 protected:
  explicit AnyFuture(internal::FutureBase* state) : state_(state) {}
  void throw_if_not_done() const;
  void check_thread() const {
    if (state_->loop->debug) [[unlikely]]
      state_->loop->check_thread();
  }
  internal::FutureBase* state_ = nullptr;

  friend struct internal_access;
};

/// For the library's own composed awaitables: the state behind a handle.
struct internal_access {
  static internal::FutureBase* state(const AnyFuture& f) { return f.state_; }
  /// Empties a handle that doesn't count.
  static void forget(AnyFuture& f) { f.state_ = nullptr; }
};

namespace internal {

/// A done callback with the handle it will be given; the handle counts once the future is done.
template <class F, class Handle>
struct DoneCallback final : DoneCallbackBase, Pooled {
  F function;
  Handle handle;
  DoneCallback(F&& f, const Handle& h) : function(std::move(f)), handle(h) { act = &call; }

  static void add(F f, const Handle& h) {
    auto* const self = new DoneCallback(std::move(f), h);
    FutureBase* const future = internal_access::state(h);
    if (!future->done()) {
      --future->refs;
      future->flags |= FutureBase::has_callbacks;
    }
    future->tell(self);
  }
  static void call(DoneCallbackBase* node, bool drop) {
    auto* const self = static_cast<DoneCallback*>(node);
    struct Freed {
      DoneCallback* callback;
      ~Freed() { delete callback; }
    } freed{self};
    if (!internal_access::state(self->handle)->done()) return internal_access::forget(self->handle);
    if (drop) return;
    try {
      if constexpr (std::invocable<F&, const Handle&>)
        self->function(self->handle);
      else
        self->function();
    } catch (...) {
      const std::exception_ptr error = std::current_exception();
      if (leaves_the_loop(error)) throw;
      internal_access::state(self->handle)->loop->report({.message = "Exception in done callback", .exception = error});
    }
  }
};

/// What Future<T> and Task<T> add to AnyFuture (or AnyTask): the value.
template <class T, class State, class Base, class Handle>
class FutureFace : public Base {
 public:
  using Value = T;

  /// The value, or raises the exception. Errors: InvalidStateError if not done; CancelledError.
  decltype(auto) result() const& {
    State* const s = state();
    s->flags |= FutureBase::retrieved;
    if constexpr (std::is_void_v<T>)
      s->outcome.get();
    else
      return static_cast<const T&>(s->outcome.get());
  }
  /// The same, taken out: for move-only values.
  T result() && {
    State* const s = state();
    s->flags |= FutureBase::retrieved;
    if constexpr (std::is_void_v<T>)
      s->outcome.get();
    else
      return std::move(s->outcome.get());
  }

  /// Calls `f(handle)` (or `f()`) soon after this is done, in the order of registration; soon if it is done already.
  /// Python: add_done_callback.
  template <class F>
  void add_done_callback(F&& f) const {
    DoneCallback<std::decay_t<F>, Handle>::add(std::forward<F>(f), static_cast<const Handle&>(*this));
  }
  /// Removes every callback equal to `f` that was not scheduled yet; returns how many. Python: remove_done_callback.
  template <std::equality_comparable F>
  std::size_t remove_done_callback(const F& f) const {
    using Node = DoneCallback<F, Handle>;
    std::size_t removed = 0;
    for (Ready* node = state()->waiters; node;) {
      Ready* const next = node->next;
      if (node->run == &DoneCallbackBase::fire && static_cast<DoneCallbackBase*>(node)->act == &Node::call &&
          static_cast<Node*>(node)->function == f) {
        state()->untell(node);
        node->run(node, true);
        ++removed;
      }
      node = next;
    }
    return removed;
  }

  /// Awaiting a handle that has a name copies the value, any number of times.
  struct CopyWait : FutureWait {
    using FutureWait::FutureWait;
    T await_resume() {
      static_assert(std::is_void_v<T> || std::is_copy_constructible_v<T>,
                    "the value can't be copied: take it once, with co_await std::move(handle)");
      this->check();
      auto* const s = static_cast<State*>(future);
      s->flags |= FutureBase::retrieved;
      if constexpr (std::is_void_v<T>)
        s->outcome.get();
      else
        return s->outcome.get();
    }
  };
  /// Awaiting a temporary moves the value out if nobody else has a handle, or if it can only be moved.
  struct TakeWait : FutureWait {
    using FutureWait::FutureWait;
    T await_resume() {
      this->check();
      auto* const s = static_cast<State*>(future);
      s->flags |= FutureBase::retrieved;
      if constexpr (std::is_void_v<T>) {
        s->outcome.get();
      } else if constexpr (std::is_copy_constructible_v<T>) {
        if (s->refs > 2) return s->outcome.get();  // the temporary's count and this awaiter's
        return std::move(s->outcome.get());
      } else {
        return std::move(s->outcome.get());
      }
    }
  };
  CopyWait operator co_await() const& { return CopyWait(this->state_); }
  TakeWait operator co_await() && { return TakeWait(this->state_); }

 protected:
  FutureFace() = default;
  explicit FutureFace(State* s) : Base(s) {}
  State* state() const { return static_cast<State*>(this->state_); }
};

}  // namespace internal

/// A result that is set later, by a callback or another task. A shared handle; awaitable any number of times.
/// Errors: what set_exception was given; CancelledError after cancel().
/// Cancel: safe: cancelling a task that awaits it cancels it, as in asyncio; shield() keeps it.
/// Python: asyncio.Future.
template <class T = void>
class Future : public internal::FutureFace<T, internal::FutureState<T>, AnyFuture, Future<T>> {
  using State = internal::FutureState<T>;
  using Face = internal::FutureFace<T, State, AnyFuture, Future<T>>;

 public:
  /// A pending future of the running loop. Errors: RuntimeError without one.
  Future() : Face(new State(internal::running_loop())) {}
  explicit Future(internal::LoopState* loop) : Face(new State(loop)) {}

  /// Errors: InvalidStateError if it is done.
  template <class... A>
  void set_result(A&&... value) const {
    refuse_done();
    this->state()->set(std::forward<A>(value)...);
  }
  /// Errors: InvalidStateError if it is done; TypeError for an empty pointer or a GeneratorExit.
  void set_exception(std::exception_ptr error) const {
    refuse_done();
    const internal::Fate fate = internal::fate_of(error);
    this->state()->fail(std::move(error), fate);
  }
  template <class E>
    requires(!std::is_same_v<E, std::exception_ptr>)
  void set_exception(E error) const {
    set_exception(std::make_exception_ptr(std::move(error)));
  }

 private:
  void refuse_done() const {
    this->check_thread();
    if (this->done()) throw InvalidStateError("invalid state: the future is done");
  }
};

}  // namespace tarn
