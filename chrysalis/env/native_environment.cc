#include "chrysalis/env/native_environment.h"

#include "chrysalis/core/check.h"
#include "chrysalis/core/random.h"
#include "chrysalis/levels/catalog.h"
#include "chrysalis/world/view.h"

namespace chrysalis {

Result<std::unique_ptr<NativeEnvironment>> NativeEnvironment::create(const LevelConfig& level_config,
                                                                     const EnvironmentConfig& config) {
  CHRYSALIS_ASSIGN_OR_RETURN(auto level, make_level(level_config));
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto renderer, Renderer::create(static_cast<int>(config.width), static_cast<int>(config.height)));
  return std::unique_ptr<NativeEnvironment>(
      new NativeEnvironment(std::move(level), std::move(renderer), config));
}

NativeEnvironment::NativeEnvironment(std::unique_ptr<Level> level, Renderer renderer,
                                     const EnvironmentConfig& config)
    : level_(std::move(level)), renderer_(std::move(renderer)) {
  spec_ = {.level = level_->spec().name,
           .width = renderer_.width(),
           .height = renderer_.height(),
           .action_repeat = static_cast<int>(config.action_repeat),
           .frames_per_second = kFramesPerSecond,
           .episode_frames = level_->spec().episode_frames,
           .reward_min = static_cast<float>(level_->spec().frame_reward_min),
           .reward_max = static_cast<float>(level_->spec().frame_reward_max)};
}

void NativeEnvironment::reset(std::uint64_t seed) {
  level_->start(RandomKey(seed));
  frame_ = 0;
}

StepResult NativeEnvironment::step(const RawAction& action) {
  CHRYSALIS_CHECK(frame_ >= 0, "step() before reset()");
  CHRYSALIS_CHECK(frame_ < spec_.episode_frames, "step() after the episode's end");
  StepResult result;
  int reward = 0;
  while (result.frames < spec_.action_repeat && frame_ < spec_.episode_frames) {
    reward += level_->step(action);
    ++frame_;
    ++result.frames;
  }
  result.reward = static_cast<float>(reward);
  // The native levels end by their clock alone.
  result.ended = result.truncated = frame_ == spec_.episode_frames;
  return result;
}

void NativeEnvironment::observe(std::span<std::uint8_t> rgb) {
  CHRYSALIS_CHECK(frame_ >= 0, "observe() before reset()");
  const World& world = level_->world();
  renderer_.render(world, view_of(world, 0), rgb, 0);
}

void NativeEnvironment::save(ByteWriter& out) const {
  out.number(frame_);
  level_->save(out);
}

Status NativeEnvironment::restore(ByteReader& in) {
  const auto frame = in.number<std::int64_t>();
  if (in.failed() || frame < 0 || frame > spec_.episode_frames)
    return invalid_input("saved environment of level {} is at frame {}: expected 0 to {}", spec_.level, frame,
                         spec_.episode_frames);
  CHRYSALIS_RETURN_IF_ERROR(level_->restore(in));
  frame_ = frame;
  return {};
}

}  // namespace chrysalis
