#include "chrysalis/world/trace.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

Map map_of(std::vector<Solid> solids) {
  Map map;
  map.name = "solids";
  map.solids = std::move(solids);
  map.finish();
  return map;
}

TEST(Line, EntersABoxWhereItMeetsIt) {
  const Solid box{{10, -5, -5}, {20, 5, 5}};
  EXPECT_FLOAT_EQ(Line({0, 0, 0}, {100, 0, 0}).enters(box), 0.1f);
  EXPECT_FLOAT_EQ(Line({30, 0, 0}, {-70, 0, 0}).enters(box), 0.1f);
  EXPECT_FLOAT_EQ(Line({15, 15, 0}, {15, -5, 0}).enters(box), 0.5f);
  EXPECT_EQ(Line({0, 0, 0}, {10, 0, 0}).enters(box), 2.0f) << "ends at the face";
  EXPECT_GT(Line({0, 0, 0}, {9, 0, 0}).enters(box), 1.0f) << "too short";
  EXPECT_GT(Line({0, 0, 0}, {-100, 0, 0}).enters(box), 1.0f) << "the other way";
  EXPECT_GT(Line({0, 6, 0}, {100, 6, 0}).enters(box), 1.0f) << "beside it";
  EXPECT_EQ(Line({15, 0, 0}, {100, 0, 0}).enters(box), 0.0f) << "starts inside";
}

TEST(Line, DoesNotEnterABoxThatItRunsAlong) {
  const Solid box{{10, -5, -5}, {20, 5, 5}};
  EXPECT_GT(Line({0, 5, 0}, {100, 5, 0}).enters(box), 1.0f);
  EXPECT_GT(Line({15, 0, 5}, {15, 0, 100}).enters(box), 1.0f) << "leaves from a face";
  EXPECT_GT(Line({15, 0, 5}, {15, 0, 5}).enters(box), 1.0f) << "a point on a face";
  EXPECT_EQ(Line({15, 0, 0}, {15, 0, 0}).enters(box), 0.0f) << "a point inside";
}

TEST(Line, KnowsTheFaceThatItEntersBy) {
  const Solid box{{10, -5, -5}, {20, 5, 5}};
  EXPECT_EQ(Line({0, 0, 0}, {100, 0, 0}).entered_face(box), (Vec3{-1, 0, 0}));
  EXPECT_EQ(Line({30, 1, 1}, {0, 1, 1}).entered_face(box), (Vec3{1, 0, 0}));
  EXPECT_EQ(Line({15, 1, 50}, {15, 1, 0}).entered_face(box), (Vec3{0, 0, 1}));
  EXPECT_EQ(Line({15, 0, 0}, {100, 0, 0}).entered_face(box), Vec3{}) << "starts inside";
}

TEST(TraceLine, EndsShortlyBeforeTheFirstSolid) {
  const Map map = map_of({{{200, -50, 0}, {210, 50, 100}}, {{100, -50, 0}, {110, 50, 100}}});
  const LineHit hit = trace_line(map, {0, 0, 50}, {400, 0, 50});
  EXPECT_TRUE(hit.met);
  EXPECT_FLOAT_EQ(hit.share, 0.25f);
  EXPECT_EQ(hit.end, (Vec3{100 - kSurfaceClearance, 0, 50}));
}

TEST(TraceLine, EndsWhereItIsToEndIfNothingIsThere) {
  const Map map = map_of({{{200, -50, 0}, {210, 50, 100}}});
  for (const Vec3 to : {Vec3{150, 0, 50}, Vec3{0, 3000, 50}, Vec3{400, 0, 150}, Vec3{-1e6f, 0, 50}}) {
    const LineHit hit = trace_line(map, {0, 0, 50}, to);
    EXPECT_FALSE(hit.met);
    EXPECT_EQ(hit.share, 1.0f);
    EXPECT_EQ(hit.end, to);
  }
}

TEST(TraceLine, ComesFromOutsideTheMap) {
  const Map map = map_of({{{200, -50, 0}, {210, 50, 100}}});
  EXPECT_FLOAT_EQ(trace_line(map, {-1800, 0, 50}, {2200, 0, 50}).share, 0.5f);
  EXPECT_FALSE(clear_line(map, {205, 0, 500}, {205, 0, 50}));
  EXPECT_TRUE(clear_line(map, {205, 0, 500}, {205, 0, 101}));
}

// A maze of thin walls and blocks in all places, so that lines cross many cells at all slopes.
TEST(TraceLine, FindsWhatAPlainScanFinds) {
  RandomStream random{RandomKey(3)};
  std::vector<Solid> solids;
  for (int i = 0; i < 400; ++i) {
    const Vec3 corner{static_cast<float>(random.between(-1000, 1000)),
                      static_cast<float>(random.between(-700, 700)),
                      static_cast<float>(random.between(0, 100))};
    const Vec3 size{static_cast<float>(random.between(1, 60)), static_cast<float>(random.between(1, 60)),
                    static_cast<float>(random.between(1, 60))};
    solids.push_back({corner, corner + size});
  }
  const Map map = map_of(solids);
  int met = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto place = [&] {
      return Vec3{static_cast<float>(random.uniform(-1200, 1200)),
                  static_cast<float>(random.uniform(-900, 900)),
                  static_cast<float>(random.uniform(-20, 180))};
    };
    const Vec3 from = place();
    Vec3 to = place();
    if (i % 5 == 0) to.x = from.x;
    if (i % 7 == 0) to.y = from.y;
    if (i % 3 == 0) to.z = from.z;
    const Line line(from, to);
    float first = 2.0f;
    for (const Solid& solid : map.solids) first = std::min(first, line.enters(solid));
    const LineHit hit = trace_line(map, from, to);
    ASSERT_EQ(hit.met, first <= 1.0f) << i;
    ASSERT_EQ(hit.share, std::min(1.0f, first)) << i;
    ASSERT_EQ(clear_line(map, from, to), first > 1.0f) << i;
    met += hit.met ? 1 : 0;
  }
  EXPECT_GT(met, 5000);
  EXPECT_LT(met, 19000);
}

TEST(TraceLine, AsksOnlySolidsNearTheLine) {
  std::vector<Solid> solids;
  for (int x = 0; x < 100; ++x)
    for (int y = 0; y < 100; ++y) {
      const Vec3 corner{static_cast<float>(x) * 100.0f, static_cast<float>(y) * 100.0f, 0};
      solids.push_back({corner, corner + Vec3{10, 10, 100}});
    }
  const Map map = map_of(solids);
  const auto asked = [&](Vec3 from, Vec3 to, float needed) {
    int count = 0;
    map.solids_along(from, to, [&](const Solid&) {
      ++count;
      return needed;
    });
    return count;
  };
  EXPECT_LT(asked({50, 50, 50}, {9950, 50, 50}, 1.0f), 400) << "one lane of cells";
  EXPECT_LT(asked({50, 50, 50}, {9950, 9950, 50}, 1.0f), 800) << "a diagonal";
  EXPECT_LT(asked({50, 50, 50}, {9950, 9950, 50}, 0.01f), 20) << "no farther than it matters";
  EXPECT_EQ(asked({50, 50, 150}, {9950, 50, 150}, 1.0f), 0) << "above everything";
}

}  // namespace
}  // namespace chrysalis
