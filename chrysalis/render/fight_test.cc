#include "chrysalis/render/fight.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "chrysalis/core/allocation_count_test.h"
#include "chrysalis/core/bytes.h"
#include "chrysalis/core/random.h"
#include "chrysalis/render/item_model.h"
#include "chrysalis/render/picture_test.h"
#include "chrysalis/world/view.h"

namespace chrysalis {
namespace {

constexpr Outfit kOutfit{{{{255, 0, 0}, {0, 255, 0}, {0, 0, 255}}}};
bool is_front(Rgb c) {
  return c.r > 80 && c.g == 0 && c.b == 0;
}
bool is_back(Rgb c) {
  return c.g > 80 && c.r == 0 && c.b == 0;
}
bool is_top(Rgb c) {
  return c.b > 80 && c.r == 0 && c.g == 0;
}
bool is_visor(Rgb c) {
  return c.r > 0 && c.r <= 16 && c.b > c.r && c.b <= 24;
}
bool is_yellow(Rgb c) {
  return c.r > 80 && c.g > 70 && 2 * c.b < c.g && 4 * c.g > 3 * c.r;
}
bool is_cyan(Rgb c) {
  return c.r < 60 && c.g > 200 && c.b > 220;
}
bool is_lime(Rgb c) {
  return c.g > 90 && 3 * c.r < 2 * c.g && 5 * c.r > c.g && 4 * c.b < c.g;
}
bool is_magenta(Rgb c) {
  return c.r > 80 && c.b > 60 && 3 * c.g < c.b;
}
bool is_flash(Rgb c) {
  return c.r == 255 && c.g > 150 && c.b < 210;
}
bool is_white(Rgb c) {
  return c == Rgb{255, 255, 255};
}
bool is_bluish_white(Rgb c) {
  return c.r > 100 && c.g > 150 && c.b > 200;
}
bool is_body(Rgb c) {
  return is_front(c) || is_back(c) || is_top(c) || is_visor(c);
}

// A grey floor without end under a black sky; a wall in the east where it is asked for.
std::shared_ptr<Map> make_field(std::vector<ItemPlacement> items = {}, float wall_x = 0) {
  auto map = std::make_shared<Map>();
  map->name = "field";
  map->surfaces = {floor(-3000, 3000, 0, "plain_grey")};
  map->solids = {{{-3000, -3000, -16}, {3000, 3000, 0}}};
  if (wall_x > 0) {
    map->surfaces.push_back(wall({wall_x, 3000, 300}, {0, -6000, 0}, 300, "plain_dark"));
    map->solids.push_back({{wall_x, -3000, 0}, {wall_x + 16, 3000, 300}});
  }
  map->items = std::move(items);
  map->finish();
  return map;
}

struct Stand {
  Vec3 floor;
  float yaw = 0;
};
World make_fight(std::shared_ptr<const Map> map, std::initializer_list<Stand> stands) {
  World world(std::move(map));
  world.arm(RandomKey(3));
  for (const Stand& stand : stands) world.add_player({stand.floor}, stand.yaw, kOutfit);
  return world;
}
// Everyone does nothing but player 0, who does `action`.
void step(World& world, int frames, const RawAction& action = {}) {
  std::vector<RawAction> actions(world.players().size());
  actions[0] = action;
  for (int i = 0; i < frames; ++i) world.step(actions);
}
constexpr RawAction kFire{.fire = 1};

// Until what players took is in their hands, and the lights of their coming are out.
constexpr int kGetReady = 60;

// Player 0 at the origin looks along +x with the gadget of an item in its hand; player 1, if any, stands
// away.
World make_shooter(ItemKind kind, float wall_x, std::initializer_list<Stand> others = {}) {
  World world(make_field({{kind, {0, 0, 15}}}, wall_x));
  world.arm(RandomKey(3));
  world.add_player({{0, 0, 0}}, 0, kOutfit);
  for (const Stand& stand : others) world.add_player({stand.floor}, stand.yaw, kOutfit);
  step(world, kGetReady);
  return world;
}

struct Span {
  int low = 1 << 20, high = -1;
  void add(int at) {
    low = std::min(low, at);
    high = std::max(high, at);
  }
};
struct Extent {
  Span columns, rows;
  int count = 0;
};
template <typename Is>
Extent extent(const Picture& picture, Is is) {
  Extent extent;
  for (int row = 0; row < picture.height; ++row) {
    for (int column = 0; column < picture.width; ++column) {
      if (!is(picture.at(column, row))) continue;
      extent.columns.add(column);
      extent.rows.add(row);
      ++extent.count;
    }
  }
  return extent;
}

// A player at the origin, yaw 0, from `distance` away in the direction `from` (degrees from ahead of it).
Picture look_at_player(const World& world, float from, float distance) {
  const float angle = from * std::numbers::pi_v<float> / 180;
  return look(world, {{distance * std::cos(angle), distance * std::sin(angle), 50}, from + 180, 0, 0});
}

TEST(FightTest, EachSideOfABodyShowsItsColour) {
  World world = make_fight(make_field(), {{{0, 0, 0}, 0}});
  step(world, kGetReady);
  const Picture ahead = look_at_player(world, 0, 100);
  EXPECT_GT(coloured_pixels(ahead, is_front), 100);
  EXPECT_EQ(coloured_pixels(ahead, is_back), 0);
  EXPECT_GT(coloured_pixels(ahead, is_top), 30);
  EXPECT_GT(coloured_pixels(ahead, is_visor), 4);
  const Picture behind = look_at_player(world, 180, 100);
  EXPECT_GT(coloured_pixels(behind, is_back), 100);
  EXPECT_EQ(coloured_pixels(behind, is_front), 0);
  EXPECT_GT(coloured_pixels(behind, is_top), 30);
  EXPECT_EQ(coloured_pixels(behind, is_visor), 0);
  for (const float side : {90.0f, 270.0f}) {
    const Picture aside = look_at_player(world, side, 100);
    EXPECT_GT(coloured_pixels(aside, is_front), 15) << side;
    EXPECT_GT(coloured_pixels(aside, is_back), 15) << side;
  }
  const Picture above = look(world, {{-1, 0, 200}, 0, 87.9f, 0});
  EXPECT_GT(coloured_pixels(above, is_top),
            coloured_pixels(above, [](Rgb c) { return is_front(c) || is_back(c); }));
  // From afar all of it is still there.
  EXPECT_GT(coloured_pixels(look_at_player(world, 0, 700), is_front), 1);
  EXPECT_GT(coloured_pixels(look_at_player(world, 180, 700), is_back), 1);
}

TEST(FightTest, ABodyFillsItsBox) {
  World world = make_fight(make_field(), {{{0, 0, 0}, 0}});
  step(world, kGetReady);
  // 240 u away, eye at 50 u, focal length 480: 2 pixels a u. The box is 30 u wide, from 0 to 56 u high.
  const Extent seen = extent(look(world, {{240, 0, 50}, 180, 0, 0}, 960, 720), is_body);
  EXPECT_NEAR(seen.columns.high - seen.columns.low, 60, 8);
  EXPECT_NEAR(seen.rows.low, 360 - 2 * 6, 3);
  EXPECT_NEAR(seen.rows.high, 360 + 2 * 50, 6);
}

TEST(FightTest, ACrouchedBodyIsLower) {
  World world = make_fight(make_field(), {{{0, 0, 0}, 0}});
  step(world, kGetReady, {.crouch = 1});
  const Extent seen = extent(look(world, {{240, 0, 50}, 180, 0, 0}, 960, 720), is_body);
  EXPECT_NEAR(seen.rows.low, 360 + 2 * 10, 3) << "40 u high";
  EXPECT_NEAR(seen.rows.high, 360 + 2 * 50, 6);
}

TEST(FightTest, TheGadgetIsInTheRightHandAndPointsWhereItsPlayerLooks) {
  World world = make_fight(make_field(), {{{0, 0, 0}, 0}});
  step(world, kGetReady);
  const auto gadget = [&](float from) { return extent(look_at_player(world, from, 100), is_yellow); };
  ASSERT_GT(gadget(0).count, 2);
  EXPECT_LT(gadget(0).columns.high, 48);
  const int level = gadget(270).rows.low;
  step(world, 10, {.look_down = -40});
  EXPECT_LT(gadget(270).rows.low, level) << "looks up";
  step(world, 20, {.look_down = 40});
  EXPECT_GT(gadget(270).rows.low, level) << "looks down";
}

TEST(FightTest, TheGadgetHasTheColourOfItsKind) {
  const auto seen = [](ItemKind kind, bool (*is)(Rgb)) {
    return coloured_pixels(look_at_player(make_shooter(kind, 0), 300, 60), is);
  };
  EXPECT_GT(seen(ItemKind::kOrb, is_magenta), 3);
  EXPECT_EQ(seen(ItemKind::kHealth, is_magenta), 0);
  EXPECT_GT(seen(ItemKind::kDisc, is_lime), 3);
  EXPECT_EQ(seen(ItemKind::kHealth, is_lime), 0);
}

TEST(FightTest, LegsSwingWhenABodyWalks) {
  World world = make_fight(make_field(), {{{0, 0, 0}, 0}});
  step(world, kGetReady, {.move_forward = 1});
  const auto picture = [&] {
    const Vec3 at = world.players()[0].origin;
    return look(world, {{at.x, at.y - 60, 20}, 90, 0, 0}).rgb;
  };
  const auto before = picture();
  step(world, 6, {.move_forward = 1});
  EXPECT_NE(picture(), before);
}

TEST(FightTest, WallsHideBodies) {
  World world = make_fight(make_field({}, 300), {{{400, 0, 0}, 180}});
  step(world, kGetReady);
  EXPECT_EQ(coloured_pixels(look(world, {{0, 0, 50}, 0, 0, 0}), is_body), 0);
  EXPECT_GT(coloured_pixels(look(world, {{500, 0, 50}, 180, 0, 0}), is_body), 50);
}

TEST(FightTest, TheViewersOwnBodyIsNotDrawn) {
  World world = make_fight(make_field(), {{{0, 0, 0}, 0}, {{200, 0, 0}, 180}});
  step(world, kGetReady);
  const Eye eye{{-100, 0, 50}, 0, 0, 0};
  EXPECT_GT(coloured_pixels(look(world, eye), is_back), 50);
  const Picture own = look(world, eye, 96, 72, 0);
  EXPECT_EQ(coloured_pixels(own, is_back), 0);
  EXPECT_GT(coloured_pixels(own, is_front), 10) << "the other one";
}

TEST(FightTest, TheDeadAreGone) {
  auto map = make_field();
  map->kill_volumes = {{{-50, -50, -10}, {50, 50, 10}}};
  World world = make_fight(map, {{{0, 0, 0}, 0}, {{-900, 0, 0}, 0}});
  const Eye eye{{-150, 0, 50}, 0, 0, 0};
  EXPECT_GT(coloured_pixels(look(world, eye), is_body), 20);
  step(world, 1);
  ASSERT_FALSE(world.fighters()[0].alive);
  const Picture gone = look(world, eye);
  EXPECT_EQ(coloured_pixels(gone, is_body), 0);
  EXPECT_GT(coloured_pixels(gone, is_bluish_white), 20) << "the light of its going";
  EXPECT_EQ(look(world, eye, 96, 72, 0).rgb, look(World(map), eye).rgb) << "not around its own eye";
  step(world, effect_ms(Effect::Kind::kTeleport) / kFrameMilliseconds + 1);
  EXPECT_EQ(look(world, eye).rgb, look(World(map), eye).rgb);
}

TEST(FightTest, ABeamRunsFromTheGadgetToWhatItMet) {
  World world = make_shooter(ItemKind::kBeam, 300);
  step(world, 1, kFire);
  // 1 pixel a 4.17 u; from 14 u ahead of the eye to the wall.
  const Picture aside = look(world, {{150, -200, 50}, 90, 0, 0});
  const Extent beam = extent(aside, is_cyan);
  EXPECT_NEAR(beam.columns.low, 48 + (14 - 150) * 48 / 200, 2);
  EXPECT_NEAR(beam.columns.high, 48 + (300 - 150) * 48 / 200, 2);
  EXPECT_LE(beam.rows.high - beam.rows.low, 6) << "thin";
  EXPECT_GT(coloured_pixels(aside, is_white), 20) << "bright inside";
  const Extent own = extent(look(world, view_of(world, 0), 96, 72, 0), is_cyan);
  EXPECT_GT(own.count, 15);
  EXPECT_GE(own.columns.low, 46);
  EXPECT_GE(own.rows.low, 34) << "from below and the right to the middle";
  EXPECT_GT(own.rows.high, 60);
}

TEST(FightTest, ABeamAcrossTheWholeViewHasNoGap) {
  World world = make_shooter(ItemKind::kBeam, 0);
  step(world, 1, kFire);
  const Picture picture = look(world, {{384, -700, 50}, 90, 0, 0});
  const Extent beam = extent(picture, [](Rgb c) { return is_cyan(c) || is_white(c); });
  EXPECT_GE(beam.count, beam.columns.high - beam.columns.low + 1);
}

TEST(FightTest, ADiscsTrailFades) {
  World world = make_shooter(ItemKind::kDisc, 300);
  const Eye aside{{150, -200, 50}, 90, 0, 0};
  step(world, 30);
  const auto before = coloured_pixels(look(world, aside), is_lime);
  step(world, 1, kFire);
  int last = 1 << 20;
  for (int i = 0; i < 3; ++i) {
    const int lit = coloured_pixels(look(world, aside), [](Rgb c) { return is_lime(c) || is_white(c); });
    EXPECT_GT(lit, before);
    EXPECT_LE(lit, last);
    last = lit;
    step(world, 8);
  }
  step(world, 25);
  EXPECT_EQ(coloured_pixels(look(world, aside), is_lime), before);
}

TEST(FightTest, ARapidShotFlashesWhereItStruckAndAtItsMuzzle) {
  World world = make_fight(make_field({}, 300), {{{0, 0, 0}, 0}});
  step(world, kGetReady);
  const Eye eye = view_of(world, 0);
  const Picture before = look(world, eye, 96, 72, 0);
  EXPECT_EQ(coloured_pixels(look(world, {{100, 60, 50}, 210, 0, 0}), is_flash), 0);
  step(world, 1, kFire);
  ASSERT_EQ(world.effects().size(), 1U);
  const Picture after = look(world, eye, 96, 72, 0);
  Extent changed;
  for (int row = 0; row < 72; ++row) {
    for (int column = 0; column < 96; ++column) {
      if (after.at(column, row) == before.at(column, row)) continue;
      changed.columns.add(column);
      changed.rows.add(row);
      ++changed.count;
      EXPECT_GT(after.at(column, row).r, 200);
    }
  }
  EXPECT_GE(changed.count, 1);
  EXPECT_LE(changed.count, 12);
  EXPECT_NEAR(changed.columns.low, 48, 4);
  EXPECT_NEAR(changed.rows.low, 36, 4);
  EXPECT_GT(coloured_pixels(look(world, {{100, 60, 50}, 210, 0, 0}), is_flash), 3);
}

TEST(FightTest, AFlashOnTheViewerDoesNotFillItsView) {
  World world = make_fight(make_field(), {{{200, 0, 0}, 180}, {{0, 0, 0}, 0}});
  step(world, kGetReady);
  step(world, 1, kFire);
  ASSERT_LT(world.fighters()[1].health, kSpawnHealth);
  const Picture hit = look(world, view_of(world, 1), 96, 72, 1);
  const int flashes = coloured_pixels(hit, is_flash);
  EXPECT_GT(flashes, 6) << "at the muzzle and where it struck";
  EXPECT_LT(flashes, 60);
}

TEST(FightTest, AnImpulseBlowFlashesWhereItStruck) {
  World world = make_fight(make_field(), {{{0, 0, 0}, 0}, {{58, 0, 0}, 0}});
  step(world, kGetReady, {.look_down = -512});
  step(world, 800, kFire);  // Every round into the sky.
  step(world, 30, {.look_down = 28});
  ASSERT_EQ(world.fighters()[0].held, Gadget::kImpulse);
  const Eye aside{{30, -100, 50}, 90, 0, 0};
  const int before = coloured_pixels(look(world, aside), is_bluish_white);
  step(world, 1, {.look_down = 0, .fire = 1});
  ASSERT_FALSE(world.effects().empty());
  EXPECT_GT(coloured_pixels(look(world, aside), is_bluish_white), before + 4);
}

TEST(FightTest, AnOrbFliesAndBurstsOnTheWall) {
  World world = make_shooter(ItemKind::kOrb, 500);
  const Eye eye = view_of(world, 0);
  const auto glow = [](Rgb c) { return is_magenta(c) || (c.r > 200 && c.b > 200); };
  step(world, 1, kFire);
  ASSERT_EQ(world.projectiles().size(), 1U);
  step(world, 4);
  const Extent near = extent(look(world, eye, 96, 72, 0), glow);
  EXPECT_GT(near.count, 3);
  step(world, 20);
  const Extent far = extent(look(world, eye, 96, 72, 0), glow);
  EXPECT_GT(far.count, 1);
  EXPECT_LT(far.count, near.count);
  EXPECT_NEAR(far.columns.low, 48, 3);
  while (!world.projectiles().empty()) step(world, 1);
  step(world, 8);
  const Extent burst = extent(look(world, eye, 96, 72, 0), glow);
  EXPECT_GT(burst.columns.high - burst.columns.low, 5) << "48 u at 500 u to each side";
  step(world, effect_ms(Effect::Kind::kExplosion) / kFrameMilliseconds + 1);
  EXPECT_EQ(coloured_pixels(look(world, eye, 96, 72, 0), glow), 0);
}

TEST(FightTest, ABarIsDrawnBeforeTheEyeOnly) {
  const Camera camera = make_camera({}, 96, 72);
  const auto polygons = [&](Vec3 from, Vec3 to) {
    DrawList list;
    list.add_bar(camera, {from, to, 2, 1, 9, {255, 255, 255}, {255, 0, 0}});
    return list.polygons().size();
  };
  EXPECT_EQ(polygons({100, -20, 1}, {100, 20, 1}), kBarFaces);
  EXPECT_EQ(polygons({-100, -20, 9}, {100, 30, 9}), kBarFaces) << "from behind";
  EXPECT_EQ(polygons({-100, -20, 0}, {-100, 20, 0}), 0U);
  EXPECT_EQ(polygons({10, 0, 0}, {100, 0, 0}), 0U) << "along the line of sight";
  EXPECT_EQ(polygons({50, 5, 5}, {50, 5, 5}), 0U) << "without length";
}

TEST(FightTest, PadsShowWhereSomethingComesBack) {
  const Eye eye{{-100, 0, 60}, 0, 30, 0};
  const auto pad_pixels = [&](ItemKind kind, float height, bool (*is)(Rgb)) {
    World world(make_field({{kind, {0, 0, height}}}));
    world.set_item_present(0, false);
    return coloured_pixels(look(world, eye), is);
  };
  EXPECT_GT(pad_pixels(ItemKind::kOrb, 15, is_magenta), 20);
  EXPECT_GT(pad_pixels(ItemKind::kBeam, 15, is_cyan), 20);
  EXPECT_GT(pad_pixels(ItemKind::kDisc, 15, is_lime), 20);
  const auto not_grey = [](Rgb c) { return c.r != c.g || c.g != c.b; };
  EXPECT_GT(pad_pixels(ItemKind::kArmour, 15, not_grey), 20);
  EXPECT_GT(pad_pixels(ItemKind::kHealth, 15, not_grey), 20);
  EXPECT_EQ(pad_pixels(ItemKind::kOrb, 72, not_grey), 0) << "hangs in the air";
  EXPECT_EQ(pad_pixels(ItemKind::kOrb, -8, not_grey), 0) << "in the ground";
  EXPECT_EQ(pad_pixels(ItemKind::kApple, 15, not_grey), 0) << "comes back when a level says so";
}

TEST(FightTest, NoTwoKindsOfItemsLookAlike) {
  const Eye eye{{-120, 0, 50}, 0, 10, 0};
  struct Look {
    double r = 0, g = 0, b = 0;
  };
  std::vector<Look> looks;
  const Picture empty = look(World(make_field()), eye);
  for (std::size_t kind = 0; kind < kItemKindCount; ++kind) {
    World world(make_field({{static_cast<ItemKind>(kind), {0, 0, 30}}}));
    const Picture picture = look(world, eye);
    Look mean;
    int count = 0;
    for (int row = 0; row < 72; ++row) {
      for (int column = 0; column < 96; ++column) {
        const Rgb c = picture.at(column, row);
        if (c == empty.at(column, row)) continue;
        mean = {mean.r + c.r, mean.g + c.g, mean.b + c.b};
        ++count;
      }
    }
    ASSERT_GT(count, 50) << kind;
    looks.push_back({mean.r / count, mean.g / count, mean.b / count});
  }
  for (std::size_t a = 0; a < looks.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const double apart = std::max({std::abs(looks[a].r - looks[b].r), std::abs(looks[a].g - looks[b].g),
                                     std::abs(looks[a].b - looks[b].b)});
      EXPECT_GT(apart, 30) << a << " and " << b;
    }
  }
}

TEST(FightTest, LavaCreepsAndGlows) {
  auto map = make_map({floor(-500, 500, 0, "lava")});
  map->surfaces[0].light = 0.1f;
  map->surfaces[0].tiles_right = map->surfaces[0].tiles_down = 8;
  World world(map);
  const Eye eye{{0, 0, 100}, 0, 60, 0};
  const Picture first = look(world, eye);
  EXPECT_GT(coloured_pixels(first, [](Rgb c) { return c.r > 150 && c.r > c.g && c.g > c.b; }),
            96 * 72 * 9 / 10);
  for (int i = 0; i < 64; ++i) world.step({});
  EXPECT_NE(look(world, eye).rgb, first.rgb);
  for (int i = 64; i < 1024; ++i) world.step({});
  EXPECT_EQ(look(world, eye).rgb, first.rgb) << "once around";
}

// Four players who run, shoot and die among all that can be taken.
World make_brawl() {
  auto map = make_field({{ItemKind::kOrb, {60, 0, 15}},
                         {ItemKind::kBeam, {-60, 0, 15}},
                         {ItemKind::kDisc, {0, 60, 15}},
                         {ItemKind::kArmour, {0, -60, 15}},
                         {ItemKind::kHealth, {80, 80, 15}}},
                        400);
  return make_fight(map, {{{0, 0, 0}, 0}, {{150, 0, 0}, 180}, {{0, 150, 0}, 270}, {{0, -150, 0}, 90}});
}
// Everyone turns to the next one, shoots, and moves at random.
void brawl(World& world, RandomStream& random) {
  const std::span<const Body> players = world.players();
  std::vector<RawAction> actions(players.size());
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const Vec3 way = players[(i + 1) % actions.size()].origin - players[i].origin;
    const float angle = std::atan2(way.y, way.x) * 180 / std::numbers::pi_v<float> - players[i].yaw_degrees;
    const float turn = std::remainder(angle, 360.0f) / kDegreesPerLookUnit;
    actions[i] = {.look_right = static_cast<int>(std::clamp(-turn, -60.0f, 60.0f)),
                  .strafe_right = random.between(-1, 1),
                  .move_forward = random.between(-1, 1),
                  .fire = random.between(0, 3) > 0,
                  .jump = random.between(0, 9) == 0,
                  .crouch = random.between(0, 9) == 0};
  }
  for (const WorldEvent& event : world.step(actions)) {
    if (event.kind == WorldEvent::Kind::kMayRespawn)
      world.respawn(event.player, {{static_cast<float>(event.player) * 50 - 75, 0, 0}}, 0);
  }
}

