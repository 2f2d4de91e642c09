// SPDX-License-Identifier: BSL-1.0
// What one run of a micro-benchmark cost: processor time, time, memory and allocations, as one line of JSON.
//
// The processor time is the whole process's, so that work on helper threads counts. Allocations are counted by taking
// malloc's place (meter.cc): operator new and pools that call malloc themselves end there alike. Memory is how far the
// resident set's peak rose above what was resident at the start.
#pragma once
#include <cstddef>

namespace bench {

/// Allocations so far, of all threads.
std::size_t allocations();

/// The command line of every program: TEST N.
struct Request {
  const char* test;
  long n;
};
/// Ends the process with a message if there aren't exactly a name and a positive number.
Request parse(int argc, char** argv);

/// Runs before the measured one: fills the pools and starts the threads. Not for `sleep`, whose memory is measured.
long warm_up_size(Request request);

class Meter {
 public:
  void start();
  /// Prints the line: the costs since start(), divided by `n`.
  void stop(Request request);

 private:
  double cpu_ns_ = 0;
  double wall_ns_ = 0;
  double resident_ = 0;
  std::size_t allocations_ = 0;
};

/// Ends the process with the list of tests on stderr.
[[noreturn]] void refuse(const char* test, const char* known);

/// Uniform in [0, 1), the same sequence in every program: sleeping times.
class Random {
 public:
  double next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state_ >> 11) / static_cast<double>(1ull << 53);
  }

 private:
  unsigned long long state_ = 20;
};

/// The compiler may not drop what led to `value`.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

}  // namespace bench
