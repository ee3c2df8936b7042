#include "chrysalis/world/combat.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "chrysalis/world/aim.h"
#include "chrysalis/world/damage.h"
#include "chrysalis/world/hand.h"
#include "chrysalis/world/trace.h"

namespace chrysalis {
namespace {

struct Target {
  int player = kNobody;
  float share = 2.0f;  // Of the way to it.
};

// The first player alive whose box the line meets after `last`, along the line; players at one distance come
// in the order of their indices.
Target next_target(const WorldState& state, const Line& line, int shooter, const Target& last) {
  Target next;
  for (std::size_t i = 0; i < state.players.size(); ++i) {
    const int player = static_cast<int>(i);
    if (player == shooter || !state.fighters[i].alive) continue;
    const float share = line.enters(box_of(state.players[i]));
    const bool passed = share < last.share || (share == last.share && player <= last.player);
    if (!passed && share < next.share) next = {player, share};
  }
  return next;
}
constexpr Target kNoneYet{kNobody, -1.0f};

void shoot_line(WorldState& state, const Map& map, int player, Gadget gadget, const Axes& axes, Vec3 muzzle) {
  const GadgetType& type = gadget_type(gadget);
  Vec3 to = muzzle + axes.forward * type.range;
  if (type.spread > 0) {
    const double angle = state.shots.uniform(0.0, 2.0 * std::numbers::pi);
    const double reach = static_cast<double>(type.spread) * static_cast<double>(type.range);
    const double up = std::sin(angle) * state.shots.uniform(-reach, reach);
    const double right = std::cos(angle) * state.shots.uniform(-reach, reach);
    to += axes.up * static_cast<float>(up) + axes.right * static_cast<float>(right);
  }
  const Line line(muzzle, to);
  const LineHit wall = trace_line(map, muzzle, to);
  Vec3 end = wall.end;
  bool struck = wall.met;
  Target target = kNoneYet;
  for (int hits = 0; hits < type.pierced; ++hits) {
    target = next_target(state, line, player, target);
    if (target.share >= wall.share) break;
    if (hits + 1 == type.pierced) {
      end = line.at(target.share);
      struck = true;
    }
    hurt(state, map,
         {.player = target.player,
          .by = player,
          .gadget = gadget,
          .damage = type.damage,
          .direction = axes.forward});
  }
  if (gadget == Gadget::kRapid) {
    if (struck) state.add({.kind = Effect::Kind::kRapid, .player = player, .from = end, .to = end});
  } else {
    const auto kind = gadget == Gadget::kDisc ? Effect::Kind::kDisc : Effect::Kind::kBeam;
    state.add({.kind = kind, .player = player, .from = muzzle, .to = end});
  }
}

// Whether a burst is in sight of any of nine points of a box: its middle, and eight around it.
bool can_splash(const Map& map, Vec3 place, const Solid& box) {
  const Vec3 middle = (box.min + box.max) * 0.5f;
  if (clear_line(map, place, middle)) return true;
  for (int corner = 0; corner < 8; ++corner) {
    const Vec3 aside{(corner & 1) != 0 ? -kBoxHalfWidth : kBoxHalfWidth,
                     (corner & 2) != 0 ? -kBoxHalfWidth : kBoxHalfWidth,
                     (corner & 4) != 0 ? -kBoxHalfWidth : kBoxHalfWidth};
    if (clear_line(map, place, middle + aside)) return true;
  }
  return false;
}

float distance_to(const Solid& box, Vec3 place) {
  Vec3 gap;
  for (int axis = 0; axis < 3; ++axis)
    gap[axis] = std::max({0.0f, box.min[axis] - place[axis], place[axis] - box.max[axis]});
  return length(gap);
}

Vec3 unit(Vec3 v) {
  const float size = length(v);
  return size > 0 ? v * (1.0f / size) : Vec3{0, 0, 1};
}

// `spared` was hit by the orb itself.
void burst(WorldState& state, const Map& map, const Projectile& orb, Vec3 place, int spared) {
  constexpr float kPushUp = 24.0f;  // A burst pushes as if it lay this much lower.
  const GadgetType& type = gadget_type(orb.gadget);
  state.add({.kind = Effect::Kind::kExplosion, .player = orb.owner, .from = place, .to = place});
  for (std::size_t i = 0; i < state.players.size(); ++i) {
    const int player = static_cast<int>(i);
    if (player == spared || !state.fighters[i].alive) continue;
    const Solid box = box_of(state.players[i]);
    const float distance = distance_to(box, place);
    if (distance >= type.splash_radius || !can_splash(map, place, box)) continue;
    const float damage = static_cast<float>(type.splash_damage) * (1.0f - distance / type.splash_radius);
    hurt(state, map,
         {.player = player,
          .by = orb.owner,
          .gadget = orb.gadget,
          .damage = static_cast<int>(damage),
          .direction = unit(state.players[i].origin - place + Vec3{0, 0, kPushUp})});
  }
}

// False if it is gone.
bool fly_one(WorldState& state, const Map& map, Projectile& orb) {
  const GadgetType& type = gadget_type(orb.gadget);
  const int flown_ms = orb.left_ms == type.life_ms ? type.head_start_ms : kFrameMilliseconds;
  const Vec3 to = orb.position + orb.velocity * (static_cast<float>(flown_ms) * 0.001f);
  const Line line(orb.position, to);
  const LineHit wall = trace_line(map, orb.position, to);
  const Target target = next_target(state, line, orb.owner, kNoneYet);
  if (target.share <= 1.0f && target.share < wall.share) {
    hurt(state, map,
         {.player = target.player,
          .by = orb.owner,
          .gadget = orb.gadget,
          .damage = type.damage,
          .direction = unit(orb.velocity)});
    burst(state, map, orb, line.at(target.share), target.player);
    return false;
  }
  orb.position = wall.end;
  orb.left_ms -= kFrameMilliseconds;
  if (wall.met || orb.left_ms <= 0) {
    burst(state, map, orb, wall.end, kNobody);
    return false;
  }
  // Through the open sky, without a burst.
  for (int axis = 0; axis < 3; ++axis)
    if (to[axis] < map.min[axis] || to[axis] > map.max[axis]) return false;
  return true;
}

}  // namespace

void shoot(WorldState& state, const Map& map, int player) {
  Fighter& fighter = state.fighters[static_cast<std::size_t>(player)];
  const Body& body = state.players[static_cast<std::size_t>(player)];
  const Gadget gadget = fighter.held;
  const GadgetType& type = gadget_type(gadget);
  const Axes axes = axes_of(body);
  const Vec3 muzzle = muzzle_of(body, axes);

  Target touched;
  Vec3 blow;
  if (type.attack == Attack::kContact) {
    const Line line(muzzle, muzzle + axes.forward * type.range);
    touched = next_target(state, line, player, kNoneYet);
    blow = line.at(touched.share);
    if (touched.share > 1.0f || !clear_line(map, muzzle, blow)) {
      fighter.hand_ms = 0;
      return;
    }
  }
  reload(fighter);
  fighter.firing = true;
  state.events.push_back({.kind = WorldEvent::Kind::kShot, .player = player, .gadget = gadget});
  switch (type.attack) {
    case Attack::kContact:
      state.add({.kind = Effect::Kind::kImpulse, .player = player, .from = blow, .to = blow});
      hurt(state, map,
           {.player = touched.player,
            .by = player,
            .gadget = gadget,
            .damage = type.damage,
            .direction = axes.forward});
      break;
    case Attack::kHitScan:
      shoot_line(state, map, player, gadget, axes, muzzle);
      break;
    case Attack::kProjectile:
      state.projectiles.push_back({.gadget = gadget,
                                   .owner = player,
                                   .position = muzzle,
                                   .velocity = axes.forward * type.speed,
                                   .left_ms = type.life_ms});
      break;
  }
}

void fly(WorldState& state, const Map& map) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < state.projectiles.size(); ++i) {
    Projectile orb = state.projectiles[i];
    if (fly_one(state, map, orb)) state.projectiles[kept++] = orb;
  }
  state.projectiles.resize(kept);
}

}  // namespace chrysalis