TEST(FightTest, DrawingAFightAllocatesNothing) {
  World world = make_brawl();
  Renderer renderer(96, 72);
  std::vector<std::uint8_t> rgb(renderer.picture_bytes());
  RandomStream random{RandomKey(6)};
  renderer.render(world, view_of(world, 0), rgb, 0);
  int effects = 0, orbs = 0, dead = 0;
  std::size_t drops = 0;
  for (int i = 0; i < 1500; ++i) {
    brawl(world, random);
    effects += !world.effects().empty();
    orbs += !world.projectiles().empty();
    drops = std::max(drops, world.items().size() - world.map().items.size());
    for (const Fighter& fighter : world.fighters()) dead += !fighter.alive;
    const std::int64_t before = allocation_count;
    renderer.render(world, view_of(world, 0), rgb, 0);
    renderer.render(world, {{0, -400, 200}, 90, 20, 0}, rgb);
    ASSERT_EQ(allocation_count, before) << "frame " << i;
  }
  EXPECT_GT(effects, 0);
  EXPECT_GT(orbs, 0);
  EXPECT_GT(dead, 0);
  EXPECT_GT(drops, 0U);
}

TEST(FightTest, ARestoredFightLooksTheSame) {
  World world = make_brawl();
  RandomStream random{RandomKey(9)};
  for (int i = 0; i < 900; ++i) {
    brawl(world, random);
    if (i % 100 != 99) continue;
    ByteWriter out;
    world.save(out);
    World again = make_brawl();
    ByteReader in(out.bytes());
    ASSERT_TRUE(again.restore(in).ok());
    for (int viewer = 0; viewer < 4; ++viewer) {
      EXPECT_EQ(look(again, view_of(again, viewer), 96, 72, viewer).rgb,
                look(world, view_of(world, viewer), 96, 72, viewer).rgb);
    }
  }
}

