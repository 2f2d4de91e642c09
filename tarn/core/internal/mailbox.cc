// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/internal/mailbox.h>

#include <tarn/core/port.h>

#include <thread>

namespace tarn::internal {

bool Mailbox::post(Ready* node) noexcept {
  posting_.fetch_add(1, std::memory_order_seq_cst);
  Ready* seen = newest_.load(std::memory_order_relaxed);
  do {
    if (seen == closed()) {
      posting_.fetch_sub(1, std::memory_order_release);
      return false;
    }
    node->next = seen;
  } while (!newest_.compare_exchange_weak(seen, node, std::memory_order_seq_cst, std::memory_order_relaxed));
  if (asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false)) port_->wake();
  posting_.fetch_sub(1, std::memory_order_release);
  return true;
}

void Mailbox::wake() noexcept {
  posting_.fetch_add(1, std::memory_order_seq_cst);
  if (newest_.load(std::memory_order_seq_cst) != closed()) port_->wake();
  posting_.fetch_sub(1, std::memory_order_release);
}

void Mailbox::collect(ReadyQueue& queue) noexcept {
  Ready* newest = newest_.exchange(nullptr, std::memory_order_acquire);
  Ready* oldest = nullptr;
  while (newest) {
    Ready* const next = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = next;
  }
  while (oldest) {
    Ready* const next = oldest->next;
    queue.push(oldest);
    oldest = next;
  }
}

bool Mailbox::fall_asleep() noexcept {
  asleep_.store(true, std::memory_order_seq_cst);
  if (newest_.load(std::memory_order_seq_cst) == nullptr) return true;
  awake();
  return false;
}

void Mailbox::close(ReadyQueue& last_mail) noexcept {
  collect(last_mail);
  Ready* late = newest_.exchange(closed(), std::memory_order_seq_cst);
  while (posting_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
  while (late && late != closed()) {
    Ready* const next = late->next;
    last_mail.push(late);
    late = next;
  }
}

}  // namespace tarn::internal
