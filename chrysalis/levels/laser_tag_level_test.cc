// Laser tag as a level: who is where, what is rewarded, who comes back. The rules of the fight are the
// world's.
#include "chrysalis/levels/laser_tag_level.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "chrysalis/core/random.h"
#include "chrysalis/levels/arenas.h"
#include "chrysalis/levels/catalog.h"

namespace chrysalis {
namespace {

std::unique_ptr<Level> make(const LevelConfig& config) {
  return std::move(make_level(config).value());
}

WorldEvent death(int player, int by) {
  return {.kind = WorldEvent::Kind::kDied, .player = player, .by = by};
}

TEST(LaserTag, OneForTaggingAnotherMinusOneForOnesOwnDeathNothingElse) {
  EXPECT_EQ(reward_of_death(death(2, 0)), 1);
  EXPECT_EQ(reward_of_death(death(0, 0)), -1) << "by its own orb";
  EXPECT_EQ(reward_of_death(death(0, kNobody)), -1) << "by the world";
  EXPECT_EQ(reward_of_death(death(0, 3)), 0) << "tagged";
  EXPECT_EQ(reward_of_death(death(2, 3)), 0);
  EXPECT_EQ(reward_of_death(death(2, 2)), 0);
  EXPECT_EQ(reward_of_death(death(2, kNobody)), 0);
}

TEST(LaserTag, BotsAreAsManyAsTheLevelOrTheConfigSays) {
  const auto bots_of = [](const LevelConfig& config) {
    const auto level = make(config);
    level->start(RandomKey(1));
    EXPECT_EQ(level->spec().frame_reward_min, -1);
    EXPECT_EQ(level->spec().frame_reward_max, static_cast<int>(level->world().players().size()) - 1);
    EXPECT_TRUE(level->world().armed());
    return level->spec().frame_reward_max;
  };
  EXPECT_EQ(bots_of({.name = "lt_horseshoe_color"}), 6);
  EXPECT_EQ(bots_of({.name = "lt_chasm"}), 4);
  EXPECT_EQ(bots_of({.name = "lt_horseshoe_color", .bot_count = 0}), 0);
  EXPECT_EQ(bots_of({.name = "lt_horseshoe_color", .bot_count = 19}), 19);
}

TEST(LaserTag, EveryoneStartsAtASpawnOfItsOwn) {
  const auto level = make({.name = "lt_chasm", .bot_count = 5});  // With the agent, one for each spawn.
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    level->start(RandomKey(seed));
    std::set<std::pair<float, float>> taken;
    for (const Body& body : level->world().players()) taken.insert({body.origin.x, body.origin.y});
    ASSERT_EQ(taken.size(), 6u);
    level->step({});
    for (const Fighter& fighter : level->world().fighters()) ASSERT_TRUE(fighter.alive);
  }
}

TEST(LaserTag, SpawnsAndYawsAreDrawnUniformly) {
  const auto level = make({.name = "lt_chasm", .bot_count = 0});
  constexpr int kEpisodes = 1200;
  std::array<int, 6> at_spawn{}, in_sixth{};
  for (std::uint64_t seed = 0; seed < kEpisodes; ++seed) {
    level->start(RandomKey(seed));
    const Body& body = level->world().players()[0];
    const auto& spawns = level->world().map().spawns;
    for (std::size_t i = 0; i < spawns.size(); ++i)
      at_spawn[i] += spawns[i].floor.x == body.origin.x && spawns[i].floor.y == body.origin.y ? 1 : 0;
    ++in_sixth.at(static_cast<std::size_t>((body.yaw_degrees + 180) / 60));
  }
  for (const int count : at_spawn) EXPECT_NEAR(count, kEpisodes / 6, 60);  // Within 4.6 standard deviations.
  for (const int count : in_sixth) EXPECT_NEAR(count, kEpisodes / 6, 60);
}

// The hue of a pure colour with one full channel or two, in degrees.
int hue_of(Rgb rgb) {
  const auto [r, g, b] = std::array<int, 3>{rgb.r, rgb.g, rgb.b};
  EXPECT_EQ(std::max({r, g, b}), 255) << "full value";
  EXPECT_EQ(std::min({r, g, b}), 0) << "full saturation";
  const double up = 60.0 / 255;
  double hue = 0;
  if (r == 255)
    hue = b == 0 ? up * g : 360 - up * b;
  else if (g == 255)
    hue = b == 0 ? 120 - up * r : 120 + up * b;
  else
    hue = r == 0 ? 240 - up * g : 240 + up * r;
  return static_cast<int>(std::lround(hue)) % 360;
}

TEST(LaserTag, AnOutfitIsThreeHuesAThirdOfTheCircleApart) {
  EXPECT_EQ(outfit_of_hue(0).regions, (std::array<Rgb, 3>{{{255, 0, 0}, {0, 255, 0}, {0, 0, 255}}}));
  for (int hue = 0; hue < 360; ++hue)
    for (int region = 0; region < 3; ++region)
      ASSERT_EQ(hue_of(outfit_of_hue(hue).regions[static_cast<std::size_t>(region)]),
                (hue + 120 * region) % 360);
}

TEST(LaserTag, TheHueIsDrawnForEachEpisodeAndSharedByAllBots) {
  const auto level = make({.name = "lt_horseshoe_color"});
  std::set<int> hues;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    level->start(RandomKey(seed));
    const auto fighters = level->world().fighters();
    for (std::size_t bot = 2; bot < fighters.size(); ++bot)
      ASSERT_EQ(fighters[bot].outfit, fighters[1].outfit);
    hues.insert(hue_of(fighters[1].outfit.regions[0]));
    EXPECT_EQ(fighters[1].outfit, outfit_of_hue(hue_of(fighters[1].outfit.regions[0])));
  }
  EXPECT_GT(hues.size(), 70u);
  EXPECT_LT(*hues.begin(), 20);
  EXPECT_GT(*hues.rbegin(), 340);
}

