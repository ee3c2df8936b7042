// The fixed maze against the statistics of the original's graph of cells.
#include "chrysalis/levels/nav_maze_static.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <vector>

#include "chrysalis/levels/catalog.h"

namespace chrysalis {
namespace {

constexpr int kWidth = 10;
constexpr int kHeight = 5;

// The graph that the text layout shows.
struct Graph {
  std::vector<std::string> rows;
  explicit Graph(const std::string& layout) {
    std::istringstream in(layout);
    for (std::string row; std::getline(in, row);) rows.push_back(row);
  }
  char cell(int column, int row) const { return text(2 * row + 1, 2 * column + 1); }
  bool open(int column, int row, int right, int down) const {
    return text(2 * row + 1 + down, 2 * column + 1 + right) == '.';
  }
  int degree(int column, int row) const {
    return open(column, row, 1, 0) + open(column, row, -1, 0) + open(column, row, 0, 1) +
           open(column, row, 0, -1);
  }
  std::vector<int> steps_from(int column, int row) const {
    std::vector<int> steps(kWidth * kHeight, -1);
    std::vector<std::array<int, 2>> queue = {{column, row}};
    steps[static_cast<std::size_t>(row * kWidth + column)] = 0;
    for (std::size_t i = 0; i < queue.size(); ++i) {
      const auto [c, r] = queue[i];
      for (const auto& [right, down] : {std::array{1, 0}, {-1, 0}, {0, 1}, {0, -1}}) {
        int& there = steps[static_cast<std::size_t>((r + down) * kWidth + c + right) % steps.size()];
        if (!open(c, r, right, down) || there >= 0) continue;
        there = steps[static_cast<std::size_t>(r * kWidth + c)] + 1;
        queue.push_back({c + right, r + down});
      }
    }
    return steps;
  }

 private:
  char text(int row, int column) const {
    return rows.at(static_cast<std::size_t>(row)).at(static_cast<std::size_t>(column));
  }
};

TEST(NavMazeStatic01, HasTheGraphStatisticsOfTheOriginal) {
  const Graph graph(nav_maze_static_01_map().map->layout);
  ASSERT_EQ(graph.rows.size(), 2u * kHeight + 1);
  std::array<int, 5> of_degree{};
  int goal_column = -1, goal_row = -1;
  for (int row = 0; row < kHeight; ++row) {
    for (int column = 0; column < kWidth; ++column) {
      ++of_degree.at(static_cast<std::size_t>(graph.degree(column, row)));
      if (graph.cell(column, row) == 'G') goal_column = column, goal_row = row;
    }
  }
  EXPECT_EQ(of_degree, (std::array{0, 6, 35, 8, 1}));  // 52 openings, so 3 loops.
  ASSERT_GE(goal_column, 0);
  EXPECT_EQ(graph.degree(goal_column, goal_row), 2);

  const std::vector<int> steps = graph.steps_from(goal_column, goal_row);
  std::vector<int> spawn_steps, apple_steps, other_steps;
  for (int row = 0; row < kHeight; ++row) {
    for (int column = 0; column < kWidth; ++column) {
      const int step = steps[static_cast<std::size_t>(row * kWidth + column)];
      ASSERT_GE(step, 0) << "not connected";
      const char cell = graph.cell(column, row);
      if (cell == 'B') apple_steps.push_back(step);
      (cell == 'S' || cell == 'B' ? spawn_steps : other_steps).push_back(step);
    }
  }
  std::sort(spawn_steps.begin(), spawn_steps.end());
  ASSERT_EQ(spawn_steps.size(), 43u);
  EXPECT_EQ(spawn_steps.front(), 5);
  EXPECT_EQ(spawn_steps[21], 21) << "median";
  EXPECT_EQ(spawn_steps.back(), 36);
  double sum = 0;
  for (const int step : spawn_steps) sum += step;
  EXPECT_NEAR(sum / 43, 20.4, 0.2);
  EXPECT_EQ(*std::max_element(other_steps.begin(), other_steps.end()), 4)
      << "the seven nearest are no spawns";
  ASSERT_EQ(apple_steps.size(), 5u);
  EXPECT_GE(*std::min_element(apple_steps.begin(), apple_steps.end()), 11);
  EXPECT_LE(*std::max_element(apple_steps.begin(), apple_steps.end()), 29);
}

TEST(NavMazeStatic01, IsOnePanelThickWithALitCeiling) {
  const Map& map = *nav_maze_static_01_map().map;
  EXPECT_EQ(map.spawns.size(), 43u);
  EXPECT_EQ(map.items.size(), 6u);
  EXPECT_FALSE(map.sky.open);
  for (const Spawn& spawn : map.spawns) EXPECT_EQ(spawn.floor.z, 1.0f) << "origins rest at 25.125";
  int ceilings = 0;
  for (const Surface& surface : map.surfaces) {
    if (!surface.is_ceiling) continue;
    ++ceilings;
    EXPECT_EQ(surface.corner.z, 100.0f);
    EXPECT_TRUE(material_catalog()[surface.material].self_lit);
    EXPECT_EQ(material_catalog()[surface.material].base, (Rgb{150, 224, 255}));
  }
  EXPECT_EQ(ceilings, 1);
}

TEST(NavMazeStatic01, AJumpHitsTheCeiling) {
  World world(nav_maze_static_01_map().map);
  world.add_player(world.map().spawns[0], 0);
  const RawAction jump{.jump = 1};
  float highest = 0;
  for (int i = 0; i < 60; ++i) {
    world.step({&jump, 1});
    highest = std::max(highest, world.players()[0].origin.z);
  }
  EXPECT_NEAR(highest, 67.5f, 0.6f);  // Measured near 67; 100 - 32 - 0.125 is the most.
}

}  // namespace
}  // namespace chrysalis
