#include "chrysalis/world/aim.h"

#include <cmath>
#include <numbers>

namespace chrysalis {

Axes axes_of(const Body& body) {
  constexpr float kRadians = std::numbers::pi_v<float> / 180.0f;
  const float yaw_sine = std::sin(body.yaw_degrees * kRadians);
  const float yaw_cosine = std::cos(body.yaw_degrees * kRadians);
  const float pitch_sine = std::sin(body.pitch_degrees * kRadians);
  const float pitch_cosine = std::cos(body.pitch_degrees * kRadians);
  return {.forward = {pitch_cosine * yaw_cosine, pitch_cosine * yaw_sine, -pitch_sine},
          .right = {yaw_sine, -yaw_cosine, 0},
          .up = {pitch_sine * yaw_cosine, pitch_sine * yaw_sine, pitch_cosine}};
}

Vec3 muzzle_of(const Body& body, const Axes& axes) {
  constexpr float kMuzzleAhead = 14.0f;
  return eye_of(body).position + axes.forward * kMuzzleAhead;
}

}  // namespace chrysalis