TEST(FightTest, EveryVectorTargetDrawsTheSameFight) {
  World world = make_brawl();
  RandomStream random{RandomKey(10)};
  for (int i = 0; i < 300; ++i) {
    brawl(world, random);
    if (i % 30 != 29) continue;
    const auto expected = look(world, view_of(world, 1), 96, 72, 1).rgb;
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
      hwy::SetSupportedTargetsForTest(target);
      EXPECT_EQ(look(world, view_of(world, 1), 96, 72, 1).rgb, expected) << hwy::TargetName(target);
    }
    hwy::SetSupportedTargetsForTest(0);
  }
}

TEST(FightTest, FromAbovePlayersAreArrowsInTheirColoursAndTheDeadAreLeftOut) {
  auto map = make_map({floor(-300, 300, 0, "plain_grey")});
  map->solids = {{{-300, -300, -16}, {300, 300, 0}}};
  map->kill_volumes = {{{-250, -250, -10}, {-50, -50, 10}}};
  map->finish();
  World world = make_fight(map, {{{-150, -150, 0}, 90}, {{100, 100, 0}, 90}});
  Renderer renderer(192, 192);
  Picture picture{192, 192, std::vector<std::uint8_t>(renderer.picture_bytes())};
  renderer.render_top_down(world, picture.rgb);
  const Extent tips = extent(picture, is_front), wings = extent(picture, is_back);
  EXPECT_GT(tips.count, 6);
  EXPECT_GT(wings.count, 6);
  EXPECT_LT(tips.columns.low, 80) << "two of them";
  EXPECT_GT(tips.columns.high, 112);
  step(world, kGetReady);
  renderer.render_top_down(world, picture.rgb);
  const Extent left = extent(picture, is_front), left_wings = extent(picture, is_back);
  EXPECT_GT(left.count, 3);
  EXPECT_GT(left.columns.low, 96);
  EXPECT_LT(left.rows.high, left_wings.rows.high) << "it points up";
}

}  // namespace
}  // namespace chrysalis
