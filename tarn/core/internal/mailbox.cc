// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/internal/mailbox.h>

#include <tarn/core/port.h>

#include <thread>

namespace tarn::internal {

bool Mailbox::post(Ready* node) noexcept {
  posting_.add(1);
  Ready* seen = newest_.load_relaxed();
  do {
    if (seen == closed()) {
      posting_.subtract(1);
      return false;
    }
    node->next = seen;
  } while (!newest_.replace(seen, node));
  if (asleep_.load() && asleep_.exchange(false)) port_->wake();
  posting_.subtract(1);
  return true;
}

void Mailbox::wake() noexcept {
  posting_.add(1);
  if (newest_.load() != closed()) port_->wake();
  posting_.subtract(1);
}

void Mailbox::collect(ReadyQueue& queue) noexcept {
  Ready* newest = newest_.exchange(nullptr);
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
  asleep_.store(true);
  if (newest_.load() == nullptr) return true;
  awake();
  return false;
}

void Mailbox::close(ReadyQueue& last_mail) noexcept {
  collect(last_mail);
  Ready* late = newest_.exchange(closed());
  while (posting_.load() != 0) std::this_thread::yield();
  while (late && late != closed()) {
    Ready* const next = late->next;
    last_mail.push(late);
    late = next;
  }
}

}  // namespace tarn::internal
