// SPDX-License-Identifier: BSL-1.0
#include <tarn/os/rooted_file.h>

#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include <tarn/base/errors.h>

namespace tarn {
namespace {

namespace fs = std::filesystem;

// A folder "root" with files, and a secret beside it.
class RootedFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "tarn_rooted_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    fs::create_directories(base_ / "root/sub");
    write("secret", "secret");
    write("root/a.txt", "hello");
    write("root/sub/b.txt", "b");
    write("root/...", "dots");
    fs::create_symlink("../secret", base_ / "root/out");
    fs::create_symlink(base_ / "secret", base_ / "root/absolute");
    fs::create_symlink("..", base_ / "root/up");
    fs::create_symlink("sub/b.txt", base_ / "root/inside");
    fs::create_symlink("/proc/self/root", base_ / "root/magic");
    ASSERT_EQ(mkfifo((base_ / "root/pipe").c_str(), 0600), 0);
  }
  void TearDown() override { fs::remove_all(base_); }
  void write(const char* name, const char* text) const { std::ofstream(base_ / name) << text; }

  std::string content(const std::string& name) const {
    const auto file = Directory(base_ / "root").open(name);
    if (!file) return "not found";
    if (file->is_directory()) return "directory";
    std::array<char, 100> bytes;
    return std::string(bytes.data(), file->read_at(0, bytes));
  }

  fs::path base_;
};

TEST_F(RootedFileTest, OpensWhatIsBelow) {
  EXPECT_EQ(content("a.txt"), "hello");
  EXPECT_EQ(content("sub/b.txt"), "b");
  EXPECT_EQ(content("..."), "dots");
  EXPECT_EQ(content("sub"), "directory");
  EXPECT_EQ(content(""), "directory");
  EXPECT_EQ(content("inside"), "b");
}

TEST_F(RootedFileTest, NeverOpensWhatIsOutside) {
  for (const char* name : {"../secret", "sub/../../secret", "..", "out", "absolute", "up/secret", "up",
                           "magic/etc/passwd", "/etc/passwd", "//etc/passwd", "sub/../../root/a.txt"})
    EXPECT_EQ(content(name), "not found") << name;
}

TEST_F(RootedFileTest, FindsNothingElse) {
  for (const char* name : {"missing", "a.txt/", "a.txt/x", "pipe", "sub/missing"})
    EXPECT_EQ(content(name), "not found") << name;
  EXPECT_EQ(content(std::string("a.txt\0.png", 10)), "not found");
  EXPECT_EQ(content(std::string(5000, 'x')), "not found");
}

TEST_F(RootedFileTest, KnowsSizeAndTime) {
  const auto file = Directory(base_ / "root").open("a.txt");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size(), 5U);
  EXPECT_GT(file->modified(), 1'600'000'000);
  std::array<char, 2> two;
  EXPECT_EQ(file->read_at(4, two), 1U);
  EXPECT_EQ(file->read_at(5, two), 0U);
}

TEST_F(RootedFileTest, RefusesAFolderThatIsNone) {
  EXPECT_THROW(Directory(base_ / "missing"), FileNotFoundError);
  EXPECT_THROW(Directory(base_ / "secret"), OsError);
}

}  // namespace
}  // namespace tarn
