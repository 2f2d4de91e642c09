// SPDX-License-Identifier: BSL-1.0
#include <tarn/io/internal/interrupts.h>

#include <atomic>

#include <signal.h>
#include <unistd.h>

namespace tarn::internal {
namespace {

// What the handler reads. A signal belongs to the process, so these can't live in a Port.
std::atomic<Waker*> woken_by_sigint{nullptr};
std::atomic<Atomic<bool>*> attention_of_sigint{nullptr};
std::atomic<unsigned> sigints{0};
std::atomic<int> handlers_running{0};  // any thread may get the signal: the Waker must outlive those that use it
static_assert(std::atomic<Waker*>::is_always_lock_free && std::atomic<unsigned>::is_always_lock_free);

void on_sigint(int) {
  handlers_running.fetch_add(1);
  sigints.fetch_add(1);
  if (Atomic<bool>* attention = attention_of_sigint.load()) attention->store(true);
  if (Waker* waker = woken_by_sigint.load()) waker->wake();
  handlers_running.fetch_sub(1);
}

bool on_main_thread() { return ::gettid() == ::getpid(); }

bool handler_is(void (*handler)(int)) {
  struct sigaction current{};
  return ::sigaction(SIGINT, nullptr, &current) == 0 && (current.sa_flags & SA_SIGINFO) == 0 &&
         current.sa_handler == handler;
}

void install(void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;  // a Ctrl-C must not become EINTR in code that doesn't know of us
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
}

}  // namespace

bool Interrupts::trap(InterruptTrap* trap, Waker* waker, Atomic<bool>* attention) noexcept {
  if (trap == nullptr) {
    if (trap_ == nullptr) return true;
    trap_ = nullptr;
    if (handler_is(on_sigint)) install(SIG_DFL);  // somebody may have put theirs over ours: it stays
    woken_by_sigint.store(nullptr);
    attention_of_sigint.store(nullptr);
    while (handlers_running.load() != 0) {
    }
    return true;
  }
  if (trap_ == nullptr) {
    if (!on_main_thread() || !handler_is(SIG_DFL)) return false;
    sigints.store(0);
    woken_by_sigint.store(waker);
    attention_of_sigint.store(attention);
    attention_ = attention;
    install(on_sigint);
  }
  trap_ = trap;
  return true;
}

bool Interrupts::deliver_pending() noexcept {
  attention_->store(false);
  unsigned count = sigints.exchange(0);
  for (unsigned i = 0; i < count && trap_ != nullptr; ++i) trap_->fire(trap_);  // fire() may end the trap
  return count != 0;
}

}  // namespace tarn::internal
