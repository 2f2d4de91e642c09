// SPDX-License-Identifier: BSL-1.0
// A Function owns its callable, which may own a file or a task: it moves, it isn't copied.
// expect: deleted
#include <tarn/base/function.h>

#include <utility>

int main() {
  tarn::Function<int()> one([] { return 1; });
#ifdef CONTROL
  tarn::Function<int()> two(std::move(one));
#else
  tarn::Function<int()> two(one);
#endif
  return two() - 1;
}
