// Conformance: what every level of the catalog must do, without pixels.
#include "chrysalis/levels/catalog.h"

#include <gtest/gtest.h>

#include <fstream>

#include "chrysalis/core/allocations_test.h"
#include "chrysalis/core/random.h"
#include "chrysalis/world/arena_test.h"

namespace chrysalis {
namespace {

constexpr int kFrames = 10000;

// A random action for a while, as agents do: more ground is covered, and walls are pushed into.
class RandomPlayer {
 public:
  explicit RandomPlayer(std::uint64_t seed) : random_(RandomKey(seed)) {}
  const RawAction& next() {
    if (left_-- <= 0) {
      left_ = random_.between(1, 40);
      action_ = random_action(random_);
      if (random_.chance(0.7)) action_.move_forward = 1;
    }
    return action_;
  }

 private:
  RandomStream random_;
  RawAction action_;
  int left_ = 0;
};

std::uint64_t state_hash(const Level& level) {
  ByteWriter out;
  level.save(out);
  return hash64(out.bytes());
}

class EveryLevel : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Level> make() const { return std::move(make_level({.name = GetParam()}).value()); }
};
std::vector<std::string> level_names() {
  std::vector<std::string> names;
  for (const LevelEntry& entry : level_catalog()) names.emplace_back(entry.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Catalog, EveryLevel, testing::ValuesIn(level_names()),
                         [](const auto& info) { return info.param; });

TEST_P(EveryLevel, SpecSaysWhatItIs) {
  const auto level = make();
  EXPECT_EQ(level->spec().name, GetParam());
  EXPECT_FALSE(level->spec().summary.empty());
  EXPECT_NE(level->spec().summary.back(), '.');
  EXPECT_GT(level->spec().episode_frames, 0);
  EXPECT_LE(level->spec().frame_reward_min, level->spec().frame_reward_max);
}

TEST_P(EveryLevel, SameKeyAndActionsGiveTheSameStates) {
  const auto first = make(), second = make();
  first->start(RandomKey(11));
  second->start(RandomKey(11));
  RandomPlayer player(1), same_player(1);
  for (int frame = 0; frame < kFrames; ++frame) {
    ASSERT_EQ(first->step(player.next()), second->step(same_player.next()));
    if (frame % 100 == 0) {
      ASSERT_EQ(state_hash(*first), state_hash(*second)) << "frame " << frame;
    }
  }
}

TEST_P(EveryLevel, AnEpisodeDoesNotDependOnWhatRanBefore) {
  const auto fresh = make(), used = make();
  RandomPlayer player(2);
  for (const std::uint64_t seed : {5, 6, 7}) {
    used->start(RandomKey(seed));
    for (int frame = 0; frame < 500; ++frame) used->step(player.next());
  }
  fresh->start(RandomKey(8));
  used->start(RandomKey(8));
  EXPECT_EQ(state_hash(*fresh), state_hash(*used));
  EXPECT_EQ(fresh->world().map().layout, used->world().map().layout);
  RandomPlayer a(3), b(3);
  for (int frame = 0; frame < 2000; ++frame) ASSERT_EQ(fresh->step(a.next()), used->step(b.next()));
  EXPECT_EQ(state_hash(*fresh), state_hash(*used));
}

TEST_P(EveryLevel, EpisodesDiffer) {
  const auto level = make();
  level->start(RandomKey(1));
  const Body first = level->world().players()[0];
  int different = 0;
  for (std::uint64_t seed = 2; seed < 22; ++seed) {
    level->start(RandomKey(seed));
    different += level->world().players()[0].yaw_degrees != first.yaw_degrees ? 1 : 0;
  }
  EXPECT_EQ(different, 20);
}

TEST_P(EveryLevel, RewardsStayWithinTheSpecAndBodiesOutOfSolids) {
  const auto level = make();
  RandomPlayer player(4);
  int rewarded = 0;
  for (std::uint64_t episode = 0; episode < 3; ++episode) {
    level->start(RandomKey(episode));
    for (int frame = 0; frame < kFrames; ++frame) {
      const int reward = level->step(player.next());
      ASSERT_GE(reward, level->spec().frame_reward_min);
      ASSERT_LE(reward, level->spec().frame_reward_max);
      rewarded += reward != 0 ? 1 : 0;
      const Body& body = level->world().players()[0];
      const Solid box = box_of(body);
      for (const Solid& solid : level->world().map().solids)
        ASSERT_FALSE(overlap(box, solid))
            << "frame " << frame << " at " << body.origin.x << ' ' << body.origin.y << ' ' << body.origin.z;
      ASSERT_GE(body.origin.z, level->world().map().min.z);
    }
  }
  EXPECT_GT(rewarded, 0) << "a random player finds something, or dies, in 500 s";
}

TEST_P(EveryLevel, BreaksNoRuleOfTheWorldInAHundredThousandRandomAgentSteps) {
  constexpr int kAgentSteps = 100'000, kRepeat = 4;
  const auto level = make();
  RandomStream random{RandomKey(9)};
  int frames_left = 0;
  std::uint64_t episode = 0;
  for (int agent_step = 0; agent_step < kAgentSteps; ++agent_step) {
    if (frames_left <= 0) {
      level->start(RandomKey(++episode));
      frames_left = level->spec().episode_frames;
    }
    const RawAction action = random_action(random);
    for (int frame = 0; frame < kRepeat; ++frame) level->step(action);
    frames_left -= kRepeat;
    if (agent_step % 10 == 0) level->world().check_invariants();
  }
  EXPECT_EQ(episode, (kAgentSteps * kRepeat + level->spec().episode_frames - 1) /
                         static_cast<std::uint64_t>(level->spec().episode_frames));
}

TEST_P(EveryLevel, StepsAllocateNothing) {
  const auto level = make();
  RandomPlayer player(6);
  level->start(RandomKey(41));
  const long before = allocation_count;
  int rewarded = 0;
  for (int frame = 0; frame < 4 * kFrames; ++frame) rewarded += level->step(player.next()) != 0 ? 1 : 0;
  EXPECT_EQ(allocation_count, before);
  EXPECT_GT(rewarded, 0) << "something happened on the way";
}

TEST_P(EveryLevel, ARestoredLevelGoesOnAsTheSavedOne) {
  const auto level = make();
  level->start(RandomKey(21));
  RandomPlayer player(5);
  for (int frame = 0; frame < 2500; ++frame) level->step(player.next());
  ByteWriter saved;
  level->save(saved);

  const auto fresh = make(), elsewhere = make();
  elsewhere->start(RandomKey(22));
  for (const auto& restored : {fresh.get(), elsewhere.get()}) {
    ByteReader in(saved.bytes());
    ASSERT_TRUE(restored->restore(in));
    EXPECT_TRUE(in.at_end());
    EXPECT_EQ(state_hash(*restored), hash64(saved.bytes()));
    EXPECT_EQ(restored->world().map().layout, level->world().map().layout);
  }
  RandomPlayer same = player, again = player;
  for (int frame = 0; frame < 5000; ++frame) {
    const int reward = level->step(player.next());
    ASSERT_EQ(fresh->step(same.next()), reward) << "frame " << frame;
    ASSERT_EQ(elsewhere->step(again.next()), reward) << "frame " << frame;
  }
  EXPECT_EQ(state_hash(*level), state_hash(*fresh));
  EXPECT_EQ(state_hash(*level), state_hash(*elsewhere));
}

TEST_P(EveryLevel, RefusesADamagedStateAndStaysAsItWas) {
  const auto level = make();
  level->start(RandomKey(31));
  ByteWriter saved;
  level->save(saved);
  for (std::size_t size = 0; size < saved.bytes().size(); ++size) {
    ByteReader in(std::span(saved.bytes()).first(size));
    ASSERT_FALSE(level->restore(in)) << size << " bytes";
  }
  EXPECT_EQ(state_hash(*level), hash64(saved.bytes()));
}

TEST(Levels, RefuseTheStateOfAnother) {
  const auto seek = std::move(make_level({.name = "seek_apples"}).value());
  const auto maze = std::move(make_level({.name = "nav_maze_static_01"}).value());
  seek->start(RandomKey(1));
  ByteWriter saved;
  seek->save(saved);
  ByteReader in(saved.bytes());
  const Status status = maze->restore(in);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "state of level 'seek_apples' given to level 'nav_maze_static_01'");
}

TEST(Levels, RefuseTheStateOfOtherSettings) {
  const LevelConfig config{.name = "explore_object_locations_small"};
  LevelConfig other = config;
  other.maze_width = 13;
  const auto small = std::move(make_level(config).value()), wide = std::move(make_level(other).value());
  small->start(RandomKey(1));
  ByteWriter saved;
  small->save(saved);
  ByteReader in(saved.bytes());
  const Status status = wide->restore(in);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "state of level 'explore_object_locations_small' belongs to another map or other settings");
}

