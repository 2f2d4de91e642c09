// SPDX-License-Identifier: BSL-1.0
// with() and try_finally(): C++ can't await in a destructor or a catch handler, so the exit is awaited here.
#pragma once
#include <tarn/core/awaitable.h>

#include <optional>

namespace tarn {

namespace internal {

/// A call's value, awaited if it can be: context managers may be written as coroutines or as plain functions.
template <class A>
struct MaybeAwaited {
  using type = std::remove_cvref_t<A>;
};
template <>
struct MaybeAwaited<void> {
  using type = void;
};
template <Awaitable A>
struct MaybeAwaited<A> {
  using type = AwaitResult<A>;
};

// What aenter gives stays a reference if it is one.
template <class CM>
using EnterCall = decltype(std::declval<CM&>().aenter());
template <class CM>
using Entered = std::conditional_t<std::is_lvalue_reference_v<EnterCall<CM>> && !Awaitable<EnterCall<CM>>,
                                   EnterCall<CM>, typename MaybeAwaited<EnterCall<CM>>::type>;

template <class F, class X>
decltype(auto) call_body(F& body, X& value) {
  if constexpr (std::is_invocable_v<F&, X&>)
    return body(value);
  else
    return body();
}
template <class F, class X>
using BodyCoro = decltype(call_body(std::declval<F&>(), std::declval<X&>()));

/// Runs a body and keeps its value or its exception.
template <class T>
struct Kept {
  std::optional<Unvoid<T>> value;
  std::exception_ptr error;

  T get() && {
    if (error) std::rethrow_exception(error);
    if constexpr (!std::is_void_v<T>) {
      if (!value) throw RuntimeError("with(): the context manager swallowed the exception, so there is no value");
      return std::move(*value);
    }
  }
};
template <class T, class A>
Coro<> keep(Kept<T>& kept, A awaitable) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(awaitable);
      kept.value.emplace();
    } else {
      kept.value.emplace(co_await std::move(awaitable));
    }
  } catch (...) {
    kept.error = std::current_exception();
  }
}

// Everything but the body's own frame is in this one: a frame for each step would cost more than what the steps do.
template <class T, class CM, class F, class X>
Coro<T> with_entered(CM& cm, F& body, X& value) {
  using Exit = decltype(cm.aexit(std::exception_ptr()));
  Kept<T> kept;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await call_body(body, value);
      kept.value.emplace();
    } else {
      kept.value.emplace(co_await call_body(body, value));
    }
  } catch (...) {
    kept.error = std::current_exception();
  }
  bool swallow = false;
  if constexpr (std::is_void_v<Exit>) {
    cm.aexit(kept.error);
  } else if constexpr (!Awaitable<Exit>) {
    swallow = cm.aexit(kept.error);
  } else if constexpr (std::is_void_v<AwaitResult<Exit>>) {
    co_await cm.aexit(kept.error);
  } else {
    swallow = co_await cm.aexit(kept.error);
  }
  if (swallow) kept.error = nullptr;
  if constexpr (std::is_void_v<T>)
    std::move(kept).get();
  else
    co_return std::move(kept).get();
}

template <class T, class CM, class F>
Coro<T> with_manager(CM cm, F body) {
  using M = std::remove_reference_t<CM>;
  M& manager = cm;
  if constexpr (std::is_void_v<Entered<M>>) {
    if constexpr (Awaitable<EnterCall<M>>)
      co_await manager.aenter();
    else
      manager.aenter();
    None none;
    co_return co_await with_entered<T>(manager, body, none);
  } else if constexpr (std::is_lvalue_reference_v<Entered<M>>) {
    Entered<M> value = manager.aenter();
    co_return co_await with_entered<T>(manager, body, value);
  } else if constexpr (Awaitable<EnterCall<M>>) {
    Entered<M> value = co_await manager.aenter();
    co_return co_await with_entered<T>(manager, body, value);
  } else {
    Entered<M> value = manager.aenter();
    co_return co_await with_entered<T>(manager, body, value);
  }
}

template <class CM, class F>
using WithResult = AwaitResult<BodyCoro<
    std::decay_t<F>, std::remove_reference_t<std::conditional_t<std::is_void_v<Entered<std::remove_reference_t<CM>>>,
                                                                None, Entered<std::remove_reference_t<CM>>>>>>;

template <class T, class B, class C>
Coro<T> try_finally_owned(B body, C cleanup) {
  Kept<T> kept;
  if constexpr (Awaitable<B>) {
    co_await keep<T>(kept, std::move(body));
  } else {
    co_await keep<T>(kept, body());
  }
  if constexpr (Awaitable<C>) {
    co_await std::move(cleanup);
  } else {
    co_await cleanup();
  }
  if constexpr (std::is_void_v<T>)
    std::move(kept).get();
  else
    co_return std::move(kept).get();
}

template <class B>
struct BodyResult {
  using type = AwaitResult<std::invoke_result_t<B&>>;
};
template <Awaitable B>
struct BodyResult<B> {
  using type = AwaitResult<B>;
};

}  // namespace internal

/// Enters `cm`, runs `body(value)` (or `body()`), and awaits the exit whatever happens; gives the body's value.
/// A context manager has `aenter()`, whose value the body gets by reference, and `aexit(std::exception_ptr)`, awaited
/// or plain, which returns true to swallow the exception. An lvalue `cm` is used where it stands, a temporary is kept.
/// Errors: the body's exception unless swallowed; what the exit raises instead.
/// Cancel: the exit still runs.   Python: async with cm as value: body.
template <class CM, class F>
Coro<internal::WithResult<CM, F>> with(CM&& cm, F&& body) {
  TARN_CHECK_CALLABLE(F);
  TARN_CHECK_AGGREGATE(CM);
  return internal::with_manager<internal::WithResult<CM, F>, CM, std::decay_t<F>>(std::forward<CM>(cm),
                                                                                  std::forward<F>(body));
}

/// Awaits `body`, then `cleanup` whatever happened; gives the body's value or raises its exception. Both are
/// awaitables, or callables that give one. Errors: what the clean-up raises replaces what the body raised.
/// Python: try: … finally: await cleanup().
template <class B, class C>
auto try_finally(B&& body, C&& cleanup) -> Coro<typename internal::BodyResult<std::decay_t<B>>::type> {
  using T = typename internal::BodyResult<std::decay_t<B>>::type;
  if constexpr (!Awaitable<std::decay_t<B>>) TARN_CHECK_CALLABLE(B);
  if constexpr (!Awaitable<std::decay_t<C>>) TARN_CHECK_CALLABLE(C);
  return internal::try_finally_owned<T, std::decay_t<B>, std::decay_t<C>>(std::forward<B>(body),
                                                                          std::forward<C>(cleanup));
}

}  // namespace tarn
