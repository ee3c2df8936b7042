// The generator against statistics of 1000 layouts of the original, and the rules of what it places.
#include "chrysalis/levels/explore_object_locations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "chrysalis/levels/room_maze.h"

namespace chrysalis {
namespace {

constexpr int kSeeds = 1000;
constexpr int kSide = 11;

// Steps from a cell to every other; -1 where there is no way.
std::vector<int> distances(const RoomMaze& maze, int from) {
  std::vector<int> steps(static_cast<std::size_t>(maze.width() * maze.height()), -1);
  std::vector<int> queue = {from};
  steps[static_cast<std::size_t>(from)] = 0;
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const int cell = queue[i];
    for (const int next : {cell + 1, cell - 1, cell + maze.width(), cell - maze.width()}) {
      if (!maze.open(next % maze.width(), next / maze.width()) || steps[static_cast<std::size_t>(next)] >= 0)
        continue;
      steps[static_cast<std::size_t>(next)] = steps[static_cast<std::size_t>(cell)] + 1;
      queue.push_back(next);
    }
  }
  return steps;
}

TEST(RoomMaze, HasTheStatisticsOfTheOriginal) {
  std::array<int, 5> mazes_with_rooms{};
  std::array<int, 5> cells_of_degree{};
  int square_rooms = 0, rooms = 0, open_cells = 0, corridor_cells = 0, longest_sum = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    RandomStream random{RandomKey(seed)};
    const RoomMaze maze({}, random);
    ++mazes_with_rooms.at(maze.rooms().size());
    for (const Room& room : maze.rooms()) {
      const auto [shorter, longer] = std::minmax(room.width, room.height);
      ASSERT_EQ(shorter, 3);
      ASSERT_TRUE(longer == 3 || longer == 5);
      square_rooms += longer == 3 ? 1 : 0;
      ++rooms;
    }
    std::vector<int> cells;
    for (int cell = 0; cell < kSide * kSide; ++cell) {
      const int column = cell % kSide, row = cell / kSide;
      if (!maze.open(column, row)) continue;
      cells.push_back(cell);
      corridor_cells += maze.in_room(column, row) ? 0 : 1;
      ++cells_of_degree.at(static_cast<std::size_t>(maze.degree(column, row)));
    }
    int longest = 0;
    for (const int cell : cells) {
      const std::vector<int> steps = distances(maze, cell);
      for (const int other : cells) ASSERT_GE(steps[static_cast<std::size_t>(other)], 0) << "not connected";
      longest = std::max(longest, *std::max_element(steps.begin(), steps.end()));
    }
    ASSERT_GE(cells.size(), 30u);  // Original: 33 to 69.
    ASSERT_LE(cells.size(), 69u);
    ASSERT_GE(longest, 9);  // Original: 10 to 26.
    ASSERT_LE(longest, 32);
    open_cells += static_cast<int>(cells.size());
    longest_sum += longest;
  }
  const auto mean = [](int sum, int count) { return static_cast<double>(sum) / count; };
  EXPECT_NEAR(mean(mazes_with_rooms[4], kSeeds), 0.713, 0.05);
  EXPECT_NEAR(mean(mazes_with_rooms[3], kSeeds), 0.265, 0.05);
  EXPECT_NEAR(mean(mazes_with_rooms[2], kSeeds), 0.022, 0.015);
  EXPECT_NEAR(mean(square_rooms, rooms), 0.635, 0.03);
  EXPECT_NEAR(mean(open_cells, kSeeds), 59.1, 1.0);
  EXPECT_NEAR(mean(corridor_cells, kSeeds), 17.8, 1.0);
  EXPECT_NEAR(mean(longest_sum, kSeeds), 16.3, 0.5);
  EXPECT_EQ(cells_of_degree[0] + cells_of_degree[1], 0) << "no dead ends";
  EXPECT_NEAR(mean(cells_of_degree[2], open_cells), 0.39, 0.015);
  EXPECT_NEAR(mean(cells_of_degree[3], open_cells), 0.46, 0.015);
  EXPECT_NEAR(mean(cells_of_degree[4], open_cells), 0.15, 0.015);
}

