#include "chrysalis/world/damage.h"

#include <algorithm>

#include "chrysalis/world/aim.h"
#include "chrysalis/world/pick_up.h"

namespace chrysalis {
namespace {

constexpr float kPushSpeed = 5.0f;  // u a second for each point of damage.
constexpr int kPushMsPerDamage = 2;
constexpr int kPushMsMin = 50, kPushMsMax = 200;
constexpr int kArmourPercent = 66;  // Of a hit, rounded up, while it lasts.
constexpr float kKickDegreesMin = 5.0f, kKickDegreesMax = 10.0f;
constexpr float kFirmHealth = 40.0f;  // Above it a hit jolts the less the more health there is.

void push(Body& body, const Hit& hit) {
  body.velocity += hit.direction * (kPushSpeed * static_cast<float>(hit.damage));
  // A time that runs already is not made longer.
  if (body.knockback_ms == 0 && body.landing_ms == 0)
    body.knockback_ms = std::clamp(kPushMsPerDamage * hit.damage, kPushMsMin, kPushMsMax);
}

void kick(Fighter& fighter, const Body& body, Vec3 direction, int damage) {
  const float firmness = std::min(1.0f, kFirmHealth / static_cast<float>(std::max(1, fighter.health)));
  const float degrees = std::clamp(static_cast<float>(damage) * firmness, kKickDegreesMin, kKickDegreesMax);
  const Axes axes = axes_of(body);
  fighter.kick_pitch_degrees = degrees * dot(direction, axes.forward);
  fighter.kick_roll_degrees = degrees * dot(direction, axes.right);
  fighter.kick_ms = kKickMs;
}

}  // namespace

void hurt(WorldState& state, const Map& map, const Hit& hit) {
  Fighter& fighter = state.fighters[static_cast<std::size_t>(hit.player)];
  Body& body = state.players[static_cast<std::size_t>(hit.player)];
  if (!fighter.alive) return;
  if (hit.damage > 0) push(body, hit);
  const int damage = std::max(1, hit.by == hit.player ? hit.damage / 2 : hit.damage);
  const int saved = std::min(fighter.armour, (damage * kArmourPercent + 99) / 100);
  fighter.armour -= saved;
  fighter.health -= damage - saved;
  kick(fighter, body, hit.direction, damage);
  state.events.push_back({.kind = WorldEvent::Kind::kHit,
                          .player = hit.player,
                          .by = hit.by,
                          .gadget = hit.gadget,
                          .damage = damage});
  if (fighter.health <= 0) kill(state, map, hit, state.events);
}

void kill(WorldState& state, const Map& map, const Hit& hit, std::vector<WorldEvent>& events) {
  Fighter& fighter = state.fighters[static_cast<std::size_t>(hit.player)];
  Body& body = state.players[static_cast<std::size_t>(hit.player)];
  drop_gadget(state, map, hit.player);
  fighter.alive = false;
  fighter.health = 0;
  fighter.dead_ms = 0;
  fighter.kick_ms = 0;
  body.velocity = {};
  state.add({.kind = Effect::Kind::kTeleport, .player = hit.player, .from = body.origin, .to = body.origin});
  events.push_back(
      {.kind = WorldEvent::Kind::kDied, .player = hit.player, .by = hit.by, .gadget = hit.gadget});
}

}  // namespace chrysalis
