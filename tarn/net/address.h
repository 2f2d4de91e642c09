// SPDX-License-Identifier: BSL-1.0
// Address: where a socket is or goes: IPv4, IPv6 or unix. A value; it looks nothing up.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tarn {

/// The address of a socket. Default-made it is of no family.
class Address {
 public:
  enum class Family : std::uint8_t { none, ipv4, ipv6, unix_socket };

  Address() = default;

  /// From a numeric host ("127.0.0.1", "::1", "fe80::1%eth0") and a port. Errors: ValueError for anything else.
  static Address parse(std::string_view host, std::uint16_t port);
  /// The same, and whether it worked.
  static bool try_parse(std::string_view host, std::uint16_t port, Address& address);
  /// Of a unix socket; a path that begins with a zero byte is in Linux's abstract namespace.
  /// Errors: ValueError if it is empty or longer than 107 bytes.
  static Address unix_path(std::string_view path);
  /// From a `sockaddr` of the operating system. Errors: ValueError if it doesn't fit.
  static Address from_native(const void* sockaddr, std::size_t size);

  Family family() const noexcept;
  /// "127.0.0.1", "::1", "fe80::1%eth0"; empty for the others.
  std::string host() const;
  /// 0 where there is none.
  std::uint16_t port() const noexcept;
  /// Of a unix socket; empty for the others and for one without a name.
  std::string path() const;
  /// "127.0.0.1:80", "[::1]:80", "unix:/run/x.sock".
  std::string to_string() const;
  /// The same address with another port. Errors: ValueError for unix sockets.
  Address with_port(std::uint16_t port) const;

  /// The operating system's `sockaddr`.
  const void* native() const noexcept { return storage_; }
  std::size_t native_size() const noexcept { return size_; }

  friend bool operator==(const Address& a, const Address& b) noexcept;

 private:
  static constexpr std::size_t capacity = 112;  // sockaddr_un is 110
  alignas(8) unsigned char storage_[capacity] = {};
  std::size_t size_ = 0;
};

}  // namespace tarn
