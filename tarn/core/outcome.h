// SPDX-License-Identifier: BSL-1.0
// Outcome: where a coroutine, task or future keeps what it came to. Result: the same as a value that users hold.
#pragma once
#include <tarn/base/errors.h>

#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <utility>

namespace tarn {

/// What a `void` result becomes where a value is needed: a slot of gather()'s tuple. Python: None.
struct None {
  friend constexpr bool operator==(None, None) = default;
};

/// T, or None for void.
template <class T>
using Unvoid = std::conditional_t<std::is_void_v<T>, None, T>;

namespace internal {

enum class Fate : std::uint8_t { pending, value, error, cancelled };

/// A CancelledError without a message, made once: cancelling costs no allocation.
const std::exception_ptr& plain_cancelled_error();

/// What the exception in flight means for the task it ends. Call inside a catch handler.
Fate fate_of_current_exception() noexcept;

/// What an exception means for the future that gets it. Errors: TypeError for none, and for a GeneratorExit.
Fate fate_of(const std::exception_ptr& error);

bool is_cancelled_error(const std::exception_ptr& error) noexcept;

/// KeyboardInterrupt and SystemExit end the loop, not only the task.
bool leaves_the_loop(const std::exception_ptr& error) noexcept;

/// Pending, a value, or an error: eight bytes more than the larger of T and a pointer.
template <class T>
class Outcome {
 public:
  Outcome() {}
  Outcome(const Outcome&) = delete;
  Outcome& operator=(const Outcome&) = delete;
  ~Outcome() { clear(); }

  Fate fate() const { return fate_; }
  template <class... A>
  void set(A&&... a) {
    new (&value_) T(std::forward<A>(a)...);
    fate_ = Fate::value;
  }
  void fail(std::exception_ptr error, Fate fate = Fate::error) {
    clear();
    new (&error_) std::exception_ptr(std::move(error));
    fate_ = fate;
  }
  void take(Outcome& other) {
    if (other.fate_ == Fate::value)
      set(std::move(other.value_));
    else if (other.fate_ != Fate::pending)
      fail(std::move(other.error_), other.fate_);
  }
  T& get() {
    if (fate_ != Fate::value) [[unlikely]]
      raise();
    return value_;
  }
  const std::exception_ptr& error() const { return error_; }
  [[noreturn]] void raise() const {
    if (fate_ == Fate::pending) throw InvalidStateError();
    std::rethrow_exception(error_);
  }
  void clear() {
    if (fate_ == Fate::value)
      value_.~T();
    else if (fate_ != Fate::pending)
      error_.~exception_ptr();
    fate_ = Fate::pending;
  }

 private:
  union {
    T value_;
    std::exception_ptr error_;
  };
  Fate fate_ = Fate::pending;
};

}  // namespace internal

/// A value or the exception that came instead: what gather(return_exceptions, …) gives for each argument.
template <class T>
class Result {
 public:
  using Value = Unvoid<T>;
  Result(Value value) : value_(std::move(value)) {}
  explicit Result(std::exception_ptr error) : error_(std::move(error)) {}

  bool has_value() const { return value_.has_value(); }
  explicit operator bool() const { return has_value(); }
  /// The value; rethrows the exception if there is none.
  Value& value() {
    if (!value_) std::rethrow_exception(error_);
    return *value_;
  }
  const Value& value() const { return const_cast<Result*>(this)->value(); }
  Value& operator*() { return value(); }
  const Value& operator*() const { return value(); }
  /// The exception, or nullptr.
  const std::exception_ptr& error() const { return error_; }

 private:
  std::optional<Value> value_;
  std::exception_ptr error_;
};

}  // namespace tarn
