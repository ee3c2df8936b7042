#include "chrysalis/bots/aim.h"

#include <algorithm>
#include <cmath>

#include "chrysalis/bots/ground.h"
#include "chrysalis/world/aim.h"
#include "chrysalis/world/trace.h"

namespace chrysalis {
namespace {

constexpr float kDegrees = 57.29577951f;  // In a radian.
constexpr float kAboveOrigin = 8.0f;
constexpr float kJitterAside = 20.0f;
constexpr float kJitterUp = 10.0f;
constexpr float kSteadyDistance = 150.0f;
constexpr float kNearestSteadiness = 0.6f;
constexpr float kStraysBelow = 0.8f;
constexpr float kStray = 0.3f;
constexpr float kAimCone = 25.0f;
constexpr float kCloseCone = 60.0f;
constexpr float kClose = 100.0f;
constexpr float kOwnBurst = 0.5f;  // Of a burst's radius: who is nearer to it is hurt more than it is worth.
constexpr float kContactDistance = 60.0f;  // Between the eye and the middle of whom a contact reaches.

float between(RandomStream& random, float size) {
  return static_cast<float>(random.uniform(-size, size));
}

Vec3 unit(Vec3 way) {
  const float size = length(way);
  return size > 0 ? way * (1 / size) : Vec3{1, 0, 0};
}

// Where to burst something so that it hurts `target` when it gets there.
Vec3 burst_point(const Map& map, Vec3 eye, const Sighting& target, const GadgetType& gadget) {
  Vec3 there = target.position;
  for (int i = 0; i < 2; ++i) {
    const float seconds = length(there - eye) / gadget.speed;
    there.x = target.position.x + target.velocity.x * seconds;
    there.y = target.position.y + target.velocity.y * seconds;
  }
  const Vec3 feet{there.x, there.y, target.position.z - kOriginAboveFloor};
  const Footing footing = footing_at(map, feet);
  // Out in the air the floor is too far from the target, and past an edge there is none.
  if (footing.deadly || footing.drop > 2 * kStride) return there;
  const Vec3 floor{feet.x, feet.y, feet.z - footing.drop + 1.0f};
  return floor.z < eye.z && clear_line(map, eye, floor) ? floor : there;
}

}  // namespace

Look look_along(Vec3 way) {
  return {.yaw_degrees = std::atan2(way.y, way.x) * kDegrees,
          .pitch_degrees = -std::atan2(way.z, std::hypot(way.x, way.y)) * kDegrees};
}

float turned(float degrees) {
  if (degrees >= 180.0f) return degrees - 360.0f;
  if (degrees < -180.0f) return degrees + 360.0f;
  return degrees;
}

Aim aim_at(const Map& map, const Body& body, const Sighting& target, Gadget gadget, float accuracy,
           RandomStream& random) {
  const GadgetType& type = gadget_type(gadget);
  const Vec3 eye = eye_of(body).position;
  const bool flies = type.attack == Attack::kProjectile;
  Vec3 point = flies ? burst_point(map, eye, target, type) : target.position + Vec3{0, 0, kAboveOrigin};
  const float off = 1 - accuracy;
  point += {between(random, kJitterAside * off), between(random, kJitterAside * off),
            between(random, kJitterUp * off)};
  if (!flies) {
    const float far = std::min(length(point - eye) / kSteadyDistance, 1.0f);
    accuracy *= kNearestSteadiness + (1 - kNearestSteadiness) * far;
  }
  Vec3 way = unit(point - eye);
  if (accuracy < kStraysBelow) {
    const float stray = kStray * (1 - accuracy);
    way += {between(random, stray), between(random, stray), between(random, stray)};
  }
  return {.target = point, .look = look_along(way)};
}

bool may_shoot(const Map& map, const Body& body, Vec3 target, Gadget gadget) {
  const GadgetType& type = gadget_type(gadget);
  const Vec3 eye = eye_of(body).position;
  const Vec3 way = target - eye;
  const float distance = length(way);
  const Look wanted = look_along(way);
  const float cone = distance < kClose ? kCloseCone : kAimCone;
  if (std::abs(turned(wanted.yaw_degrees - body.yaw_degrees)) >= cone) return false;
  if (std::abs(wanted.pitch_degrees - body.pitch_degrees) >= cone) return false;
  if (type.attack == Attack::kContact ? distance > kContactDistance : distance > type.range && type.range > 0)
    return false;
  if (!clear_line(map, eye, target)) return false;
  if (type.attack != Attack::kProjectile) return true;
  if (distance < kOwnBurst * type.splash_radius) return false;
  // Along the look, which may still be off the target.
  const Vec3 forward = axes_of(body).forward;
  return clear_line(map, eye, eye + forward * std::min(distance, type.splash_radius));
}

bool Trigger::pull(float throttle, RandomStream& random) {
  if (pause_ms_ > 0) return false;
  if (free_ms_ > 0) return true;
  if (random.chance(throttle)) {
    free_ms_ = static_cast<int>(1000 * (1 - throttle));
    return true;
  }
  pause_ms_ = static_cast<int>(1000 * throttle);
  return false;
}

void Trigger::pass(int passed_ms) {
  free_ms_ = std::max(0, free_ms_ - passed_ms);
  pause_ms_ = std::max(0, pause_ms_ - passed_ms);
}

void Trigger::save(ByteWriter& out) const {
  out.number<std::int32_t>(free_ms_);
  out.number<std::int32_t>(pause_ms_);
}

void Trigger::restore(BoundedReader& in) {
  free_ms_ = in.number<std::int32_t>("time to shoot", 0, 1000);
  pause_ms_ = in.number<std::int32_t>("time to pause", 0, 1000);
}

}  // namespace chrysalis