TEST(LaserTag, ColorFixesTheHue) {
  for (const char* name : {"lt_horseshoe_color", "lt_chasm"}) {
    const auto level = make({.name = name, .color = 200});
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      level->start(RandomKey(seed));
      EXPECT_EQ(level->world().fighters()[1].outfit, outfit_of_hue(200));
    }
  }
}

TEST(LaserTag, BotsOfTheChasmLookTheSameInEachEpisode) {
  const auto level = make({.name = "lt_chasm"});
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    level->start(RandomKey(seed));
    for (int bot = 1; bot <= 4; ++bot)
      EXPECT_EQ(level->world().fighters()[static_cast<std::size_t>(bot)].outfit,
                *lt_chasm_arena().bot_outfit);
  }
}

// An action that turns the agent to a heading and runs along it.
RawAction run_towards(const World& world, float yaw_degrees) {
  const float off = std::remainder(yaw_degrees - world.players()[0].yaw_degrees, 360.0f);
  const int units = static_cast<int>(std::lround(off / kDegreesPerLookUnit));
  return {.look_right = std::clamp(-units, -512, 512), .move_forward = std::abs(off) < 5 ? 1 : 0};
}
// Runs the agent over the rim; returns the sum of rewards on the way.
int fall(Level& level) {
  const World& world = level.world();
  int reward = 0;
  for (int frame = 0; frame < 400 && world.fighters()[0].alive; ++frame)
    reward += level.step(run_towards(world, world.players()[0].origin.y < 320 ? 90.0f : -90.0f));
  return reward;
}

TEST(LaserTag, AFallCostsOneInTheTwelfthFrameOfTheFeetBelowTheRim) {
  const auto level = make({.name = "lt_chasm", .bot_count = 0});
  level->start(RandomKey(1));
  const World& world = level->world();
  int frames_below = 0, reward = 0;
  for (int frame = 0; frame < 400 && reward == 0; ++frame) {
    reward = level->step(run_towards(world, world.players()[0].origin.y < 320 ? 90.0f : -90.0f));
    frames_below += world.players()[0].origin.z < kOriginAboveFloor ? 1 : 0;
  }
  EXPECT_EQ(reward, -1);
  EXPECT_FALSE(world.fighters()[0].alive);
  EXPECT_EQ(frames_below, 12);
}

// Frames from death to life.
int frames_dead(int fire) {
  const auto level = make({.name = "lt_chasm", .bot_count = 0});
  level->start(RandomKey(1));
  EXPECT_EQ(fall(*level), -1);
  int frames = 0;
  while (!level->world().fighters()[0].alive && frames < 2000) {
    EXPECT_EQ(level->step({.fire = fire}), 0) << "once";
    ++frames;
  }
  EXPECT_EQ(level->world().players()[0].origin.z, 24.125f);
  return frames;
}
TEST(LaserTag, FireBringsTheAgentBackAfter1Point7EngineSecondsAndNothingDoesAfter21Point7) {
  EXPECT_NEAR(frames_dead(1), 107.5, 0.6);   // Measured 107 to 108.
  EXPECT_NEAR(frames_dead(0), 1357.5, 0.6);  // Measured 1357 to 1358.
}

