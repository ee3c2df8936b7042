#include "chrysalis/dmlab/episode.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

namespace chrysalis::dmlab {
namespace {

Episode make(const LevelConfig& level) {
  return Episode(NativeEnvironment::create(level, {.width = 16, .height = 12, .action_repeat = 1}).value());
}

LevelConfig seek_apples() {
  LevelConfig config;
  config.name = "seek_apples";
  return config;
}

// A level of a text map's lines.
class OwnMap {
 public:
  explicit OwnMap(const std::string& lines)
      : path_(fmt::format("{}chrysalis_episode_test_{}.map", testing::TempDir(), getpid())) {
    std::ofstream(path_) << "chrysalis map 2\nname = own\nepisode_seconds = 60\n" << lines << "\n";
  }
  // One row, walled in.
  static std::string of_row(const std::string& row) {
    const std::string wall(row.size() + 2, '#');
    return fmt::format("grid\n{0}\n#{1}#\n{0}", wall, row);
  }
  ~OwnMap() { std::filesystem::remove(path_); }
  LevelConfig level() const {
    LevelConfig config;
    config.name = "map:" + path_;
    return config;
  }

 private:
  std::string path_;
};

// Turns to +x, then walks there for `frames` frames or until something is had. Returns the reward.
float walk(Episode& episode, int frames) {
  float reward = 0;
  for (int i = 0; i < frames && reward == 0; ++i) {
    const float yaw = episode.world().players()[0].yaw_degrees;
    const int look = static_cast<int>(std::lround(yaw / kDegreesPerLookUnit));
    reward = episode.step({.look_right = std::clamp(look, -512, 512), .move_forward = std::abs(yaw) < 1});
  }
  return reward;
}

TEST(Episode, ARestartBeginsTheMapsFramesAndStopsTheHead) {
  for (const char* row : {"SA", "SG"}) {
    const OwnMap map(OwnMap::of_row(row));
    Episode episode = make(map.level());
    EXPECT_FALSE(episode.started());
    episode.start(1);
    EXPECT_TRUE(episode.started());
    EXPECT_EQ(episode.map_frames(), 0);
    EXPECT_EQ(episode.frames_left(), 3600);
    const float reward = walk(episode, 300);
    EXPECT_EQ(reward, row[1] == 'A' ? 1 : 10);
    EXPECT_EQ(episode.map_frames(), 0) << "the last apple, or a goal: the map restarted";
    EXPECT_EQ(episode.angular_velocity(), Vec3{}) << "it was put elsewhere, and did not turn there";
    EXPECT_LT(episode.frames_left(), 3600);
    EXPECT_EQ(episode.scores()[0], reward);
    episode.step({.look_right = 10});
    EXPECT_EQ(episode.map_frames(), 1);
    EXPECT_NEAR(episode.angular_velocity().y, -66, 0.01);
  }
}

TEST(Episode, WhatDoesNotRestartTheMapDoesNot) {
  const OwnMap map(OwnMap::of_row("SAA"));
  Episode episode = make(map.level());
  episode.start(1);
  EXPECT_EQ(walk(episode, 300), 1);
  EXPECT_EQ(episode.map_frames(), 3600 - episode.frames_left()) << "one apple of two";
}

TEST(Episode, ADeathStopsTheHeadAndNotTheMapsFrames) {
  const OwnMap map("death_reward = -1\nroom 0 0 800 200\nspawn 100 100\nlava 300 0 800 200");
  Episode episode = make(map.level());
  episode.start(1);
  EXPECT_EQ(walk(episode, 300), -1);
  EXPECT_EQ(episode.world().players()[0].origin.x, 100);
  EXPECT_EQ(episode.angular_velocity(), Vec3{}) << "it was put elsewhere, and did not turn there";
  EXPECT_EQ(episode.map_frames(), 3600 - episode.frames_left());
}

TEST(Episode, AMapMadeAnewBeginsItsFrames) {
  // One room of nine cells with one apple: whoever wanders finds it.
  LevelConfig level;
  level.name = "explore_object_locations_small";
  level.maze_width = level.maze_height = 5;
  level.room_count = level.object_count = 1;
  level.room_max_size = 3;
  level.reward_density = 1;
  level.quick_restart = false;
  Episode episode = make(level);
  episode.start(1);
  RandomStream actions{RandomKey(4)};
  RawAction action;
  for (int i = 0; episode.frames_left() > 0; ++i) {
    if (i % 20 == 0) action = {.look_right = actions.between(-60, 60), .move_forward = 1};
    if (episode.step(action) > 0) break;
  }
  ASSERT_EQ(episode.scores()[0], 1) << "found in time";
  EXPECT_EQ(episode.map_frames(), 0);
  EXPECT_EQ(episode.angular_velocity(), Vec3{});
  EXPECT_EQ(episode.world().frame(), 0);
}

TEST(Episode, EveryMomentHasItsNumber) {
  Episode episode = make(seek_apples());
  std::uint64_t last = episode.moment();
  for (int i = 0; i < 3; ++i) {
    episode.start(1);
    EXPECT_GT(episode.moment(), last);
    last = episode.moment();
    episode.step({});
    EXPECT_GT(episode.moment(), last);
    last = episode.moment();
  }
}

TEST(EpisodeDeathTest, AFrameAfterTheLastIsABug) {
  LevelConfig level = seek_apples();
  level.episode_seconds = 1;
  Episode episode = make(level);
  EXPECT_DEATH(episode.step({}), "without a frame left");
  episode.start(1);
  for (int i = 0; i < 60; ++i) episode.step({});
  EXPECT_DEATH(episode.step({}), "without a frame left");
}

}  // namespace
}  // namespace chrysalis::dmlab
