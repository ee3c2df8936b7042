#include "chrysalis/media/film.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace chrysalis {
namespace {

namespace fs = std::filesystem;

class FilmTest : public testing::Test {
 protected:
  FilmTest() : folder_(fs::temp_directory_path() / ("chrysalis_film_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~FilmTest() override { fs::remove_all(folder_); }
  std::string in_folder(const char* name) const { return (folder_ / name).string(); }
  bool is_empty() const { return fs::is_empty(folder_); }
  fs::path folder_;
};

std::vector<std::uint8_t> frame(int width, int height, std::uint8_t grey) {
  return std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * 3, grey);
}

struct Decoded {
  int width = 0, height = 0, frames = 0;
  AVPixelFormat pixels = AV_PIX_FMT_NONE;
  AVCodecID codec = AV_CODEC_ID_NONE;
  double frames_per_second = 0;
  std::vector<int> luma;  // Of each frame's middle.
};

Decoded decode(const std::string& path) {
  Decoded out;
  AVFormatContext* container = nullptr;
  if (avformat_open_input(&container, path.c_str(), nullptr, nullptr) < 0) return out;
  avformat_find_stream_info(container, nullptr);
  const AVStream* stream = container->streams[0];
  out.codec = stream->codecpar->codec_id;
  out.frames_per_second = av_q2d(stream->avg_frame_rate);
  AVCodecContext* codec = avcodec_alloc_context3(avcodec_find_decoder(out.codec));
  avcodec_parameters_to_context(codec, stream->codecpar);
  avcodec_open2(codec, codec->codec, nullptr);
  AVPacket* packet = av_packet_alloc();
  AVFrame* picture = av_frame_alloc();
  const auto drain = [&] {
    while (avcodec_receive_frame(codec, picture) == 0) {
      out.width = picture->width;
      out.height = picture->height;
      out.pixels = static_cast<AVPixelFormat>(picture->format);
      out.luma.push_back(picture->data[0][picture->height / 2 * picture->linesize[0] + picture->width / 2]);
      ++out.frames;
    }
  };
  while (av_read_frame(container, packet) == 0) {
    avcodec_send_packet(codec, packet);
    av_packet_unref(packet);
    drain();
  }
  avcodec_send_packet(codec, nullptr);
  drain();
  av_frame_free(&picture);
  av_packet_free(&packet);
  avcodec_free_context(&codec);
  avformat_close_input(&container);
  return out;
}

TEST_F(FilmTest, ANameWithAColonIsAName) {
  const std::string path = in_folder("map:maze.mp4");
  FilmWriter writer = FilmWriter::create(path, {.width = 16, .height = 16, .frames_per_second = 15}).value();
  ASSERT_TRUE(writer.add(frame(16, 16, 90)).ok());
  ASSERT_TRUE(writer.finish().ok());
  EXPECT_EQ(decode("file:" + path).frames, 1);
}

TEST_F(FilmTest, APlayerReadsBackEveryFrame) {
  auto film = FilmWriter::create(in_folder("a.mp4"),
                                 {.width = 96, .height = 72, .frames_per_second = 15, .factor = 2});
  ASSERT_TRUE(film.ok());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(film->add(frame(96, 72, static_cast<std::uint8_t>(i * 6))).ok());
  EXPECT_FALSE(fs::exists(in_folder("a.mp4"))) << "the name appears with the whole film";
  ASSERT_TRUE(film->finish().ok());
  EXPECT_TRUE(film->finish().ok());
  const Decoded read = decode(in_folder("a.mp4"));
  EXPECT_EQ(read.codec, AV_CODEC_ID_H264);
  EXPECT_EQ(read.pixels, AV_PIX_FMT_YUV420P);
  EXPECT_EQ(read.width, 192);
  EXPECT_EQ(read.height, 144);
  EXPECT_DOUBLE_EQ(read.frames_per_second, 15);
  ASSERT_EQ(read.frames, 40);
  for (int i = 0; i < 40; ++i) EXPECT_NEAR(read.luma[i], 16 + i * 6 * 219 / 255, 6) << i;
  EXPECT_FALSE(fs::exists(in_folder("a.mp4.part")));
}

TEST_F(FilmTest, SixtyFramesPerSecondAndOddFramesWithAnEvenFactor) {
  auto film = FilmWriter::create(in_folder("a.mp4"),
                                 {.width = 33, .height = 21, .frames_per_second = 60, .factor = 4});
  ASSERT_TRUE(film.ok());
  ASSERT_TRUE(film->add(frame(33, 21, 128)).ok());
  ASSERT_TRUE(film->finish().ok());
  const Decoded read = decode(in_folder("a.mp4"));
  EXPECT_EQ(read.frames, 1);
  EXPECT_EQ(read.width, 132);
  EXPECT_EQ(read.height, 84);
}

TEST_F(FilmTest, FormatsThatCannotBeAreRefused) {
  const auto message = [&](const FilmFormat& format) {
    return FilmWriter::create("a.mp4", format).error().message;
  };
  EXPECT_EQ(message({.width = 33, .height = 20, .factor = 1}),
            "a.mp4: a film of 33 x 20 pixels; H.264 needs both sides even");
  EXPECT_EQ(message({.width = 0}),
            "a.mp4: a film of 0 x 72 pixels enlarged 6 times; each side must come to 1 to 4096");
  EXPECT_EQ(message({.width = 2048, .height = 4, .factor = 4}),
            "a.mp4: a film of 2048 x 4 pixels enlarged 4 times; each side must come to 1 to 4096");
  EXPECT_EQ(message({.frames_per_second = 0}), "a.mp4: 0 frames per second; 1 to 240 are possible");
  EXPECT_NE(message({.factor = 0}), "");
}

TEST_F(FilmTest, APathThatCannotBeWrittenIsNamed) {
  const auto film = FilmWriter::create(in_folder("none/a.mp4"), {});
  ASSERT_FALSE(film.ok());
  EXPECT_EQ(film.error().code, ErrorCode::kIo);
  EXPECT_NE(film.error().message.find("none/a.mp4: No such file or directory"), std::string::npos);
}

TEST_F(FilmTest, AFrameOfTheWrongSizeIsRefusedAndTheFilmGoesOn) {
  auto film = FilmWriter::create(in_folder("a.mp4"), {});
  ASSERT_TRUE(film.ok());
  EXPECT_NE(film->add(frame(95, 72, 0)).error().message.find("96 x 72 pixels are 20736"), std::string::npos);
  EXPECT_TRUE(film->add(frame(96, 72, 0)).ok());
  EXPECT_TRUE(film->finish().ok());
}

TEST_F(FilmTest, AnAbandonedFilmLeavesNothing) {
  {
    auto film = FilmWriter::create(in_folder("a.mp4"), {});
    ASSERT_TRUE(film.ok());
    ASSERT_TRUE(film->add(frame(96, 72, 0)).ok());
    EXPECT_FALSE(is_empty());
  }
  EXPECT_TRUE(is_empty());
}

TEST_F(FilmTest, AFilmWithoutFramesIsAnErrorAndLeavesNothing) {
  auto film = FilmWriter::create(in_folder("a.mp4"), {});
  ASSERT_TRUE(film.ok());
  EXPECT_NE(film->finish().error().message.find("without frames"), std::string::npos);
  EXPECT_TRUE(is_empty());
  EXPECT_FALSE(film->add(frame(96, 72, 0)).ok()) << "every later call repeats the error";
  EXPECT_FALSE(film->finish().ok());
}

TEST_F(FilmTest, ARenameThatFailsKeepsWhatWasThere) {
  fs::create_directories(folder_ / "a.mp4" / "inside");
  auto film = FilmWriter::create(in_folder("a.mp4"), {});
  ASSERT_TRUE(film.ok());
  ASSERT_TRUE(film->add(frame(96, 72, 0)).ok());
  EXPECT_NE(film->finish().error().message.find("rename"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder_ / "a.mp4" / "inside"));
  EXPECT_FALSE(fs::exists(in_folder("a.mp4.part")));
}

TEST_F(FilmTest, AFullDiskIsReported) {
  if (!fs::exists("/dev/full")) return;
  fs::create_symlink("/dev/full", in_folder("a.mp4.part"));
  auto film = FilmWriter::create(in_folder("a.mp4"), {});
  bool failed = !film.ok();
  for (int i = 0; i < 200 && !failed; ++i)
    failed = !film->add(frame(96, 72, static_cast<std::uint8_t>(i))).ok();
  if (!failed) failed = !film->finish().ok();
  EXPECT_TRUE(failed);
  EXPECT_FALSE(fs::exists(in_folder("a.mp4")));
}

}  // namespace
}  // namespace chrysalis
