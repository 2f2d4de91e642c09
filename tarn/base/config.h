// SPDX-License-Identifier: BSL-1.0
// What the compiler and the build can do, in one place. The only header with feature macros; it defines no types.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && (__GNUC__ < 12 || (__GNUC__ == 12 && __GNUC_MINOR__ < 3))
#define TARN_GCC12 1  // miscompiles coroutines: docs/compilers.md
#else
#define TARN_GCC12 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define TARN_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TARN_ASAN 1
#endif
#endif
#ifndef TARN_ASAN
#define TARN_ASAN 0
#endif

// clang turns a transfer between coroutines into a tail call in every build type; g++ 12 does not below -O2 or under a
// sanitizer, so there the child runs inside await_suspend and deep chains go through a trampoline.
#if defined(__clang__)
#define TARN_SYMMETRIC_TRANSFER 1
#else
#define TARN_SYMMETRIC_TRANSFER 0
#endif

// One thread-local load, without the wrapper call that a dynamic model needs.
#define TARN_THREAD_LOCAL constinit thread_local __attribute__((tls_model("initial-exec")))

// g++ 12.2 destroys a temporary closure or aggregate inside a co_await expression twice. What is trivially destructible
// survives that, and so does a named object: the rest is refused here instead of corrupting memory there.
#define TARN_CHECK_CALLABLE(F)                                                                                      \
  static_assert(                                                                                                    \
      !TARN_GCC12 || std::is_lvalue_reference_v<F> || std::is_trivially_destructible_v<std::remove_reference_t<F>>, \
      "g++ 12.2 would destroy this lambda twice: name it first and pass the name (docs/compilers.md)")
#define TARN_CHECK_AGGREGATE(T)                                                                                 \
  static_assert(!TARN_GCC12 || std::is_lvalue_reference_v<T> || !std::is_aggregate_v<std::remove_cvref_t<T>> || \
                    std::is_trivially_destructible_v<std::remove_reference_t<T>>,                               \
                "g++ 12.2 would destroy this aggregate twice: name it first, or give its type a constructor "   \
                "(docs/compilers.md)")
