// SPDX-License-Identifier: BSL-1.0
// A program of somebody who uses tarn: it includes by the public names, links, and runs.
#include <tarn/base/duration.h>
#include <tarn/base/errors.h>

#include <chrono>

int main() {
  try {
    throw tarn::TimeoutError();
  } catch (const std::exception&) {
    return tarn::Duration(std::chrono::seconds(1)) == tarn::Duration(std::chrono::milliseconds(1000)) ? 0 : 1;
  }
}
