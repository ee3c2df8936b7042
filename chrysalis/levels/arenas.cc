#include "chrysalis/levels/arenas.h"

#include "chrysalis/levels/floor_plan.h"

namespace chrysalis {
namespace {

constexpr float kWallHeight = 192.0f;
constexpr float kBorder = 32.0f;
constexpr float kItemAboveFloor = 15.0f;

MaterialId material(std::string_view name) {
  return find_material(name).value();
}

// A plan with the grid lines of the inside, all of it solid, and a border around it.
FloorPlan plan_between(std::vector<float> xs, std::vector<float> ys) {
  for (std::vector<float>* lines : {&xs, &ys}) {
    lines->insert(lines->begin(), lines->front() - kBorder);
    lines->push_back(lines->back() + kBorder);
  }
  FloorPlan plan;
  plan.cells.resize((xs.size() - 1) * (ys.size() - 1));
  plan.xs = std::move(xs);
  plan.ys = std::move(ys);
  plan.wall_height = kWallHeight;
  plan.lid = true;
  return plan;
}

Arena arena_on(const FloorPlan& plan, Map map) {
  map.sky = {.open = true, .material = material("sky_blue")};
  build_plan(plan, map);
  map.finish();
  Arena arena;
  arena.map = std::make_shared<const Map>(std::move(map));
  arena.graph = std::make_shared<const NavigationGraph>(*arena.map);
  return arena;
}

Arena make_horseshoe() {
  constexpr float kLength = 1536.0f, kWidth = 1152.0f, kArm = 384.0f, kJoint = 576.0f;
  FloorPlan plan = plan_between({0, kJoint, kLength}, {0, kArm, kWidth - kArm, kWidth});
  plan.wall = material("arena_blue");
  const MaterialId floor = material("arena_orange_floor");
  for (const auto& [column, row] : {std::pair{1, 1}, {2, 1}, {1, 2}, {1, 3}, {2, 3}})
    plan.at(column, row) = {.solid = false, .wall = {}, .floor = floor};
  plan.at(0, 2).wall = material("arena_yellow");
  plan.at(3, 1).wall = material("arena_purple");
  plan.at(3, 3).wall = material("arena_red");

  Map map;
  map.name = "lt_horseshoe_color";
  // One half; the other is its mirror image.
  constexpr std::pair<float, float> kSpawns[] = {{96, 104},   {336, 268},  {560, 88},  {736, 300},
                                                 {912, 120},  {1088, 272}, {1264, 84}, {1440, 312},
                                                 {1440, 192}, {168, 484}};
  for (const auto& [x, y] : kSpawns) {
    map.spawns.push_back({{x, y, 0}});
    map.spawns.push_back({{x, kWidth - y, 0}});
  }
  const auto pad = [&](ItemKind kind, float x, float y) {
    map.items.push_back({kind, {x, y, kItemAboveFloor}});
  };
  pad(ItemKind::kOrb, 384, kWidth / 2);
  for (const bool mirrored : {false, true}) {
    const auto side = [&](float y) { return mirrored ? kWidth - y : y; };
    pad(ItemKind::kOrb, 640, side(200));
    pad(ItemKind::kOrb, 1344, side(200));
    pad(ItemKind::kDisc, 992, side(200));
  }
  Arena arena = arena_on(plan, std::move(map));
  arena.bot_count = 6;
  return arena;
}

Arena make_chasm() {
  constexpr float kSide = 640.0f, kBank = 256.0f, kMiddle = kSide / 2;
  constexpr float kLava = -48.0f;
  constexpr float kKillsBelow = -16.0f, kKillsDownTo = -32.0f;
  constexpr float kHanging = 72.0f;  // Of the items, above the banks.
  FloorPlan plan = plan_between({0, kSide}, {0, kBank, kSide - kBank, kSide});
  plan.wall = material("arena_blue");
  const MaterialId bank = material("floor_stone_slate_bright");
  plan.at(1, 1) = plan.at(1, 3) = {.solid = false, .wall = {}, .floor = bank};
  plan.at(1, 2) = {
      .solid = false, .wall = material("metal"), .floor = material("lava"), .floor_height = kLava};
  // The banks' far walls tell them apart.
  plan.at(1, 0).wall = material("arena_purple");
  plan.at(1, 4).wall = material("arena_yellow");

  Map map;
  map.name = "lt_chasm";
  for (const float y : {64.0f, kSide - 64.0f})
    for (const float x : {64.0f, kMiddle, kSide - 64.0f}) map.spawns.push_back({{x, y, 0}});
  map.items.push_back({ItemKind::kBeam, {kMiddle, kMiddle, kHanging}});
  for (const float side : {-1.0f, 1.0f}) {
    const auto hang = [&](ItemKind kind, float from_middle) {
      map.items.push_back({kind, {kMiddle + side * from_middle, kMiddle, kHanging}});
    };
    hang(ItemKind::kArmour, 98);
    hang(ItemKind::kBeam, 182);
    hang(ItemKind::kHealth, 250);
  }
  map.kill_volumes.push_back({{0, kBank, kKillsDownTo}, {kSide, kSide - kBank, kKillsBelow}});
  Arena arena = arena_on(plan, std::move(map));
  arena.bot_count = 4;
  arena.bot_outfit = Outfit{{{{250, 240, 230}, {30, 160, 240}, {230, 40, 140}}}};
  return arena;
}

}  // namespace

const Arena& lt_horseshoe_color_arena() {
  static const Arena arena = make_horseshoe();
  return arena;
}

const Arena& lt_chasm_arena() {
  static const Arena arena = make_chasm();
  return arena;
}

}  // namespace chrysalis