TEST(LaserTag, TheAgentComesBackAnywhere) {
  const auto level = make({.name = "lt_chasm", .bot_count = 0});
  level->start(RandomKey(1));
  std::set<std::pair<float, float>> places;
  std::set<float> yaws;
  for (int life = 0; life < 40; ++life) {
    places.insert({level->world().players()[0].origin.x, level->world().players()[0].origin.y});
    yaws.insert(level->world().players()[0].yaw_degrees);
    ASSERT_EQ(fall(*level), -1);
    while (!level->world().fighters()[0].alive) level->step({.fire = 1});
  }
  EXPECT_EQ(places.size(), 6u);
  EXPECT_EQ(yaws.size(), 40u);
}

// Those of IMPALA.
constexpr std::array<RawAction, 9> kNineActions = {{{.move_forward = 1},
                                                    {.move_forward = -1},
                                                    {.strafe_right = -1},
                                                    {.strafe_right = 1},
                                                    {.look_right = -20},
                                                    {.look_right = 20},
                                                    {.look_right = -20, .move_forward = 1},
                                                    {.look_right = 20, .move_forward = 1},
                                                    {.fire = 1}}};

// What a level gives over some frames of an episode, and what its players did.
struct Tally {
  int reward = 0;
  int tags = 0;                           // By the agent.
  int own_deaths = 0;                     // Of the agent, by itself or by the world.
  std::vector<int> deaths, longest_dead;  // Of each player; frames.
};
Tally play(Level& level, int frames, auto&& act) {
  const std::size_t players = level.world().players().size();
  Tally tally{.deaths = std::vector<int>(players), .longest_dead = std::vector<int>(players)};
  std::vector<int> dead(players);
  for (int frame = 0; frame < frames; ++frame) {
    tally.reward += level.step(act(level.world()));
    for (const WorldEvent& event : level.world().events()) {
      if (event.kind != WorldEvent::Kind::kDied) continue;
      ++tally.deaths[static_cast<std::size_t>(event.player)];
      tally.tags += event.by == 0 && event.player != 0 ? 1 : 0;
      tally.own_deaths += event.player == 0 && (event.by == 0 || event.by == kNobody) ? 1 : 0;
    }
    for (std::size_t player = 0; player < players; ++player) {
      dead[player] = level.world().fighters()[player].alive ? 0 : dead[player] + 1;
      tally.longest_dead[player] = std::max(tally.longest_dead[player], dead[player]);
    }
  }
  return tally;
}

// A bot without the limits of the others in the agent's place.
Tally play_as_expert(Level& level, int frames) {
  const auto graph = std::make_shared<const NavigationGraph>(level.world().map());
  Bot expert(kExpertProfile, kBotSkillMax, graph, RandomKey(77));
  std::int64_t noticed = level.world().frame();
  return play(level, frames, [&](const World& world) {
    if (world.frame() != noticed) expert.notice(world, 0, world.events());
    noticed = world.frame();
    return expert.act(world, 0);
  });
}
Tally play_by_chance(Level& level, int frames, std::uint64_t seed) {
  RandomStream random{RandomKey(seed)};
  RawAction action;
  int left = 0;
  return play(level, frames, [&](const World&) {
    if (left-- == 0) {
      left = 3;  // As long as an agent holds an action.
      action = kNineActions[random.below(kNineActions.size())];
    }
    return action;
  });
}

class BothArenas : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Arenas, BothArenas, testing::Values("lt_horseshoe_color", "lt_chasm"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(BothArenas, TheRewardIsTheTagsLessOnesOwnDeaths) {
  const auto level = make({.name = GetParam()});
  level->start(RandomKey(4));
  const Tally by_expert = play_as_expert(*level, 60 * 60);
  EXPECT_EQ(by_expert.reward, by_expert.tags - by_expert.own_deaths);
  EXPECT_GT(by_expert.tags, 0);
  EXPECT_GT(by_expert.deaths[0], 0);

  level->start(RandomKey(5));
  const Tally by_fool = play(
      *level, 60 * 60, [](const World&) { return RawAction{.look_down = 60, .move_forward = 1, .fire = 1}; });
  EXPECT_EQ(by_fool.reward, by_fool.tags - by_fool.own_deaths);
  EXPECT_LT(by_fool.reward, by_expert.reward);
}

TEST_P(BothArenas, EveryBotDiesAndComesBackInTime) {
  const auto level = make({.name = GetParam()});
  level->start(RandomKey(3));
  const Tally tally = play(*level, 60 * 120, [](const World&) { return RawAction{}; });
  for (std::size_t bot = 1; bot < tally.deaths.size(); ++bot) {
    EXPECT_GE(tally.deaths[bot], 1) << bot;
    EXPECT_GE(tally.longest_dead[bot], 106) << "1.7 engine seconds";
    EXPECT_LE(tally.longest_dead[bot], 140) << "2 s and a little";
  }
}

// The levels can be won: whoever knows the rules scores far above chance.
TEST_P(BothArenas, AnExpertScoresFarAboveChance) {
  const auto level = make({.name = GetParam()});
  int expert = 0, chance = 0;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    level->start(RandomKey(seed));
    expert += play_as_expert(*level, 60 * 60).reward;
    level->start(RandomKey(seed));
    chance += play_by_chance(*level, 60 * 60, seed).reward;
  }
  EXPECT_GT(expert, 20);
  EXPECT_GT(expert, chance + 25);
}

