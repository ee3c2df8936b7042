// What lies in a world and can be taken, by kind.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "chrysalis/core/vec3.h"

namespace chrysalis {

// Values are part of saved states and of map files: append, never renumber.
enum class ItemKind : std::uint8_t { kApple, kGoal, kOrb, kBeam, kDisc, kArmour, kHealth };
inline constexpr std::size_t kItemKindCount = 7;

struct ItemType {
  std::string_view name;
  int respawn_ms = 0;  // Engine ms from being taken to lying there again; 0: only when a level says so.
};
const ItemType& item_type(ItemKind kind);
inline constexpr int kDropMs = 30000;  // How long what a player dropped lies there, in engine ms.

// Where the map puts one.
struct ItemPlacement {
  ItemKind kind = ItemKind::kApple;
  Vec3 position;  // Centre of the item at rest.
  // Where the map says otherwise than the item's type, or its gadget's.
  std::optional<int> respawn_ms = {};
  std::optional<int> rounds = {};

  int returns_after_ms() const { return respawn_ms.value_or(item_type(kind).respawn_ms); }
};

// One in a world. Dropped ones follow those of the map and are gone for good when taken or out of time.
struct Item {
  ItemKind kind = ItemKind::kApple;
  Vec3 position;
  bool present = true;
  // Until it lies there again; of a dropped one that is present, until it vanishes.
  std::int32_t left_ms = 0;
};

}  // namespace chrysalis
