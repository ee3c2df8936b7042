#include "chrysalis/levels/explore_object_locations.h"

#include <algorithm>
#include <numeric>

#include "chrysalis/levels/floor_plan.h"

namespace chrysalis {
namespace {

constexpr float kCell = 100.0f;
constexpr float kItemAboveFloor = 15.0f;

struct Materials {
  MaterialId corridor_wall = *find_material("corridor_wall");
  MaterialId corridor_floor = *find_material("corridor_floor");
  MaterialId curtain = *find_material("curtain");
  MaterialId sky = *find_material("sky_blue");
};

// A wall and a floor for each variation of the episode's rooms; corridors always look the same.
FloorPlan plan_of(const RoomMaze& maze, int variations, const Materials& materials, RandomStream& random) {
  FloorPlan plan;
  for (int i = 0; i <= maze.width(); ++i) plan.xs.push_back(kCell * static_cast<float>(i));
  for (int i = 0; i <= maze.height(); ++i) plan.ys.push_back(kCell * static_cast<float>(i));
  plan.wall = materials.corridor_wall;
  plan.cells.resize(static_cast<std::size_t>(maze.width() * maze.height()));
  for (int row = 0; row < maze.height(); ++row) {
    for (int column = 0; column < maze.width(); ++column) {
      PlanCell& cell = plan.at(column, row);
      cell.solid = !maze.open(column, row);
      if (cell.solid) continue;
      cell.wall = materials.corridor_wall;
      cell.floor = materials.corridor_floor;
    }
  }
  const auto room_count = static_cast<int>(maze.rooms().size());
  for (int variation = 0; variation < variations; ++variation) {
    const MaterialId wall = theme_wall(random.between(0, kThemeWallCount - 1));
    const MaterialId floor = theme_floor(random.between(0, kThemeFloorCount - 1));
    for (int i = variation; i < room_count; i += variations) {
      const Room& room = maze.rooms()[static_cast<std::size_t>(i)];
      for (int row = room.row; row < room.row + room.height; ++row) {
        for (int column = room.column; column < room.column + room.width; ++column) {
          plan.at(column, row).wall = wall;
          plan.at(column, row).floor = floor;
        }
      }
    }
  }
  return plan;
}

// Needs the map's layout.
void write_variations(const RoomMaze& maze, int variations, Map& map) {
  map.variations = map.layout;
  for (char& cell : map.variations)
    if (cell != '\n') cell = '.';
  for (std::size_t i = 0; i < maze.rooms().size(); ++i) {
    const Room& room = maze.rooms()[i];
    for (int row = room.row; row < room.row + room.height; ++row) {
      const int line = maze.height() - 1 - row;
      const auto begin = static_cast<std::size_t>(line * (maze.width() + 1) + room.column);
      const char letter = static_cast<char>('A' + static_cast<int>(i) % variations);
      map.variations.replace(begin, static_cast<std::size_t>(room.width),
                             static_cast<std::size_t>(room.width), letter);
    }
  }
}

// Spawns and apples; marks them in the layout, whose rows run from the top.
void furnish(const RoomMaze& maze, const ExploreSettings& settings, const FloorPlan& plan,
             RandomStream& random, Map& map) {
  struct Cell {
    int column, row;
  };
  const auto mark = [&](Cell cell, char character) {
    map.layout[static_cast<std::size_t>((maze.height() - 1 - cell.row) * (maze.width() + 1) + cell.column)] =
        character;
  };
  std::vector<Cell> cells, objects;
  for (const Room& room : maze.rooms()) {
    cells.clear();
    for (int row = room.row; row < room.row + room.height; ++row)
      for (int column = room.column; column < room.column + room.width; ++column)
        cells.push_back({column, row});
    random.shuffle(cells);
    const std::size_t spawn_end = std::min(static_cast<std::size_t>(settings.spawn_count), cells.size());
    const std::size_t object_end =
        std::min(spawn_end + static_cast<std::size_t>(settings.object_count), cells.size());
    for (std::size_t i = 0; i < spawn_end; ++i) {
      map.spawns.push_back({plan.floor_centre(cells[i].column, cells[i].row)});
      mark(cells[i], 'S');
    }
    objects.insert(objects.end(), cells.begin() + static_cast<std::ptrdiff_t>(spawn_end),
                   cells.begin() + static_cast<std::ptrdiff_t>(object_end));
  }
  random.shuffle(objects);
  const auto apple_count =
      static_cast<std::size_t>(settings.reward_density * static_cast<double>(objects.size()) + 0.5);
  for (std::size_t i = 0; i < apple_count; ++i) {
    map.items.push_back({ItemKind::kApple,
                         plan.floor_centre(objects[i].column, objects[i].row) + Vec3{0, 0, kItemAboveFloor}});
    mark(objects[i], 'A');
  }
}

void hang_pictures(const FloorPlan& plan, double frequency, RandomStream& random, Map& map) {
  struct Face {
    int column, row;
    Side side;
  };
  std::vector<Face> faces;
  for (int row = 0; row < plan.rows(); ++row)
    for (int column = 0; column < plan.columns(); ++column)
      for (const Side side : {Side::kEast, Side::kNorth, Side::kWest, Side::kSouth})
        if (!plan.at(column, row).solid && plan.beside(column, row, side).solid)
          faces.push_back({column, row, side});
  random.shuffle(faces);
  std::vector<int> pictures(kPictureCount);
  std::iota(pictures.begin(), pictures.end(), 0);
  random.shuffle(pictures);
  const auto count = static_cast<std::size_t>(
      std::min(0.5 + frequency * static_cast<double>(faces.size()), static_cast<double>(kPictureCount)));
  for (std::size_t i = 0; i < std::min(count, faces.size()); ++i)
    map.surfaces.push_back(
        wall_picture(plan, faces[i].column, faces[i].row, faces[i].side, picture(pictures[i])));
}

// Across each opening of a room, in its middle; to be seen from both sides.
void hang_curtains(const RoomMaze& maze, const FloorPlan& plan, MaterialId material, Map& map) {
  const auto hang = [&](Vec3 top_left, Vec3 across) {
    Surface curtain{
        .corner = top_left, .right = across, .down = {0, 0, -plan.wall_height}, .material = material};
    map.surfaces.push_back(curtain);
    curtain.corner += curtain.right;
    curtain.right = curtain.right * -1.0f;
    map.surfaces.push_back(curtain);
  };
  for (int row = 1; row + 1 < plan.rows(); ++row) {
    for (int column = 1; column + 1 < plan.columns(); ++column) {
      if (!maze.open(column, row) || maze.in_room(column, row)) continue;
      // What is open beside a room and no part of it is an opening.
      const Vec3 middle = plan.floor_centre(column, row) + Vec3{0, 0, plan.wall_height};
      const float half = 0.5f * kCell;
      if (maze.in_room(column - 1, row) || maze.in_room(column + 1, row)) {
        hang(middle + Vec3{0, half, 0}, {0, -kCell, 0});
      } else if (maze.in_room(column, row - 1) || maze.in_room(column, row + 1)) {
        hang(middle - Vec3{half, 0, 0}, {kCell, 0, 0});
      }
    }
  }
}

}  // namespace

Result<ExploreSettings> explore_settings(const LevelConfig& config) {
  const struct {
    std::string_view name;
    std::int64_t value;
  } odd[] = {{"maze_width", config.maze_width},
             {"maze_height", config.maze_height},
             {"room_min_size", config.room_min_size},
             {"room_max_size", config.room_max_size}};
  for (const auto& [name, value] : odd)
    if (value % 2 == 0) return invalid_input("level.{} is {}, expected an odd number", name, value);
  if (config.room_min_size > config.room_max_size)
    return invalid_input("level.room_min_size is {}, expected at most level.room_max_size, {}",
                         config.room_min_size, config.room_max_size);
  const std::int64_t fits = std::min(config.maze_width, config.maze_height) - 2;
  if (config.room_min_size > fits)
    return invalid_input(
        "level.room_min_size is {}, expected at most {}, what a maze of {} x {} has room for",
        config.room_min_size, fits, config.maze_width, config.maze_height);
  return ExploreSettings{.maze = {.width = static_cast<int>(config.maze_width),
                                  .height = static_cast<int>(config.maze_height),
                                  .room_count = static_cast<int>(config.room_count),
                                  .room_min_size = static_cast<int>(config.room_min_size),
                                  .room_max_size = static_cast<int>(config.room_max_size),
                                  .extra_connection_probability = config.extra_connection_probability},
                         .object_count = static_cast<int>(config.object_count),
                         .spawn_count = static_cast<int>(config.spawn_count),
                         .reward_density = config.reward_density,
                         .decal_frequency = config.decal_frequency,
                         .max_variations = static_cast<int>(config.max_variations),
                         .curtains = config.has_doors,
                         .sky = config.use_skybox};
}

std::shared_ptr<const Map> make_explore_map(const ExploreSettings& settings, RandomStream& random) {
  static const Materials materials;
  const RoomMaze maze(settings.maze, random);
  const FloorPlan plan = plan_of(maze, settings.max_variations, materials, random);
  auto map = std::make_shared<Map>();
  map->name = "explore_object_locations";
  map->sky = {.open = settings.sky, .material = materials.sky};
  for (int row = maze.height() - 1; row >= 0; --row) {
    for (int column = 0; column < maze.width(); ++column) map->layout += maze.open(column, row) ? ' ' : '#';
    map->layout += '\n';
  }
  write_variations(maze, settings.max_variations, *map);
  furnish(maze, settings, plan, random, *map);
  build_plan(plan, *map);
  if (settings.curtains) hang_curtains(maze, plan, materials.curtain, *map);
  hang_pictures(plan, settings.decal_frequency, random, *map);
  map->finish();
  return map;
}

}  // namespace chrysalis
