#include "chrysalis/world/world_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace chrysalis {
namespace {

// Nothing of ours is farther from the middle of the map, or faster.
constexpr float kFarthest = 1e9f;
constexpr float kFastest = 1e6f;
// A box that was stopped keeps kSurfaceClearance; this much of a lack is rounding.
constexpr float kTolerance = 0.01f;
constexpr int kHandMsMax = 2000;

// What the world is made of, in the order in which it is written, for writing and for reading alike.
class Writer {
 public:
  explicit Writer(ByteWriter& out) : out_(out) {}
  template <PlainNumber T>
  void operator()(const T& value) {
    out_.number(value);
  }
  void operator()(const Vec3& v) {
    for (int axis = 0; axis < 3; ++axis) out_.number(v[axis]);
  }

 private:
  ByteWriter& out_;
};

class Reader {
 public:
  explicit Reader(ByteReader& in) : in_(in) {}
  template <PlainNumber T>
  void operator()(T& value) {
    in_.number(value);
  }
  // Read as a byte: a bool that is neither 0 nor 1 must not come to life from a damaged file.
  void operator()(bool& value) {
    const auto byte = in_.number<std::uint8_t>();
    value = byte == 1;
    if (byte > 1) bad_flag_ = true;
  }
  void operator()(Vec3& v) {
    for (int axis = 0; axis < 3; ++axis) in_.number(v[axis]);
  }
  bool bad_flag() const { return bad_flag_; }

 private:
  ByteReader& in_;
  bool bad_flag_ = false;
};

void fields(auto& visit, auto& body) requires requires {
  body.crouched;
}
{
  visit(body.origin);
  visit(body.velocity);
  visit(body.yaw_degrees);
  visit(body.pitch_degrees);
  visit(body.on_ground);
  visit(body.crouched);
  visit(body.jump_held);
  visit(body.landing_ms);
  visit(body.knockback_ms);
  visit(body.sway);
  visit(body.dip);
  visit(body.dip_ms);
}

void fields(auto& visit, auto& fighter) requires requires {
  fighter.armour;
}
{
  visit(fighter.alive);
  visit(fighter.health);
  visit(fighter.armour);
  visit(fighter.decay_ms);
  visit(fighter.dead_ms);
  for (auto& rounds : fighter.rounds) visit(rounds);
  visit(fighter.owned);
  visit(fighter.held);
  visit(fighter.wanted);
  visit(fighter.hand);
  visit(fighter.hand_ms);
  visit(fighter.trigger_locked);
  visit(fighter.firing);
  visit(fighter.kick_pitch_degrees);
  visit(fighter.kick_roll_degrees);
  visit(fighter.kick_ms);
  for (auto& region : fighter.outfit.regions) {
    visit(region.r);
    visit(region.g);
    visit(region.b);
  }
}

void fields(auto& visit, auto& orb) requires requires {
  orb.owner;
}
{
  visit(orb.gadget);
  visit(orb.owner);
  visit(orb.position);
  visit(orb.velocity);
  visit(orb.left_ms);
}

void fields(auto& visit, auto& effect) requires requires {
  effect.age_ms;
}
{
  visit(effect.kind);
  visit(effect.player);
  visit(effect.from);
  visit(effect.to);
  visit(effect.age_ms);
}

void fields(auto& visit, auto& event) requires requires {
  event.damage;
}
{
  visit(event.kind);
  visit(event.player);
  visit(event.item);
  visit(event.by);
  visit(event.gadget);
  visit(event.damage);
}

void fields(auto& visit, auto& item) requires requires {
  item.present;
}
{
  visit(item.kind);
  visit(item.position);
  visit(item.present);
  visit(item.left_ms);
}

template <typename T>
void write_all(const std::vector<T>& things, ByteWriter& out) {
  Writer write(out);
  out.number<std::uint32_t>(static_cast<std::uint32_t>(things.size()));
  for (const T& thing : things) fields(write, thing);
}

template <typename T>
void read_all(std::vector<T>& things, Reader& read, ByteReader& in) {
  const auto count = in.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
    T thing;
    fields(read, thing);
    things.push_back(thing);
  }
}

bool within(float value, float bound) {
  return value >= -bound && value <= bound;  // False for what is not a number.
}
bool within(Vec3 v, float bound) {
  return within(v.x, bound) && within(v.y, bound) && within(v.z, bound);
}
bool is_gadget(Gadget gadget) {
  return static_cast<std::size_t>(gadget) < kGadgetCount;
}

