// SPDX-License-Identifier: BSL-1.0
// Meter, and a malloc that counts. glibc exports its allocator under a second name, so that a program's own malloc can
// pass everything on; every allocation of the process comes through here, those of libstdc++ and of C libraries too.
#include "meter.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* p, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {
std::atomic<std::size_t> allocated{0};
void count() { allocated.fetch_add(1, std::memory_order_relaxed); }
}  // namespace

extern "C" {
void* malloc(std::size_t size) noexcept {
  count();
  return __libc_malloc(size);
}
void* calloc(std::size_t n, std::size_t size) noexcept {
  count();
  return __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t size) noexcept {
  count();
  return __libc_realloc(p, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  count();
  return __libc_memalign(alignment, size);
}
}

namespace bench {

namespace {

double now_ns(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

/// A line of /proc/self/status in bytes. Without allocations: it is read while they are counted.
double status_bytes(const char* key) {
  std::FILE* const file = std::fopen("/proc/self/status", "r");
  if (!file) return 0;
  char line[256];
  double kib = 0;
  while (std::fgets(line, sizeof line, file))
    if (std::strncmp(line, key, std::strlen(key)) == 0) kib = std::atof(line + std::strlen(key));
  std::fclose(file);
  return kib * 1024;
}

}  // namespace

std::size_t allocations() { return allocated.load(std::memory_order_relaxed); }

Request parse(int argc, char** argv) {
  const long n = argc == 3 ? std::atol(argv[2]) : 0;
  if (n < 1) {
    std::fprintf(stderr, "usage: %s TEST N\n", argv[0]);
    std::exit(2);
  }
  return {argv[1], n};
}

long warm_up_size(Request request) {
  if (std::strcmp(request.test, "sleep") == 0) return 0;
  return std::min(request.n, std::max(request.n / 20, 10'000L));
}

void refuse(const char* test, const char* known) {
  std::fprintf(stderr, "no test %s; there are: %s\n", test, known);
  std::exit(2);
}

void Meter::start() {
  resident_ = status_bytes("VmRSS:");
  allocations_ = allocations();
  wall_ns_ = now_ns(CLOCK_MONOTONIC);
  cpu_ns_ = now_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void Meter::stop(Request request) {
  const double cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns_;
  const double wall = now_ns(CLOCK_MONOTONIC) - wall_ns_;
  const std::size_t made = allocations() - allocations_;
  const double grown = status_bytes("VmHWM:") - resident_;
  const auto n = static_cast<double>(request.n);
  std::printf(
      "{\"test\": \"%s\", \"n\": %ld, \"cpu_ns\": %.3f, \"wall_ns\": %.3f, \"rss_bytes\": %.1f, "
      "\"allocations\": %.6f}\n",
      request.test, request.n, cpu / n, wall / n, grown / n, static_cast<double>(made) / n);
}

}  // namespace bench
