#include "chrysalis/world/world.h"

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

// Where an item may lie from a player's origin to be taken.
constexpr Vec3 kReachLow{-50.0f, -36.0f, -36.0f};
constexpr Vec3 kReachHigh{44.0f, 36.0f, 36.0f};

bool reaches(const Body& body, const Item& item) {
  const Vec3 offset = item.position - body.origin;
  return offset.x >= kReachLow.x && offset.x <= kReachHigh.x && offset.y >= kReachLow.y &&
         offset.y <= kReachHigh.y && offset.z >= kReachLow.z && offset.z <= kReachHigh.z;
}

Body body_at(const Spawn& spawn, float yaw_degrees) {
  Body body;
  body.origin = spawn.floor + Vec3{0, 0, kOriginAboveFloor + kSurfaceClearance};
  body.yaw_degrees = yaw_degrees;
  body.on_ground = true;
  return body;
}

void save_body(const Body& body, ByteWriter& out) {
  for (int axis = 0; axis < 3; ++axis) out.number(body.origin[axis]);
  for (int axis = 0; axis < 3; ++axis) out.number(body.velocity[axis]);
  out.number(body.yaw_degrees);
  out.number(body.pitch_degrees);
  out.number(body.on_ground);
  out.number(body.crouched);
  out.number(body.jump_held);
  out.number<std::int32_t>(body.landing_ms);
}

Body restore_body(ByteReader& in) {
  Body body;
  for (int axis = 0; axis < 3; ++axis) in.number(body.origin[axis]);
  for (int axis = 0; axis < 3; ++axis) in.number(body.velocity[axis]);
  in.number(body.yaw_degrees);
  in.number(body.pitch_degrees);
  // Read as bytes: a bool that is neither 0 nor 1 must not come to life from a damaged file.
  body.on_ground = in.number<std::uint8_t>() != 0;
  body.crouched = in.number<std::uint8_t>() != 0;
  body.jump_held = in.number<std::uint8_t>() != 0;
  body.landing_ms = in.number<std::int32_t>();
  return body;
}

}  // namespace

World::World(std::shared_ptr<const Map> map) {
  begin(std::move(map));
}

void World::begin(std::shared_ptr<const Map> map) {
  map_ = std::move(map);
  frame_ = 0;
  armed_ = false;
  players_.clear();
  fighters_.clear();
  projectiles_.clear();
  effects_.clear();
  events_.clear();
  items_.clear();
  items_.reserve(map_->items.size());
  for (const ItemPlacement& item : map_->items)
    items_.push_back({.kind = item.kind, .position = item.position});
}

void World::arm(RandomKey shots) {
  CHRYSALIS_CHECK(players_.empty(), "arm() after the first player");
  armed_ = true;
  shots_ = RandomStream(shots);
}

int World::add_player(const Spawn& spawn, float yaw_degrees, const Outfit& outfit) {
  players_.push_back(body_at(spawn, yaw_degrees));
  fighters_.push_back({.outfit = outfit});
  others_.reserve(players_.size());
  events_.reserve(items_.size());
  return static_cast<int>(players_.size()) - 1;
}

void World::respawn(int player, const Spawn& spawn, float yaw_degrees) {
  players_.at(static_cast<std::size_t>(player)) = body_at(spawn, yaw_degrees);
}

std::span<const WorldEvent> World::step(std::span<const RawAction> actions) {
  CHRYSALIS_CHECK_EQ(actions.size(), players_.size());
  ++frame_;
  events_.clear();
  for (std::size_t player = 0; player < players_.size(); ++player) {
    others_.clear();
    for (std::size_t other = 0; other < players_.size(); ++other)
      if (other != player) others_.push_back(players_[other]);
    Body& body = players_[player];
    move_body(body, actions[player], *map_, others_);
    for (std::size_t item = 0; item < items_.size(); ++item) {
      if (!items_[item].present || !reaches(body, items_[item])) continue;
      items_[item].present = false;
      events_.push_back({.kind = WorldEvent::Kind::kItemTaken,
                         .player = static_cast<int>(player),
                         .item = static_cast<int>(item)});
    }
  }
  return events_;
}

void World::save(ByteWriter& out) const {
  out.number(frame_);
  out.number<std::uint32_t>(static_cast<std::uint32_t>(players_.size()));
  for (const Body& body : players_) save_body(body, out);
  out.number<std::uint32_t>(static_cast<std::uint32_t>(items_.size()));
  for (const Item& item : items_) out.number(item.present);
}

Status World::restore(ByteReader& in) {
  const auto frame = in.number<std::int64_t>();
  const auto player_count = in.number<std::uint32_t>();
  std::vector<Body> players;
  for (std::uint32_t i = 0; i < player_count && !in.failed(); ++i) players.push_back(restore_body(in));
  const auto item_count = in.number<std::uint32_t>();
  if (in.failed()) return invalid_input("world state is cut short");
  if (item_count != items_.size())
    return invalid_input("world state has {} items, map '{}' has {}", item_count, map_->name, items_.size());
  std::vector<std::uint8_t> present(item_count);
  for (std::uint8_t& flag : present) in.number(flag);
  if (in.failed()) return invalid_input("world state is cut short");
  frame_ = frame;
  players_ = std::move(players);
  fighters_.resize(players_.size());
  for (std::size_t i = 0; i < items_.size(); ++i) items_[i].present = present[i] != 0;
  others_.reserve(players_.size());
  events_.clear();
  events_.reserve(items_.size());
  return {};
}

bool World::spawn_is_free(const Spawn&, int) const {
  return true;
}

int effect_ms(Effect::Kind) {
  return 0;
}

std::uint64_t World::hash() const {
  ByteWriter out;
  save(out);
  return hash64(out.bytes());
}

}  // namespace chrysalis
