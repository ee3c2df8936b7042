#include "chrysalis/world/body.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "chrysalis/world/trace.h"

// Solids are boxes, so every plane that a body meets is level or upright, and the rules of the original for
// slopes have nothing to act on: ground is a plane whose normal points up.

namespace chrysalis {
namespace {

constexpr float kRunSpeed = 320.0f;
constexpr float kCrouchSpeed = 80.0f;
constexpr float kGroundAcceleration = 10.0f;
constexpr float kAirAcceleration = 1.0f;
constexpr float kFriction = 6.0f;
constexpr float kStopSpeed = 100.0f;  // Friction acts on slower bodies as if they were this fast.
constexpr float kJumpSpeed = 270.0f;
constexpr float kGravity = 800.0f;
constexpr float kStepHeight = 18.0f;
constexpr float kGroundReach = 0.25f;  // Ground is what lies this near below the box.
constexpr float kOverclip = 1.001f;
constexpr float kHardLandingSpeed = 200.0f;
constexpr int kHardLandingMs = 250;
constexpr float kSwayPerMs = 0.4f;
constexpr float kSwayPerMsCrouched = 0.5f;
constexpr float kStandingSpeed = 5.0f;  // Slower bodies whose legs rest stand: their sway begins anew.
constexpr int kBumpsMax = 4;
constexpr int kPlanesMax = 5;

Vec3 normalized(Vec3 v) {
  const float size = length(v);
  return size > 0.0f ? v * (1.0f / size) : Vec3{};
}

// Takes out of `v` what goes into the plane, and a little more, so that rounding cannot leave it going in.
Vec3 clipped(Vec3 v, Vec3 normal) {
  float into = dot(v, normal);
  into = into < 0 ? into * kOverclip : into / kOverclip;
  return v - normal * into;
}

// One frame of one body.
class Mover {
 public:
  Mover(Body& body, const RawAction& action, const Map& map, std::span<const Body> others)
      : body_(body),
        forward_(static_cast<float>(action.move_forward)),
        right_(static_cast<float>(action.strafe_right)),
        up_(static_cast<float>(action.jump - action.crouch)),
        low_{-kBoxHalfWidth, -kBoxHalfWidth, -kOriginAboveFloor},
        high_{kBoxHalfWidth, kBoxHalfWidth, kBoxAboveOrigin},
        near_(map, others, body.origin + low_ - reach(body), body.origin + high_ + reach(body)),
        start_(body.origin),
        start_velocity_(body.velocity) {}

  void run() {
    if (up_ <= 0) body_.jump_held = false;
    crouch_or_stand();
    find_ground();
    pass_time();
    if (body_.on_ground && !start_jump()) {
      walk();
    } else {
      fly();
    }
    find_ground();
    sway();
    for (int axis = 0; axis < 3; ++axis) body_.velocity[axis] = std::nearbyint(body_.velocity[axis]);
  }

 private:
  // No move of this frame leaves the body's box grown by this: the speed can rise by what the legs and
  // gravity add.
  static Vec3 reach(const Body& body) {
    const float way = (length(body.velocity) + 2 * kRunSpeed) * kFrameSeconds + 1.0f;
    return {way, way, way + kStepHeight};
  }

  Trace sweep(Vec3 from, Vec3 to) const { return near_.sweep(low_, high_, from, to); }

  void crouch_or_stand() {
    if (up_ < 0) {
      body_.crouched = true;
    } else if (body_.crouched && !sweep(body_.origin, body_.origin).all_solid) {
      body_.crouched = false;  // high_ is still a standing body's: there is room for it.
    }
    high_.z = body_.crouched ? kBoxAboveOriginCrouched : kBoxAboveOrigin;
  }

  void find_ground() {
    const Trace down = sweep(body_.origin, body_.origin + Vec3{0, 0, -kGroundReach});
    const bool thrown_off = body_.velocity.z > 10.0f;
    const bool stands = !down.all_solid && down.normal.z > 0 && !thrown_off;
    if (stands && !body_.on_ground) land();
    body_.on_ground = stands;
  }

  // By how it fell when the frame began: what it met has taken that speed from it.
  void land() {
    if (start_velocity_.z < -kHardLandingSpeed) {
      body_.landing_ms = kHardLandingMs;
      if (body_.knockback_ms > 0) body_.knockback_ms = kKnockbackMsMax;
    }
    const float speed_squared =
        start_velocity_.z * start_velocity_.z + 2 * kGravity * (start_.z - body_.origin.z);
    const float jolt = speed_squared * (body_.crouched ? 2e-4f : 1e-4f);
    if (jolt < 1) return;
    body_.sway = 0;
    if (jolt <= 7) return;
    body_.dip = jolt > 60 ? 24.0f : jolt > 40 ? 16.0f : 8.0f;
    body_.dip_ms = 0;
  }

