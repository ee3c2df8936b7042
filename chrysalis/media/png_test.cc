#include "chrysalis/media/png.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace chrysalis {
namespace {

namespace fs = std::filesystem;

class PngTest : public testing::Test {
 protected:
  PngTest() : folder_(fs::temp_directory_path() / ("chrysalis_png_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~PngTest() override { fs::remove_all(folder_); }
  std::string in_folder(const char* name) const { return (folder_ / name).string(); }
  std::size_t file_count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  fs::path folder_;
};

Image gradient() {
  Image image{5, 3, {}};
  for (int i = 0; i < 45; ++i) image.rgb.push_back(static_cast<std::uint8_t>(i * 5));
  return image;
}

TEST_F(PngTest, ReadsWhatItWrote) {
  ASSERT_TRUE(write_png(in_folder("a.png"), gradient()).ok());
  const auto read = read_png(in_folder("a.png"));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, gradient());
  EXPECT_EQ(file_count(), 1u) << "nothing beside it";
}

TEST_F(PngTest, AFolderThatDoesNotExistIsNamed) {
  const Status status = write_png(in_folder("none/a.png"), gradient());
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
  EXPECT_NE(status.error().message.find("none/a.png"), std::string::npos);
}

TEST_F(PngTest, AFailedRenameLeavesNothingBeside) {
  fs::create_directories(folder_ / "a.png" / "inside");
  const Status status = write_png(in_folder("a.png"), gradient());
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("rename"), std::string::npos);
  EXPECT_EQ(file_count(), 1u);
}

TEST_F(PngTest, APictureWithoutPixelsIsRefused) {
  EXPECT_EQ(write_png(in_folder("a.png"), {}).error().code, ErrorCode::kInvalidInput);
}

TEST_F(PngTest, WhatIsNoPngIsRefused) {
  EXPECT_FALSE(read_png(in_folder("missing.png")).ok());
  std::ofstream(in_folder("text.png")) << "no picture at all";
  EXPECT_NE(read_png(in_folder("text.png")).error().message.find("text.png"), std::string::npos);
}

TEST_F(PngTest, ACutPngIsRefused) {
  Image noise{64, 64, {}};
  for (unsigned i = 0, word = 1; i < 64 * 64 * 3; ++i) {
    word = word * 1664525u + 1013904223u;
    noise.rgb.push_back(static_cast<std::uint8_t>(word >> 24));
  }
  ASSERT_TRUE(write_png(in_folder("a.png"), noise).ok());
  fs::resize_file(folder_ / "a.png", 2000);
  EXPECT_FALSE(read_png(in_folder("a.png")).ok());
}

}  // namespace
}  // namespace chrysalis
