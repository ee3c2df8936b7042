// The maps of examples/maps: what a reader of docs/formats/map.md tries first.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "chrysalis/core/random.h"
#include "chrysalis/levels/catalog.h"
#include "chrysalis/levels/text_map.h"
#include "chrysalis/world/trace.h"

namespace chrysalis {
namespace {

std::string path_of(const std::string& name) {
  return CHRYSALIS_SOURCE_DIR "/examples/maps/" + name + ".map";
}
std::unique_ptr<Level> level_of(const std::string& name, LevelConfig config = {}) {
  config.name = "map:" + path_of(name);
  return std::move(make_level(config).value());
}
std::vector<std::string> example_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(CHRYSALIS_SOURCE_DIR "/examples/maps"))
    names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

// The guide's blocks of code that are maps, or lines of one.
TEST(Guide, ItsMapsAreRead) {
  std::ifstream file(CHRYSALIS_SOURCE_DIR "/docs/formats/map.md");
  std::string line, block;
  bool inside = false;
  int maps = 0;
  while (std::getline(file, line)) {
    if (line != "```") {
      if (inside) block += line + "\n";
      continue;
    }
    inside = !inside;
    if (inside) block.clear();
    if (inside || (!block.starts_with("chrysalis map") && !block.starts_with("room"))) continue;
    if (block.starts_with("room")) block = "chrysalis map 2\nroom 0 0 1200 400\nspawn 100 100\n" + block;
    const auto map = parse_text_map(block, "map.md");
    EXPECT_TRUE(map.ok()) << map.error().message << " in\n" << block;
    ++maps;
  }
  EXPECT_EQ(maps, 3);
}

class EveryExample : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Maps, EveryExample, testing::ValuesIn(example_names()),
                         [](const auto& info) { return info.param; });

TEST_P(EveryExample, IsPlayedWithinItsBoundsAndRestored) {
  const auto level = level_of(GetParam()), other = level_of(GetParam());
  RandomStream random{RandomKey(1)};
  level->start(RandomKey(1));
  RawAction action;
  for (int frame = 0; frame < 4000; ++frame) {
    if (frame % 20 == 0)
      action = {.look_right = random.between(-40, 40),
                .move_forward = random.between(0, 1),
                .fire = random.between(0, 1),
                .jump = random.between(0, 1)};
    const int reward = level->step(action);
    ASSERT_GE(reward, level->spec().frame_reward_min);
    ASSERT_LE(reward, level->spec().frame_reward_max);
    if (frame % 50 == 0) level->world().check_invariants();
  }
  ByteWriter saved, again;
  level->save(saved);
  ByteReader in(saved.bytes());
  ASSERT_TRUE(other->restore(in));
  other->save(again);
  EXPECT_EQ(saved.bytes(), again.bytes());
}

// Wherever an eye may be, what it looks at is painted, or is the sky.
TEST_P(EveryExample, HasNoHoles) {
  const std::shared_ptr<const Map> shared = load_text_map(path_of(GetParam()))->map;
  const Map& map = *shared;
  constexpr float kAhead = kSurfaceClearance;  // Of a solid, where a line ends.
  float wall_height = 0;
  for (const Surface& surface : map.surfaces) wall_height = std::max(wall_height, surface.corner.z);
  const auto faces = [&](const Surface& surface, Vec3 point, Vec3 from) {
    const Vec3 to = point - surface.corner;
    const float along = dot(to, surface.right) / dot(surface.right, surface.right);
    const float below = dot(to, surface.down) / dot(surface.down, surface.down);
    const Vec3 across = cross(surface.down, surface.right);
    const float off = dot(to, across) / length(across);
    return along > -0.01f && along < 1.01f && below > -0.01f && below < 1.01f && off > -0.5f && off < 0.5f &&
           dot(from - surface.corner, across) > 0;
  };
  RandomStream random{RandomKey(2)};
  int seen = 0;
  for (int ray = 0; ray < 3000; ++ray) {
    const Spawn& spawn = map.spawns[random.below(map.spawns.size())];
    const float yaw = static_cast<float>(random.uniform(0, 6.2831853));
    const Vec3 eye = spawn.floor + Vec3{0, 0, 50};
    const Vec3 step{std::cos(yaw), std::sin(yaw), 0};
    const float far = length(trace_line(map, eye, eye + step * 2000.0f).end - eye);
    const Vec3 place = eye + step * (far * static_cast<float>(random.uniform(0, 0.9)));
    const float turned = static_cast<float>(random.uniform(0, 6.2831853));
    const Vec3 look{std::cos(turned), std::sin(turned), static_cast<float>(random.uniform(-1, 1))};
    const LineHit hit = trace_line(map, place, place + look * 4000.0f);
    ASSERT_TRUE(hit.met) << "out of the map from " << place.x << ' ' << place.y << ' ' << place.z;
    if (map.sky.open && hit.end.z > wall_height - 1) continue;
    const bool painted = std::any_of(map.surfaces.begin(), map.surfaces.end(), [&](const Surface& surface) {
      return faces(surface, hit.end + look * kAhead, place);
    });
    EXPECT_TRUE(painted) << "at " << hit.end.x << ' ' << hit.end.y << ' ' << hit.end.z << " from " << place.x
                         << ' ' << place.y << ' ' << place.z;
    ++seen;
  }
  EXPECT_GT(seen, 1500);
}

