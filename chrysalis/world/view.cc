#include "chrysalis/world/view.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace chrysalis {
namespace {

constexpr float kStepRise = 0.005f;  // u per u/s.
constexpr float kStepRiseMax = 6.0f;
constexpr float kStepTurn = 0.002f;  // Degrees per u/s.
constexpr float kStepTurnSpeedMin = 200.0f;
constexpr float kStepTurnCrouched = 3.0f;
constexpr float kRunPitch = 0.002f;  // Degrees per u/s.
constexpr float kRunRoll = 0.005f;
constexpr int kDipDownMs = 150;
constexpr int kKickRiseMs = 100;
constexpr float kDeadPitch = -15.0f;
constexpr float kDeadRoll = 40.0f;
constexpr float kDeadEyeAboveOrigin = -16.0f;

// From 0 to 1 over `rise` ms and back to 0 over `fall` ms.
float peak(int ms, int rise, int fall) {
  if (ms < rise) return static_cast<float>(ms) / static_cast<float>(rise);
  return std::max(1.0f - static_cast<float>(ms - rise) / static_cast<float>(fall), 0.0f);
}

}  // namespace

Eye view_of(const World& world, int player) {
  const auto index = static_cast<std::size_t>(player);
  const Body& body = world.players()[index];
  Eye eye = eye_of(body);
  if (world.armed() && !world.fighters()[index].alive) {
    eye.position.z = body.origin.z + kDeadEyeAboveOrigin;
    eye.pitch_degrees = kDeadPitch;
    eye.roll_degrees = kDeadRoll;
    return eye;
  }

  const float yaw = body.yaw_degrees * (std::numbers::pi_v<float> / 180.0f);
  const float pitch = body.pitch_degrees * (std::numbers::pi_v<float> / 180.0f);
  const Vec3 ahead{std::cos(pitch) * std::cos(yaw), std::cos(pitch) * std::sin(yaw), -std::sin(pitch)};
  const Vec3 right{std::sin(yaw), -std::cos(yaw), 0};
  eye.pitch_degrees += kRunPitch * dot(body.velocity, ahead);
  eye.roll_degrees += kRunRoll * dot(body.velocity, right);

  // A cycle is a step with each foot.
  const float step = std::sin(body.sway * (2.0f * std::numbers::pi_v<float> / 256.0f));
  const float speed = std::sqrt(body.velocity.x * body.velocity.x + body.velocity.y * body.velocity.y);
  const float turn =
      kStepTurn * std::max(speed, kStepTurnSpeedMin) * (body.crouched ? kStepTurnCrouched : 1.0f);
  eye.position.z += std::min(kStepRise * speed * std::abs(step), kStepRiseMax);
  eye.pitch_degrees += turn * std::abs(step);
  eye.roll_degrees += turn * step;

  eye.position.z -= body.dip * peak(body.dip_ms, kDipDownMs, kDipMs - kDipDownMs);
  if (world.armed()) {
    const Fighter& fighter = world.fighters()[index];
    const float kick = peak(kKickMs - fighter.kick_ms, kKickRiseMs, kKickMs - kKickRiseMs);
    eye.pitch_degrees += kick * fighter.kick_pitch_degrees;
    eye.roll_degrees += kick * fighter.kick_roll_degrees;
  }
  return eye;
}

}  // namespace chrysalis