TEST(Levels, RefuseAWorldThatIsNotOneOfForage) {
  const auto level = std::move(make_level({.name = "seek_apples"}).value());
  level->start(RandomKey(1));
  const std::shared_ptr<const Map> map = level->world().shared_map();
  const auto error_of_world = [&](const World& world) {
    ByteWriter out;
    out.text("seek_apples");
    out.number(content_hash(*map));
    for (int i = 0; i < 3; ++i) out.number<std::uint64_t>(1);  // The map's stream, and that of places.
    world.save(out);
    ByteReader in(out.bytes());
    const Status status = level->restore(in);
    return status ? "" : status.error().message;
  };
  World armed(map), empty(map), lone(map);
  armed.arm(RandomKey(1));
  armed.add_player(map->spawns[0], 0);
  lone.add_player(map->spawns[0], 0);
  EXPECT_EQ(error_of_world(armed),
            "state of level 'seek_apples' has 1 players, armed, expected 1 and unarmed");
  EXPECT_EQ(error_of_world(empty), "state of level 'seek_apples' has 0 players, expected 1 and unarmed");
  EXPECT_EQ(error_of_world(lone), "");
  // What only a fight leaves behind is no item.
  edit_world(lone, [](WorldState& state) {
    state.pending.push_back({.kind = WorldEvent::Kind::kDied, .player = 0, .by = kNobody});
  });
  EXPECT_EQ(error_of_world(lone), "");
  EXPECT_EQ(level->step({}), 0);
}

