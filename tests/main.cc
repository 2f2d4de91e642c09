// SPDX-License-Identifier: BSL-1.0
// The main() of every test program.
//
// Death tests start anew instead of forking: loops and thread pools don't survive a fork.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  return RUN_ALL_TESTS();
}
