// SPDX-License-Identifier: BSL-1.0
// count_syscalls PROGRAM [ARGUMENT...]: runs it and writes the number of its system calls, all threads', to stderr.
// Exact, unlike a time; a debugger's door (ptrace) is what counts them. Exits with 77 where that is forbidden.
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <set>

namespace {

constexpr int not_possible = 77;  // ctest's SKIP_RETURN_CODE

int count(pid_t first) {
  constexpr long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  constexpr int syscall_stop = SIGTRAP | 0x80;
  long stops = 0;
  std::set<pid_t> stopped_before;
  for (;;) {
    int status = 0;
    const pid_t thread = waitpid(-1, &status, __WALL);
    if (thread < 0) return 1;
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (thread != first) continue;
      std::fprintf(stderr, "%ld\n", stops / 2);  // each call stops on its way in and on its way out
      return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    }
    int signal = WSTOPSIG(status);
    if (stopped_before.insert(thread).second) {  // the stop of a new thread, or the first one's execve
      if (thread == first) ptrace(PTRACE_SETOPTIONS, thread, nullptr, options);
      signal = 0;
    } else if (signal == syscall_stop) {
      ++stops;
      signal = 0;
    } else if (signal == SIGTRAP) {
      signal = 0;
    }
    ptrace(PTRACE_SYSCALL, thread, nullptr, static_cast<long>(signal));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s PROGRAM [ARGUMENT...]\n", argv[0]);
    return 2;
  }
  const pid_t child = fork();
  if (child != 0) return count(child);
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return not_possible;
  execv(argv[1], argv + 1);
  return 1;
}
