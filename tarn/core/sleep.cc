// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/sleep.h>

namespace tarn::internal {

void Sleep::refuse_nan() { throw ValueError("Invalid delay: NaN (not a number)"); }

}  // namespace tarn::internal