TEST(Levels, LastAsLongAsTheOriginal) {
  const auto seconds = [](LevelConfig config) {
    return make_level(config).value()->spec().episode_frames / kFramesPerSecond;
  };
  EXPECT_EQ(seconds({.name = "seek_apples"}), 30);
  EXPECT_EQ(seconds({.name = "explore_object_locations_small"}), 90);
  EXPECT_EQ(seconds({.name = "nav_maze_static_01"}), 60);
  EXPECT_EQ(seconds({.name = "nav_maze_static_02"}), 150);
  EXPECT_EQ(seconds({.name = "lt_horseshoe_color"}), 600);
  EXPECT_EQ(seconds({.name = "lt_chasm"}), 600);
  EXPECT_EQ(seconds({.name = "nav_maze_static_01", .episode_seconds = 7}), 7);
}

std::string catalog_error(const LevelConfig& config) {
  const auto level = make_level(config);
  return level ? "" : level.error().message;
}

TEST(Levels, AllApplesReturnWhenAllAreTaken) {
  const std::string path = testing::TempDir() + "chrysalis_return_test.map";
  // From either spawn the apples are taken one after the other by running towards them.
  std::ofstream(path) << "chrysalis map 1\nepisode_seconds = 5\ngrid\n#####\n#ASA#\n#####\n";
  const auto level = std::move(make_level({.name = "map:" + path}).value());
  level->start(RandomKey(3));
  const World& world = level->world();
  const auto present = [&] { return world.items()[0].present + world.items()[1].present; };
  RandomPlayer player(7);
  int total = 0, restarts = 0;
  for (int frame = 0; frame < 20000; ++frame) {
    const int before = present();
    const int reward = level->step(player.next());
    total += reward;
    ASSERT_GT(present(), 0);
    if (before == 1 && reward == 1) {
      ++restarts;
      EXPECT_EQ(present(), 2);
      EXPECT_EQ(world.players()[0].origin.x, 250.0f) << "back at the spawn";
      EXPECT_EQ(world.players()[0].velocity, Vec3{});
    }
  }
  EXPECT_GT(restarts, 3);
  EXPECT_EQ(total / 2, restarts);
}

