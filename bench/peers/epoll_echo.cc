// SPDX-License-Identifier: BSL-1.0
// The floor under the echo benchmark: epoll, one thread, nothing but the system calls.
//
// Level-triggered; per readiness one recv and one send. What a full socket refuses is kept per connection, and reading
// pauses until it is gone. Usage: epoll_echo PORT
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr int events_max = 512;
constexpr std::size_t buffer_size = 16384;

struct Connection {
  int fd;
  std::size_t kept;  // bytes in `rest` that the socket has refused
  char rest[buffer_size];
};

int epoll_fd;
char buffer[buffer_size];
epoll_event events[events_max];

void watch(int operation, int fd, void* who, std::uint32_t events) {
  epoll_event event{events, {.ptr = who}};
  if (epoll_ctl(epoll_fd, operation, fd, &event) != 0) {
    std::perror("epoll_ctl");
    std::exit(1);
  }
}

void drop(Connection* c) {
  close(c->fd);
  delete c;
}

int listen_on(const char* port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 4096) != 0) {
    std::perror("listen");
    std::exit(1);
  }
  return fd;
}

void accept_all(int listener) {
  int fd;
  while ((fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto* c = new Connection;
    c->fd = fd;
    c->kept = 0;
    watch(EPOLL_CTL_ADD, fd, c, EPOLLIN);
  }
}

// Keeps what the socket doesn't take of `data`.
void send_or_keep(Connection* c, const char* data, std::size_t size) {
  ssize_t sent = send(c->fd, data, size, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) {
    drop(c);
    return;
  }
  std::size_t left = size - (sent > 0 ? static_cast<std::size_t>(sent) : 0);
  if ((left != 0) != (c->kept != 0)) watch(EPOLL_CTL_MOD, c->fd, c, left != 0 ? EPOLLOUT : EPOLLIN);
  std::memmove(c->rest, data + (size - left), left);
  c->kept = left;
}

void serve(Connection* c) {
  if (c->kept != 0) {
    send_or_keep(c, c->rest, c->kept);
    return;
  }
  ssize_t received = recv(c->fd, buffer, sizeof buffer, 0);
  if (received > 0)
    send_or_keep(c, buffer, static_cast<std::size_t>(received));
  else if (received == 0 || errno != EAGAIN)
    drop(c);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: epoll_echo PORT\n");
    return 2;
  }
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  int listener = listen_on(argv[1]);
  watch(EPOLL_CTL_ADD, listener, nullptr, EPOLLIN);
  for (;;) {
    int count = epoll_wait(epoll_fd, events, events_max, -1);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.ptr == nullptr)
        accept_all(listener);
      else
        serve(static_cast<Connection*>(events[i].data.ptr));
    }
  }
}
