// SPDX-License-Identifier: BSL-1.0
// What can be awaited, and what it gives. Used by everything that takes "any awaitable".
#pragma once
#include <tarn/core/coro.h>

#include <concepts>

namespace tarn {

namespace internal {
template <class A>
decltype(auto) awaiter_of(A&& a) {
  if constexpr (requires { static_cast<A&&>(a).operator co_await(); })
    return static_cast<A&&>(a).operator co_await();
  else
    return static_cast<A&&>(a);
}
}  // namespace internal

/// A Coro, Task, Future or another thing that co_await takes. Python: awaitable.
template <class A>
concept Awaitable = requires(A&& a) {
  { internal::awaiter_of(static_cast<A&&>(a)).await_ready() } -> std::convertible_to<bool>;
  internal::awaiter_of(static_cast<A&&>(a)).await_resume();
};

/// What `co_await a` gives for an `A`.
template <Awaitable A>
using AwaitResult = std::remove_cvref_t<decltype(internal::awaiter_of(std::declval<A>()).await_resume())>;

namespace internal {
/// Any awaitable as a Coro, which it becomes by being awaited inside one.
template <class A>
Coro<AwaitResult<A>> as_coro(A a) {
  co_return co_await std::move(a);
}
template <class T>
Coro<T> as_coro(Coro<T> coro) {
  return coro;
}
}  // namespace internal

}  // namespace tarn