  void pass_time() {
    body_.landing_ms = std::max(0, body_.landing_ms - kFrameMilliseconds);
    body_.knockback_ms = std::max(0, body_.knockback_ms - kFrameMilliseconds);
    if (body_.dip > 0) body_.dip_ms += kFrameMilliseconds;
    if (body_.dip_ms >= kDipMs) {
      body_.dip = 0;
      body_.dip_ms = 0;
    }
  }

  // In the air the head stays where it is in its sway.
  void sway() {
    if (!body_.on_ground) return;
    if (forward_ != 0 || right_ != 0) {
      const float speed = body_.crouched ? kSwayPerMsCrouched : kSwayPerMs;
      body_.sway += speed * static_cast<float>(kFrameMilliseconds);
      if (body_.sway >= kSwayCycle) body_.sway -= kSwayCycle;
    } else if (level_speed() < kStandingSpeed) {
      body_.sway = 0;
    }
  }

  float level_speed() const {
    return std::sqrt(body_.velocity.x * body_.velocity.x + body_.velocity.y * body_.velocity.y);
  }

  bool start_jump() {
    if (up_ <= 0) return false;
    if (body_.jump_held) {
      up_ = 0;  // A jump that is held on the ground does not slow the run.
      return false;
    }
    body_.on_ground = false;
    body_.jump_held = true;
    body_.velocity.z = kJumpSpeed;
    return true;
  }

  void walk() {
    const bool knocked = body_.knockback_ms > 0;
    if (!knocked) apply_friction();
    Vec3 direction;
    float speed = wish(direction);
    if (body_.crouched) speed = std::min(speed, kCrouchSpeed);
    accelerate(direction, speed, knocked ? kAirAcceleration : kGroundAcceleration);
    if (knocked) body_.velocity.z -= kGravity * kFrameSeconds;
    // A body that comes down on the ground keeps its speed along it.
    const float total = length(body_.velocity);
    body_.velocity = normalized(clipped(body_.velocity, {0, 0, 1})) * total;
    if (body_.velocity.x == 0 && body_.velocity.y == 0) return;
    step_slide(false);
  }

  void fly() {
    if (length(body_.velocity) < 1.0f) body_.velocity.x = body_.velocity.y = 0;
    Vec3 direction;
    const float speed = wish(direction);
    accelerate(direction, speed, kAirAcceleration);
    step_slide(true);
  }

  void apply_friction() {
    const float speed = level_speed();
    if (speed < 1.0f) {
      body_.velocity.x = body_.velocity.y = 0;
      return;
    }
    const float drop = std::max(speed, kStopSpeed) * kFriction * kFrameSeconds;
    body_.velocity = body_.velocity * (std::max(0.0f, speed - drop) / speed);
  }

  // Where the legs push, and the speed they push for. Jump and crouch take their share of it.
  float wish(Vec3& direction) const {
    const float pushed = std::sqrt(forward_ * forward_ + right_ * right_);
    if (pushed == 0) {
      direction = {};
      return 0;
    }
    const float yaw = body_.yaw_degrees * (std::numbers::pi_v<float> / 180.0f);
    const Vec3 ahead{std::cos(yaw), std::sin(yaw), 0};
    const Vec3 aside{ahead.y, -ahead.x, 0};
    direction = (ahead * forward_ + aside * right_) * (1.0f / pushed);
    return kRunSpeed * pushed / std::sqrt(pushed * pushed + up_ * up_);
  }

  void accelerate(Vec3 direction, float wish_speed, float acceleration) {
    const float missing = wish_speed - dot(body_.velocity, direction);
    if (missing <= 0) return;
    body_.velocity += direction * std::min(missing, acceleration * kFrameSeconds * wish_speed);
  }

  // Moves by the velocity, and over steps that are low enough.
  void step_slide(bool gravity) {
    const Vec3 start = body_.origin;
    const Vec3 start_velocity = body_.velocity;
    if (!slide(gravity)) return;

    const Trace below = sweep(start, start + Vec3{0, 0, -kStepHeight});
    if (body_.velocity.z > 0 && below.normal.z <= 0) return;  // Still rising, and nothing to step from.
    const Trace above = sweep(start, start + Vec3{0, 0, kStepHeight});
    if (above.all_solid) return;
    const float step = above.end.z - start.z;
    body_.origin = above.end;
    body_.velocity = start_velocity;
    slide(gravity);
    const Trace down = sweep(body_.origin, body_.origin + Vec3{0, 0, -step});
    if (!down.all_solid) body_.origin = down.end;
    if (down.fraction < 1.0f) body_.velocity = clipped(body_.velocity, down.normal);
  }

  // Moves for a frame, sliding along what is met. True if anything was.
  bool slide(bool gravity);
  // Turns velocity and end_velocity so that they go into none of the planes; false if no way is left.
  static bool follow_planes(std::span<const Vec3> planes, Vec3& velocity, Vec3& end_velocity);

