// SPDX-License-Identifier: BSL-1.0
#include <tarn/os/charset.h>

#include <gtest/gtest.h>

#include <tarn/base/errors.h>

namespace tarn {
namespace {

TEST(Charset, BecomesUtf8) {
  EXPECT_EQ(to_utf8("h\xC3\xA9", ""), "h\xC3\xA9");
  EXPECT_EQ(to_utf8("h\xE9", "iso-8859-1"), "h\xC3\xA9");
  EXPECT_EQ(to_utf8("\xC4\xE3\xBA\xC3", "GBK"), "\xE4\xBD\xA0\xE5\xA5\xBD");
  EXPECT_EQ(to_utf8("", "utf-16le"), "");
  const std::string latin(10'000, '\xE9');
  EXPECT_EQ(to_utf8(latin, "latin1").size(), 20'000U) << "longer than one piece";
}

TEST(Charset, RefusesWhatIsNotInIt) {
  EXPECT_THROW(to_utf8("\xFF", ""), ValueError);
  EXPECT_THROW(to_utf8("\xC3", "utf-8"), ValueError);
  EXPECT_THROW(to_utf8("\x80", "ascii"), ValueError);
  EXPECT_THROW(to_utf8("\xC4", "gbk"), ValueError) << "half a character";
  EXPECT_THROW(to_utf8("x", "klingon"), ValueError);
  EXPECT_THROW(to_utf8("x", "ascii//TRANSLIT"), ValueError);
}

}  // namespace
}  // namespace tarn