// What is had by running from one place to the next and jumping where the floor ends, up to the goal.
int reward_of_leaping_along(Level& level, const std::vector<Vec3>& places) {
  constexpr float kDegrees = 57.29578f;
  int total = 0;
  std::size_t next = 0;
  for (int frame = 0; frame < level.spec().episode_frames; ++frame) {
    const Body& body = level.world().players()[0];
    Vec3 way = places[next] - body.origin;
    if (std::hypot(way.x, way.y) < 30 && body.on_ground && next + 1 < places.size())
      way = places[++next] - body.origin;
    const float heading = std::atan2(way.y, way.x);
    const float off = std::remainder(heading * kDegrees - body.yaw_degrees, 360.0f);
    const Vec3 ahead = body.origin + Vec3{24 * std::cos(heading), 24 * std::sin(heading), -30};
    bool floor_ahead = false;
    level.world().map().solids_near(ahead, ahead, [&](const Solid&) { floor_ahead = true; });
    const int reward = level.step({.look_right = -static_cast<int>(off / kDegreesPerLookUnit),
                                   .move_forward = std::abs(off) < 20 ? 1 : 0,
                                   .jump = body.on_ground && !floor_ahead ? 1 : 0});
    total += reward;
    if (reward >= 10) return total;
  }
  return total;
}

TEST(SteppingStones, CanBeCrossedByJumpingAndFallingCosts) {
  const auto level = level_of("stepping_stones");
  EXPECT_EQ(level->spec().frame_reward_min, -1);
  EXPECT_EQ(level->spec().frame_reward_max, 10);
  level->start(RandomKey(1));
  EXPECT_EQ(level->world().players()[0].yaw_degrees, 0.0f) << "facing east";
  const std::vector<Vec3> stones = {
      {400, 240, 0}, {670, 200, 0}, {940, 240, 0}, {1210, 280, 0}, {1500, 260, 0}};
  EXPECT_EQ(reward_of_leaping_along(*level, stones), 4 + 10) << "four apples and the goal";

  level->start(RandomKey(1));
  int falls = 0;
  for (int frame = 0; frame < 300; ++frame) {
    const int reward = level->step({.move_forward = 1});
    ASSERT_TRUE(reward == 0 || reward == -1) << reward;
    if (reward == 0) continue;
    ++falls;
    EXPECT_EQ(level->world().players()[0].origin.x, 60.0f) << "at a spawn again";
  }
  EXPECT_GE(falls, 2);
}

TEST(TwoRooms, LeadsThroughItsDoors) {
  const std::shared_ptr<const Map> shared = load_text_map(path_of("two_rooms"))->map;
  const Map& map = *shared;
  for (const auto& [y, passes] : {std::pair{160.0f, true}, {444.0f, true}, {340.0f, false}}) {
    Body body;
    body.origin = {600, y, 24.125f};
    for (int frame = 0; frame < 60; ++frame) move_body(body, {.move_forward = 1}, map, {});
    EXPECT_EQ(body.origin.x > 732, passes) << y;
  }
}

