#include "chrysalis/render/fight.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "chrysalis/render/item_model.h"
#include "chrysalis/render/player_model.h"

namespace chrysalis {
namespace {

// Inner and outer colours of what glows.
using Glow = std::array<Rgb, 2>;
constexpr Glow kFlash{{{255, 255, 200}, {255, 170, 20}}};
constexpr Glow kBlow{{{255, 255, 255}, {130, 150, 255}}};
constexpr float kFlashRadius = 7.0f;
constexpr Glow kTeleport{{{255, 255, 255}, {70, 150, 255}}};
constexpr Rgb kWhite{255, 255, 255};

// A ball of radius 1.
Mesh make_ball() {
  constexpr float kDiagonal = 0.70710678f;
  Mesh mesh;
  append_revolution(
      mesh, {{0, 1, {}}, {kDiagonal, kDiagonal, {}}, {1, 0, {}}, {kDiagonal, -kDiagonal, {}}, {0, -1, {}}},
      8);
  mesh.glows = true;
  finish_mesh(mesh);
  return mesh;
}

// A spindle of radius 1, from 0 to 1.
Mesh make_spindle() {
  Mesh mesh;
  append_revolution(mesh, {{0, 1, {}}, {0.8f, 0.7f, {}}, {1, 0.4f, {}}, {0, 0, {}}}, 8);
  mesh.glows = true;
  finish_mesh(mesh);
  return mesh;
}

// As large and glowing as a ball, for what is a few pixels wide.
Mesh make_spark() {
  Mesh mesh;
  append_revolution(mesh, {{0, 1, {}}, {1, 0, {}}, {0, -1, {}}}, 6);
  mesh.glows = true;
  finish_mesh(mesh);
  return mesh;
}

struct FightMeshes {
  Mesh ball = make_ball(), spark = make_spark(), spindle = make_spindle();
};
const FightMeshes& meshes() {
  static const FightMeshes all;
  return all;
}

Rgb dimmed(Rgb c, float light) {
  const auto channel = [light](std::uint8_t value) {
    return static_cast<std::uint8_t>(static_cast<float>(value) * light);
  };
  return {channel(c.r), channel(c.g), channel(c.b)};
}

void add_glow(const Camera& camera, const Mesh& mesh, Vec3 position, float radius, const Glow& glow,
              DrawList& list) {
  list.add_mesh(camera, mesh, {position, 0, 0, {radius, radius, radius}}, glow);
}

// A radius with which something is seen from afar and does not fill the view of one who is hit: it is from
// `pixels_min` to `pixels_max` wide on a picture 96 wide.
float bounded(const Camera& camera, Vec3 position, float radius, float pixels_min, float pixels_max) {
  const float half_pixel = camera.half_span(std::max(camera.to_view(position).z, kNearPlane)) / 96.0f;
  return std::clamp(radius, half_pixel * pixels_min, half_pixel * pixels_max);
}

// Where a shot seems to begin: at the end of a gadget that is held beside and below the line of fire, so that
// the one who shoots sees it too.
Vec3 seen_muzzle(Vec3 from, Vec3 to) {
  constexpr float kAhead = 12.0f, kRight = 13.0f, kBelow = 17.0f;
  const Vec3 way = to - from;
  const float size = length(way), level = std::sqrt(way.x * way.x + way.y * way.y);
  const Vec3 right = level > 0.0f ? Vec3{way.y / level, -way.x / level, 0} : Vec3{};
  return from + way * std::min(kAhead / std::max(size, 1.0f), 0.5f) + right * kRight + Vec3{0, 0, -kBelow};
}

// Whether it shot so short a time ago that the muzzle still flashes.
bool flashes(const Fighter& fighter) {
  constexpr int kFlashMs = 100;
  return fighter.hand == Hand::kReady && fighter.held != Gadget::kImpulse &&
         fighter.hand_ms > std::max(gadget_type(fighter.held).reload_ms - kFlashMs, 0);
}

void add_effect(const Camera& camera, const Effect& effect, bool own, DrawList& list) {
  // Below 1: older ones are in no world.
  const float age = static_cast<float>(effect.age_ms) / static_cast<float>(effect_ms(effect.kind));
  const float left = 1.0f - age;
  switch (effect.kind) {
    case Effect::Kind::kBeam:
      list.add_bar(camera, {seen_muzzle(effect.from, effect.to), effect.to, 2.5f, 2.0f, 5.0f, kWhite,
                            gadget_colour(Gadget::kBeam)});
      return;
    case Effect::Kind::kDisc:
      list.add_bar(camera, {seen_muzzle(effect.from, effect.to), effect.to, 3.0f * left, 0.5f + 1.5f * left,
                            0.5f + 4.5f * left, dimmed(kWhite, 0.4f + 0.6f * left),
                            dimmed(gadget_colour(Gadget::kDisc), 0.4f + 0.6f * left)});
      return;
    case Effect::Kind::kRapid:
      add_glow(camera, meshes().spark, effect.to, bounded(camera, effect.to, 1.0f + 4.0f * left, 1.5f, 5.0f),
               kFlash, list);
      return;
    case Effect::Kind::kImpulse:
      add_glow(camera, meshes().ball, effect.to, bounded(camera, effect.to, 3.0f + 6.0f * left, 2.0f, 12.0f),
               kBlow, list);
      return;
    case Effect::Kind::kExplosion: {
      // Grows fast, burns out from white, then shrinks away.
      const float radius = 48.0f * std::min(0.35f + 2.0f * age, 1.0f) * std::min(2.2f * left, 1.0f);
      const float heat = std::min(2.0f * left, 1.0f);
      const Rgb rim = gadget_colour(Gadget::kOrb);
      add_glow(camera, meshes().ball, effect.to, radius,
               {dimmed(kWhite, heat), dimmed(rim, 0.3f + 0.7f * heat)}, list);
      return;
    }
    case Effect::Kind::kTeleport: {
      if (own) return;
      const float width = 26.0f * left, height = 60.0f + 40.0f * age;
      list.add_mesh(camera, meshes().spindle,
                    {effect.to + Vec3{0, 0, -kOriginAboveFloor}, 0, 0, {width, width, height}}, kTeleport);
      return;
    }
  }
}

}  // namespace

std::size_t fight_face_count(std::size_t players) {
  const std::size_t ball = meshes().ball.faces.size(), spindle = meshes().spindle.faces.size();
  return players * (player_face_count() + ball + kProjectilesPerPlayer * (ball + kBarFaces) +
                    kEffectsPerPlayer * std::max({ball, spindle, kBarFaces}));
}

std::size_t fight_vertex_count() {
  return std::max({player_vertex_count(), meshes().ball.vertices.size(), meshes().spindle.vertices.size()});
}

void add_players(const Camera& camera, const World& world, int viewer, DrawList& list) {
  for (std::size_t i = 0; i < world.players().size(); ++i) {
    const Fighter& fighter = world.fighters()[i];
    const Body& body = world.players()[i];
    if (!fighter.alive || static_cast<int>(i) == viewer) continue;
    add_player(camera, body, fighter.outfit, fighter.held, list);
    if (!flashes(fighter)) continue;
    const Vec3 tip = gadget_tip(body);
    add_glow(camera, meshes().spark, tip, bounded(camera, tip, kFlashRadius, 1.0f, 8.0f), kFlash, list);
  }
}

void add_projectiles(const Camera& camera, const World& world, DrawList& list) {
  constexpr float kRadius = 8.0f, kTail = 50.0f;
  for (const Projectile& orb : world.projectiles()) {
    const Rgb colour = gadget_colour(orb.gadget);
    const float speed = length(orb.velocity);
    add_glow(camera, meshes().ball, orb.position, bounded(camera, orb.position, kRadius, 2.5f, 24.0f),
             {kWhite, colour}, list);
    if (speed > 0.0f)
      list.add_bar(camera, {orb.position, orb.position - orb.velocity * (kTail / speed), 3.0f, 1.0f, 6.0f,
                            colour, dimmed(colour, 0.6f)});
  }
}

void add_effects(const Camera& camera, const World& world, int viewer, DrawList& list) {
  for (const Effect& effect : world.effects()) add_effect(camera, effect, effect.player == viewer, list);
}

}  // namespace chrysalis
