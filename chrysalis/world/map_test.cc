#include "chrysalis/world/map.h"

#include <gtest/gtest.h>

#include <vector>

#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

Vec3 random_point(RandomStream& random, float extent) {
  const auto coordinate = [&] { return static_cast<float>(random.uniform(-extent, extent)); };
  return {coordinate(), coordinate(), coordinate()};
}

TEST(Map, FinishEnclosesSolidsAndSurfaces) {
  Map map;
  map.solids.push_back({{-10, 0, 0}, {5, 5, 5}});
  map.surfaces.push_back({.corner = {0, 90, 3}, .right = {20, 0, 0}, .down = {0, -30, 0}});
  map.finish();
  EXPECT_EQ(map.min, (Vec3{-10, 0, 0}));
  EXPECT_EQ(map.max, (Vec3{20, 90, 5}));
}

TEST(Map, SolidsNearAgreesWithAPlainScan) {
  RandomStream random{RandomKey(3)};
  for (const float extent : {300.0f, 3000.0f, 100000.0f}) {
    Map map;
    for (int i = 0; i < 300; ++i) {
      const Vec3 corner = random_point(random, extent);
      map.solids.push_back(
          {corner, corner + Vec3{static_cast<float>(random.uniform(1, extent / 3)), 40, 90}});
    }
    map.finish();
    for (int i = 0; i < 500; ++i) {
      // Also boxes that lie outside of the map, and such as cover much of it.
      const Vec3 low = random_point(random, 1.3f * extent);
      const float size = static_cast<float>(random.log_uniform(1, extent));
      const Vec3 high = low + Vec3{size, size, size};
      std::vector<const Solid*> expected, found;
      for (const Solid& solid : map.solids) {
        bool apart = false;
        for (int axis = 0; axis < 3; ++axis)
          apart = apart || solid.min[axis] > high[axis] || solid.max[axis] < low[axis];
        if (!apart) expected.push_back(&solid);
      }
      map.solids_near(low, high, [&](const Solid& solid) { found.push_back(&solid); });
      ASSERT_EQ(found, expected) << "box " << i << " of extent " << extent;
    }
  }
}

}  // namespace
}  // namespace chrysalis
