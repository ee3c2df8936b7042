#include "chrysalis/world/material.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "chrysalis/core/check.h"
#include "chrysalis/core/field.h"

namespace chrysalis {
namespace {

// A colour as 0xRRGGBB.
constexpr Rgb hex(std::uint32_t rgb) {
  return {static_cast<std::uint8_t>(rgb >> 16), static_cast<std::uint8_t>(rgb >> 8),
          static_cast<std::uint8_t>(rgb)};
}

// One style of wall or floor; it comes in two colours, each normal or bright.
struct Style {
  const char* name;
  Pattern pattern;
  struct Colour {
    const char* name;
    std::uint32_t base;
    std::uint32_t accent;
  };
  Colour colours[2];
};

constexpr Style kWallStyles[] = {
    {"brick", Pattern::kBricks, {{"red", 0x96402E, 0x4E2A22}, {"sand", 0xA08656, 0x5E4C30}}},
    {"plank", Pattern::kPlanks, {{"oak", 0x7C5430, 0x402A18}, {"teal", 0x2C6E70, 0x173C40}}},
    {"panel", Pattern::kPanels, {{"blue", 0x375E96, 0x1E3356}, {"violet", 0x6B4484, 0x382248}}},
    {"honeycomb", Pattern::kHex, {{"green", 0x4A7A36, 0x26421E}, {"plum", 0x883A5C, 0x481E32}}},
    {"striped", Pattern::kStripes, {{"navy", 0x34487E, 0x8A8F9C}, {"olive", 0x6E7030, 0x3C4A22}}},
};

constexpr Style kFloorStyles[] = {
    {"tile", Pattern::kTiles, {{"grey", 0x70767C, 0x4A4E54}, {"terracotta", 0x8A5236, 0x5C3424}}},
    {"board", Pattern::kPlanks, {{"maple", 0x8C6A40, 0x50391F}, {"walnut", 0x5A402C, 0x302016}}},
    {"grate", Pattern::kGrate, {{"steel", 0x5C6C78, 0x2A323A}, {"copper", 0x88603C, 0x3E2818}}},
    {"lawn", Pattern::kGrass, {{"green", 0x48782C, 0x2C5220}, {"straw", 0x8C7E3A, 0x5E5426}}},
    {"stone", Pattern::kNoise, {{"slate", 0x4E5A68, 0x343C48}, {"rose", 0x845A5E, 0x5A3A40}}},
};

// The bright variant of a colour: lighter by half, then a little towards white.
constexpr Rgb brighter(Rgb colour) {
  const auto channel = [](std::uint8_t c) {
    return static_cast<std::uint8_t>(std::min(c * 145 / 100, 255) * 85 / 100 + 38);
  };
  return {channel(colour.r), channel(colour.g), channel(colour.b)};
}

template <std::size_t N>
void append_themes(const Style (&styles)[N], const char* what, std::vector<Material>& catalog) {
  for (const Style& style : styles) {
    for (const Style::Colour& colour : style.colours) {
      for (const bool bright : {false, true}) {
        Material material;
        material.name = fmt::format("{}_{}_{}{}", what, style.name, colour.name, bright ? "_bright" : "");
        material.pattern = style.pattern;
        material.base = bright ? brighter(hex(colour.base)) : hex(colour.base);
        material.accent = bright ? brighter(hex(colour.accent)) : hex(colour.accent);
        material.seed = static_cast<std::uint32_t>(catalog.size()) + 1;
        catalog.push_back(std::move(material));
      }
    }
  }
}

// Pairs of paint for pictures: far apart in hue or lightness, so that a picture is read from afar.
constexpr std::pair<std::uint32_t, std::uint32_t> kPaints[20] = {
    {0xD8322A, 0xF6E7C8}, {0x2456B0, 0xF4D13C}, {0x1F8A4C, 0xF2F2EA}, {0xF08A1C, 0x2A1E4A},
    {0x7A2E9C, 0xC8F06A}, {0x10A6B8, 0xFBE9E0}, {0xE84A8C, 0x1E3A34}, {0xF2D024, 0x202020},
    {0x5A3A22, 0xA8DCF0}, {0xF4F4F4, 0xB01C3C}, {0x141C3C, 0x5CE0D0}, {0x8CC63C, 0x50206A},
    {0xC86A3A, 0x123E5C}, {0xB4B8C4, 0x24508C}, {0x0E5C4A, 0xF6A6B4}, {0xF6B48C, 0x7C1414},
    {0x3C3CD0, 0xFF8C5A}, {0x303030, 0xE8E03C}, {0x9C8CF0, 0x143214}, {0xA01878, 0x9CF0B4},
};

std::vector<Material> make_catalog() {
  std::vector<Material> catalog;
  append_themes(kWallStyles, "wall", catalog);
  append_themes(kFloorStyles, "floor", catalog);
  // The seed is the picture's index: style index / 20, motif and paint from index % 20.
  for (int i = 0; i < kPictureCount; ++i) {
    const auto [first, second] = kPaints[(i * 7 + i / 20 * 5) % 20];
    catalog.push_back({fmt::format("picture_{:02}", i), Pattern::kPicture, hex(first), hex(second),
                       static_cast<std::uint32_t>(i)});
  }
  const Material named[] = {
      // seek_apples and other block mazes.
      {"corridor_wall", Pattern::kBricks, hex(0x4E9A4A), hex(0x2C5E30), 201},
      {"corridor_floor", Pattern::kTiles, hex(0xE09040), hex(0xB06A28), 202},
      {"room_wall", Pattern::kPanels, hex(0x4C7CC8), hex(0x2A4A86), 203},
      {"room_floor", Pattern::kPlanks, hex(0xD8C08C), hex(0x9C8454), 204},
      // The fixed mazes.
      {"maze_green", Pattern::kPanels, hex(0x3C9440), hex(0x205A26), 211},
      {"maze_red", Pattern::kPanels, hex(0xC43A34), hex(0x701C1A), 212},
      {"maze_orange_floor", Pattern::kTiles, hex(0xDC8A34), hex(0xA05E1E), 213},
      {"maze_yellow", Pattern::kPanels, hex(0xD8BC38), hex(0x8E7818), 214},
      {"maze_blue", Pattern::kPanels, hex(0x3A62C0), hex(0x1E3470), 215},
      {"maze_blue_floor", Pattern::kTiles, hex(0x4668A8), hex(0x2C4474), 216},
      {"maze_bright_floor", Pattern::kTiles, hex(0xE8E4D0), hex(0xB8B49C), 217},
      {"ceiling_light_blue", Pattern::kPlain, {150, 224, 255}, {150, 224, 255}, 221, true},
      {"sky_blue", Pattern::kSky, hex(0x4C8CE0), hex(0xF4F8FC), 222, true},
      // The arenas.
      {"lava", Pattern::kLava, hex(0xFF7A10), hex(0xB01C04), 231, true, true},
      {"arena_blue", Pattern::kPanels, hex(0x2E54B4), hex(0x162A60), 232},
      {"arena_purple", Pattern::kPanels, hex(0x7C3CA8), hex(0x3E1A58), 233},
      {"arena_red", Pattern::kPanels, hex(0xB82C2C), hex(0x5E1212), 234},
      {"arena_yellow", Pattern::kPanels, hex(0xD4B42C), hex(0x806A10), 235},
      {"arena_orange_floor", Pattern::kTiles, hex(0xD07A2C), hex(0x8E4E18), 236},
      {"metal", Pattern::kGrate, hex(0x8C96A0), hex(0x4C545C), 237},
      {"curtain", Pattern::kStripes, hex(0xA8324A), hex(0x5E1428), 238},
      // Under what lies on a floor to be picked up, in its colour.
      {"pad_orb", Pattern::kPad, hex(0x24262C), hex(0xFF28D2), 251},
      {"pad_beam", Pattern::kPad, hex(0x24262C), hex(0x28EBFF), 252},
      {"pad_disc", Pattern::kPad, hex(0x24262C), hex(0x78FF28), 253},
      {"pad_armour", Pattern::kPad, hex(0x24262C), hex(0x1ED246), 254},
      {"pad_health", Pattern::kPad, hex(0x24262C), hex(0xFAFAFA), 255},
      {"plain_white", Pattern::kPlain, hex(0xF0F0F0), hex(0xF0F0F0), 241},
      {"plain_grey", Pattern::kPlain, hex(0x808080), hex(0x808080), 242},
      {"plain_dark", Pattern::kPlain, hex(0x2C2E34), hex(0x2C2E34), 243},
  };
  catalog.insert(catalog.end(), std::begin(named), std::end(named));
  return catalog;
}

const std::vector<Material>& catalog() {
  static const std::vector<Material> materials = make_catalog();
  return materials;
}

// The index-th material of the run of `count` that begins at `first`.
MaterialId member(int first, int count, int index) {
  CHRYSALIS_CHECK(index >= 0 && index < count, "{} of {}", index, count);
  return static_cast<MaterialId>(first + index);
}

}  // namespace

std::span<const Material> material_catalog() {
  return catalog();
}

Result<MaterialId> find_material(std::string_view name) {
  static const auto ids = [] {
    std::unordered_map<std::string_view, MaterialId> by_name;
    for (const Material& material : catalog()) {
      by_name.emplace(material.name, static_cast<MaterialId>(by_name.size()));
    }
    return by_name;
  }();
  if (const auto found = ids.find(name); found != ids.end()) return found->second;
  std::vector<std::string> names;
  for (const Material& material : catalog()) names.push_back(material.name);
  const std::string_view nearest = nearest_name(name, names);
  if (nearest.empty()) return invalid_input("no material \"{}\"", name);
  return invalid_input("no material \"{}\"; the nearest is \"{}\"", name, nearest);
}

MaterialId theme_wall(int index) {
  return member(0, kThemeWallCount, index);
}
MaterialId theme_floor(int index) {
  return member(kThemeWallCount, kThemeFloorCount, index);
}
MaterialId picture(int index) {
  return member(kThemeWallCount + kThemeFloorCount, kPictureCount, index);
}

}  // namespace chrysalis
