// SPDX-License-Identifier: BSL-1.0
// The choice of a Port, also where the kernel refuses: each case runs in a child under a seccomp filter of its own.
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <tarn/base/errors.h>
#include <tarn/io/ports.h>

namespace tarn {
namespace {

// From now on `number` fails with `error` in this process.
void refuse(long number, int error) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog filter{sizeof program / sizeof program[0], program};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    ::_exit(99);
}

// Runs `body` in a child process; returns the text that it returned.
template <class Body>
std::string in_child(Body body) {
  int fds[2];
  if (::pipe(fds) != 0) return "no pipe";
  pid_t child = ::fork();
  if (child == 0) {
    std::string text = body();
    ssize_t n = ::write(fds[1], text.data(), text.size());
    ::_exit(n == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(fds[1]);
  std::string text;
  char buffer[256];
  ssize_t n = 0;
  while ((n = ::read(fds[0], buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(n));
  ::close(fds[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status == 0 ? text : "the child failed";
}

// What open_port() gives: a name, or an error.
std::string opened() {
  try {
    std::unique_ptr<Port> port(open_port());
    return port->name();
  } catch (const ValueError& e) {
    return std::string("ValueError: ") + e.what();
  } catch (const OsError& e) {
    return "OsError " + std::to_string(e.error_number());
  }
}

TEST(OpenPort, GivesThePortThatIsForced) {
  EXPECT_EQ(in_child([] { return ::setenv("TARN_PORT", "epoll", 1), opened(); }), "epoll");
}

TEST(OpenPort, FailsWhereTheForcedPortIsRefused) {
#ifdef TARN_WITH_URING
  const int errors[] = {EPERM, ENOSYS};
#else
  const int errors[] = {ENOSYS};
#endif
  for (int error : errors) {
    EXPECT_EQ(in_child([error] {
                ::setenv("TARN_PORT", "uring", 1);
                refuse(SYS_io_uring_setup, error);
                return opened();
              }),
              "OsError " + std::to_string(error));
  }
}

TEST(OpenPort, NeedsNoUringWhereNothingIsForced) {
  for (int error : {EPERM, ENOSYS, ENOMEM}) {
    EXPECT_EQ(in_child([error] {
                ::unsetenv("TARN_PORT");
                refuse(SYS_io_uring_setup, error);
                return opened();
              }),
              "epoll");
  }
}

TEST(OpenPort, TakesAnEmptyVariableForNone) {
  EXPECT_EQ(in_child([] {
              ::setenv("TARN_PORT", "", 1);
              std::string empty = opened();
              ::unsetenv("TARN_PORT");
              return empty == opened() ? "same" : "different";
            }),
            "same");
}

TEST(OpenPort, NamesTheVariableAndItsValuesWhereTheNameIsUnknown) {
  std::string text = in_child([] { return ::setenv("TARN_PORT", "kqueue", 1), opened(); });
  EXPECT_NE(text.find("ValueError"), std::string::npos) << text;
  for (const char* word : {"TARN_PORT", "kqueue", "uring", "epoll"}) EXPECT_NE(text.find(word), std::string::npos);
}

TEST(OpenPort, EpollIsNeverEarlyOnKernelsWithoutPwait2) {
  EXPECT_EQ(in_child([]() -> std::string {
              refuse(SYS_epoll_pwait2, ENOSYS);
              std::unique_ptr<Port> port(epoll());
              for (std::int64_t ns : {1'000, 700'000, 3'000'000}) {
                std::int64_t deadline = port->now() + ns;
                port->wait(deadline);
                if (port->now() < deadline) return "early";
              }
              return "never early";
            }),
            "never early");
}

}  // namespace
}  // namespace tarn
