// A map: everything of a level that does not move, in game units. Immutable once built and shared by worlds,
// environments and renderers; safe to read from any thread. Built from boxes and rectangles, so floors may lie at
// any height, walls may be blocks or 1 u panels, and nothing here knows of a grid.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "chrysalis/core/vec3.h"
#include "chrysalis/world/material.h"

namespace chrysalis {

// An axis-aligned box that bodies cannot enter.
struct Solid {
  Vec3 min;
  Vec3 max;
};

// A textured rectangle, visible from one side. Seen from that side `corner` is the picture's top left, `right` and
// `down` are whole edges; so cross(down, right) points at the viewer. The texture repeats tiles_right times along
// `right` and tiles_down times along `down`, starting at (0, 0) in `corner`.
struct Surface {
  Vec3 corner;
  Vec3 right;
  Vec3 down;
  float tiles_right = 1.0f;
  float tiles_down = 1.0f;
  MaterialId material = 0;
  float light = 1.0f;         // Multiplies the texture's colour, 0 to 1.
  bool is_ceiling = false;    // Left out of top-down views.
};

struct Spawn {
  Vec3 floor;  // Where the feet stand; the body's origin is kOriginAboveFloor higher.
};

enum class ItemKind : std::uint8_t { kApple, kGoal };

struct ItemPlacement {
  ItemKind kind = ItemKind::kApple;
  Vec3 position;  // Centre of the item at rest.
};

struct Sky {
  bool open = false;       // Where no surface is hit: the sky if open, black if not.
  MaterialId material = 0;
};

class Map {
 public:
  std::string name;
  std::vector<Surface> surfaces;
  std::vector<Solid> solids;
  std::vector<Spawn> spawns;
  std::vector<ItemPlacement> items;
  Sky sky;
  // What encloses everything, filled in by finish().
  Vec3 min;
  Vec3 max;
  // The layout as text, one character a cell, for people and for DEBUG.MAZE.LAYOUT; empty where there is none.
  std::string layout;

  // Computes min, max and the index behind solids_near(). Call once, after the last change.
  void finish();

  // Calls visit(const Solid&) for every solid that may touch the box [low, high]; each once, in index order.
  template <typename Visit>
  void solids_near(Vec3 low, Vec3 high, Visit&& visit) const;

 private:
  // Replace this with a uniform grid of solid indices if profiling asks for it.
};

}  // namespace chrysalis
