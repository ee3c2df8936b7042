// What the lines of a text map say, before it is a map: areas painted over each other in their order, boxes,
// and what stands where. Coordinates are u: x to the east, y to the north, z up.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/levels/floor_plan.h"
#include "chrysalis/levels/map_text.h"
#include "chrysalis/world/map.h"

namespace chrysalis {

// What one text map may hold, so that none takes long to read or much memory.
inline constexpr int kMapAreasMax = 256;  // Rooms, doors, blocks, pools of lava, steps of stairs.
inline constexpr int kMapLinesMax =
    300;  // Different x, or y, of the grid and of what areas begin and end at.
inline constexpr int kMapBoxesMax = 256;
inline constexpr int kMapKillVolumesMax = 64;
inline constexpr int kMapItemsMax = 4096;
inline constexpr int kMapSizeMax = 16384;  // From one end to the other, u; where there is an area or a box.

struct DraftRect {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

// A rectangle seen from above. What it does not name stays as it is where it lies over open space, and is the
// map's own elsewhere.
struct DraftArea {
  enum class Kind : std::uint8_t { kOpen, kDoor, kSolid };
  MapPlace place;
  Kind kind = Kind::kOpen;
  DraftRect rect;
  std::optional<MaterialId> floor = {};
  std::optional<MaterialId> wall = {};
  std::optional<MaterialId> ceiling = {};
  std::optional<float> floor_height = {};
  std::optional<float> headroom = {};  // From floor to ceiling.
};

struct DraftBox {
  MapPlace place;
  Solid box;
  MaterialId sides = 0;
  MaterialId top = 0;
};

// Somewhere on the map. Without a height: on what lies there, seen from above.
struct DraftSpot {
  MapPlace place;
  float x = 0, y = 0;
  std::optional<float> z = {};
};

struct DraftSpawn {
  DraftSpot feet;
  std::optional<float> yaw_degrees = {};
};

struct DraftItem {
  DraftSpot middle;
  ItemPlacement item;  // But its position.
};

struct DraftPicture {
  DraftSpot from;
  float reach = 0;  // Of the wall from there, at most.
  Side side = Side::kEast;
  MaterialId picture = 0;
};

struct MapDraft {
  std::string name;
  float wall_height = 100.0f;
  float floor_height = 0.0f;
  MaterialId wall = *find_material("room_wall");
  MaterialId floor = *find_material("room_floor");
  std::optional<MaterialId> ceiling = {};
  MaterialId sky = *find_material("sky_blue");
  bool lid = false;
  Loadout loadout;

  // The grid, if there is one: lines and cells as in a FloorPlan.
  std::vector<float> xs, ys;
  std::vector<PlanCell> cells;
  std::string layout;

  std::vector<DraftArea> areas;
  std::vector<DraftBox> boxes;
  std::vector<Solid> kill_volumes;
  std::vector<DraftSpawn> spawns;
  std::vector<DraftItem> items;
  std::vector<DraftPicture> pictures;
};

// The map of a draft with a grid or an open area, and within the limits on counts. The errors are those of
// what only the whole map shows: an area outside of it, a door to nowhere, a spawn in a wall.
Result<Map> build_map(const MapDraft& draft, const MapText& text);

}  // namespace chrysalis
