// SPDX-License-Identifier: BSL-1.0
#include <tarn/net/connect.h>

#include <tarn/base/errors.h>
#include <tarn/core/event_loop.h>
#include <tarn/core/operation.h>
#include <tarn/net/internal/socket.h>
#include <tarn/net/internal/stream_state.h>
#include <tarn/net/resolve.h>

#include <optional>
#include <vector>

namespace tarn {
namespace {

class MultipleErrors final : public OsError {
 public:
  explicit MultipleErrors(const std::string& what) : OsError(Plain{}, what) {}
};

// A socket on its way to a Stream. The Port has heard of it, so the Port closes it.
class Connecting {
 public:
  Connecting(internal::LoopState* loop, int fd) : loop_(loop), fd_(fd) {}
  Connecting(const Connecting&) = delete;
  Connecting& operator=(const Connecting&) = delete;
  ~Connecting() {
    if (fd_ >= 0) loop_->port->close(fd_);
  }
  int fd() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  internal::LoopState* loop_;
  int fd_;
};

struct Settings {
  std::size_t limit;
  std::optional<Address> local;
};

Settings settings_of(const ConnectOptions& options) {
  Settings settings{options.limit, {}};
  if (!options.local_host.empty()) settings.local = Address::parse(options.local_host, options.local_port);
  return settings;
}

void check(int rc, std::string_view verb, const Address& address) {
  if (rc < 0) throw_os_error(-rc, std::string(verb) + " " + address.to_string());
}

Coro<Stream> connect_to(Address address, Settings settings) {
  internal::LoopState* const loop = internal::running_loop();
  const int fd = internal::open_stream_socket(address.family());
  check(fd, "socket for", address);
  Connecting socket(loop, fd);
  if (settings.local) check(internal::bind_socket(fd, *settings.local), "bind", *settings.local);
  OperationWait wait(Op::connect, fd, const_cast<void*>(address.native()), address.native_size());
  const std::int64_t result = co_await wait;
  check(static_cast<int>(result), "connect", address);
  internal::set_no_delay(fd);
  co_return internal::adopt_socket(loop, socket.release(), settings.limit);
}

// S10: one error is itself, errors with one text are the first of them, others are told together.
[[noreturn]] void raise_together(const std::vector<std::exception_ptr>& errors) {
  std::string texts;
  bool alike = true;
  std::string first;
  for (const std::exception_ptr& error : errors) {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& e) {
      if (texts.empty()) first = e.what();
      alike = alike && first == e.what();
      texts += (texts.empty() ? "" : ", ") + std::string(e.what());
    }
  }
  if (alike) std::rethrow_exception(errors.front());
  throw MultipleErrors("Multiple exceptions: " + texts);
}

Coro<Stream> connect_to_host(std::string host, std::uint16_t port, Address::Family family, Settings settings) {
  const std::vector<Address> addresses = co_await resolve(std::move(host), port, family);
  std::vector<std::exception_ptr> errors;
  for (const Address& address : addresses) {
    if (settings.local && settings.local->family() != address.family()) continue;
    try {
      co_return co_await connect_to(address, settings);
    } catch (const OsError&) {
      errors.push_back(std::current_exception());
    }
  }
  if (errors.empty()) throw ValueError("no address of the host is of local_host's family");
  raise_together(errors);
}

}  // namespace

Coro<Stream> open_connection(std::string host, std::uint16_t port, ConnectOptions options) {
  return connect_to_host(std::move(host), port, options.family, settings_of(options));
}

Coro<Stream> open_connection(Address address, ConnectOptions options) {
  return connect_to(address, settings_of(options));
}

Coro<Stream> open_unix_connection(std::string path, ConnectOptions options) {
  return connect_to(Address::unix_path(path), Settings{options.limit, {}});
}

}  // namespace tarn
