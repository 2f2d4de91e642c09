// SPDX-License-Identifier: BSL-1.0
// The client of the echo benchmark: bench_load PORT CONNECTIONS SIZE SECONDS SERVER_PID
//
// One thread, epoll, one message on its way per connection: a message is sent when the one before has come back whole.
// Half a second of warming up is not counted. Prints one line of JSON: round trips per second, latencies, and the
// processor time that the server's process and this one took meanwhile.
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Ns = std::int64_t;

Ns now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

// Latencies in 64 steps per power of two: 1.6 % apart, in constant space.
class Histogram {
 public:
  void add(Ns ns) {
    ++counts_[index(static_cast<std::uint64_t>(ns))];
    ++total_;
  }
  std::uint64_t total() const { return total_; }
  double percentile_us(double share) const {
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(total_) * share);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < size; ++i) {
      seen += counts_[i];
      if (seen > wanted) return static_cast<double>(lowest(i)) / 1000;
    }
    return 0;
  }

 private:
  static constexpr std::size_t size = std::size_t{64} * 64;
  static std::size_t index(std::uint64_t ns) {
    if (ns < 64) return ns;
    const auto shift = static_cast<unsigned>(57 - __builtin_clzll(ns));
    return (std::size_t{shift} + 1) * 64 + ((ns >> shift) & 63) % 64;
  }
  static std::uint64_t lowest(std::size_t i) {
    if (i < 64) return i;
    const std::size_t shift = i / 64 - 1;
    return (std::uint64_t{64} + i % 64) << shift;
  }
  std::uint64_t counts_[size] = {};
  std::uint64_t total_ = 0;
};

// Processor time of all of a process's threads: finer than the hundredths of /proc/PID/stat.
Ns processor_time(int pid) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR* threads = opendir(path);
  if (!threads) return 0;
  Ns sum = 0;
  while (const dirent* entry = readdir(threads)) {
    if (entry->d_name[0] == '.') continue;
    char file_path[384];
    std::snprintf(file_path, sizeof file_path, "/proc/%d/task/%s/schedstat", pid, entry->d_name);
    if (std::FILE* file = std::fopen(file_path, "r")) {
      long long ns = 0;
      if (std::fscanf(file, "%lld", &ns) == 1) sum += ns;
      std::fclose(file);
    }
  }
  closedir(threads);
  return sum;
}

struct Connection {
  int fd = -1;
  std::size_t to_send = 0;
  std::size_t to_receive = 0;
  Ns sent_at = 0;
};

class Load {
 public:
  Load(std::uint16_t port, std::size_t connections, std::size_t size)
      : size_(size), message_(size, 'e'), sink_(1 << 20), connections_(connections) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    for (Connection& c : connections_) connect(c, port);
  }
  void start() {
    for (Connection& c : connections_) send_next(c);
  }
  // Serves the connections until `end`.
  void run_until(Ns end) {
    static epoll_event events[1024];
    while (now() < end) {
      const int count = epoll_wait(epoll_, events, 1024, 100);
      for (int i = 0; i < count; ++i) serve(*static_cast<Connection*>(events[i].data.ptr), events[i].events);
    }
  }
  Histogram latencies;
  bool counting = false;

 private:
  void connect(Connection& c, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(c.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("connect");
    const int on = 1;
    setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(c.fd, F_SETFL, O_NONBLOCK);
    epoll_event event{EPOLLIN | EPOLLOUT | EPOLLET, {.ptr = &c}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event) != 0) die("epoll_ctl");
  }
  void send_next(Connection& c) {
    c.to_send = c.to_receive = size_;
    c.sent_at = now();
    send_more(c);
  }
  void send_more(Connection& c) {
    while (c.to_send != 0) {
      const ssize_t n = send(c.fd, message_.data(), c.to_send, MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) return;
      if (n < 0) die("send");
      c.to_send -= static_cast<std::size_t>(n);
    }
  }
  void serve(Connection& c, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) send_more(c);
    while ((events & EPOLLIN) != 0) {
      const ssize_t n = recv(c.fd, sink_.data(), sink_.size(), 0);
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) die("the server has closed a connection");
      c.to_receive -= static_cast<std::size_t>(n);
      if (c.to_receive != 0) continue;
      if (counting) latencies.add(now() - c.sent_at);
      return send_next(c);  // nothing more can be there: one message at a time
    }
  }

  std::size_t size_;
  std::vector<char> message_;
  std::vector<char> sink_;
  std::vector<Connection> connections_;
  int epoll_ = -1;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return std::fprintf(stderr, "usage: bench_load PORT CONNECTIONS SIZE SECONDS SERVER_PID\n"), 2;
  const auto connections = static_cast<std::size_t>(std::atoi(argv[2]));
  const auto size = static_cast<std::size_t>(std::atoi(argv[3]));
  const double seconds = std::atof(argv[4]);
  const int server = std::atoi(argv[5]);
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);

  Load load(static_cast<std::uint16_t>(std::atoi(argv[1])), connections, size);
  load.start();
  load.run_until(now() + 500'000'000);
  load.counting = true;
  const Ns began = now();
  const Ns server_before = processor_time(server);
  const Ns own_before = processor_time(getpid());
  load.run_until(began + static_cast<Ns>(seconds * 1e9));
  const double elapsed = static_cast<double>(now() - began) / 1e9;
  const double server_time = static_cast<double>(processor_time(server) - server_before) / 1e9;
  const double own_time = static_cast<double>(processor_time(getpid()) - own_before) / 1e9;
  const auto total = static_cast<double>(load.latencies.total());
  if (total == 0) return std::fprintf(stderr, "bench_load: nothing came back\n"), 1;
  std::printf(
      "{\"connections\": %zu, \"size\": %zu, \"seconds\": %.3f, \"per_second\": %.0f, \"p50_us\": %.1f, \"p99_us\": "
      "%.1f, "
      "\"server_us\": %.3f, \"client_us\": %.3f, \"server_seconds\": %.3f, \"client_seconds\": %.3f}\n",
      connections, size, elapsed, total / elapsed, load.latencies.percentile_us(0.5),
      load.latencies.percentile_us(0.99), server_time / total * 1e6, own_time / total * 1e6, server_time, own_time);
}
