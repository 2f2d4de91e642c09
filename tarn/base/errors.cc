// SPDX-License-Identifier: BSL-1.0
#include <tarn/base/errors.h>

#include <cxxabi.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <typeinfo>

namespace tarn {

BaseException::~BaseException() = default;
const char* BaseException::what() const noexcept { return message_.c_str(); }

namespace {
const char* or_default(const std::string& message, const char* name) noexcept {
  return message.empty() ? name : message.c_str();
}
}  // namespace

const char* CancelledError::what() const noexcept { return or_default(message(), "cancelled"); }
const char* KeyboardInterrupt::what() const noexcept { return or_default(message(), "interrupted"); }
const char* SystemExit::what() const noexcept { return "system exit"; }
const char* GeneratorExit::what() const noexcept { return or_default(message(), "generator exit"); }

OsError::OsError(int error_number, const std::string& what)
    : std::runtime_error(what + ": " + std::strerror(error_number)), errno_(error_number) {}

void throw_os_error(int error_number, const std::string& what) {
  switch (error_number) {
    case ECONNREFUSED: throw ConnectionRefusedError(error_number, what);
    case ECONNRESET: throw ConnectionResetError(error_number, what);
    case ECONNABORTED: throw ConnectionAbortedError(error_number, what);
    case EPIPE:
    case ESHUTDOWN: throw BrokenPipeError(error_number, what);
    case ETIMEDOUT: throw TimeoutError(error_number, what);
    case ENOENT: throw FileNotFoundError(error_number, what);
    case EEXIST: throw FileExistsError(error_number, what);
    case EACCES:
    case EPERM: throw PermissionError(error_number, what);
    default: throw OsError(error_number, what);
  }
}

std::exception_ptr make_os_error(int error_number, const std::string& what) {
  try {
    throw_os_error(error_number, what);
  } catch (...) {
    return std::current_exception();
  }
}

namespace {
std::string incomplete(std::size_t got, long long expected) {
  const std::string wanted = expected < 0 ? "undefined" : std::to_string(expected);
  return std::to_string(got) + " bytes read on a total of " + wanted + " expected bytes";
}
}  // namespace

IncompleteReadError::IncompleteReadError(std::string partial, long long expected)
    : std::runtime_error(incomplete(partial.size(), expected)), partial_(std::move(partial)), expected_(expected) {}

namespace {
std::string group_text(const std::string& message, const std::vector<std::exception_ptr>& exceptions) {
  std::string text = message + " (" + std::to_string(exceptions.size()) +
                     (exceptions.size() == 1 ? " sub-exception)" : " sub-exceptions)");
  for (const auto& error : exceptions) text += "\n  - " + describe(error);
  return text;
}
}  // namespace

ExceptionGroup::ExceptionGroup(const std::string& message, std::vector<std::exception_ptr> exceptions)
    : std::runtime_error(group_text(message, exceptions)), message_(message), exceptions_(std::move(exceptions)) {
  if (exceptions_.empty()) throw ValueError("an ExceptionGroup needs at least one exception");
}

void ExceptionGroup::collect(bool (*matches)(const std::exception_ptr&), std::vector<std::exception_ptr>& found,
                             std::vector<std::exception_ptr>* rest) const {
  for (const auto& error : exceptions_) {
    if (matches(error)) {
      found.push_back(error);
      continue;
    }
    try {
      std::rethrow_exception(error);
    } catch (const ExceptionGroup& inner) {
      inner.collect(matches, found, rest);
    } catch (...) {
      if (rest) rest->push_back(error);
    }
  }
}

namespace {
std::string type_name(const std::type_info* type) {
  if (!type) return "unknown exception";
  int status = 0;
  char* text = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  std::string name = text ? text : type->name();
  std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): the ABI's allocation
  constexpr std::string_view ours = "tarn::";
  if (name.starts_with(ours)) name.erase(0, ours.size());
  return name;
}
}  // namespace

std::string describe(const std::exception_ptr& error) noexcept {
  if (!error) return "no exception";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return type_name(abi::__cxa_current_exception_type()) + ": " + e.what();
  } catch (const BaseException& e) {
    return type_name(abi::__cxa_current_exception_type()) + ": " + e.what();
  } catch (...) {
    return type_name(abi::__cxa_current_exception_type());
  }
}

}  // namespace tarn
