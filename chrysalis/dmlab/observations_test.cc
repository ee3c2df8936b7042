#include "chrysalis/dmlab/observations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "chrysalis/dmlab/client_test.h"
#include "chrysalis/levels/catalog.h"

namespace chrysalis::dmlab {
namespace {

constexpr int kWidth = 64, kHeight = 48, kPixels = kWidth * kHeight;

Client::Pairs level(const std::string& name) {
  return {{"levelName", name}, {"width", "64"}, {"height", "48"}};
}

// Client, started.
struct Playing : Client {
  explicit Playing(const Pairs& settings, int seed = 1) : Client(settings) {
    EXPECT_EQ(api.start(context, 0, seed), 0);
  }
};

TEST(Observations, OnEveryLevelAllHaveTheShapesOfTheirSpecs) {
  for (const LevelEntry& entry : level_catalog()) {
    const Playing client(level(std::string(entry.name)));
    client.advance(30);
    const auto players = client.shape("DEBUG.PLAYERS.ID");
    for (int i = 0; i < client.api.observation_count(client.context); ++i) {
      const std::string name = client.api.observation_name(client.context, i);
      ObservationSpec spec;
      client.api.observation_spec(client.context, i, &spec);
      std::vector<int> expected = Client::shape(spec);
      if (name.starts_with("DEBUG.PLAYERS.") && expected[0] == 0) expected[0] = players[0];
      Observation given;
      client.api.observation(client.context, i, &given);
      EXPECT_EQ(client.error(), "");
      EXPECT_EQ(given.spec.type, spec.type) << name;
      EXPECT_NE(given.payload.bytes, nullptr) << name;
      if (spec.type == ObservationType::kString) {
        EXPECT_EQ(given.spec.dims, 1);
      } else {
        EXPECT_EQ(Client::shape(given.spec), expected) << name;
      }
    }
  }
}

TEST(Observations, HaveDmLabsNamesInItsOrder) {
  const Client client;
  std::vector<std::string> names;
  for (int i = 0; i < client.api.observation_count(client.context); ++i)
    names.emplace_back(client.api.observation_name(client.context, i));
  EXPECT_EQ(names, (std::vector<std::string>{"RGB_INTERLEAVED",
                                             "RGBD_INTERLEAVED",
                                             "RGB",
                                             "RGBD",
                                             "BGR_INTERLEAVED",
                                             "BGRD_INTERLEAVED",
                                             "MAP_FRAME_NUMBER",
                                             "RGB_INTERLACED",
                                             "RGBD_INTERLACED",
                                             "VEL.TRANS",
                                             "VEL.ROT",
                                             "INSTR",
                                             "TEAM.SCORE",
                                             "FRAMES_REMAINING_AT_60",
                                             "DEBUG.CAMERA_INTERLEAVED.TOP_DOWN",
                                             "DEBUG.CAMERA_INTERLEAVED.PLAYER_VIEW",
                                             "DEBUG.CAMERA_INTERLEAVED.PLAYER_VIEW_NO_RETICLE",
                                             "DEBUG.CAMERA.TOP_DOWN",
                                             "DEBUG.CAMERA.PLAYER_VIEW",
                                             "DEBUG.CAMERA.PLAYER_VIEW_NO_RETICLE",
                                             "DEBUG.MAZE.LAYOUT",
                                             "DEBUG.MAZE.VARIATION",
                                             "DEBUG.POS.TRANS",
                                             "DEBUG.POS.ROT",
                                             "DEBUG.PLAYER_ID",
                                             "DEBUG.PLAYERS.ARMOR",
                                             "DEBUG.PLAYERS.GADGET",
                                             "DEBUG.PLAYERS.GADGET_AMOUNT",
                                             "DEBUG.PLAYERS.HEALTH",
                                             "DEBUG.PLAYERS.HOLDING_FLAG",
                                             "DEBUG.PLAYERS.ID",
                                             "DEBUG.PLAYERS.EYE.POS",
                                             "DEBUG.PLAYERS.EYE.ROT",
                                             "DEBUG.PLAYERS.VELOCITY",
                                             "DEBUG.PLAYERS.NAME",
                                             "DEBUG.PLAYERS.TEAM",
                                             "DEBUG.PLAYERS.CAPTURES",
                                             "DEBUG.PLAYERS.SCORE",
                                             "DEBUG.PLAYERS.IS_BOT",
                                             "DEBUG.FLAGS.RED",
                                             "DEBUG.FLAGS.BLUE",
                                             "DEBUG.FLAGS.RED_HOME",
                                             "DEBUG.FLAGS.BLUE_HOME"}));
}

TEST(Observations, PicturesAreOnePictureInTheirLayouts) {
  const Playing client(level("nav_maze_static_01"));
  const auto rgb = client.bytes("RGB_INTERLEAVED"), rgbd = client.bytes("RGBD_INTERLEAVED"),
             planar = client.bytes("RGB"), planar_depth = client.bytes("RGBD"),
             bgr = client.bytes("BGR_INTERLEAVED"), bgrd = client.bytes("BGRD_INTERLEAVED");
  EXPECT_EQ(client.shape("RGB_INTERLEAVED"), (std::vector<int>{kHeight, kWidth, 3}));
  EXPECT_EQ(client.shape("BGRD_INTERLEAVED"), (std::vector<int>{kHeight, kWidth, 4}));
  EXPECT_EQ(client.shape("RGBD"), (std::vector<int>{4, kHeight, kWidth}));
  for (std::size_t i = 0; i < kPixels; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      ASSERT_EQ(rgbd[i * 4 + c], rgb[i * 3 + c]);
      ASSERT_EQ(planar[c * kPixels + i], rgb[i * 3 + c]);
      ASSERT_EQ(planar_depth[c * kPixels + i], rgb[i * 3 + c]);
      ASSERT_EQ(bgr[i * 3 + 2 - c], rgb[i * 3 + c]);
      ASSERT_EQ(bgrd[i * 4 + 2 - c], rgb[i * 3 + c]);
    }
    ASSERT_EQ(planar_depth[3 * kPixels + i], rgbd[i * 4 + 3]);
    ASSERT_EQ(bgrd[i * 4 + 3], rgbd[i * 4 + 3]);
  }
  EXPECT_EQ(client.bytes("RGB_INTERLACED"), rgb);
  EXPECT_EQ(client.bytes("RGBD_INTERLACED"), rgbd);
}

// lt_chasm has a sky, and walls at distances that are known from where the agent is.
TEST(Observations, DepthIsThatOfAnEightBitBuffer) {
  const Playing client(level("lt_chasm"));
  // Level, the horizon's row ends at a wall or at a bot.
  const auto rgbd = client.bytes("RGBD_INTERLEAVED");
  std::vector<int> depths;
  for (std::size_t i = 0; i < kPixels; ++i) depths.push_back(rgbd[i * 4 + 3]);
  EXPECT_EQ(*std::ranges::max_element(depths), 255) << "the sky";
  EXPECT_LT(*std::ranges::min_element(depths), 250) << "the floor at the feet";
  // The lowest row looks 36.9 degrees down on a floor 50 u below the eye: 50 u / tan = 66.7 u ahead.
  const double pixel_down = (kHeight / 2 - 0.5) / (kWidth / 2);
  const double ahead = (24 + 26 - 0.125) / pixel_down;
  EXPECT_NEAR(depths[kPixels - kWidth / 2], 255 * (1 - 4 / ahead), 1.0);
}

TEST(Observations, VelocitiesAreTheAgentsOwn) {
  const Playing client(level("lt_chasm"));
  client.advance(60);
  EXPECT_EQ(client.doubles("VEL.TRANS"), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(client.doubles("VEL.ROT"), (std::vector<double>{0, 0, 0}));
  client.act({0, 0, 0, 1, 0, 0, 0});
  client.advance(3);
  auto velocity = client.doubles("VEL.TRANS");
  EXPECT_GT(velocity[0], 40) << "forward";
  EXPECT_NEAR(velocity[1], 0, 1);
  EXPECT_EQ(velocity[2], 0);
  const auto world = client.doubles("DEBUG.PLAYERS.VELOCITY");
  EXPECT_NEAR(std::hypot(world[0], world[1]), velocity[0], 1);
  client.act({});
  client.advance(60);
  client.act({0, 0, -1, 0, 0, 0, 0});
  client.advance(3);
  velocity = client.doubles("VEL.TRANS");
  EXPECT_GT(velocity[1], 40) << "left";
  EXPECT_NEAR(velocity[0], 0, 1);
  // An engine second has 62.5 frames.
  client.act({10, -5, 0, 0, 0, 0, 0});
  client.advance(2);
  const auto turn = client.doubles("VEL.ROT");
  EXPECT_NEAR(turn[0], -5 * 0.1056 * 62.5, 0.01) << "pitch";
  EXPECT_NEAR(turn[1], -10 * 0.1056 * 62.5, 0.01) << "yaw, also across 180 degrees";
  EXPECT_EQ(turn[2], 0);
  client.act({512, 0, 0, 0, 0, 0, 0});
  for (int i = 0; i < 8; ++i) {
    client.advance(1);
    EXPECT_NEAR(client.doubles("VEL.ROT")[1], -512 * 0.1056 * 62.5, 0.01);
  }
}

TEST(Observations, PosesAreTheBodys) {
  const Playing client(level("seek_apples"));
  client.advance(60);
  EXPECT_NEAR(client.doubles("DEBUG.POS.TRANS")[2], 24.125, 1e-3) << "an origin above the floor";
  client.act({0, 100, 0, 0, 0, 0, 0});
  client.advance(1);
  const auto rotation = client.doubles("DEBUG.POS.ROT");
  EXPECT_NEAR(rotation[0], 10.56, 1e-3);
  EXPECT_EQ(rotation[2], 0);
  EXPECT_EQ(client.doubles("DEBUG.PLAYERS.EYE.ROT"), rotation);
  auto eye = client.doubles("DEBUG.POS.TRANS");
  eye[2] += 26;
  EXPECT_EQ(client.doubles("DEBUG.PLAYERS.EYE.POS"), eye);
  EXPECT_EQ(client.bytes("DEBUG.PLAYER_ID"), std::vector<std::uint8_t>{1});
}

TEST(Observations, PlayersAreListed) {
  auto settings = level("lt_horseshoe_color");
  settings.emplace_back("playerName", "someone");
  const Playing client(settings);
  EXPECT_EQ(client.text("DEBUG.PLAYERS.NAME"), "someone\nbot 1\nbot 2\nbot 3\nbot 4\nbot 5\nbot 6");
  EXPECT_EQ(client.bytes("DEBUG.PLAYERS.ID"), (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(client.bytes("DEBUG.PLAYERS.IS_BOT"), (std::vector<std::uint8_t>{0, 1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(client.doubles("DEBUG.PLAYERS.HEALTH"), std::vector<double>(7, 125));
  EXPECT_EQ(client.doubles("DEBUG.PLAYERS.ARMOR"), std::vector<double>(7, 0));
  EXPECT_EQ(client.doubles("DEBUG.PLAYERS.GADGET"), std::vector<double>(7, 3)) << "Rapid";
  EXPECT_EQ(client.doubles("DEBUG.PLAYERS.GADGET_AMOUNT"), std::vector<double>(7, 100));
  for (const char* none : {"SCORE", "TEAM", "CAPTURES", "HOLDING_FLAG"})
    EXPECT_EQ(client.doubles(std::string("DEBUG.PLAYERS.") + none), std::vector<double>(7, 0)) << none;
  EXPECT_EQ(client.doubles("TEAM.SCORE"), (std::vector<double>{0, 0}));
  EXPECT_EQ(client.doubles("DEBUG.FLAGS.RED"), std::vector<double>(5, 0));
  EXPECT_EQ(client.doubles("DEBUG.FLAGS.BLUE_HOME"), std::vector<double>(4, 0));
  EXPECT_EQ(client.text("INSTR"), "");

  client.advance(2);  // FIRE must be let go after a spawn.
  client.act({0, 0, 0, 0, 1, 0, 0});
  client.advance(30);
  EXPECT_LT(client.doubles("DEBUG.PLAYERS.GADGET_AMOUNT")[0], 100) << "it shot";

  const Playing alone(level("seek_apples"));
  EXPECT_EQ(alone.text("DEBUG.PLAYERS.NAME"), "UnnamedPlayer");
  EXPECT_EQ(alone.doubles("DEBUG.PLAYERS.HEALTH"), std::vector<double>{100});
  EXPECT_EQ(alone.doubles("DEBUG.PLAYERS.ARMOR"), std::vector<double>{0});
  EXPECT_EQ(alone.doubles("DEBUG.PLAYERS.GADGET"), std::vector<double>{0});
  EXPECT_EQ(alone.doubles("DEBUG.PLAYERS.GADGET_AMOUNT"), std::vector<double>{0});
}

TEST(Observations, AnEmptyRapidGivesWayToWhatNeedsNoRounds) {
  auto settings = level("lt_chasm");
  settings.emplace_back("botCount", "0");
  const Playing client(settings);
  client.act({0, 0, 0, 0, 0, 0, 0});
  client.advance(2);
  client.act({0, 0, 0, 0, 1, 0, 0});
  client.advance(1000);
  EXPECT_EQ(client.doubles("DEBUG.PLAYERS.GADGET"), std::vector<double>{2}) << "Impulse";
  EXPECT_EQ(client.doubles("DEBUG.PLAYERS.GADGET_AMOUNT"), std::vector<double>{-1});
}

TEST(Observations, TheScoreOfTheAgentIsTheSumOfItsRewards) {
  for (const char* name : {"lt_chasm", "seek_apples"}) {
    const Playing client(level(name));
    RandomStream actions{RandomKey(2)};
    double rewards = 0;
    bool scored = false;
    for (int i = 0; i < 400; ++i) {
      client.act(random_parts(actions));
      rewards += client.advance(20).reward;
      scored |= rewards != 0;
      ASSERT_EQ(client.doubles("DEBUG.PLAYERS.SCORE")[0], rewards) << name;
      if (i == 80) {
        client.api.start(client.context, 1, 9);
        EXPECT_EQ(client.doubles("DEBUG.PLAYERS.SCORE")[0], 0);
        rewards = 0;
      }
    }
    EXPECT_TRUE(scored) << name;
    if (std::string(name) == "lt_chasm") {
      const auto scores = client.doubles("DEBUG.PLAYERS.SCORE");
      EXPECT_TRUE(std::any_of(scores.begin() + 1, scores.end(), [](double score) { return score != 0; }));
    }
  }
}

TEST(Observations, MazesAreWrittenAsDmLabWritesThem) {
  const Playing maze(level("contributed/dmlab30/explore_object_locations_small"), 3);
  const std::string layout = maze.text("DEBUG.MAZE.LAYOUT"), variation = maze.text("DEBUG.MAZE.VARIATION");
  EXPECT_EQ(layout.find_first_not_of("* PA\n"), std::string::npos) << layout;
  EXPECT_NE(layout.find('P'), std::string::npos);
  EXPECT_EQ(variation.find_first_not_of(".A\n"), std::string::npos) << variation;
  EXPECT_EQ(variation.size(), layout.size());
  const Playing fixed(level("nav_maze_static_01"));
  EXPECT_EQ(fixed.text("DEBUG.MAZE.LAYOUT").substr(0, 22), "+-+-+-+-+-+R+-+-+-+-+\n")
      << "as its map is written";
  EXPECT_EQ(fixed.text("DEBUG.MAZE.VARIATION"), "");
}

TEST(Observations, CamerasShowTheViewWithoutSwayAndTheMapFromAbove) {
  auto settings = level("seek_apples");
  settings.emplace_back("maxAltCameraWidth", "128");
  const Playing client(settings);
  EXPECT_EQ(client.shape("DEBUG.CAMERA.TOP_DOWN"), (std::vector<int>{3, kHeight, 128}));
  EXPECT_EQ(client.shape("DEBUG.CAMERA_INTERLEAVED.PLAYER_VIEW"), (std::vector<int>{kHeight, 128, 3}));
  for (const char* camera : {"TOP_DOWN", "PLAYER_VIEW", "PLAYER_VIEW_NO_RETICLE"}) {
    const auto rgb = client.bytes(std::string("DEBUG.CAMERA_INTERLEAVED.") + camera);
    const auto planar = client.bytes(std::string("DEBUG.CAMERA.") + camera);
    const std::size_t pixels = rgb.size() / 3;
    for (std::size_t i = 0; i < pixels; ++i)
      for (std::size_t c = 0; c < 3; ++c) ASSERT_EQ(planar[c * pixels + i], rgb[i * 3 + c]) << camera;
  }
  const auto with = client.bytes("DEBUG.CAMERA_INTERLEAVED.PLAYER_VIEW"),
             without = client.bytes("DEBUG.CAMERA_INTERLEAVED.PLAYER_VIEW_NO_RETICLE");
  for (int row = 0; row < kHeight; ++row) {
    for (int column = 0; column < 128; ++column) {
      const bool reticle = row >= 22 && row <= 24 && column >= 62 && column <= 64;
      const auto i = static_cast<std::size_t>(row * 128 + column) * 3;
      ASSERT_EQ(with[i], reticle ? 200 : without[i]) << row << " " << column;
    }
  }
  // At rest, of equal size, it is the view itself.
  const Playing plain(level("seek_apples"));
  plain.advance(120);
  EXPECT_EQ(plain.bytes("DEBUG.CAMERA.PLAYER_VIEW_NO_RETICLE"), plain.bytes("RGB"));
  EXPECT_NE(plain.bytes("DEBUG.CAMERA.TOP_DOWN"), plain.bytes("RGB"));
}

TEST(Observations, AskingForOneChangesNoOther) {
  const Playing client(level("lt_chasm"));
  client.advance(50);
  const auto before = client.bytes("RGBD");
  for (int i = 0; i < client.api.observation_count(client.context); ++i) {
    Observation given;
    client.api.observation(client.context, i, &given);
  }
  EXPECT_EQ(client.bytes("RGBD"), before);
  client.act({30, 0, 0, 0, 0, 0, 0});
  client.advance(1);
  EXPECT_NE(client.bytes("RGBD"), before) << "and the picture is of now";
}

}  // namespace
}  // namespace chrysalis::dmlab
