// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/outcome.h>

#include <cxxabi.h>
#include <typeinfo>

namespace tarn::internal {

const std::exception_ptr& plain_cancelled_error() {
  static const std::exception_ptr error = std::make_exception_ptr(CancelledError());
  return error;
}

Fate fate_of_current_exception() noexcept {
  // CancelledError is final, so its type tells without a second throw.
  const std::type_info* const type = abi::__cxa_current_exception_type();
  return type && *type == typeid(CancelledError) ? Fate::cancelled : Fate::error;
}

Fate fate_of(const std::exception_ptr& error) {
  if (!error) throw TypeError("invalid exception object: there is none");
  if (*error.__cxa_exception_type() == typeid(GeneratorExit))
    throw TypeError("GeneratorExit interacts badly with generators and cannot be raised into a Future");
  return is_cancelled_error(error) ? Fate::cancelled : Fate::error;
}

bool is_cancelled_error(const std::exception_ptr& error) noexcept {
  const std::type_info* const type = error ? error.__cxa_exception_type() : nullptr;
  return type && *type == typeid(CancelledError);
}

bool leaves_the_loop(const std::exception_ptr& error) noexcept {
  const std::type_info* const type = error.__cxa_exception_type();
  return type && (*type == typeid(KeyboardInterrupt) || *type == typeid(SystemExit));
}

}  // namespace tarn::internal