  Body& body_;
  float forward_;
  float right_;
  float up_;
  Vec3 low_;
  Vec3 high_;
  Surroundings near_;
  Vec3 start_;
  Vec3 start_velocity_;
};

bool Mover::slide(bool gravity) {
  Vec3 end_velocity = body_.velocity;
  if (gravity) {
    end_velocity.z -= kGravity * kFrameSeconds;
    body_.velocity.z = 0.5f * (body_.velocity.z + end_velocity.z);
  }
  const Vec3 unhindered = end_velocity;

  std::array<Vec3, kPlanesMax> planes;
  std::size_t plane_count = 0;
  if (body_.on_ground) planes[plane_count++] = {0, 0, 1};
  planes[plane_count++] = normalized(body_.velocity);  // Never turn back.

  float time_left = kFrameSeconds;
  int bumps = 0;
  for (; bumps < kBumpsMax; ++bumps) {
    const Trace way = sweep(body_.origin, body_.origin + body_.velocity * time_left);
    if (way.all_solid) {
      body_.velocity.z = 0;  // Stuck: at least gather no fall.
      return true;
    }
    if (way.fraction > 0) body_.origin = way.end;
    if (way.fraction == 1.0f) break;
    time_left -= time_left * way.fraction;
    if (plane_count == planes.size()) {
      body_.velocity = {};
      return true;
    }
    // The same plane again is rounding: nudge the body off it.
    const auto known = std::find_if(planes.begin(), planes.begin() + static_cast<std::ptrdiff_t>(plane_count),
                                    [&](Vec3 plane) { return dot(way.normal, plane) > 0.99f; });
    if (known != planes.begin() + static_cast<std::ptrdiff_t>(plane_count)) {
      body_.velocity += way.normal;
      continue;
    }
    planes[plane_count++] = way.normal;
    if (!follow_planes({planes.data(), plane_count}, body_.velocity, end_velocity)) {
      body_.velocity = {};
      return true;
    }
  }
  if (gravity) body_.velocity = end_velocity;
  if (body_.landing_ms > 0 || body_.knockback_ms > 0) body_.velocity = unhindered;
  return bumps != 0;
}

bool Mover::follow_planes(std::span<const Vec3> planes, Vec3& velocity, Vec3& end_velocity) {
  constexpr float kGoesIn = 0.1f;
  for (std::size_t i = 0; i < planes.size(); ++i) {
    if (dot(velocity, planes[i]) >= kGoesIn) continue;
    Vec3 turned = clipped(velocity, planes[i]);
    Vec3 end_turned = clipped(end_velocity, planes[i]);
    for (std::size_t j = 0; j < planes.size(); ++j) {
      if (j == i || dot(turned, planes[j]) >= kGoesIn) continue;
      turned = clipped(turned, planes[j]);
      end_turned = clipped(end_turned, planes[j]);
      if (dot(turned, planes[i]) >= 0) continue;  // Clear of both.
      const Vec3 crease = normalized(cross(planes[i], planes[j]));
      turned = crease * dot(crease, velocity);
      end_turned = crease * dot(crease, end_velocity);
      for (std::size_t k = 0; k < planes.size(); ++k)
        if (k != i && k != j && dot(turned, planes[k]) < kGoesIn) return false;  // A corner of three.
    }
    velocity = turned;
    end_velocity = end_turned;
    break;
  }
  return true;
}

void look(Body& body, const RawAction& action) {
  float yaw = body.yaw_degrees - kDegreesPerLookUnit * static_cast<float>(action.look_right);
  if (yaw >= 180.0f) yaw -= 360.0f;
  if (yaw < -180.0f) yaw += 360.0f;
  body.yaw_degrees = yaw;
  const float pitch = body.pitch_degrees + kDegreesPerLookUnit * static_cast<float>(action.look_down);
  body.pitch_degrees = std::clamp(pitch, -kMaxPitchDegrees, kMaxPitchDegrees);
}

}  // namespace

Solid box_of(const Body& body) {
  const float above = body.crouched ? kBoxAboveOriginCrouched : kBoxAboveOrigin;
  return {body.origin + Vec3{-kBoxHalfWidth, -kBoxHalfWidth, -kOriginAboveFloor},
          body.origin + Vec3{kBoxHalfWidth, kBoxHalfWidth, above}};
}

bool stands_where_it_dies(const Body& body, const Map& map) {
  const Solid box = box_of(body);
  return std::any_of(map.kill_volumes.begin(), map.kill_volumes.end(), [&](const Solid& volume) {
    return box.min.z >= volume.min.z && box.min.z <= volume.max.z && box.min.x <= volume.max.x &&
           box.max.x >= volume.min.x && box.min.y <= volume.max.y && box.max.y >= volume.min.y;
  });
}

Eye eye_of(const Body& body) {
  const float above = body.crouched ? kEyeAboveOriginCrouched : kEyeAboveOrigin;
  return {.position = body.origin + Vec3{0, 0, above},
          .yaw_degrees = body.yaw_degrees,
          .pitch_degrees = body.pitch_degrees};
}

void move_body(Body& body, const RawAction& action, const Map& map, std::span<const Body> others) {
  look(body, action);
  Mover(body, action, map, others).run();
}

}  // namespace chrysalis
