// SPDX-License-Identifier: BSL-1.0
// gather(): runs several awaitables side by side; their values in the order of the arguments. The first exception is
// raised at once, and the others run on, as in asyncio (TaskGroup is the one that cancels them).
#pragma once
#include <tarn/core/task.h>

#include <tuple>

namespace tarn {

/// The first argument of gather() for a result per argument instead of the first exception.
struct ReturnExceptions {};
/// Python: gather(..., return_exceptions=True).
inline constexpr ReturnExceptions return_exceptions{};

namespace internal {

/// The part of a gather that doesn't depend on types: counts, cancels, decides.
class GatherBase : public FutureBase {
 public:
  struct Node : Ready {
    GatherBase* gather = nullptr;
    FutureBase* child = nullptr;
  };

  std::exception_ptr error;
  std::vector<Node> nodes;

  GatherBase(const FutureTable* t, LoopState* l, bool keep_exceptions) : FutureBase(t, l), keep_(keep_exceptions) {}
  /// Begins to listen; `nodes` names the children.
  void listen();
  static bool cancel(FutureBase* f, const std::exception_ptr& reason);
  static std::exception_ptr error_of(const FutureBase* f) { return static_cast<const GatherBase*>(f)->error; }

 private:
  void child_done(FutureBase* child);

  std::size_t left_ = 0;
  const bool keep_;
  std::exception_ptr cancel_reason_;
};

template <class Futures, class Shape>
class GatherState final : public GatherBase {
 public:
  Futures children;

  GatherState(LoopState* l, Futures c) : GatherBase(&table_of, l, Shape::keep_exceptions), children(std::move(c)) {
    const auto add = [this](const auto& f) {
      nodes.emplace_back();
      nodes.back().child = internal_access::state(f);
    };
    if constexpr (requires { children.size(); }) {
      nodes.reserve(children.size());
      for (const auto& f : children) add(f);
    } else {
      nodes.reserve(std::tuple_size_v<Futures>);
      std::apply([&](const auto&... f) { (add(f), ...); }, children);
    }
    listen();
  }
  static void destroy(FutureBase* f) noexcept {
    auto* const g = static_cast<GatherState*>(f);
    if (g->fate == Fate::error && !(g->flags & retrieved) && !is_cancelled_error(g->error)) g->report_never_retrieved();
    delete g;
  }
  static constexpr FutureTable table_of{&destroy, &cancel, &error_of, nullptr, nullptr, "_GatheringFuture"};
};

/// One child's value: moved if nobody else can see it, else copied.
template <class F>
Unvoid<typename F::Value> take_value(const F& f) {
  using T = typename F::Value;
  FutureBase* const s = internal_access::state(f);
  s->flags |= FutureBase::retrieved;
  if constexpr (std::is_void_v<T>) {
    f.result();
    return {};
  } else {
    T& value = const_cast<T&>(f.result());
    if constexpr (std::is_copy_constructible_v<T>)
      if (s->refs > 1) return value;
    return std::move(value);
  }
}
template <class F>
Result<typename F::Value> take_result(const F& f) {
  FutureBase* const s = internal_access::state(f);
  s->flags |= FutureBase::retrieved;
  if (s->fate != Fate::value) return Result<typename F::Value>(s->table->error(s));
  return Result<typename F::Value>(take_value(f));
}

struct ValuesShape {
  static constexpr bool keep_exceptions = false;
  template <class F>
  static auto take(const F& f) {
    return take_value(f);
  }
};
struct ResultsShape {
  static constexpr bool keep_exceptions = true;
  template <class F>
  static auto take(const F& f) {
    return take_result(f);
  }
};

template <class Shape, class... F>
auto collect(const std::tuple<F...>& children) {
  return std::apply([](const auto&... f) { return std::tuple<decltype(Shape::take(f))...>(Shape::take(f)...); },
                    children);
}
template <class Shape, class F>
auto collect(const std::vector<F>& children) {
  std::vector<decltype(Shape::take(children[0]))> values;
  values.reserve(children.size());
  for (const auto& f : children) values.push_back(Shape::take(f));
  return values;
}

}  // namespace internal

/// What gather() gives: a handle with Future's face. Awaiting it a second time needs copyable values.
template <class Futures, class Shape>
class [[nodiscard("gather() gives a handle to await")]] Gather : public AnyFuture {
  using State = internal::GatherState<Futures, Shape>;