// Of each kind of thing, the name of what is out of its range; null if nothing is.
const char* fault_of(const Body& body) {
  if (!within(body.origin, kFarthest)) return "place";
  if (!within(body.velocity, kFastest)) return "velocity";
  if (!within(body.yaw_degrees, kFarthest)) return "yaw";
  if (!within(body.pitch_degrees, kMaxPitchDegrees)) return "pitch";
  if (body.landing_ms < 0 || body.landing_ms > kKnockbackMsMax) return "landing time";
  if (body.knockback_ms < 0 || body.knockback_ms > kKnockbackMsMax) return "knock-back time";
  if (!(body.sway >= 0 && body.sway < kSwayCycle)) return "sway";
  if (!(body.dip >= 0 && body.dip <= 24.0f) || body.dip_ms < 0 || body.dip_ms > kDipMs) return "dip";
  return nullptr;
}

const char* fault_of(const Fighter& fighter) {
  if (fighter.health < 0 || fighter.health > kSpawnHealth || fighter.alive != (fighter.health > 0))
    return "health";
  if (fighter.armour < 0 || fighter.armour > kArmourMax) return "armour";
  if (fighter.decay_ms < 0 || fighter.decay_ms >= 1000) return "decay time";
  if (fighter.dead_ms < 0) return "death time";
  for (const std::int32_t rounds : fighter.rounds)
    if (rounds < 0 || rounds > kRoundsMax) return "rounds";
  if (fighter.owned >> kGadgetCount != 0) return "gadgets";
  if (!is_gadget(fighter.held) || !fighter.owns(fighter.held)) return "gadget held";
  if (!is_gadget(fighter.wanted) || !fighter.owns(fighter.wanted)) return "gadget wanted";
  if (fighter.hand > Hand::kRaising) return "hand";
  if (fighter.hand_ms <= -kFrameMilliseconds || fighter.hand_ms > kHandMsMax) return "hand's time";
  if (fighter.kick_ms < 0 || fighter.kick_ms > kKickMs || !within(fighter.kick_pitch_degrees, 11.0f) ||
      !within(fighter.kick_roll_degrees, 11.0f))
    return "kick";
  return nullptr;
}

const char* fault_of(const Projectile& orb, int player_count) {
  if (!is_gadget(orb.gadget) || gadget_type(orb.gadget).attack != Attack::kProjectile) return "gadget";
  if (orb.owner < 0 || orb.owner >= player_count) return "owner";
  if (!within(orb.position, kFarthest)) return "place";
  if (!within(orb.velocity, kFastest)) return "velocity";
  if (orb.left_ms <= 0 || orb.left_ms > gadget_type(orb.gadget).life_ms) return "time left";
  return nullptr;
}

const char* fault_of(const Effect& effect, int player_count) {
  if (static_cast<int>(effect.kind) >= kEffectKindCount) return "kind";
  if (effect.player < 0 || effect.player >= player_count) return "player";
  if (!within(effect.from, kFarthest) || !within(effect.to, kFarthest)) return "place";
  if (effect.age_ms < 0 || effect.age_ms >= effect_ms(effect.kind)) return "age";
  return nullptr;
}

const char* fault_of(const WorldEvent& event, int player_count) {
  if (event.kind != WorldEvent::Kind::kDied) return "kind";
  if (event.player < 0 || event.player >= player_count) return "player";
  if (event.by < kNobody || event.by >= player_count) return "tagger";
  if (!is_gadget(event.gadget)) return "gadget";
  return nullptr;
}

const char* fault_of(const Item& item, const ItemPlacement* placement) {
  const bool dropped = placement == nullptr;
  if (static_cast<std::size_t>(item.kind) >= kItemKindCount) return "kind";
  if (dropped && item.kind != ItemKind::kOrb && item.kind != ItemKind::kBeam && item.kind != ItemKind::kDisc)
    return "kind";
  if (!within(item.position, kFarthest)) return "place";
  const int left_ms_max = dropped ? kDropMs : placement->returns_after_ms();
  if (item.left_ms < 0 || item.left_ms > left_ms_max) return "time";
  // A map's item waits to be there, a dropped one to be gone.
  const bool waits = item.left_ms > 0;
  if (dropped ? item.present != waits : item.present && waits) return "time";
  return nullptr;
}

}  // namespace

void WorldState::reserve(const Map& map) {
  const std::size_t n = players.size();
  const std::size_t item_room = map.items.size() + (armed ? kDropsPerPlayer * n : 0);
  items.reserve(item_room);
  std::size_t event_room = item_room;
  if (armed) {
    effects.reserve(kEffectsPerPlayer * n);
    projectiles.reserve(kProjectilesPerPlayer * n);
    // In one frame each player shoots, hits four, dies, asks to come back; every orb may hit everyone.
    event_room += n * (8 + kProjectilesPerPlayer * n);
  }
  events.reserve(event_room);
  pending.reserve(event_room);
}

