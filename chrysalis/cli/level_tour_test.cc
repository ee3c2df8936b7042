#include "chrysalis/cli/level_tour.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "chrysalis/levels/catalog.h"

namespace chrysalis {
namespace {

std::vector<std::uint8_t> state_of(const Level& level) {
  ByteWriter out;
  level.save(out);
  return out.take();
}

TEST(LevelTour, gets_around_on_every_level_and_repeats) {
  for (const LevelEntry& entry : level_catalog()) {
    const LevelConfig config{.name = std::string(entry.name)};
    const auto level = std::move(make_level(config).value());
    LevelTour tour(*level, RandomKey(1));
    std::set<std::pair<int, int>> places;  // Squares of 100 u.
    for (int i = 0; i < 60; ++i) {
      tour.play(30);
      const Vec3 origin = level->world().players()[0].origin;
      places.insert(
          {static_cast<int>(std::floor(origin.x / 100)), static_cast<int>(std::floor(origin.y / 100))});
    }
    EXPECT_GE(places.size(), 6u) << entry.name;

    const auto again = std::move(make_level(config).value());
    LevelTour same(*again, RandomKey(1));
    same.play(60 * 30);
    EXPECT_EQ(state_of(*again), state_of(*level)) << entry.name;
  }
}

}  // namespace
}  // namespace chrysalis
