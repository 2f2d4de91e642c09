// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/threads.h>

namespace tarn::internal {

Executor& default_executor(LoopState* loop) {
  if (loop->executor) return *loop->executor;
  if (!loop->own_pool) loop->own_pool = new ThreadPool();
  return *loop->own_pool;
}

}  // namespace tarn::internal
