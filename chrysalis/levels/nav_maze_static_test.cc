// The fixed mazes against the statistics of the original's graph of cells.
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

// The graph that the text layout shows.
struct Graph {
  std::vector<std::string> rows;
  explicit Graph(const std::string& layout) {
    std::istringstream in(layout);
    for (std::string row; std::getline(in, row);) rows.push_back(row);
  }
  int width() const { return static_cast<int>(rows.at(0).size()) / 2; }
  int height() const { return static_cast<int>(rows.size()) / 2; }
  char cell(int column, int row) const { return text(2 * row + 1, 2 * column + 1); }
  bool open(int column, int row, int right, int down) const {
    return text(2 * row + 1 + down, 2 * column + 1 + right) == '.';
  }
  int degree(int column, int row) const {
    return open(column, row, 1, 0) + open(column, row, -1, 0) + open(column, row, 0, 1) +
           open(column, row, 0, -1);
  }
  std::vector<int> steps_from(int column, int row) const {
    std::vector<int> steps(static_cast<std::size_t>(width() * height()), -1);
    std::vector<std::array<int, 2>> queue = {{column, row}};
    steps[static_cast<std::size_t>(row * width() + column)] = 0;
    for (std::size_t i = 0; i < queue.size(); ++i) {
      const auto [c, r] = queue[i];
      for (const auto& [right, down] : {std::array{1, 0}, {-1, 0}, {0, 1}, {0, -1}}) {
        if (!open(c, r, right, down)) continue;
        int& there = steps.at(static_cast<std::size_t>((r + down) * width() + c + right));
        if (there >= 0) continue;
        there = steps[static_cast<std::size_t>(r * width() + c)] + 1;
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

// Of the original's graph of cells; steps are from a cell to the goal.
struct Statistics {
  std::string level;
  const TextMap& (*map)();
  int width, height;
  std::array<int, 5> of_degree;  // Cells with so many openings.
  std::size_t spawns;
  double mean;
  int median;
  int longest;
  std::size_t apples;
  int apples_from, apples_to;
};
class NavMazeStatic : public testing::TestWithParam<Statistics> {};
INSTANTIATE_TEST_SUITE_P(Mazes, NavMazeStatic,
                         testing::Values(Statistics{"nav_maze_static_01",
                                                    nav_maze_static_01_map,
                                                    10,
                                                    5,
                                                    {0, 6, 35, 8, 1},  // 52 openings, so 3 loops.
                                                    43,
                                                    20.4,
                                                    21,
                                                    36,
                                                    5,
                                                    11,
                                                    29},
                                         Statistics{"nav_maze_static_02",
                                                    nav_maze_static_02_map,
                                                    15,
                                                    9,
                                                    {0, 12, 82, 30, 11},  // 155 openings, so 21 loops.
                                                    128,
                                                    35,
                                                    40,
                                                    55,
                                                    13,
                                                    1,
                                                    52}),
                         [](const auto& info) { return info.param.level; });

TEST_P(NavMazeStatic, HasTheGraphStatisticsOfTheOriginal) {
  const Map& map = *GetParam().map().map;
  const Graph graph(map.layout);
  ASSERT_EQ(graph.width(), GetParam().width);
  ASSERT_EQ(graph.height(), GetParam().height);
  std::array<int, 5> of_degree{};
  for (int row = 0; row < graph.height(); ++row)
    for (int column = 0; column < graph.width(); ++column)
      ++of_degree.at(static_cast<std::size_t>(graph.degree(column, row)));
  EXPECT_EQ(of_degree, GetParam().of_degree);

  const auto column_of = [](Vec3 point) { return static_cast<int>(point.x / 100); };
  const auto row_of = [&](Vec3 point) { return graph.height() - 1 - static_cast<int>(point.y / 100); };
  const auto goal = std::find_if(map.items.begin(), map.items.end(),
                                 [](const ItemPlacement& item) { return item.kind == ItemKind::kGoal; });
  ASSERT_NE(goal, map.items.end());
  EXPECT_EQ(graph.degree(column_of(goal->position), row_of(goal->position)), 2);
  const std::vector<int> steps = graph.steps_from(column_of(goal->position), row_of(goal->position));
  EXPECT_EQ(std::count(steps.begin(), steps.end(), -1), 0) << "not connected";
  const auto steps_of = [&](Vec3 point) {
    return steps.at(static_cast<std::size_t>(row_of(point) * graph.width() + column_of(point)));
  };

  std::vector<int> spawn_steps, apple_steps;
  double sum = 0;
  for (const Spawn& spawn : map.spawns) {
    spawn_steps.push_back(steps_of(spawn.floor));
    sum += spawn_steps.back();
  }
  std::sort(spawn_steps.begin(), spawn_steps.end());
  ASSERT_EQ(spawn_steps.size(), GetParam().spawns);
  EXPECT_EQ(spawn_steps.front(), 5);
  EXPECT_EQ(spawn_steps[spawn_steps.size() / 2], GetParam().median);
  EXPECT_EQ(spawn_steps.back(), GetParam().longest);
  EXPECT_NEAR(sum / static_cast<double>(spawn_steps.size()), GetParam().mean, 0.2);
  EXPECT_EQ(std::count_if(steps.begin(), steps.end(), [](int step) { return step <= 4; }), 7)
      << "the seven nearest, which are no spawns";

  for (const ItemPlacement& item : map.items)
    if (item.kind == ItemKind::kApple) apple_steps.push_back(steps_of(item.position));
  ASSERT_EQ(apple_steps.size(), GetParam().apples);
  EXPECT_GE(*std::min_element(apple_steps.begin(), apple_steps.end()), GetParam().apples_from);
  EXPECT_LE(*std::max_element(apple_steps.begin(), apple_steps.end()), GetParam().apples_to);
}

TEST_P(NavMazeStatic, IsOnePanelThickWithALitCeiling) {
  const Map& map = *GetParam().map().map;
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

TEST_P(NavMazeStatic, AJumpHitsTheCeiling) {
  World world(GetParam().map().map);
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