void WorldState::add(const Effect& effect) {
  if (effects.size() >= kEffectsPerPlayer * players.size()) effects.erase(effects.begin());
  effects.push_back(effect);
}

std::string WorldState::fault(const Map& map) const {
  const int player_count = static_cast<int>(players.size());
  const std::size_t dropped = items.size() - map.items.size();
  if (items.size() < map.items.size() || dropped > (armed ? kDropsPerPlayer * players.size() : 0))
    return fmt::format("{} items, map '{}' has {}", items.size(), map.name, map.items.size());
  if (fighters.size() != players.size())
    return fmt::format("{} fighters, expected {}", fighters.size(), players.size());
  if (projectiles.size() > kProjectilesPerPlayer * players.size())
    return fmt::format("{} orbs, expected at most {}", projectiles.size(),
                       kProjectilesPerPlayer * players.size());
  if (effects.size() > kEffectsPerPlayer * players.size())
    return fmt::format("{} effects, expected at most {}", effects.size(), kEffectsPerPlayer * players.size());
  if (frame < 0) return fmt::format("frame {}", frame);

  for (std::size_t i = 0; i < map.items.size(); ++i)
    if (items[i].kind != map.items[i].kind || !(items[i].position == map.items[i].position))
      return fmt::format("another item {} than map '{}'", i, map.name);

  const auto first_fault = [](const char* name, const auto& things, auto&& fault_at) {
    for (std::size_t i = 0; i < things.size(); ++i)
      if (const char* what = fault_at(i)) return fmt::format("{} {} with {} out of range", name, i, what);
    return std::string();
  };
  for (std::string found :
       {first_fault("player", players, [&](std::size_t i) { return fault_of(players[i]); }),
        first_fault("player", fighters, [&](std::size_t i) { return fault_of(fighters[i]); }),
        first_fault("item", items,
                    [&](std::size_t i) {
                      return fault_of(items[i], i < map.items.size() ? &map.items[i] : nullptr);
                    }),
        first_fault("orb", projectiles,
                    [&](std::size_t i) { return fault_of(projectiles[i], player_count); }),
        first_fault("effect", effects, [&](std::size_t i) { return fault_of(effects[i], player_count); }),
        first_fault("event", pending, [&](std::size_t i) { return fault_of(pending[i], player_count); })})
    if (!found.empty()) return found;

  for (std::size_t player = 0; player < players.size(); ++player) {
    if (!fighters[player].alive) continue;
    Solid box = box_of(players[player]);
    box.min += Vec3{kTolerance, kTolerance, kTolerance};
    box.max += Vec3{-kTolerance, -kTolerance, -kTolerance};
    bool in_wall = false;
    map.solids_near(box.min, box.max, [&](const Solid& solid) { in_wall = in_wall || overlap(box, solid); });
    const Vec3 origin = players[player].origin;
    if (in_wall)
      return fmt::format("player {} in a wall at {}, {}, {}", player, origin.x, origin.y, origin.z);
    // Where nobody is armed, players may begin in one place.
    for (std::size_t other = 0; armed && other < player; ++other)
      if (fighters[other].alive && overlap(box, box_of(players[other])))
        return fmt::format("players {} and {} in one place", other, player);
  }
  return {};
}

void save_state(const WorldState& state, ByteWriter& out) {
  out.number(state.frame);
  out.number(state.armed);
  out.number(state.shots.key());
  out.number(state.shots.count());
  write_all(state.players, out);
  write_all(state.fighters, out);
  write_all(state.items, out);
  write_all(state.projectiles, out);
  write_all(state.effects, out);
  write_all(state.pending, out);
}

Result<WorldState> restore_state(ByteReader& in, const Map& map) {
  Reader read(in);
  WorldState state;
  read(state.frame);
  read(state.armed);
  const auto key = in.number<std::uint64_t>();
  const auto count = in.number<std::uint64_t>();
  state.shots = RandomStream(key, count);
  read_all(state.players, read, in);
  read_all(state.fighters, read, in);
  read_all(state.items, read, in);
  read_all(state.projectiles, read, in);
  read_all(state.effects, read, in);
  read_all(state.pending, read, in);
  if (in.failed()) return invalid_input("world state is cut short");
  if (read.bad_flag()) return invalid_input("world state has a flag that is neither 0 nor 1");
  if (const std::string fault = state.fault(map); !fault.empty())
    return invalid_input("world state has {}", fault);
  return state;
}

}  // namespace chrysalis
