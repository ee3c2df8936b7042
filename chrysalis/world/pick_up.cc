#include "chrysalis/world/pick_up.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "chrysalis/world/trace.h"

namespace chrysalis {
namespace {

// Where an item may lie from a player's origin to be taken. Quake III's BG_PlayerTouchesItem measures the
// other way round: the player from the item, -50 to 44 along x.
constexpr Vec3 kReachLow{-44.0f, -36.0f, -36.0f};
constexpr Vec3 kReachHigh{50.0f, 36.0f, 36.0f};

constexpr int kHealthGiven = 50;
constexpr int kArmourGiven = 50;
constexpr float kDropAboveFloor = 15.0f;

bool reaches(const Body& body, const Item& item) {
  const Vec3 offset = item.position - body.origin;
  return offset.x >= kReachLow.x && offset.x <= kReachHigh.x && offset.y >= kReachLow.y &&
         offset.y <= kReachHigh.y && offset.z >= kReachLow.z && offset.z <= kReachHigh.z;
}

ItemKind item_of(Gadget gadget) {
  return gadget == Gadget::kOrb    ? ItemKind::kOrb
         : gadget == Gadget::kBeam ? ItemKind::kBeam
                                   : ItemKind::kDisc;
}

// A pad fills up to its number, a drop adds it.
void take_gadget(Fighter& fighter, Gadget gadget, const ItemPlacement* placement) {
  std::int32_t& rounds = fighter.rounds[static_cast<std::size_t>(gadget)];
  const int own = gadget_type(gadget).rounds;
  const int number = placement ? placement->rounds.value_or(own) : own;
  const int given = !placement ? number : rounds < number ? number - rounds : 1;
  rounds = std::min(kRoundsMax, rounds + given);
  fighter.owned = static_cast<std::uint8_t>(fighter.owned | 1u << static_cast<unsigned>(gadget));
  fighter.wanted = gadget;
}

// Whether the player could use it; then it has it. placement: none where a player dropped it.
bool take(Fighter& fighter, ItemKind kind, const ItemPlacement* placement) {
  switch (kind) {
    case ItemKind::kApple:
    case ItemKind::kGoal:
      return true;
    case ItemKind::kOrb:
      take_gadget(fighter, Gadget::kOrb, placement);
      return true;
    case ItemKind::kBeam:
      take_gadget(fighter, Gadget::kBeam, placement);
      return true;
    case ItemKind::kDisc:
      take_gadget(fighter, Gadget::kDisc, placement);
      return true;
    case ItemKind::kArmour:
      if (fighter.armour >= kArmourMax) return false;
      fighter.armour = std::min(kArmourMax, fighter.armour + kArmourGiven);
      return true;
    case ItemKind::kHealth:
      if (fighter.health >= kFullHealth) return false;
      fighter.health = std::min(kFullHealth, fighter.health + kHealthGiven);
      return true;
  }
  return false;
}

bool needs_arms(ItemKind kind) {
  return kind != ItemKind::kApple && kind != ItemKind::kGoal;
}

}  // namespace

void take_items(WorldState& state, const Map& map, int player) {
  const Body& body = state.players[static_cast<std::size_t>(player)];
  for (std::size_t i = 0; i < state.items.size(); ++i) {
    Item& item = state.items[i];
    if (!item.present || !reaches(body, item) || (needs_arms(item.kind) && !state.armed)) continue;
    const ItemPlacement* placement = i < map.items.size() ? &map.items[i] : nullptr;
    if (!take(state.fighters[static_cast<std::size_t>(player)], item.kind, placement)) continue;
    item.present = false;
    item.left_ms = placement ? placement->returns_after_ms() : 0;
    state.events.push_back(
        {.kind = WorldEvent::Kind::kItemTaken, .player = player, .item = static_cast<int>(i)});
  }
}

int most_taken_at_once(const Map& map) {
  const Vec3 reach = kReachHigh - kReachLow;
  std::ptrdiff_t most = 0;
  for (const ItemPlacement& item : map.items) {
    most = std::max(most, std::count_if(map.items.begin(), map.items.end(), [&](const ItemPlacement& other) {
                      const Vec3 apart = other.position - item.position;
                      return std::abs(apart.x) <= reach.x && std::abs(apart.y) <= reach.y &&
                             std::abs(apart.z) <= reach.z;
                    }));
  }
  return static_cast<int>(most);
}

void drop_gadget(WorldState& state, const Map& map, int player) {
  const Fighter& fighter = state.fighters[static_cast<std::size_t>(player)];
  const Body& body = state.players[static_cast<std::size_t>(player)];
  // Who is just putting the first gadget down would be without what it took it down for.
  const bool changes = fighter.held == Gadget::kRapid && fighter.hand == Hand::kLowering;
  const Gadget gadget = changes ? fighter.wanted : fighter.held;
  if (gadget <= Gadget::kRapid || !fighter.can_shoot(gadget)) return;

  const Vec3 deep{body.origin.x, body.origin.y, std::min(map.min.z, body.origin.z) - 1.0f};
  const LineHit floor = trace_line(map, body.origin, deep);
  const Vec3 rest = floor.end + Vec3{0, 0, kDropAboveFloor - kSurfaceClearance};
  const Line fall(body.origin, floor.end);
  const bool lost = !floor.met || std::any_of(map.kill_volumes.begin(), map.kill_volumes.end(),
                                              [&](const Solid& box) { return fall.enters(box) <= 1.0f; });
  if (lost) return;
  const Item drop{.kind = item_of(gadget), .position = rest, .left_ms = kDropMs};
  const auto drops = state.items.begin() + static_cast<std::ptrdiff_t>(map.items.size());
  if (state.items.size() < map.items.size() + kDropsPerPlayer * state.players.size()) {
    state.items.push_back(drop);
  } else {
    // Not one that was taken in this frame: an event speaks of it.
    const auto age = [](const Item& item) { return item.present ? kDropMs - item.left_ms : -1; };
    *std::max_element(drops, state.items.end(),
                      [&](const Item& a, const Item& b) { return age(a) < age(b); }) = drop;
  }
}

void forget_taken_drops(WorldState& state, const Map& map) {
  const auto drops = state.items.begin() + static_cast<std::ptrdiff_t>(map.items.size());
  state.items.erase(std::remove_if(drops, state.items.end(), [](const Item& item) { return !item.present; }),
                    state.items.end());
}

void pass_time_of_items(WorldState& state, const Map& map) {
  for (std::size_t i = 0; i < state.items.size(); ++i) {
    Item& item = state.items[i];
    if (item.left_ms == 0) continue;
    item.left_ms = std::max(0, item.left_ms - kFrameMilliseconds);
    if (item.left_ms == 0) item.present = i < map.items.size();
  }
}

}  // namespace chrysalis