// Whether there is as much going on as there can be: someone dead, and an orb on its way or a shot being
// seen.
bool is_lively(const World& world) {
  return std::any_of(world.fighters().begin(), world.fighters().end(),
                     [](const Fighter& f) { return !f.alive; }) &&
         (!world.projectiles().empty() || !world.effects().empty());
}

TEST_P(BothArenas, GoesOnFromTheMiddleOfAFightToTheBit) {
  const auto level = make({.name = GetParam()});
  level->start(RandomKey(9));
  RandomStream random{RandomKey(10)};
  int restored = 0;
  for (int frame = 0; frame < 20000 && restored < 3; ++frame) {
    level->step({.look_right = random.between(-60, 60), .move_forward = 1, .fire = random.between(0, 1)});
    if (frame < 3000 * (restored + 1) || !is_lively(level->world())) continue;
    ++restored;
    ByteWriter saved;
    level->save(saved);
    const auto other = make({.name = GetParam()});
    ByteReader in(saved.bytes());
    ASSERT_TRUE(other->restore(in));
    EXPECT_TRUE(in.at_end());
    for (int i = 0; i < 2000; ++i) {
      const RawAction action{
          .look_right = random.between(-60, 60), .move_forward = 1, .fire = random.between(0, 1)};
      ASSERT_EQ(level->step(action), other->step(action)) << i;
    }
    ByteWriter one, two;
    level->save(one);
    other->save(two);
    ASSERT_EQ(one.bytes(), two.bytes());
  }
  EXPECT_EQ(restored, 3);
}

std::string restore_error(Level& level, const ByteWriter& saved) {
  ByteReader in(saved.bytes());
  const Status status = level.restore(in);
  return status ? "" : status.error().message;
}

TEST(LaserTag, RefusesTheStateOfOtherSettings) {
  const auto level = make({.name = "lt_chasm"});
  level->start(RandomKey(1));
  ByteWriter saved;
  level->save(saved);
  EXPECT_EQ(restore_error(*make({.name = "lt_chasm", .bot_count = 2}), saved),
            "state of level 'lt_chasm' with 4 bots of skill 4 given to one with 2 bots of skill 4");
  EXPECT_EQ(restore_error(*make({.name = "lt_chasm", .skill = 2.5}), saved),
            "state of level 'lt_chasm' with 4 bots of skill 4 given to one with 4 bots of skill 2.5");
  EXPECT_EQ(restore_error(*make({.name = "lt_horseshoe_color", .bot_count = 4}), saved),
            "state of level 'lt_chasm' given to level 'lt_horseshoe_color'");
}

TEST(LaserTag, RefusesAWorldThatIsNotOneOfLaserTag) {
  const auto level = make({.name = "lt_chasm", .bot_count = 1});
  level->start(RandomKey(1));
  ByteWriter good;
  level->save(good);
  const auto with_world = [](const World& world) {
    ByteWriter out;
    out.text("lt_chasm");
    out.number(content_hash(world.map()));
    out.number<std::int32_t>(1);
    out.number(4.0);
    out.number<std::uint64_t>(1);
    out.number<std::uint64_t>(0);
    world.save(out);
    return out;
  };
  World unarmed(lt_chasm_arena().map);
  const auto& spawns = unarmed.map().spawns;
  unarmed.add_player(spawns[0], 0);
  unarmed.add_player(spawns[1], 0);
  EXPECT_EQ(restore_error(*level, with_world(unarmed)),
            "state of level 'lt_chasm' has 2 players, unarmed, expected 2 and armed");
  World lonely(lt_chasm_arena().map);
  lonely.arm(RandomKey(1));
  lonely.add_player(spawns[0], 0);
  EXPECT_EQ(restore_error(*level, with_world(lonely)),
            "state of level 'lt_chasm' has 1 players, expected 2 and armed");
  ByteWriter same;
  level->save(same);
  EXPECT_EQ(same.bytes(), good.bytes()) << "and stays as it was";
}

}  // namespace
}  // namespace chrysalis
