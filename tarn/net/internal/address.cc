// SPDX-License-Identifier: BSL-1.0
// Address, on the operating system's sockaddr.
#include <tarn/net/address.h>

#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <tarn/base/errors.h>

namespace tarn {
namespace {

constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);

// "eth0" or "2" behind the % of a link-local address; 0 if there is no such interface.
unsigned scope_of(const char* text) {
  unsigned number = 0;
  const char* p = text;
  for (; *p >= '0' && *p <= '9' && number < 100'000'000; ++p) number = number * 10 + static_cast<unsigned>(*p - '0');
  return *p == '\0' && p != text ? number : ::if_nametoindex(text);
}

template <class Native>
Native read_as(const unsigned char* storage) {
  Native native;
  std::memcpy(&native, storage, sizeof native);
  return native;
}

}  // namespace

bool Address::try_parse(std::string_view host, std::uint16_t port, Address& address) {
  char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
  if (host.size() >= sizeof text || host.find('\0') != std::string_view::npos) return false;
  std::memcpy(text, host.data(), host.size());
  text[host.size()] = '\0';
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    address = from_native(&v4, sizeof v4);
    return true;
  }
  sockaddr_in6 v6{};
  if (char* scope = std::strchr(text, '%')) {
    *scope = '\0';
    v6.sin6_scope_id = scope_of(scope + 1);
    if (v6.sin6_scope_id == 0) return false;
  }
  if (::inet_pton(AF_INET6, text, &v6.sin6_addr) != 1) return false;
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  address = from_native(&v6, sizeof v6);
  return true;
}

Address Address::parse(std::string_view host, std::uint16_t port) {
  Address address;
  if (!try_parse(host, port, address)) throw ValueError("not a numeric address: \"" + std::string(host) + "\"");
  return address;
}

Address Address::unix_path(std::string_view path) {
  sockaddr_un native{};
  native.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof native.sun_path)
    throw ValueError("a unix socket's path has 1 to 107 bytes, not " + std::to_string(path.size()));
  std::memcpy(native.sun_path, path.data(), path.size());
  bool abstract = path[0] == '\0';  // unix(7): its length counts, not a final zero
  return from_native(&native, path_offset + path.size() + (abstract ? 0 : 1));
}

Address Address::from_native(const void* native, std::size_t size) {
  static_assert(sizeof(sockaddr_un) <= capacity && sizeof(sockaddr_in6) <= capacity);
  if (size > capacity) throw ValueError("an address of " + std::to_string(size) + " bytes");
  Address address;
  std::memcpy(address.storage_, native, size);
  address.size_ = size;
  return address;
}

Address::Family Address::family() const noexcept {
  if (size_ < sizeof(sa_family_t)) return Family::none;
  switch (read_as<sockaddr>(storage_).sa_family) {
    case AF_INET: return Family::ipv4;
    case AF_INET6: return Family::ipv6;
    case AF_UNIX: return Family::unix_socket;
    default: return Family::none;
  }
}

std::string Address::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (family() == Family::ipv4) {
    auto native = read_as<sockaddr_in>(storage_);
    return ::inet_ntop(AF_INET, &native.sin_addr, text, sizeof text);
  }
  if (family() != Family::ipv6) return {};
  auto native = read_as<sockaddr_in6>(storage_);
  std::string result = ::inet_ntop(AF_INET6, &native.sin6_addr, text, sizeof text);
  if (native.sin6_scope_id == 0) return result;
  char name[IF_NAMESIZE];
  const char* known = ::if_indextoname(native.sin6_scope_id, name);
  return result + '%' + (known ? known : std::to_string(native.sin6_scope_id));
}

std::uint16_t Address::port() const noexcept {
  if (family() == Family::ipv4) return ntohs(read_as<sockaddr_in>(storage_).sin_port);
  if (family() == Family::ipv6) return ntohs(read_as<sockaddr_in6>(storage_).sin6_port);
  return 0;
}

std::string Address::path() const {
  if (family() != Family::unix_socket || size_ <= path_offset) return {};
  const char* path = reinterpret_cast<const char*>(storage_) + path_offset;
  std::size_t length = size_ - path_offset;
  return path[0] == '\0' ? std::string(path, length) : std::string(path, ::strnlen(path, length));
}

std::string Address::to_string() const {
  switch (family()) {
    case Family::ipv4: return host() + ":" + std::to_string(port());
    case Family::ipv6: return "[" + host() + "]:" + std::to_string(port());
    case Family::unix_socket: {
      std::string text = path();
      if (!text.empty() && text[0] == '\0') text[0] = '@';  // as ss(8) and /proc/net/unix show abstract names
      return "unix:" + text;
    }
    case Family::none: break;
  }
  return "none";
}

Address Address::with_port(std::uint16_t port) const {
  Address address = *this;
  // sin_port and sin6_port stand at the same place.
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  if (family() != Family::ipv4 && family() != Family::ipv6) throw ValueError(to_string() + " has no port");
  std::uint16_t value = htons(port);
  std::memcpy(address.storage_ + offsetof(sockaddr_in, sin_port), &value, sizeof value);
  return address;
}

bool operator==(const Address& a, const Address& b) noexcept {
  return a.size_ == b.size_ && std::memcmp(a.storage_, b.storage_, a.size_) == 0;
}

}  // namespace tarn