TEST(RoomMaze, ExtraConnectionsOpenMore) {
  int plain = 0, extra = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (int* count : {&plain, &extra}) {
      RandomStream random{RandomKey(seed)};
      RoomMazeSettings settings;
      if (count == &extra) settings.extra_connection_probability = 1.0;
      const RoomMaze maze(settings, random);
      for (int cell = 0; cell < kSide * kSide; ++cell)
        *count += maze.open(cell % kSide, cell / kSide) ? 1 : 0;
    }
  }
  EXPECT_GT(extra, plain + 50 * 3);
}

TEST(RoomMaze, SmallAndLargeMazesWork) {
  for (const auto& [width, height, room] : {std::array{5, 5, 3}, {5, 51, 3}, {51, 51, 9}, {7, 5, 1}}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      RandomStream random{RandomKey(seed)};
      const RoomMaze maze(
          {.width = width, .height = height, .room_count = 20, .room_min_size = room, .room_max_size = room},
          random);
      ASSERT_GE(maze.rooms().size(), 1u);
      for (int i = 0; i < width; ++i) ASSERT_FALSE(maze.open(i, 0) || maze.open(i, height - 1));
      for (int i = 0; i < height; ++i) ASSERT_FALSE(maze.open(0, i) || maze.open(width - 1, i));
    }
  }
}

TEST(ExploreMap, PlacesSpawnsApplesAndPicturesByTheRules) {
  std::set<MaterialId> walls;
  int apples = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    RandomStream random{RandomKey(seed)};
    const auto map = make_explore_map({}, random);
    const int rooms = static_cast<int>(map->spawns.size()) / 5;
    ASSERT_EQ(map->spawns.size() % 5, 0u);
    ASSERT_EQ(static_cast<int>(map->items.size()), 2 * rooms) << "half of four cells in each room";
    apples += static_cast<int>(map->items.size());
    EXPECT_EQ(std::count(map->layout.begin(), map->layout.end(), 'A'), 2 * rooms);
    EXPECT_EQ(std::count(map->layout.begin(), map->layout.end(), 'S'), 5 * rooms);
    EXPECT_TRUE(map->sky.open);
    for (const ItemPlacement& item : map->items) EXPECT_EQ(item.position.z, 15.0f);

    // Faces as the text layout shows them.
    const auto open = [&](int column, int row) {
      return map->layout[static_cast<std::size_t>(row * (kSide + 1) + column)] != '#';
    };
    int faces = 0;
    for (int row = 1; row < kSide - 1; ++row)
      for (int column = 1; column < kSide - 1; ++column)
        if (open(column, row))
          faces += !open(column + 1, row) + !open(column - 1, row) + !open(column, row + 1) +
                   !open(column, row - 1);
    std::set<MaterialId> pictures;
    int picture_count = 0;
    for (const Surface& surface : map->surfaces) {
      bool is_picture = false;
      for (int i = 0; i < kPictureCount; ++i) is_picture = is_picture || surface.material == picture(i);
      picture_count += is_picture ? 1 : 0;
      if (is_picture) pictures.insert(surface.material);
      for (int i = 0; i < kThemeWallCount; ++i)
        if (surface.material == theme_wall(i)) walls.insert(surface.material);
    }
    EXPECT_EQ(picture_count, static_cast<int>(0.5 + 0.1 * faces));
    EXPECT_EQ(static_cast<int>(pictures.size()), picture_count) << "no picture twice";
  }
  EXPECT_NEAR(apples / 200.0, 7.38, 0.25);
  EXPECT_EQ(walls.size(), static_cast<std::size_t>(kThemeWallCount)) << "every theme is drawn at some time";
}

TEST(ExploreMap, RewardDensityAndCountsAreFollowed) {
  RandomStream random{RandomKey(1)};
  ExploreSettings settings;
  settings.maze.room_count = 2;
  settings.object_count = 3;
  settings.spawn_count = 2;
  settings.reward_density = 1.0;
  settings.decal_frequency = 0.0;
  const auto map = make_explore_map(settings, random);
  EXPECT_EQ(map->spawns.size(), 4u);
  EXPECT_EQ(map->items.size(), 6u);
}

ExploreSettings with(auto&& change) {
  ExploreSettings settings;
  change(settings);
  return settings;
}

// The looks that rooms have, of a set that is drawn from.
std::set<MaterialId> themes_of(const Map& map, MaterialId (*theme)(int), int count) {
  std::set<MaterialId> found;
  for (const Surface& surface : map.surfaces)
    for (int i = 0; i < count; ++i)
      if (surface.material == theme(i)) found.insert(surface.material);
  return found;
}

