// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/internal/pool.h>

#include <new>

namespace tarn::internal {

TARN_THREAD_LOCAL Pool this_thread_pool{};

namespace {

// Opens the lists on a thread's first use and empties them when the thread ends. Apart from the Pool itself so that the
// hot path needs no guard for a thread-local with a destructor.
struct PoolKeeper {
  PoolKeeper() {
    for (std::size_t c = 1; c < Pool::classes; ++c)
      this_thread_pool.room[c] = static_cast<unsigned>(Pool::kept_bytes_max / (c * Pool::granule));
  }
  PoolKeeper(const PoolKeeper&) = delete;
  PoolKeeper& operator=(const PoolKeeper&) = delete;
  ~PoolKeeper() {
    for (std::size_t c = 1; c < Pool::classes; ++c) {
      while (PoolBlock* const block = this_thread_pool.free[c]) {
        this_thread_pool.free[c] = block->next;
        std::free(block);
      }
      this_thread_pool.room[c] = 0;  // what is released from now on goes straight to malloc
    }
  }
};

}  // namespace

void* pool_refill(std::size_t size_class) {
  static thread_local PoolKeeper keeper;
  (void)keeper;
  void* const p = std::malloc(size_class * Pool::granule);
  if (!p) throw std::bad_alloc();
  return p;
}

}  // namespace tarn::internal
