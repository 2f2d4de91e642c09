// SPDX-License-Identifier: BSL-1.0
// Every system call of net/ on sockets. Sockets are non-blocking and closed on exec; results are >= 0 or -errno.
#pragma once
#include <tarn/net/address.h>

#include <vector>

namespace tarn::internal {

/// A stream socket of the address's family.
int open_stream_socket(Address::Family family) noexcept;
/// For what never reached a Port. A socket that a Port knows is closed by Port::close().
void close_socket(int fd) noexcept;

/// Two connected stream sockets.
int open_socket_pair(int (&fds)[2]) noexcept;
/// Makes a stream socket from elsewhere non-blocking; -EPROTOTYPE if it is none.
int prepare_stream_socket(int fd) noexcept;

int bind_socket(int fd, const Address& address) noexcept;
int listen_socket(int fd, int backlog) noexcept;
int set_reuse_address(int fd) noexcept;
int set_reuse_port(int fd) noexcept;
/// An IPv6 socket takes no IPv4 connections: each family has a socket of its own.
int set_ipv6_only(int fd) noexcept;
/// Small writes go out at once. No effect on unix sockets.
void set_no_delay(int fd) noexcept;
/// No more data will be sent.
int shutdown_write(int fd) noexcept;

/// Of no family if the socket has none or is not connected.
Address local_address(int fd) noexcept;
Address peer_address(int fd) noexcept;

/// The inode of the socket file at a unix address; 0 if there is none.
std::uint64_t socket_file(const Address& address) noexcept;
/// Removes the socket file at a unix address, if it is still the one with that inode.
void remove_socket_file(const Address& address, std::uint64_t inode) noexcept;

struct Lookup {
  int error = 0;  ///< of getaddrinfo(3)
  int system_error = 0;
  std::vector<Address> addresses;
};
/// Asks the system's resolver; blocks. `passive`: for listening, an empty host is every interface.
Lookup look_up(const char* host, std::uint16_t port, Address::Family family, bool passive);
/// "Name or service not known".
const char* lookup_error_text(int error) noexcept;

}  // namespace tarn::internal
