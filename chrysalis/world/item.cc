#include "chrysalis/world/item.h"

namespace chrysalis {

const ItemType& item_type(ItemKind kind) {
  static constexpr std::array<ItemType, kItemKindCount> kTypes = {{
      {"apple", 0},
      {"goal", 0},
      {"orb", 5000},
      {"beam", 5000},
      {"disc", 5000},
      {"armour", 25000},
      {"health", 35000},
  }};
  return kTypes.at(static_cast<std::size_t>(kind));
}

}  // namespace chrysalis
