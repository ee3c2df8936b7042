#include "chrysalis/bots/bot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "chrysalis/bots/arenas_test.h"
#include "chrysalis/core/allocations_test.h"

namespace chrysalis {
namespace {

const TestArena& closed_room() {
  static const TestArena arena = [] {
    Map map = hall(320, {{{-60, -60, 0}, {60, 60, 192}}});
    for (const float side : {-270.0f, 270.0f}) map.spawns.push_back({{side, 0, 0}});
    map.items = {{ItemKind::kOrb, {200, 200, 15}}, {ItemKind::kBeam, {-200, -200, 15}}};
    return arena_on(std::move(map));
  }();
  return arena;
}
const TestArena& chasm_arena() {
  static const TestArena arena = arena_on(chasm());
  return arena;
}
const TestArena& horseshoe_arena() {
  static const TestArena arena = arena_on(horseshoe());
  return arena;
}

// A world, its bots and the rule of who comes back where: all that a level does but the rewards.
class Match {
 public:
  // Players without a bot stand still, and hold FIRE while they are dead.
  Match(const TestArena& arena, std::vector<int> profiles, double skill = 4, std::uint64_t seed = 1)
      : world(arena.map), places_(RandomKey(seed).split(0)) {
    world.arm(RandomKey(seed).split(1));
    for (std::size_t i = 0; i < profiles.size(); ++i) {
      world.add_player(draw(static_cast<int>(i)), static_cast<float>(places_.uniform(-180, 180)));
      bots.emplace_back(std::max(profiles[i], 0), skill, arena.graph, RandomKey(seed).split(2 + i));
      moves_.push_back(profiles[i] >= 0);
    }
    actions.resize(profiles.size());
    tags.resize(profiles.size());
    falls.resize(profiles.size());
  }

  void step() {
    const std::int64_t before = allocation_count;
    for (std::size_t i = 0; i < bots.size(); ++i)
      actions[i] = moves_[i] ? bots[i].act(world, static_cast<int>(i))
                             : RawAction{.fire = world.fighters()[i].alive ? 0 : 1};
    events = world.step(actions);
    for (std::size_t i = 0; i < bots.size(); ++i) bots[i].notice(world, static_cast<int>(i), events);
    allocations += allocation_count - before;
    for (const WorldEvent& event : events) {
      const auto player = static_cast<std::size_t>(event.player);
      if (event.kind == WorldEvent::Kind::kDied) {
        if (event.by == kNobody) ++falls[player];
        if (event.by != kNobody && event.by != event.player) ++tags[static_cast<std::size_t>(event.by)];
      }
      if (event.kind == WorldEvent::Kind::kMayRespawn)
        world.respawn(event.player, draw(event.player), static_cast<float>(places_.uniform(-180, 180)));
    }
  }
  void run(int frames) {
    for (int i = 0; i < frames; ++i) step();
  }
  std::vector<std::uint8_t> saved() const {
    ByteWriter out;
    world.save(out);
    for (const Bot& bot : bots) bot.save(out);
    return out.bytes();
  }

  World world;
  std::vector<Bot> bots;
  std::vector<RawAction> actions;
  std::span<const WorldEvent> events;  // Of the last step.
  std::int64_t allocations = 0;        // Of bots and world.
  std::vector<int> tags;
  std::vector<int> falls;

 private:
  Spawn draw(int player) {
    const auto& spawns = world.map().spawns;
    const Spawn* spawn = nullptr;
    for (int tries = 0; tries < 20; ++tries) {
      spawn = &spawns[places_.below(spawns.size())];
      if (world.spawn_is_free(*spawn, player)) break;
    }
    return *spawn;
  }

