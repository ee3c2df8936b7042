#include "chrysalis/bots/perception.h"

#include <algorithm>
#include <cmath>

#include "chrysalis/world/aim.h"
#include "chrysalis/world/trace.h"

namespace chrysalis {
namespace {

constexpr float kNearView = 90.0f;
constexpr float kFarView = 180.0f;
constexpr float kFarViewDistance = 810.0f;
constexpr float kNoticeRange = 4900.0f;  // Of an alert player.
constexpr int kShootingMs = 200;  // Beyond the reload: who shoots on is taken to be shooting all along.
constexpr int kGloatMs = 700;     // Whose enemy was tagged looks for the next after this.
constexpr int kForgottenMs = 3000;
constexpr float kBelowTop = 4.0f;

// Its middle, or the top of it.
bool in_sight(const Map& map, Vec3 eye, const Body& other) {
  const Solid box = box_of(other);
  const Vec3 middle = (box.min + box.max) * 0.5f;
  return clear_line(map, eye, middle) || clear_line(map, eye, {middle.x, middle.y, box.max.z - kBelowTop});
}

bool in_view(Vec3 forward, Vec3 offset, float distance) {
  // The cosine of the angle between them, against that of half the view.
  const float half = 0.5f * field_of_view(distance) * (3.14159265f / 180.0f);
  return dot(forward, offset) >= distance * std::cos(half);
}

}  // namespace

float field_of_view(float distance) {
  const float far = std::min(distance / kFarViewDistance, 1.0f);
  return kNearView + (kFarView - kNearView) * far * far;
}

void Perception::notice(int self, std::size_t player_count, std::span<const WorldEvent> events) {
  if (sightings_.size() != player_count) {
    sightings_.assign(player_count, {});
    wake();
  }
  for (const WorldEvent& event : events) {
    if (event.kind == WorldEvent::Kind::kShot) {
      sightings_[static_cast<std::size_t>(event.player)].shooting_ms =
          gadget_type(event.gadget).reload_ms + kShootingMs;
    } else if (event.kind == WorldEvent::Kind::kHit && event.player == self && event.by != self) {
      hurt_ = true;
    }
  }
}

void Perception::look(const World& world, int self, int passed_ms) {
  if (sightings_.size() != world.players().size()) notice(self, world.players().size(), {});
  const auto later = [passed_ms](int ms) { return std::min(ms + passed_ms, kEverMs); };
  const Body& body = world.players()[static_cast<std::size_t>(self)];
  const Vec3 eye = eye_of(body).position;
  const Vec3 forward = axes_of(body).forward;
  fallen_ms_ = later(fallen_ms_);

  float nearest = kNoticeRange;
  if (enemy_ != kNobody) {
    if (world.fighters()[static_cast<std::size_t>(enemy_)].alive) {
      fallen_ms_ = 0;
    } else if (fallen_ms_ > kGloatMs) {
      enemy_ = kNobody;
    }
  }
  if (enemy_ != kNobody) nearest = length(sighting().position - body.origin);
  const int fought = enemy_;
  for (std::size_t player = 0; player < sightings_.size(); ++player) {
    Sighting& other = sightings_[player];
    const Body& there = world.players()[player];
    const bool is_enemy = static_cast<int>(player) == fought;
    other.shooting_ms = std::max(0, other.shooting_ms - passed_ms);
    other.unseen_ms = later(other.unseen_ms);
    other.known_ms = later(other.known_ms);
    other.visible = false;
    if (static_cast<int>(player) == self || !world.fighters()[player].alive) continue;
    const Vec3 offset = there.origin - body.origin;
    const float distance = length(offset);
    if (distance > kNoticeRange) continue;
    const bool stands_out = is_enemy || hurt_ || other.shooting_ms > 0;
    if (!stands_out && !in_view(forward, offset, distance)) continue;
    if (!in_sight(world.map(), eye, there)) continue;
    other = {.visible = true,
             .position = there.origin,
             .velocity = there.velocity,
             .unseen_ms = 0,
             .known_ms = other.unseen_ms > kForgottenMs ? 0 : other.known_ms,
             .shooting_ms = other.shooting_ms};
    if (is_enemy || distance >= nearest) continue;
    nearest = distance;
    enemy_ = static_cast<int>(player);
    fallen_ms_ = 0;
  }
  hurt_ = false;
}

void Perception::wake() {
  for (Sighting& other : sightings_) other = {};
  enemy_ = kNobody;
  fallen_ms_ = 0;
  hurt_ = false;
}

void Perception::save(ByteWriter& out) const {
  out.number(static_cast<std::uint32_t>(sightings_.size()));
  for (const Sighting& other : sightings_) {
    out.number(other.visible);
    save_vector(out, other.position);
    save_vector(out, other.velocity);
    out.number<std::int32_t>(other.unseen_ms);
    out.number<std::int32_t>(other.known_ms);
    out.number<std::int32_t>(other.shooting_ms);
  }
  out.number<std::int32_t>(enemy_);
  out.number<std::int32_t>(fallen_ms_);
  out.number(hurt_);
}

void Perception::restore(BoundedReader& in) {
  const auto count = in.number<std::uint32_t>("number of players", 0, kPlayersMax);
  sightings_.clear();
  for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
    Sighting other;
    other.visible = in.flag();
    other.position = in.vector("sighting");
    other.velocity = in.vector("sighted velocity");
    other.unseen_ms = in.number<std::int32_t>("time unseen", 0, kEverMs);
    other.known_ms = in.number<std::int32_t>("time known", 0, kEverMs);
    other.shooting_ms = in.number<std::int32_t>("time of shooting", 0, kEverMs);
    sightings_.push_back(other);
  }
  enemy_ = in.number<std::int32_t>("enemy", kNobody, static_cast<std::int32_t>(sightings_.size()) - 1);
  fallen_ms_ = in.number<std::int32_t>("time since a tag", 0, kEverMs);
  hurt_ = in.flag();
}

}  // namespace chrysalis