TEST(Levels, ARestartIsQuickInTheSameMazeOrMakesANewOne) {
  for (const bool quick : {true, false}) {
    // A maze of one room, with one apple.
    const LevelConfig config{.name = "explore_object_locations_small",
                             .maze_width = 5,
                             .maze_height = 5,
                             .object_count = 2,
                             .quick_restart = quick};
    const auto level = std::move(make_level(config).value());
    level->start(RandomKey(3));
    RandomPlayer player(7);
    int restarts = 0, new_layouts = 0;
    for (int frame = 0; frame < 20000; ++frame) {
      const std::string layout = level->world().map().layout;
      restarts += level->step(player.next());
      new_layouts += level->world().map().layout != layout ? 1 : 0;
      ASSERT_TRUE(level->world().items()[0].present);
    }
    EXPECT_GT(restarts, 20);
    if (quick) {
      EXPECT_EQ(new_layouts, 0);
    } else {
      EXPECT_GT(new_layouts, restarts * 9 / 10) << "all but those that chance draws again";
    }
    // A state of after a restart says which map it is of.
    ByteWriter saved;
    level->save(saved);
    const auto fresh = std::move(make_level(config).value());
    ByteReader in(saved.bytes());
    ASSERT_TRUE(fresh->restore(in));
    EXPECT_EQ(state_hash(*fresh), state_hash(*level));
    EXPECT_EQ(fresh->world().map().layout, level->world().map().layout);
  }
}

TEST(Levels, AGoalRestartsAndApplesAloneDoNot) {
  const std::string path = testing::TempDir() + "chrysalis_goal_test.map";
  std::ofstream(path) << "chrysalis map 1\ngrid\n#######\n#A.S.G#\n#######\n";
  const auto level = std::move(make_level({.name = "map:" + path}).value());
  level->start(RandomKey(3));
  const World& world = level->world();
  RandomPlayer player(8);
  int goals = 0, lone_apples = 0;
  for (int frame = 0; frame < 30000; ++frame) {
    const int reward = level->step(player.next());
    if (reward == 1) {
      ++lone_apples;
      EXPECT_FALSE(world.items()[0].present);
    } else if (reward == 10) {
      ++goals;
      EXPECT_TRUE(world.items()[0].present && world.items()[1].present);
      EXPECT_EQ(world.players()[0].origin.x, 350.0f);
    } else {
      EXPECT_EQ(reward, 0);
    }
  }
  EXPECT_GT(goals, 3);
  EXPECT_GT(lone_apples, 1);
  EXPECT_LE(lone_apples, goals + 1) << "once in each restart";
}

TEST(Levels, AnUnknownNameIsAnsweredWithTheNearest) {
  EXPECT_EQ(
      catalog_error({.name = "seek_aples"}),
      "unknown level 'seek_aples', did you mean 'seek_apples'? Levels: seek_apples, "
      "explore_object_locations_small, nav_maze_static_01, nav_maze_static_02, lt_horseshoe_color, lt_chasm, "
      "map:FILE");
  EXPECT_EQ(
      catalog_error({.name = "zzzzzzzzzzzzzzzzzzzzzz"}),
      "unknown level 'zzzzzzzzzzzzzzzzzzzzzz'. Levels: seek_apples, "
      "explore_object_locations_small, nav_maze_static_01, nav_maze_static_02, lt_horseshoe_color, lt_chasm, "
      "map:FILE");
}

TEST(Levels, OneOfDmLabsHasNoWorldToShow) {
  EXPECT_EQ(catalog_error({.name = "dmlab:lt_chasm"}),
            "level dmlab:lt_chasm is DM Lab's, which shows pixels alone: expected a level of `chrysalis "
            "levels` or map:FILE");
}

TEST(Levels, ASettingThatALevelDoesNotUseIsRefused) {
  EXPECT_EQ(catalog_error({.name = "nav_maze_static_01", .maze_width = 13}),
            "level.maze_width is 13, but level 'nav_maze_static_01' does not use it (its settings: "
            "episode_seconds)");
  EXPECT_EQ(catalog_error({.name = "explore_object_locations_small", .maze_width = 13}), "");
}

