// The catalog of materials: how walls, floors, ceilings, skies and pictures look, by name. The world only
// knows which material a surface has; the renderer paints them (procedurally, from these few numbers).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "chrysalis/core/result.h"

namespace chrysalis {

struct Rgb {
  std::uint8_t r = 0, g = 0, b = 0;
  friend constexpr bool operator==(const Rgb&, const Rgb&) = default;
};

// An index into material_catalog(). Stable within a build, not between versions: files say names.
using MaterialId = std::uint16_t;

// How the renderer paints: each pattern is one function of (u, v, seed).
enum class Pattern : std::uint8_t {
  kPlain,
  kBricks,
  kPlanks,
  kPanels,
  kTiles,
  kStripes,
  kNoise,
  kHex,
  kGrate,
  kGrass,
  kPicture,
  kSky,
  kLava,
  kPad,
};

struct Material {
  std::string name;  // "brick_red", "picture_17", …; what map files and messages say.
  Pattern pattern = Pattern::kPlain;
  Rgb base;
  Rgb accent;              // Mortar, gaps, second stripe, crust, ring…
  std::uint32_t seed = 0;  // Distinguishes surfaces of one pattern.
  bool self_lit = false;   // Drawn at full brightness whatever the surface's light.
  bool flows = false;      // Its texture creeps along, by the world's frames.
};

// Every material there is, MaterialId the index.
std::span<const Material> material_catalog();
// By name; the error names the nearest one.
Result<MaterialId> find_material(std::string_view name);

// The sets that levels draw their themes from.
inline constexpr int kThemeWallCount = 20;  // 5 styles x 2 colours x normal or bright.
inline constexpr int kThemeFloorCount = 20;
inline constexpr int kPictureCount = 80;  // 4 styles x 20; told apart at 96 x 72 from two cells away.
MaterialId theme_wall(int index);
MaterialId theme_floor(int index);
MaterialId picture(int index);

}  // namespace chrysalis
