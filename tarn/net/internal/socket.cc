// SPDX-License-Identifier: BSL-1.0
#include <tarn/net/internal/socket.h>

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tarn::internal {
namespace {

int or_errno(int rc) noexcept { return rc < 0 ? -errno : rc; }

int switch_on(int fd, int level, int option) noexcept {
  int on = 1;
  return or_errno(::setsockopt(fd, level, option, &on, sizeof on));
}

int native_family(Address::Family family) noexcept {
  switch (family) {
    case Address::Family::ipv4: return AF_INET;
    case Address::Family::ipv6: return AF_INET6;
    case Address::Family::unix_socket: return AF_UNIX;
    case Address::Family::none: break;
  }
  return AF_UNSPEC;
}

Address name_of(int fd, int (*ask)(int, sockaddr*, socklen_t*)) noexcept {
  sockaddr_storage native{};
  socklen_t size = sizeof native;
  // 112 bytes are the most that the families have which this room opens.
  if (ask(fd, reinterpret_cast<sockaddr*>(&native), &size) != 0 || size > 112) return {};
  return Address::from_native(&native, size);
}

}  // namespace

int open_stream_socket(Address::Family family) noexcept {
  return or_errno(::socket(native_family(family), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int open_socket_pair(int (&fds)[2]) noexcept {
  return or_errno(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
}

int prepare_stream_socket(int fd) noexcept {
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return -errno;
  if (type != SOCK_STREAM) return -EPROTOTYPE;
  return or_errno(::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK));
}

void close_socket(int fd) noexcept { ::close(fd); }

int bind_socket(int fd, const Address& address) noexcept {
  return or_errno(
      ::bind(fd, static_cast<const sockaddr*>(address.native()), static_cast<socklen_t>(address.native_size())));
}

int listen_socket(int fd, int backlog) noexcept { return or_errno(::listen(fd, backlog)); }
int set_reuse_address(int fd) noexcept { return switch_on(fd, SOL_SOCKET, SO_REUSEADDR); }
int set_reuse_port(int fd) noexcept { return switch_on(fd, SOL_SOCKET, SO_REUSEPORT); }
int set_ipv6_only(int fd) noexcept { return switch_on(fd, IPPROTO_IPV6, IPV6_V6ONLY); }
void set_no_delay(int fd) noexcept { switch_on(fd, IPPROTO_TCP, TCP_NODELAY); }
int shutdown_write(int fd) noexcept { return or_errno(::shutdown(fd, SHUT_WR)); }

Address local_address(int fd) noexcept {
  return name_of(fd, [](int s, sockaddr* a, socklen_t* n) { return ::getsockname(s, a, n); });
}
Address peer_address(int fd) noexcept {
  return name_of(fd, [](int s, sockaddr* a, socklen_t* n) { return ::getpeername(s, a, n); });
}

std::uint64_t socket_file(const Address& address) noexcept {
  std::string path = address.path();
  struct stat status{};
  if (path.empty() || path[0] == '\0' || ::lstat(path.c_str(), &status) != 0) return 0;
  return S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

void remove_socket_file(const Address& address, std::uint64_t inode) noexcept {
  if (inode != 0 && socket_file(address) == inode) ::unlink(address.path().c_str());
}

Lookup look_up(const char* host, std::uint16_t port, Address::Family family, bool passive) {
  addrinfo hints{};
  hints.ai_family = native_family(family);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0);
  addrinfo* found = nullptr;
  std::string service = std::to_string(port);
  Lookup lookup;
  lookup.error = ::getaddrinfo(*host == '\0' ? nullptr : host, service.c_str(), &hints, &found);
  if (lookup.error == EAI_SYSTEM) lookup.system_error = errno;
  if (lookup.error != 0) return lookup;
  for (const addrinfo* a = found; a; a = a->ai_next)
    lookup.addresses.push_back(Address::from_native(a->ai_addr, a->ai_addrlen));
  ::freeaddrinfo(found);
  return lookup;
}

const char* lookup_error_text(int error) noexcept { return ::gai_strerror(error); }

}  // namespace tarn::internal