TEST(ExploreMap, RoomsTakeTurnsAtTheVariations) {
  int walls_of_three = 0, floors_of_three = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    RandomStream one{RandomKey(seed)}, three{RandomKey(seed)};
    const auto plain = make_explore_map({}, one);
    const auto varied =
        make_explore_map(with([](ExploreSettings& settings) { settings.max_variations = 3; }), three);
    const auto walls = themes_of(*varied, theme_wall, kThemeWallCount);
    const auto floors = themes_of(*varied, theme_floor, kThemeFloorCount);
    const auto plain_walls = themes_of(*plain, theme_wall, kThemeWallCount);
    EXPECT_EQ(plain_walls.size(), 1u);
    EXPECT_EQ(themes_of(*plain, theme_floor, kThemeFloorCount).size(), 1u);
    EXPECT_EQ(walls.count(*plain_walls.begin()), 1u) << "the first is what it is without others";
    EXPECT_LE(walls.size(), 3u);
    EXPECT_LE(floors.size(), 3u);
    walls_of_three += walls.size() == 3 ? 1 : 0;
    floors_of_three += floors.size() == 3 ? 1 : 0;
  }
  EXPECT_GT(walls_of_three, 35);
  EXPECT_GT(floors_of_three, 35);
}

TEST(ExploreMap, VariationsLetterTheRoomsInTheirTurns) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream random{RandomKey(seed)};
    const auto map =
        make_explore_map(with([](ExploreSettings& settings) { settings.max_variations = 2; }), random);
    ASSERT_EQ(map->variations.size(), map->layout.size());
    std::set<char> letters;
    for (std::size_t i = 0; i < map->layout.size(); ++i) {
      const char cell = map->layout[i], letter = map->variations[i];
      if (cell == '\n') {
        EXPECT_EQ(letter, '\n');
      } else if (cell == '#') {
        EXPECT_EQ(letter, '.');
      } else if (cell == 'S' || cell == 'A') {
        EXPECT_NE(letter, '.') << "spawns and apples are in rooms";
      }
      if (letter != '.' && letter != '\n') letters.insert(letter);
    }
    EXPECT_EQ(letters, (std::set<char>{'A', 'B'}));
  }
}

TEST(ExploreMap, DoorsHideWhatLiesBehindARoomsOpenings) {
  const MaterialId curtain = find_material("curtain").value();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream open{RandomKey(seed)}, hung{RandomKey(seed)};
    const auto plain = make_explore_map({}, open);
    const auto map =
        make_explore_map(with([](ExploreSettings& settings) { settings.curtains = true; }), hung);
    EXPECT_EQ(map->layout, plain->layout);
    EXPECT_EQ(map->solids.size(), plain->solids.size()) << "bodies pass";
    std::vector<Surface> curtains;
    for (const Surface& surface : map->surfaces)
      if (surface.material == curtain) curtains.push_back(surface);
    ASSERT_GE(curtains.size(), 4u);
    EXPECT_EQ(map->surfaces.size(), plain->surfaces.size() + curtains.size());
    // In pairs that face one another, each across the middle of a cell.
    for (std::size_t i = 0; i < curtains.size(); i += 2) {
      const Surface& front = curtains[i];
      const Surface& back = curtains[i + 1];
      EXPECT_EQ(front.corner + front.right, back.corner);
      EXPECT_EQ(back.corner + back.right, front.corner);
      EXPECT_EQ(length(front.right), 100.0f);
      EXPECT_EQ(front.down, (Vec3{0, 0, -100}));
      const Vec3 middle = front.corner + front.right * 0.5f;
      EXPECT_EQ(std::fmod(middle.x, 100.0f), 50.0f);
      EXPECT_EQ(std::fmod(middle.y, 100.0f), 50.0f);
      const auto cell = static_cast<std::size_t>(
          (kSide - 1 - static_cast<int>(middle.y / 100)) * (kSide + 1) + static_cast<int>(middle.x / 100));
      EXPECT_EQ(map->layout[cell], ' ');
    }
  }
}

TEST(ExploreMap, WithoutASkyboxTheSkyIsClosed) {
  RandomStream random{RandomKey(1)};
  const ExploreSettings settings = with([](ExploreSettings& changed) { changed.sky = false; });
  EXPECT_FALSE(make_explore_map(settings, random)->sky.open);
}

}  // namespace
}  // namespace chrysalis
