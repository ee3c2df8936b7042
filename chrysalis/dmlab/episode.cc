#include "chrysalis/dmlab/episode.h"

#include <utility>

#include "chrysalis/core/check.h"

namespace chrysalis::dmlab {
namespace {

float turn_between(float from_degrees, float to_degrees) {
  const float turn = to_degrees - from_degrees;
  return turn >= 180.0f ? turn - 360.0f : turn < -180.0f ? turn + 360.0f : turn;
}

}  // namespace

Episode::Episode(std::unique_ptr<NativeEnvironment> environment) : environment_(std::move(environment)) {
  CHRYSALIS_CHECK_EQ(environment_->spec().action_repeat, 1);
}

void Episode::start(std::uint64_t seed) {
  environment_->reset(seed);
  frames_left_ = environment_->spec().episode_frames;
  ++moment_;
  map_frames_ = 0;
  angular_velocity_ = {};
  scores_.assign(world().players().size(), 0.0);
}

float Episode::step(const RawAction& action) {
  CHRYSALIS_CHECK(frames_left_ > 0, "step() without a frame left");
  const Body before = world().players()[kAgent];
  const float reward = environment_->step(action).reward;
  --frames_left_;
  ++moment_;
  ++map_frames_;
  count(reward);
  angular_velocity_ = {};
  const Placed placed = environment_->level().placed();
  if (placed == Placed::kByRestart) map_frames_ = 0;
  if (placed == Placed::kNot) {
    const Body& after = world().players()[kAgent];
    angular_velocity_ = Vec3{after.pitch_degrees - before.pitch_degrees,
                             turn_between(before.yaw_degrees, after.yaw_degrees), 0} *
                        (1.0f / kFrameSeconds);
  }
  return reward;
}

void Episode::count(float reward) {
  if (!world().armed()) {
    scores_[kAgent] += reward;
    return;
  }
  for (const WorldEvent& event : world().events()) {
    if (event.kind != WorldEvent::Kind::kDied) continue;
    if (event.by == kNobody || event.by == event.player) {
      scores_[static_cast<std::size_t>(event.player)] -= 1;
    } else {
      scores_[static_cast<std::size_t>(event.by)] += 1;
    }
  }
}

}  // namespace chrysalis::dmlab