TEST(Duel, IsFoughtByTwoBotsOfItsOwn) {
  const auto level = level_of("duel");
  EXPECT_EQ(level->spec().episode_frames, 180 * kFramesPerSecond);
  EXPECT_EQ(level->spec().frame_reward_max, 2);
  level->start(RandomKey(3));
  const World& world = level->world();
  ASSERT_EQ(world.players().size(), 3u);
  EXPECT_EQ(world.fighters()[0].rounds[static_cast<std::size_t>(Gadget::kRapid)], 50);
  int deaths = 0, taken = 0;
  for (int frame = 0; frame < 4000; ++frame) {
    level->step({});
    for (const WorldEvent& event : world.events()) {
      deaths += event.kind == WorldEvent::Kind::kDied ? 1 : 0;
      taken += event.kind == WorldEvent::Kind::kItemTaken ? 1 : 0;
    }
  }
  EXPECT_GT(deaths, 2);
  EXPECT_GT(taken, 2);
}

TEST(Duel, TakesTheSettingsOfLaserTag) {
  EXPECT_EQ(level_of("duel", {.bot_count = 5})->spec().frame_reward_max, 5);
  const LevelConfig crowded{.name = "map:" + path_of("duel"), .bot_count = 10};
  EXPECT_EQ(make_level(crowded).error().message,
            fmt::format("level.bot_count is 10, expected at most 9: with the agent, a player for each of the "
                        "10 spawn points of level '{}'",
                        crowded.name));
}

TEST(Duel, SaysWhichSettingsItTakes) {
  const auto duel = level_of("duel"), two_rooms = level_of("two_rooms");
  const std::vector<std::string_view> of_laser_tag = {"bot_count", "skill", "color"};
  EXPECT_TRUE(std::ranges::equal(duel->spec().settings, of_laser_tag));
  EXPECT_TRUE(two_rooms->spec().settings.empty());
}

std::unique_ptr<Level> level_with(std::string_view rules) {
  const TextMap map = parse_text_map(fmt::format("chrysalis map 2\n{}\nroom 0 0 800 600\n"
                                                 "spawn 100 100  300 100  500 100\n",
                                                 rules),
                                     "m")
                          .value();
  return std::move(make_level(map, {.name = "map:m"}).value());
}

TEST(SavedEpisode, IsRefusedWhereTheRulesAreOthers) {
  const auto refusal = [](const std::string& was, const std::string& is) {
    const auto level = level_with(was), other = level_with(is);
    level->start(RandomKey(1));
    ByteWriter saved;
    level->save(saved);
    ByteReader in(saved.bytes());
    const Status status = other->restore(in);
    return status ? "" : status.error().message;
  };
  for (const char* rule :
       {"apple_reward = 2", "goal_reward = 2", "death_reward = 2", "apples_return = false"}) {
    EXPECT_EQ(refusal("", rule), "state of level 'map:m' belongs to another map or other settings") << rule;
    EXPECT_EQ(refusal(rule, rule), "");
  }
  const std::string tag = "rules = laser_tag\nbots = 2\n";
  EXPECT_EQ(refusal(tag, tag + "profiles = 1"),
            "state of level 'map:m' belongs to another map or other profiles");
  EXPECT_EQ(refusal(tag, tag + "profiles = 0 1 3"), "") << "the same for two bots";
}

TEST(SavedEpisode, OfBeforeRulesCountedIsTaken) {
  for (const char* rules : {"goal_reward = 2", "rules = laser_tag\nbots = 2\nprofiles = 1"}) {
    const auto level = level_with(rules);
    level->start(RandomKey(1));
    ByteWriter saved, begins;
    level->save(saved);
    begins.text("map:m");
    begins.number(content_hash(level->world().map()));
    auto bytes = saved.bytes();
    std::ranges::copy(begins.bytes(), bytes.begin());
    ByteReader in(bytes);
    EXPECT_TRUE(level->restore(in).ok()) << rules;
  }
}

TEST(Duel, IsRefusedTheStateOfAChangedMap) {
  const auto duel = level_of("duel");
  duel->start(RandomKey(1));
  ByteWriter saved;
  duel->save(saved);
  // The same name, another map: as if the file had been changed in between.
  TextMap changed = parse_text_map(
                        "chrysalis map 2\nrules = laser_tag\nbots = 2\nskill = 3.5\n"
                        "room 0 0 800 600\nspawn 100 100  300 100  500 100\n",
                        "m")
                        .value();
  LaserTagLevel other(duel->spec(), *changed.arena, {.bot_count = 2, .skill = 3.5, .bot_outfit = {}});
  ByteReader in(saved.bytes());
  EXPECT_EQ(other.restore(in).error().message,
            fmt::format("state of level '{}' belongs to another map or other profiles", duel->spec().name));
}

}  // namespace
}  // namespace chrysalis
