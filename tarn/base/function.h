// SPDX-License-Identifier: BSL-1.0
// Function: a move-only callable with three words of room, so that public headers need neither <functional> nor a copy
// of what they are given.
#pragma once
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace tarn {

template <class Signature>
class Function;

/// Owns any callable with this signature; empty when default-made. Callables of up to three words that move without
/// throwing are kept inside, others on the heap. Calling an empty one is undefined: test it first.
template <class R, class... A>
class Function<R(A...)> {
 public:
  Function() = default;
  Function(std::nullptr_t) {}
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Function> && std::is_invocable_r_v<R, std::decay_t<F>&, A...>)
  Function(F&& f) {
    using Held = std::decay_t<F>;
    if constexpr (fits<Held>) {
      new (room_) Held(std::forward<F>(f));
      table_ = &inside<Held>;
    } else {
      *reinterpret_cast<Held**>(room_) = new Held(std::forward<F>(f));
      table_ = &outside<Held>;
    }
  }
  Function(Function&& other) noexcept { take(other); }
  Function& operator=(Function&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  ~Function() { reset(); }

  explicit operator bool() const noexcept { return table_ != nullptr; }
  R operator()(A... args) { return table_->call(room_, std::forward<A>(args)...); }

 private:
  struct Table {
    R (*call)(void*, A&&...);
    void (*move)(void* from, void* to) noexcept;
    void (*destroy)(void*) noexcept;
  };
  static constexpr std::size_t room_size = 3 * sizeof(void*);
  template <class F>
  static constexpr bool fits =
      sizeof(F) <= room_size && alignof(F) <= alignof(void*) && std::is_nothrow_move_constructible_v<F>;

  template <class F>
  static constexpr Table inside{
      [](void* p, A&&... args) -> R { return (*static_cast<F*>(p))(std::forward<A>(args)...); },
      [](void* from, void* to) noexcept {
        new (to) F(std::move(*static_cast<F*>(from)));
        static_cast<F*>(from)->~F();
      },
      [](void* p) noexcept { static_cast<F*>(p)->~F(); }};
  template <class F>
  static constexpr Table outside{
      [](void* p, A&&... args) -> R { return (**static_cast<F**>(p))(std::forward<A>(args)...); },
      [](void* from, void* to) noexcept { *static_cast<F**>(to) = *static_cast<F**>(from); },
      [](void* p) noexcept { delete *static_cast<F**>(p); }};

  void take(Function& other) noexcept {
    table_ = other.table_;
    if (table_) table_->move(other.room_, room_);
    other.table_ = nullptr;
  }
  void reset() noexcept {
    if (table_) table_->destroy(room_);
    table_ = nullptr;
  }

  const Table* table_ = nullptr;
  alignas(void*) unsigned char room_[room_size];
};

}  // namespace tarn
