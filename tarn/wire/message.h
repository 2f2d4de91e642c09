// SPDX-License-Identifier: BSL-1.0
// What an HTTP message says before its body, whatever version carries it. Plain values.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include <tarn/wire/headers.h>

namespace tarn::wire {

/// The versions that HTTP/1 machines speak. A higher minor version is read as 1.1 (RFC 9110 2.5).
enum class Version : std::uint8_t { http_1_0, http_1_1 };

/// The head of a request. `target` is as sent: "/path?query", "http://host/path", "host:port" (CONNECT) or "*"
/// (OPTIONS).
struct RequestHead {
  std::string method = "GET";
  std::string target = "/";
  Version version = Version::http_1_1;
  Headers headers{};
  friend bool operator==(const RequestHead&, const RequestHead&) = default;
};

/// The head of a response.
struct ResponseHead {
  std::uint16_t status = 200;
  std::string reason{};  ///< for people only; empty: the usual phrase is sent
  Version version = Version::http_1_1;
  Headers headers{};
  friend bool operator==(const ResponseHead&, const ResponseHead&) = default;
};

/// "Not Found" for 404; the class's name ("Client Error") for a status that RFC 9110 doesn't know.
std::string_view reason_phrase(std::uint16_t status) noexcept;

/// Whose mistake a ProtocolError is.
enum class Fault : std::uint8_t { none, local, remote };

/// A mistake in a protocol, as a value. False when there is none.
struct ProtocolError {
  Fault fault = Fault::none;
  std::uint16_t status = 0;  ///< what a server answers; 502 for a mistake in a response; 0 for a local one
  std::string text{};        ///< what is wrong, and where
  explicit operator bool() const noexcept { return fault != Fault::none; }
  friend bool operator==(const ProtocolError&, const ProtocolError&) = default;
};

}  // namespace tarn::wire