 public:
  using Value = decltype(internal::collect<Shape>(std::declval<const Futures&>()));
  explicit Gather(State* adopted) : AnyFuture(adopted) {}

  /// The values, or raises the first exception. Errors: InvalidStateError if not done.
  Value result() const {
    auto* const s = static_cast<State*>(state_);
    if (!s->done()) throw InvalidStateError();
    s->flags |= internal::FutureBase::retrieved;
    if (s->error) std::rethrow_exception(s->error);
    return internal::collect<Shape>(s->children);
  }
  template <class F>
  void add_done_callback(F&& f) const {
    internal::DoneCallback<std::decay_t<F>, Gather>::add(std::forward<F>(f), *this);
  }

  struct Wait : internal::FutureWait {
    using FutureWait::FutureWait;
    Value await_resume() {
      this->check();
      auto* const s = static_cast<State*>(future);
      s->flags |= internal::FutureBase::retrieved;
      if (s->error) std::rethrow_exception(s->error);
      return internal::collect<Shape>(s->children);
    }
  };
  Wait operator co_await() const { return Wait(state_); }
};

namespace internal {
template <class Shape, class Futures>
Gather<Futures, Shape> make_gather(Futures futures) {
  return Gather<Futures, Shape>(new GatherState<Futures, Shape>(running_loop(), std::move(futures)));
}
template <class Shape, class... A>
auto gather_all(A&&... awaitables) {
  static_assert((!(is_coro<std::remove_cvref_t<A>> && std::is_lvalue_reference_v<A>) && ...),
                "a Coro runs once: write gather(std::move(coro))");
  using Futures = std::tuple<decltype(ensure_future(std::forward<A>(awaitables)))...>;
  return make_gather<Shape>(Futures{ensure_future(std::forward<A>(awaitables))...});  // braces: begun in this order
}
template <class Shape, class A>
auto gather_range(std::vector<A> awaitables) {
  using F = decltype(ensure_future(std::move(awaitables[0])));
  std::vector<F> futures;
  futures.reserve(awaitables.size());
  for (auto& a : awaitables) futures.push_back(ensure_future(std::move(a)));
  return make_gather<Shape>(std::move(futures));
}
}  // namespace internal

/// Begins every argument at the call; awaiting gives a tuple of their values (None for void), in the arguments' order.
/// Errors: the first exception, as soon as it happens; later ones count as retrieved.
/// Cancel: cancels every child, and is done when the first of them has ended (with return_exceptions, when all have).
/// Python: asyncio.gather(*aws).
template <Awaitable... A>
auto gather(A&&... awaitables) {
  return internal::gather_all<internal::ValuesShape>(std::forward<A>(awaitables)...);
}
/// A vector of them gives a vector of values.
template <Awaitable A>
auto gather(std::vector<A> awaitables) {
  return internal::gather_range<internal::ValuesShape>(std::move(awaitables));
}
/// `gather(return_exceptions, …)`: a Result for each, its exception (CancelledError too) kept in its place.
template <Awaitable... A>
auto gather(ReturnExceptions, A&&... awaitables) {
  return internal::gather_all<internal::ResultsShape>(std::forward<A>(awaitables)...);
}
template <Awaitable A>
auto gather(ReturnExceptions, std::vector<A> awaitables) {
  return internal::gather_range<internal::ResultsShape>(std::move(awaitables));
}

}  // namespace tarn
