// Small arenas for the tests of bots.
#pragma once

#include <memory>
#include <vector>

#include "chrysalis/bots/navigation.h"
#include "chrysalis/world/map.h"
#include "chrysalis/world/world.h"

namespace chrysalis {

struct TestArena {
  std::shared_ptr<const Map> map;
  std::shared_ptr<const NavigationGraph> graph;
};

inline TestArena arena_on(Map map) {
  map.finish();
  auto shared = std::make_shared<const Map>(std::move(map));
  auto graph = std::make_shared<const NavigationGraph>(*shared);
  return {std::move(shared), std::move(graph)};
}

// Walls of 192 u around the inside [low, high], which reach down to `bottom`.
inline void add_walls(Map& map, Vec3 low, Vec3 high, float bottom) {
  constexpr float kThick = 16.0f, kTop = 192.0f;
  map.solids.push_back({{low.x - kThick, low.y - kThick, bottom}, {low.x, high.y + kThick, kTop}});
  map.solids.push_back({{high.x, low.y - kThick, bottom}, {high.x + kThick, high.y + kThick, kTop}});
  map.solids.push_back({{low.x, low.y - kThick, bottom}, {high.x, low.y, kTop}});
  map.solids.push_back({{low.x, high.y, bottom}, {high.x, high.y + kThick, kTop}});
}

// A square hall around the origin with a floor at z = 0, a spawn in each corner, and what else is in it.
inline Map hall(float half_size, std::vector<Solid> solids = {}) {
  Map map;
  map.name = "hall";
  map.solids = std::move(solids);
  map.solids.push_back({{-half_size, -half_size, -16}, {half_size, half_size, 0}});
  add_walls(map, {-half_size, -half_size, 0}, {half_size, half_size, 0}, -16);
  const float corner = half_size - 48;
  for (const float x : {-corner, corner})
    for (const float y : {-corner, corner}) map.spawns.push_back({{x, y, 0}});
  return map;
}

// Two banks of 640 x 256 u and a chasm that is `width` u wide between them, along x, with a floor 48 u down
// and what kills on the way there. A beam, an armour and a health hang 72 u above its middle line.
inline Map chasm(float width = 128.0f) {
  const float rim = 0.5f * width, wall = rim + 256.0f;
  Map map;
  map.name = "chasm";
  map.solids = {{{-320, rim, -64}, {320, wall, 0}},
                {{-320, -wall, -64}, {320, -rim, 0}},
                {{-320, -rim, -64}, {320, rim, -48}}};
  add_walls(map, {-320, -wall, 0}, {320, wall, 0}, -64);
  map.kill_volumes = {{{-320, -rim, -32}, {320, rim, -16}}};
  for (const float x : {-256.0f, 0.0f, 256.0f})
    for (const float y : {-wall + 64, wall - 64}) map.spawns.push_back({{x, y, 0}});
  map.items = {
      {ItemKind::kBeam, {0, 0, 72}}, {ItemKind::kArmour, {-98, 0, 72}}, {ItemKind::kHealth, {166, 0, 72}}};
  return map;
}

// A U: two arms of 1536 x 384 u, joined at the west end, with pads on the floor.
inline Map horseshoe() {
  Map map;
  map.name = "horseshoe";
  map.solids = {{{0, 0, -16}, {1536, 1152, 0}}, {{576, 384, 0}, {1536, 768, 192}}};
  add_walls(map, {0, 0, 0}, {1536, 1152, 0}, -16);
  for (const float x : {96.0f, 480.0f, 864.0f, 1248.0f})
    for (const float y : {96.0f, 1056.0f}) map.spawns.push_back({{x, y, 0}});
  map.items = {{ItemKind::kOrb, {640, 192, 15}},
               {ItemKind::kOrb, {640, 960, 15}},
               {ItemKind::kDisc, {1344, 192, 15}},
               {ItemKind::kHealth, {1344, 960, 15}}};
  return map;
}

}  // namespace chrysalis
