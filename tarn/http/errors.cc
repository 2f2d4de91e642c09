// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/errors.h>

#include <tarn/wire/message.h>

namespace tarn::http {

HttpError::HttpError(std::uint16_t status, const std::string& text)
    : std::runtime_error(text.empty() ? std::to_string(status) + ": " + std::string(wire::reason_phrase(status))
                                      : text),
      status_(status) {}

}  // namespace tarn::http
