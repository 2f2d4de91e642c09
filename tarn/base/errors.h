// SPDX-License-Identifier: BSL-1.0
// The exception tree. Names and meanings are Python's; what Python keeps outside `Exception` (CancelledError,
// KeyboardInterrupt, SystemExit) is outside std::exception here, so that `catch (const std::exception&)` can't swallow
// it.
#pragma once
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tarn {

/// The root of what ordinary handlers must not swallow. A `catch (...)` that stops one of these must rethrow it.
/// Python: BaseException.
class BaseException {
 public:
  BaseException() = default;
  explicit BaseException(std::string message) : message_(std::move(message)) {}
  virtual ~BaseException();
  virtual const char* what() const noexcept;
  const std::string& message() const noexcept { return message_; }

 protected:
  BaseException(const BaseException&) = default;
  BaseException& operator=(const BaseException&) = default;

 private:
  std::string message_;
};

/// The task that awaits here was asked to stop; `message()` is what cancel(message) was given. Python: CancelledError.
class CancelledError final : public BaseException {
 public:
  using BaseException::BaseException;
  const char* what() const noexcept override;
};

/// SIGINT arrived. Raised in a task it ends the loop at once; run() raises it after the clean-up.
/// Python: KeyboardInterrupt.
class KeyboardInterrupt final : public BaseException {
 public:
  using BaseException::BaseException;
  const char* what() const noexcept override;
};

/// Asks the program to end with `code()`. Raised in a task it ends the loop at once. Python: SystemExit.
class SystemExit final : public BaseException {
 public:
  explicit SystemExit(int code = 0) : code_(code) {}
  int code() const noexcept { return code_; }
  const char* what() const noexcept override;

 private:
  int code_;
};

/// Raised inside a generator that is being closed. Python: GeneratorExit.
class GeneratorExit final : public BaseException {
 public:
  using BaseException::BaseException;
  const char* what() const noexcept override;
};

/// Something that the state of the program doesn't allow. Python: RuntimeError.
class RuntimeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An argument whose value makes no sense. Python: ValueError.
class ValueError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// An argument of the wrong kind. Python: TypeError.
class TypeError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// A result taken before it is there, or set twice. Python: asyncio.InvalidStateError.
class InvalidStateError : public std::logic_error {
 public:
  explicit InvalidStateError(const std::string& what = "Result is not set.") : std::logic_error(what) {}
};

/// What the operating system refused, with its errno. Python: OSError.
class OsError : public std::runtime_error {
 public:
  OsError(int error_number, const std::string& what);
  /// As errno; 0 where the error has none (a TimeoutError raised by the library).
  int error_number() const noexcept { return errno_; }

 protected:
  struct Plain {};
  OsError(Plain, const std::string& what) : std::runtime_error(what) {}

 private:
  int errno_ = 0;
};

/// The time was up. Python: TimeoutError (a kind of OSError there as here).
class TimeoutError : public OsError {
 public:
  explicit TimeoutError(const std::string& what = "timed out") : OsError(Plain{}, what) {}
  TimeoutError(int error_number, const std::string& what) : OsError(error_number, what) {}
};

/// The other end, or the way to it. Its kinds are ConnectionRefusedError, ConnectionResetError, ConnectionAbortedError
/// and BrokenPipeError, one for each errno. Python: the same names.
class ConnectionError : public OsError {
 public:
  using OsError::OsError;
};
class ConnectionRefusedError : public ConnectionError {
 public:
  using ConnectionError::ConnectionError;
};
class ConnectionResetError : public ConnectionError {
 public:
  using ConnectionError::ConnectionError;
};
class ConnectionAbortedError : public ConnectionError {
 public:
  using ConnectionError::ConnectionError;
};
class BrokenPipeError : public ConnectionError {
 public:
  using ConnectionError::ConnectionError;
};
/// ENOENT; its siblings are FileExistsError (EEXIST) and PermissionError (EACCES, EPERM). Python: the same names.
class FileNotFoundError : public OsError {
 public:
  using OsError::OsError;
};
class FileExistsError : public OsError {
 public:
  using OsError::OsError;
};
class PermissionError : public OsError {
 public:
  using OsError::OsError;
};

/// Throws the OsError kind that belongs to `error_number`, with `what` telling what was tried: "connect 127.0.0.1:1".
[[noreturn]] void throw_os_error(int error_number, const std::string& what);
/// The same as an exception_ptr.
std::exception_ptr make_os_error(int error_number, const std::string& what);

/// The stream ended inside what was asked for. Python: asyncio.IncompleteReadError.
class IncompleteReadError : public std::runtime_error {
 public:
  /// `expected` is the number of bytes asked for, or -1 where a separator was.
  IncompleteReadError(std::string partial, long long expected);
  const std::string& partial() const noexcept { return partial_; }
  long long expected() const noexcept { return expected_; }

 private:
  std::string partial_;
  long long expected_;
};

/// The buffer's limit was reached before the separator. Python: asyncio.LimitOverrunError.
class LimitOverrunError : public std::runtime_error {
 public:
  LimitOverrunError(const std::string& what, std::size_t consumed) : std::runtime_error(what), consumed_(consumed) {}
  /// How many bytes can be taken from the buffer before the separator may begin.
  std::size_t consumed() const noexcept { return consumed_; }

 private:
  std::size_t consumed_;
};

/// Python: asyncio.QueueEmpty, QueueFull, QueueShutDown, BrokenBarrierError.
class QueueEmpty : public std::runtime_error {
 public:
  QueueEmpty() : std::runtime_error("queue is empty") {}
};
class QueueFull : public std::runtime_error {
 public:
  QueueFull() : std::runtime_error("queue is full") {}
};
class QueueShutDown : public std::runtime_error {
 public:
  QueueShutDown() : std::runtime_error("queue was shut down") {}
};
class BrokenBarrierError : public RuntimeError {
 public:
  using RuntimeError::RuntimeError;
};

/// Several errors that happened side by side, in the order in which they happened. Python: ExceptionGroup.
class ExceptionGroup : public std::runtime_error {
 public:
  ExceptionGroup(const std::string& message, std::vector<std::exception_ptr> exceptions);

  const std::string& message() const noexcept { return message_; }
  const std::vector<std::exception_ptr>& exceptions() const noexcept { return exceptions_; }

  /// The exceptions of type E, nested groups searched too, in order. Python: `except* E`.
  template <class E>
  std::vector<std::exception_ptr> matching() const {
    std::vector<std::exception_ptr> found;
    collect(&is<E>, found, nullptr);
    return found;
  }
  /// Whether every exception in the group, nested ones included, is an E.
  template <class E>
  bool only() const {
    std::vector<std::exception_ptr> found;
    std::vector<std::exception_ptr> rest;
    collect(&is<E>, found, &rest);
    return rest.empty();
  }
  /// The exceptions that are not of type E. Python: the second half of split().
  template <class E>
  std::vector<std::exception_ptr> rest() const {
    std::vector<std::exception_ptr> found;
    std::vector<std::exception_ptr> rest;
    collect(&is<E>, found, &rest);
    return rest;
  }

 private:
  template <class E>
  static bool is(const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const E&) {
      return true;
    } catch (...) {
      return false;
    }
  }
  void collect(bool (*matches)(const std::exception_ptr&), std::vector<std::exception_ptr>& found,
               std::vector<std::exception_ptr>* rest) const;

  std::string message_;
  std::vector<std::exception_ptr> exceptions_;
};

/// "ValueError: bad port" for any exception, its type's name first; never throws.
std::string describe(const std::exception_ptr& error) noexcept;

}  // namespace tarn