TEST(Levels, SettingsOfAMazeMustFitTogether) {
  const auto error = [](auto&& change) {
    LevelConfig config{.name = "explore_object_locations_small"};
    change(config);
    return catalog_error(config);
  };
  EXPECT_EQ(error([](LevelConfig& c) { c.maze_width = 12; }),
            "level.maze_width is 12, expected an odd number");
  EXPECT_EQ(error([](LevelConfig& c) { c.maze_height = 12; }),
            "level.maze_height is 12, expected an odd number");
  EXPECT_EQ(error([](LevelConfig& c) { c.room_min_size = 4; }),
            "level.room_min_size is 4, expected an odd number");
  EXPECT_EQ(error([](LevelConfig& c) { c.room_max_size = 6; }),
            "level.room_max_size is 6, expected an odd number");
  EXPECT_EQ(error([](LevelConfig& c) { c.room_min_size = 7; }),
            "level.room_min_size is 7, expected at most level.room_max_size, 5");
  EXPECT_EQ(error([](LevelConfig& c) { c.room_min_size = c.room_max_size = 11; }),
            "level.room_min_size is 11, expected at most 9, what a maze of 11 x 11 has room for");
}

TEST(Levels, BotsMustFindASpawnEach) {
  EXPECT_EQ(
      catalog_error({.name = "lt_chasm", .bot_count = 6}),
      "level.bot_count is 6, expected at most 5: with the agent, a player for each of the 6 spawn points of "
      "level 'lt_chasm'");
  EXPECT_EQ(catalog_error({.name = "lt_chasm", .bot_count = 5}), "");
  EXPECT_EQ(catalog_error({.name = "lt_horseshoe_color", .bot_count = 19}), "");
}

TEST(Levels, SettingsOfLaserTagHaveRanges) {
  LevelConfig config;
  const auto set = [&](std::string_view path, std::string_view text) {
    return set_field_text(fields_of(config), path, text).ok();
  };
  EXPECT_TRUE(set("level.bot_count", "0"));
  EXPECT_FALSE(set("level.bot_count", "-2"));
  EXPECT_FALSE(set("level.bot_count", "20"));
  EXPECT_TRUE(set("level.skill", "1"));
  EXPECT_TRUE(set("level.skill", "4.5"));
  EXPECT_FALSE(set("level.skill", "0.9"));
  EXPECT_FALSE(set("level.skill", "5.1"));
  EXPECT_TRUE(set("level.color", "359"));
  EXPECT_FALSE(set("level.color", "360"));
  EXPECT_FALSE(set("level.color", "-2"));
}

TEST(Levels, ConfigFieldsAreInTableLevel) {
  LevelConfig config;
  ASSERT_TRUE(set_field_text(fields_of(config), "level.name", "nav_maze_static_01"));
  ASSERT_TRUE(set_field_text(fields_of(config), "level.reward_density", "0.25"));
  EXPECT_EQ(config.name, "nav_maze_static_01");
  EXPECT_EQ(config.reward_density, 0.25);
  EXPECT_FALSE(set_field_text(fields_of(config), "level.reward_density", "1.5"));
}

TEST(Levels, AMapFileIsALevel) {
  const std::string path = testing::TempDir() + "chrysalis_catalog_test.map";
  std::ofstream(path) << "chrysalis map 1\nepisode_seconds = 5\ngrid\n#####\n#SAG#\n#####\n";
  const auto level = std::move(make_level({.name = "map:" + path}).value());
  EXPECT_EQ(level->spec().name, "map:" + path);
  EXPECT_EQ(level->spec().episode_frames, 300);
  EXPECT_EQ(level->spec().frame_reward_max, 10);
  level->start(RandomKey(1));
  EXPECT_EQ(level->world().items().size(), 2u);
  EXPECT_EQ(catalog_error({.name = "map:/nowhere/at.all"}),
            "cannot read map /nowhere/at.all: No such file or directory");
  EXPECT_EQ(
      catalog_error({.name = "map:" + path, .room_count = 3}),
      fmt::format("level.room_count is 3, but level 'map:{}' does not use it (its settings: episode_seconds)",
                  path));
}

}  // namespace
}  // namespace chrysalis
