#include "chrysalis/bots/footwork.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "chrysalis/bots/aim.h"
#include "chrysalis/bots/ground.h"

namespace chrysalis {
namespace {

constexpr float kFullSpeed = 320.0f;
constexpr float kGain = 3200.0f;     // u a second, each second, that the legs add on the ground.
constexpr float kFriction = 6.0f;    // Share of the speed that the ground takes, a second.
constexpr float kBraking = 5000.0f;  // And take away, together with friction.
constexpr float kJumpSeconds = 0.67f;
constexpr float kIdealDistance = 140.0f;
constexpr float kDistanceSlack = 40.0f;
constexpr float kStepBack = 0.1f;
constexpr float kChangeSides = 0.065f;
constexpr int kStrafeMsMin = 200, kStrafeMsMax = 600;
constexpr int kHopPauseMs = 1000;
constexpr int kCrouchPauseMs = 1000;
constexpr float kCrouchMs = 5000.0f;
constexpr float kReached = 12.0f;       // Of where it goes.
constexpr float kRunUp = 40.0f;         // To full speed, and a little.
constexpr float kAsideOfRunUp = 12.0f;  // Of a leap's line.
constexpr float kLookAhead = 64.0f;     // Along the line, to where it steers.
constexpr int kLeapMsMax = 4000;
constexpr float kSureOfLanding = 24.0f;  // How much farther than a leap's gap it could fly.
constexpr float kBesideNode = 4.0f;      // Of a node's own part of the floor, where it is still firm.
constexpr double kTooLate = 0.9;         // Of careless leaps; the others are too early by up to
constexpr double kTooEarly = 150.0;

Vec3 level(Vec3 way) {
  way.z = 0;
  return way;
}
Vec3 unit_or_zero(Vec3 way) {
  const float size = length(way);
  return size > 0 ? way * (1 / size) : Vec3{};
}
Vec3 feet_of(const Body& body) {
  return body.origin - Vec3{0, 0, kOriginAboveFloor};
}
// Of a body on the ground whose legs push along the heading.
Vec3 velocity_after(Vec3 velocity, Vec3 heading, float seconds) {
  const Vec3 slowed = velocity * std::exp(-kFriction * seconds);
  const float missing = std::max(0.0f, kFullSpeed - dot(slowed, heading));
  return slowed + heading * std::min(missing, kGain * seconds);
}

// Whether the body, still on the ground, can go along the heading for `seconds` and then stop.
bool safe(const Stand& stand, Vec3 heading, float seconds) {
  const Vec3 before = level(stand.body.velocity);
  const Vec3 after = velocity_after(before, heading, seconds);
  const Vec3 way = (before + after) * (0.5f * seconds) + after * (length(after) / (2 * kBraking));
  return footing_at(stand.map, feet_of(stand.body) + way).firm();
}

// Whether a jump along the heading ends where one can walk: by the rules of bodies themselves.
bool lands(const Stand& stand, Vec3 heading) {
  constexpr int kFramesMax = 60;
  Body body = stand.body;
  body.jump_held = false;
  body.yaw_degrees = look_along(heading).yaw_degrees;
  RawAction action{.move_forward = 1, .jump = 1};
  for (int frame = 0; frame < kFramesMax; ++frame) {
    move_body(body, action, stand.map, {});
    action.jump = 0;
    if (body.on_ground) break;
  }
  const Vec3 feet = feet_of(body);
  const int node = stand.graph.nearest(feet);
  if (!body.on_ground || node == kNowhere) return false;
  const Vec3 offset = stand.graph.position(node) - feet;
  const float beside = 0.5f * stand.graph.spacing() + kBesideNode;
  return std::abs(offset.x) <= beside && std::abs(offset.y) <= beside && std::abs(offset.z) <= kStride;
}

Vec3 restored_heading(BoundedReader& in) {
  Vec3 heading;
  for (int axis = 0; axis < 3; ++axis) heading[axis] = in.number("heading", -1.0f, 1.0f);
  return heading;
}

Vec3 rotated(Vec3 way, float degrees) {
  const float radians = degrees * 0.01745329252f;
  const float c = std::cos(radians), s = std::sin(radians);
  return {way.x * c - way.y * s, way.x * s + way.y * c, 0};
}

}  // namespace

Stand stand_of(const Map& map, const NavigationGraph& graph, const Body& body) {
  return {.map = map, .graph = graph, .body = body, .node = graph.nearest(feet_of(body))};
}

void Footwork::stand() {
  if (leaps()) return;
  wish_ = {};
  phase_ = Phase::kNone;
}

void Footwork::go_to(const Stand& stand, int node, Vec3 position, float balance, RandomStream& random) {
  if (leaps()) return;
  wish_ = {};
  if (stand.node == kNowhere || node == kNowhere) return;
  const NavigationGraph::Stretch stretch = stand.graph.next(stand.node, node);
  if (stretch.leap != kNowhere) {
    begin_leap(stretch.leap, balance, random);
    return;
  }
  phase_ = Phase::kNone;
  if (stretch.node == kNowhere) return;
  const Vec3 to = stretch.node == node ? position : stand.graph.position(stretch.node);
  const Vec3 way = level(to - stand.body.origin);
  if (length(way) > kReached) wish_.heading = unit_or_zero(way);
}

void Footwork::leap(const Stand& stand, int leap, float balance, RandomStream& random) {
  if (leaps()) return;
  wish_ = {};
  if (stand.node == kNowhere) return;
  const Leap& way = stand.graph.leaps()[static_cast<std::size_t>(leap)];
  if (stand.graph.straight(stand.node, way.from)) {
    begin_leap(leap, balance, random);
  } else {
    go_to(stand, way.from, stand.graph.position(way.from), balance, random);
  }
}

void Footwork::begin_leap(int leap, float balance, RandomStream& random) {
  if (phase_ == Phase::kApproach && leap_ == leap) return;
  phase_ = Phase::kApproach;
  leap_ = leap;
  leap_ms_ = 0;
  careful_ = random.chance(balance);
  late_ = !careful_ && random.chance(kTooLate);
  early_ = careful_ ? 0.0f : static_cast<float>(random.uniform(0, kTooEarly));
}

void Footwork::circle(const Stand& stand, Vec3 enemy, const BotProfile& profile, RandomStream& random) {
  if (leaps()) return;
  phase_ = Phase::kNone;
  wish_ = {};
  const Vec3 way = level(enemy - stand.body.origin);
  const float distance = length(way);
  const Vec3 ahead = unit_or_zero(way);
  if (strafe_ms_ > strafe_least_ms_ && random.chance(kChangeSides)) {
    strafes_right_ = !strafes_right_;
    strafe_ms_ = 0;
    strafe_least_ms_ = random.between(kStrafeMsMin, kStrafeMsMax);
  }
  Vec3 heading = Vec3{ahead.y, -ahead.x, 0} * (strafes_right_ ? 1.0f : -1.0f);
  if (random.chance(kStepBack)) {
    heading = heading - ahead;
  } else if (distance > kIdealDistance + kDistanceSlack) {
    heading += ahead;
  } else if (distance < kIdealDistance - kDistanceSlack) {
    heading = heading - ahead;
  }
  wish_.heading = unit_or_zero(heading);
  if (!safe(stand, wish_.heading, 0.1f) && stand.body.on_ground) {
    strafes_right_ = !strafes_right_;
    strafe_ms_ = 0;
  }

  if (crouch_ms_ == 0) {
    if (random.chance(profile.hop)) {
      if (hop_ms_ == 0 && stand.body.on_ground && lands(stand, wish_.heading)) {
        wish_.jump = true;
        hop_ms_ = kHopPauseMs;
      }
    } else if (random.chance(profile.crouch)) {
      crouch_ms_ = static_cast<int>(kCrouchMs * profile.crouch) + kCrouchPauseMs;
    }
  }
  wish_.crouch = crouch_ms_ > kCrouchPauseMs;
}

void Footwork::pass(int passed_ms) {
  constexpr int kLongMs = 1 << 20;
  strafe_ms_ = std::min(strafe_ms_ + passed_ms, kLongMs);
  hop_ms_ = std::max(0, hop_ms_ - passed_ms);
  crouch_ms_ = std::max(0, crouch_ms_ - passed_ms);
}

Footwork::Wish Footwork::step(const Stand& stand, int act_ms) {
  if (phase_ != Phase::kNone) {
    const Wish wish = step_of_leap(stand, act_ms);
    wish_.heading = wish.heading;
    return wish;
  }
  Wish wish = wish_;
  wish_.jump = false;  // One press is one jump.
  if (!stand.body.on_ground) {
    if (hop_heading_ != Vec3{}) wish.heading = hop_heading_;
    return wish;
  }
  hop_heading_ = wish.jump ? wish.heading : Vec3{};
  if (wish.jump) return wish;
  const float seconds = static_cast<float>(act_ms + kFrameMilliseconds) * 0.001f;
  if (safe(stand, wish.heading, seconds)) return wish;
  // To one side or the other of where it leads, else back to where the floor is.
  for (const float degrees : {45.0f, -45.0f, 90.0f, -90.0f}) {
    const Vec3 heading = rotated(wish.heading, strafes_right_ ? degrees : -degrees);
    if (length(wish.heading) == 0 || !safe(stand, heading, seconds)) continue;
    wish.heading = heading;
    return wish;
  }
  wish.heading = stand.node == kNowhere
                     ? unit_or_zero(level(stand.body.velocity)) * -1.0f
                     : unit_or_zero(level(stand.graph.position(stand.node) - stand.body.origin));
  return wish;
}

Footwork::Wish Footwork::step_of_leap(const Stand& stand, int act_ms) {
  const Leap& leap = stand.graph.leaps()[static_cast<std::size_t>(leap_)];
  const Vec3 offset = level(stand.body.origin - leap.take_off);
  const float along = dot(offset, leap.direction);  // Below 0 before the edge.
  const float aside = offset.x * leap.direction.y - offset.y * leap.direction.x;
  const Vec3 right{leap.direction.y, -leap.direction.x, 0};
  const float speed = dot(stand.body.velocity, leap.direction);
  const float seconds = static_cast<float>(act_ms + kFrameMilliseconds) * 0.001f;
  leap_ms_ += act_ms;
  if (leap_ms_ > kLeapMsMax) {
    phase_ = Phase::kNone;
    return {};
  }
  Wish wish;
  if (phase_ == Phase::kApproach) {
    const float run_up = std::min(kRunUp, -dot(level(leap.start - leap.take_off), leap.direction));
    if (!careful_ || (along <= -run_up && std::abs(aside) < kAsideOfRunUp)) {
      phase_ = Phase::kRun;
    } else {
      const Vec3 start = leap.take_off - leap.direction * (run_up + kReached);
      wish.heading = unit_or_zero(level(start - stand.body.origin));
      if (stand.body.on_ground && !safe(stand, wish.heading, seconds)) wish.heading = leap.direction * -1.0f;
      return wish;
    }
  }
  wish.heading = unit_or_zero(leap.direction * kLookAhead - right * aside);
  if (phase_ == Phase::kFly) {
    if (stand.body.on_ground) phase_ = Phase::kNone;
    return wish;
  }
  // Not to be put off where the floor ends before the next act.
  const bool at_edge =
      !footing_at(stand.map, feet_of(stand.body) + level(stand.body.velocity) * seconds).firm();
  if (!stand.body.on_ground) {
    phase_ = Phase::kFly;
  } else if (at_edge && careful_ && speed * kJumpSeconds < leap.gap + kSureOfLanding) {
    phase_ = Phase::kApproach;  // Too slow: once more.
    wish.heading = leap.direction * -1.0f;
  } else if (!late_ && (at_edge || along > -early_)) {
    phase_ = Phase::kFly;
    wish.jump = true;
  }
  return wish;
}

void Footwork::wake() {
  *this = {};
}

void Footwork::save(ByteWriter& out) const {
  save_vector(out, wish_.heading);
  out.number(wish_.jump);
  out.number(wish_.crouch);
  out.number(strafes_right_);
  out.number<std::int32_t>(strafe_ms_);
  out.number<std::int32_t>(strafe_least_ms_);
  out.number<std::int32_t>(hop_ms_);
  save_vector(out, hop_heading_);
  out.number<std::int32_t>(crouch_ms_);
  out.number(phase_);
  out.number<std::int32_t>(leap_);
  out.number<std::int32_t>(leap_ms_);
  out.number(careful_);
  out.number(late_);
  out.number(early_);
}

void Footwork::restore(BoundedReader& in, const NavigationGraph& graph) {
  const int leap_count = static_cast<int>(graph.leaps().size());
  wish_.heading = restored_heading(in);
  wish_.jump = in.flag();
  wish_.crouch = in.flag();
  strafes_right_ = in.flag();
  strafe_ms_ = in.number<std::int32_t>("time of strafing", 0, 1 << 20);
  strafe_least_ms_ = in.number<std::int32_t>("least time of strafing", 0, kStrafeMsMax);
  hop_ms_ = in.number<std::int32_t>("time to hop", 0, kHopPauseMs);
  hop_heading_ = restored_heading(in);
  crouch_ms_ = in.number<std::int32_t>("time to crouch", 0, static_cast<int>(kCrouchMs) + kCrouchPauseMs);
  phase_ = static_cast<Phase>(
      in.number<std::uint8_t>("phase of a leap", 0, static_cast<std::uint8_t>(Phase::kFly)));
  leap_ = in.number<std::int32_t>("leap", phase_ == Phase::kNone ? kNowhere : 0, leap_count - 1);
  leap_ms_ = in.number<std::int32_t>("time of a leap", 0, 1 << 20);
  careful_ = in.flag();
  late_ = in.flag();
  early_ = in.number("take-off", 0.0f, static_cast<float>(kTooEarly));
}

}  // namespace chrysalis
