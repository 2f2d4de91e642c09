// SPDX-License-Identifier: BSL-1.0
// The memory of coroutine frames and task states: per-thread free lists by size class.
//
// Every block comes from malloc by itself, so a block may be given back on any thread: it joins that thread's list, or
// goes back to malloc once the list is full. Off under ASan, where a pool would hide use after free.
#pragma once
#include <tarn/base/config.h>

#include <cstddef>
#include <cstdlib>

namespace tarn::internal {

struct PoolBlock {
  PoolBlock* next;
};

struct Pool {
  static constexpr std::size_t granule = 16;
  static constexpr std::size_t largest = 1024;
  static constexpr std::size_t classes = largest / granule + 1;
  /// Bytes that one size class of one thread may keep. 2 MiB hold the 10,000 small tasks of a large gather.
  static constexpr std::size_t kept_bytes_max = std::size_t{2} << 20;

  PoolBlock* free[classes];
  unsigned room[classes];  ///< how many more blocks the list may take
};

extern TARN_THREAD_LOCAL Pool this_thread_pool;

/// The list was empty. Errors: std::bad_alloc.
void* pool_refill(std::size_t size_class);

inline void* pool_allocate(std::size_t size) {
  if (TARN_ASAN || size > Pool::largest) return ::operator new(size);
  const std::size_t c = (size + Pool::granule - 1) / Pool::granule;
  PoolBlock* const block = this_thread_pool.free[c];
  if (!block) [[unlikely]]
    return pool_refill(c);
  this_thread_pool.free[c] = block->next;
  ++this_thread_pool.room[c];
  return block;
}

inline void pool_release(void* p, std::size_t size) noexcept {
  if (TARN_ASAN || size > Pool::largest) return ::operator delete(p);
  const std::size_t c = (size + Pool::granule - 1) / Pool::granule;
  if (this_thread_pool.room[c] == 0) [[unlikely]]
    return std::free(p);
  --this_thread_pool.room[c];
  auto* const block = static_cast<PoolBlock*>(p);
  block->next = this_thread_pool.free[c];
  this_thread_pool.free[c] = block;
}

/// Base of what lives in the pool. The dynamic type's size must be the static one: final classes, or sized delete by
/// the most derived type.
struct Pooled {
  static void* operator new(std::size_t size) { return pool_allocate(size); }
  static void operator delete(void* p, std::size_t size) noexcept { pool_release(p, size); }
};

}  // namespace tarn::internal
