// SPDX-License-Identifier: BSL-1.0
// What can go wrong with HTTP, by aiohttp's names. Timeouts are TimeoutErrors (ServerTimeoutError), as in asyncio; what
// a handler throws to answer with a status is HttpError.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>

#include <tarn/base/errors.h>

namespace tarn::http {

/// The root of what a ClientSession raises, timeouts apart. Python: aiohttp.ClientError.
class ClientError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The connection failed. Python: aiohttp.ClientConnectionError.
class ClientConnectionError : public ClientError {
 public:
  using ClientError::ClientError;
};

/// No connection could be made: the name isn't known, nobody listens. Python: aiohttp.ClientConnectorError.
class ClientConnectorError : public ClientConnectionError {
 public:
  ClientConnectorError(const std::string& what, std::string host, std::uint16_t port)
      : ClientConnectionError(what), host_(std::move(host)), port_(port) {}
  const std::string& host() const noexcept { return host_; }
  std::uint16_t port() const noexcept { return port_; }

 private:
  std::string host_;
  std::uint16_t port_;
};

/// The server closed the connection before it answered. Python: aiohttp.ServerDisconnectedError.
class ServerDisconnectedError : public ClientConnectionError {
 public:
  using ClientConnectionError::ClientConnectionError;
};

/// The body broke off or is malformed: "incomplete body: got 10 of 20 bytes". Python: aiohttp.ClientPayloadError.
class ClientPayloadError : public ClientError {
 public:
  using ClientError::ClientError;
};

/// The URL can't be requested. Python: aiohttp.InvalidURL.
class InvalidUrl : public ClientError {
 public:
  using ClientError::ClientError;
};

/// The response is one the caller doesn't want, or isn't HTTP. Python: aiohttp.ClientResponseError.
class ClientResponseError : public ClientError {
 public:
  ClientResponseError(const std::string& what, std::uint16_t status) : ClientError(what), status_(status) {}
  /// The response's status; 0 if it had none that could be read.
  std::uint16_t status() const noexcept { return status_; }

 private:
  std::uint16_t status_;
};

/// Python: aiohttp.TooManyRedirects.
class TooManyRedirects : public ClientResponseError {
 public:
  using ClientResponseError::ClientResponseError;
};

/// The server, or the whole request, took too long. Python: aiohttp.ServerTimeoutError (an asyncio.TimeoutError).
class ServerTimeoutError : public TimeoutError {
 public:
  using TimeoutError::TimeoutError;
};

/// Thrown by a handler, answers with `status` and `text`. Python: aiohttp.web.HTTPException.
class HttpError : public std::runtime_error {
 public:
  /// An empty text becomes "404: Not Found".
  explicit HttpError(std::uint16_t status, const std::string& text = {});
  std::uint16_t status() const noexcept { return status_; }

 private:
  std::uint16_t status_;
};

}  // namespace tarn::http
