// A native level as an Environment: the level's rules, drawn by our renderer.
#pragma once

#include <memory>

#include "chrysalis/core/result.h"
#include "chrysalis/env/environment.h"
#include "chrysalis/env/environment_config.h"
#include "chrysalis/levels/level.h"
#include "chrysalis/levels/level_config.h"
#include "chrysalis/render/renderer.h"

namespace chrysalis {

class NativeEnvironment : public Environment {
 public:
  // Errors: an unknown level or setting, a picture size that is no multiple of 4.
  static Result<std::unique_ptr<NativeEnvironment>> create(const LevelConfig& level,
                                                           const EnvironmentConfig& config);

  const EnvironmentSpec& spec() const override { return spec_; }
  void reset(std::uint64_t seed) override;
  StepResult step(const RawAction& action) override;
  void observe(std::span<std::uint8_t> rgb) override;
  void save(ByteWriter& out) const override;
  Status restore(ByteReader& in) override;

  // For people and tools: the rules and the world behind the pixels.
  Level& level() { return *level_; }
  const Level& level() const { return *level_; }
  // What drew the last observation, with its depths.
  const Renderer& renderer() const { return renderer_; }
  // A picture from above, for people.
  void observe_top_down(std::span<std::uint8_t> rgb) { renderer_.render_top_down(level_->world(), rgb); }

 private:
  NativeEnvironment(std::unique_ptr<Level> level, Renderer renderer, const EnvironmentConfig& config);

  std::unique_ptr<Level> level_;
  Renderer renderer_;
  EnvironmentSpec spec_;
  std::int64_t frame_ = -1;  // Of the episode; -1 before the first reset().
};

}  // namespace chrysalis