  RandomStream places_;
  std::vector<bool> moves_;
};

int sum(const std::vector<int>& counts) {
  int whole = 0;
  for (const int count : counts) whole += count;
  return whole;
}

// Where a player of the world is put, for scenes of two.
Spawn at(float x, float y) {
  return {{x, y, 0}};
}

TEST(Bot, FourTagOneAnotherInAClosedRoom) {
  Match match(closed_room(), {0, 1, 2, 3});
  match.run(60 * 60);
  for (const int tags : match.tags) EXPECT_GT(tags, 0);
  EXPECT_GE(sum(match.tags), 8);
  EXPECT_EQ(sum(match.falls), 0);
}

TEST(Bot, FightsInTheHorseshoeAndOverTheChasm) {
  Match flat(horseshoe_arena(), {0, 1, 2, 3});
  flat.run(60 * 60);
  EXPECT_GE(sum(flat.tags), 8);
  EXPECT_EQ(sum(flat.falls), 0);
  Match gap(chasm_arena(), {0, 1, 2, 3});
  gap.run(60 * 60);
  EXPECT_GE(sum(gap.tags), 4);
  EXPECT_GE(sum(gap.falls), 4) << "as the original's do";
}

TEST(Bot, FindsWhoStandsStill) {
  for (const TestArena* arena : {&closed_room(), &horseshoe_arena(), &chasm_arena()}) {
    Match match(*arena, {-1, 1});
    match.run(60 * 60);
    EXPECT_GE(match.tags[1], 2) << arena->map->name;
    EXPECT_EQ(match.tags[0], 0);
  }
}

TEST(Bot, AnExpertTagsMoreThanAllOthersAndSeldomFalls) {
  for (const TestArena* arena : {&horseshoe_arena(), &chasm_arena()}) {
    Match match(*arena, {kExpertProfile, 0, 1, 2, 3});
    match.run(2 * 60 * 60);
    EXPECT_GT(match.tags[0], *std::max_element(match.tags.begin() + 1, match.tags.end()) * 3 / 2)
        << arena->map->name;
    EXPECT_LE(match.falls[0], 4) << arena->map->name;
  }
}

TEST(Bot, SkillTells) {
  std::vector<int> tags;
  for (const double skill : {1.0, 5.0}) {
    Match match(horseshoe_arena(), {-1, 0, 1, 2, 3}, skill);
    match.run(3 * 60 * 60);
    tags.push_back(sum(match.tags));
  }
  EXPECT_GT(tags[1], tags[0] * 3 / 2);
}

TEST(Bot, KeepsToTheRangesOfActionsAndToItsCapOnTurning) {
  for (const int profile : {0, kExpertProfile}) {
    Match match(closed_room(), {profile, 1});
    const float cap = bot_profile(profile, 4).turn_degrees_s * kFrameSeconds;
    int most = 0;
    for (int frame = 0; frame < 3600; ++frame) {
      match.step();
      ASSERT_TRUE(make_raw_action(match.actions[0].parts()));
      most = std::max(most, std::abs(match.actions[0].look_right));
      ASSERT_LE(static_cast<float>(std::abs(match.actions[0].look_right)) * kDegreesPerLookUnit, cap + 0.06f);
      ASSERT_LE(static_cast<float>(std::abs(match.actions[0].look_down)) * kDegreesPerLookUnit, cap + 0.06f);
    }
    // 240 degrees a second are 36 units a frame; beyond the raw action's range nobody turns.
    EXPECT_EQ(most, profile == kExpertProfile ? 512 : 36);
  }
}

TEST(Bot, ActsEvery50MillisecondsAndHoldsItsActionInBetween) {
  Match match(closed_room(), {1, 2});
  RawAction last;
  int changes = 0, held = 0;
  for (int frame = 0; frame < 3000; ++frame) {
    match.step();
    if (match.actions[0] == last) {
      ++held;
    } else {
      ASSERT_TRUE(changes == 0 || held >= 2) << "three or four frames each";
      ++changes;
      held = 0;
    }
    last = match.actions[0];
  }
  EXPECT_GT(changes, 500);
  EXPECT_LE(changes, 3000 * 16 / 50);
}

TEST(Bot, ShootsOnlyAfterItsReactionTime) {
  for (int profile = 0; profile < kBotProfileCount; ++profile) {
    Match match(closed_room(), {profile, -1}, 4, 5);
    match.world.respawn(0, at(-250, 250), 0);
    match.world.respawn(1, at(250, 250), 180);
    // Frames from the start, in which it sees the other at once, to the first shot.
    int frames = 0;
    for (bool shot = false; !shot && frames < 1000; ++frames) {
      match.step();
      for (const WorldEvent& event : match.events)
        shot = shot || (event.kind == WorldEvent::Kind::kShot && event.player == 0);
    }
    const int reaction_ms = bot_profile(profile, 4).reaction_ms;
    EXPECT_GE(frames * kFrameMilliseconds, reaction_ms);
    EXPECT_LE(frames * kFrameMilliseconds, reaction_ms + 1600) << "a throttle's pause and a turn";
  }
}

TEST(Bot, AimsAtWhomItFights) {
  Match match(closed_room(), {kExpertProfile, -1});
  match.world.respawn(0, at(-250, 250), 0);
  match.world.respawn(1, at(250, 250), 180);
  match.run(30);
  const Body& body = match.world.players()[0];
  const Vec3 way = match.world.players()[1].origin + Vec3{0, 0, 8} - eye_of(body).position;
  EXPECT_NEAR(turned(look_along(way).yaw_degrees - body.yaw_degrees), 0, 3);
  EXPECT_NEAR(look_along(way).pitch_degrees, body.pitch_degrees, 3);
}

TEST(Bot, PressesFireToComeBackAndReleasesItToShoot) {
  // It is put where it dies at once, again and again.
  Map map = hall(320);
  map.kill_volumes = {{{100, 100, -8}, {140, 140, 8}}};
  const TestArena arena = arena_on(std::move(map));
  Match match(arena, {1, -1});
  int earliest = 1000, latest = 0;
  for (int life = 0; life < 40; ++life) {
    match.world.respawn(0, at(120, 120), 0);
    match.step();
    ASSERT_FALSE(match.world.fighters()[0].alive);
    int frames = 0;
    bool pressed = false;
    while (!match.world.fighters()[0].alive) {
      match.step();
      ++frames;
      ASSERT_LT(frames, 200);
      const RawAction& action = match.actions[0];
      pressed = pressed || action.fire == 1;
      if (frames <= 4) continue;  // The last act before its death is held on.
      ASSERT_EQ(action.move_forward, 0);
      ASSERT_EQ(action.jump, 0);
      ASSERT_TRUE(action.fire == 0 || match.world.fighters()[0].alive ||
                  match.world.fighters()[0].dead_ms >= kRespawnMs);
    }
    EXPECT_TRUE(pressed);
    earliest = std::min(earliest, frames);
    latest = std::max(latest, frames);
    // Alive, and its trigger locked until FIRE is released.
    for (int frame = 0; frame < 6; ++frame) match.step();
    EXPECT_FALSE(match.world.fighters()[0].trigger_locked);
  }
  EXPECT_GE(earliest * kFrameMilliseconds, 1700 - 16);
  EXPECT_LE(earliest * kFrameMilliseconds, 1700 + 100);
  EXPECT_GE(latest * kFrameMilliseconds, 1850) << "up to 2 s, and an act";
  EXPECT_LE(latest * kFrameMilliseconds, 2000 + 100);
}

TEST(Bot, FetchesAGadgetBeforeItFights) {
  Match match(horseshoe_arena(), {1, -1});
  match.world.respawn(0, at(480, 192), 0);
  match.world.respawn(1, at(1500, 960), 0);
  int frames = 0;
  while (!match.world.fighters()[0].owns(Gadget::kOrb) && frames < 600) {
    match.step();
    ++frames;
  }
  EXPECT_LT(frames, 120);
}

TEST(Bot, TheSameMatchComesOutOfTheSameSeed) {
  const auto play = [](std::uint64_t seed) {
    Match match(chasm_arena(), {0, 1, 2, 3, kExpertProfile}, 4, seed);
    match.run(1500);
    return match.saved();
  };
  EXPECT_EQ(play(3), play(3));
  EXPECT_NE(play(3), play(4));
}

TEST(Bot, GoesOnFromItsSavedState) {
  for (const TestArena* arena : {&closed_room(), &chasm_arena()}) {
    Match match(*arena, {0, 1, 2, 3, kExpertProfile});
    for (int stop = 0; stop < 20; ++stop) {
      match.run(67);
      Match other(*arena, {0, 1, 2, 3, kExpertProfile}, 4, 99);
      const std::vector<std::uint8_t> bytes = match.saved();
      ByteReader in(bytes);
      ASSERT_TRUE(other.world.restore(in));
      for (Bot& bot : other.bots) ASSERT_TRUE(bot.restore(in));
      ASSERT_TRUE(in.at_end());
      // Without anybody coming back, whose place only the match draws.
      Match same = match;
      for (int frame = 0; frame < 60; ++frame) {
        for (Match* each : {&same, &other}) {
          for (std::size_t i = 0; i < each->bots.size(); ++i)
            each->actions[i] = each->bots[i].act(each->world, static_cast<int>(i));
          const auto events = each->world.step(each->actions);
          for (std::size_t i = 0; i < each->bots.size(); ++i)
            each->bots[i].notice(each->world, static_cast<int>(i), events);
        }
        ASSERT_EQ(same.saved(), other.saved()) << "stop " << stop << " frame " << frame;
      }
    }
  }
}

std::vector<std::uint8_t> state_of(const Bot& bot) {
  ByteWriter out;
  bot.save(out);
  return out.bytes();
}

TEST(Bot, RefusesAStateThatWasCutShort) {
  Match match(chasm_arena(), {0, 1, 2});
  match.run(500);
  Bot& bot = match.bots[1];
  const std::vector<std::uint8_t> before = state_of(bot);
  const std::vector<std::uint8_t> other = state_of(match.bots[2]);
  for (std::size_t size = 0; size < other.size(); ++size) {
    ByteReader in({other.data(), size});
    const Status status = bot.restore(in);
    ASSERT_FALSE(status) << size;
    ASSERT_EQ(status.error().message, "a bot's state is cut short or damaged");
    ASSERT_EQ(state_of(bot), before);
  }
}

// What comes of a state one of whose numbers was changed.
template <typename T>
std::string refusal(Bot& bot, std::size_t offset, T value) {
  std::vector<std::uint8_t> bytes = state_of(bot);
  const std::vector<std::uint8_t> before = bytes;
  std::memcpy(bytes.data() + offset, &value, sizeof(T));
  ByteReader in(bytes);
  const Status status = bot.restore(in);
  if (status.ok()) return "";
  EXPECT_EQ(state_of(bot), before);
  return status.error().message;
}

TEST(Bot, RefusesNumbersThatNoBotHas) {
  // Before the first frame it knows nobody, so its state is as short as can be, and the same each time.
  Bot bot(1, 4, chasm_arena().graph, RandomKey(1));
  const int nodes = chasm_arena().graph->node_count();
  const std::size_t players = 16, enemy = players + 4, goal = enemy + 4 + 4 + 1;
  EXPECT_EQ(refusal<std::uint32_t>(bot, players, 2000),
            "a bot's state: number of players is 2000, expected 0 to 1024");
  EXPECT_EQ(refusal<std::int32_t>(bot, enemy, 0), "a bot's state: enemy is 0, expected -1 to -1");
  EXPECT_EQ(refusal<std::int32_t>(bot, goal + 4, nodes),
            fmt::format("a bot's state: goal's place is {}, expected -1 to {}", nodes, nodes - 1));
  EXPECT_EQ(refusal<float>(bot, goal + 12, NAN),
            "a bot's state: goal's position is nan, expected -1000000 to 1000000");
  EXPECT_EQ(refusal<std::uint8_t>(bot, enemy + 8, 2), "a bot's state is cut short or damaged") << "a flag";
  EXPECT_EQ(refusal<std::int32_t>(bot, goal + 4, nodes - 1), "");
}

TEST(Bot, RefusesOrSurvivesAnyDamage) {
  Match match(chasm_arena(), {0, 1, 2, 3});
  match.run(400);
  RandomStream random{RandomKey(8)};
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::uint8_t> bytes = state_of(match.bots[0]);
    const std::vector<std::uint8_t> before = bytes;
    for (int changes = random.between(1, 4); changes > 0; --changes)
      bytes[random.below(bytes.size())] = static_cast<std::uint8_t>(random.below(256));
    ByteReader in(bytes);
    Bot bot = match.bots[0];
    if (!bot.restore(in)) {
      ++refused;
      ASSERT_EQ(state_of(bot), before);
      continue;
    }
    World world = match.world;
    for (int frame = 0; frame < 10; ++frame) {
      const RawAction action = bot.act(world, 0);
      ASSERT_TRUE(make_raw_action(action.parts()));
      bot.notice(world, 0, {});
    }
  }
  EXPECT_GT(refused, 300);
}

TEST(Bot, AllocatesNothingAfterTheFirstFrame) {
  for (const TestArena* arena : {&chasm_arena(), &horseshoe_arena()}) {
    Match match(*arena, {0, 1, 2, 3, kExpertProfile});
    match.run(10);
    match.allocations = 0;
    match.run(3000);
    EXPECT_EQ(match.allocations, 0);
  }
}

TEST(BotDeathTest, PlaysOnlyWhereOneCanShoot) {
  World world(closed_room().map);
  world.add_player(at(0, 200), 0);
  Bot bot(0, 4, closed_room().graph, RandomKey(1));
  EXPECT_DEATH(for (int i = 0; i < 10; ++i) bot.act(world, 0), "armed");
}

}  // namespace
}  // namespace chrysalis
