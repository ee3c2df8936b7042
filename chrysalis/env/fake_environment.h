// An environment without a world, for tests of what stands on environments: its state is a few numbers, its
// pixels and rewards are a hash of them, so a wrong seed, step, order or observation shows at once.
#pragma once

#include <algorithm>
#include <vector>

#include "chrysalis/core/check.h"
#include "chrysalis/core/random.h"
#include "chrysalis/env/environment.h"

namespace chrysalis {

class FakeEnvironment : public Environment {
 public:
  struct Config {
    int width = 4;
    int height = 4;
    int episode_agent_steps = 7;
    bool by_rule = false;  // Episodes end by the task's rule, not by the time limit.
    // As an environment in a process of its own, which falls in these of its steps, counted from 0 over all
    // episodes, and for good once it has fallen this many times.
    bool foreign = false;
    std::vector<int> falls_in = {};
    int falls_at_most = 1000;
  };

  explicit FakeEnvironment(const Config& config) : config_(config) {
    spec_ = {.level = "fake",
             .width = config.width,
             .height = config.height,
             .action_repeat = 4,
             .episode_frames = config.episode_agent_steps * 4,
             .reward_min = 0.0f,
             .reward_max = 1.0f};
  }

  const EnvironmentSpec& spec() const override { return spec_; }
  void reset(std::uint64_t seed) override {
    state_ = mix64(seed);
    steps_ = 0;
    lost_ = !status().ok();
  }
  StepResult step(const RawAction& action) override {
    CHRYSALIS_CHECK(steps_ < config_.episode_agent_steps, "step after the episode's end");
    if (!status().ok() || std::ranges::count(config_.falls_in, steps_ever_++) > 0) {
      ++falls_;
      lost_ = true;
      return {.ended = true, .lost = true};
    }
    for (const int part : action.parts()) state_ = mix64(state_ + static_cast<std::uint64_t>(part + 1000));
    ++steps_;
    const bool ended = steps_ == config_.episode_agent_steps;
    return {.reward = state_ % 4 == 0 ? 1.0f : 0.0f,
            .frames = 4,
            .ended = ended,
            .truncated = ended && !config_.by_rule};
  }
  void observe(std::span<std::uint8_t> rgb) override {
    CHRYSALIS_CHECK_EQ(rgb.size(), spec_.observation_bytes());
    if (lost_) {
      std::ranges::fill(rgb, std::uint8_t{0});
      return;
    }
    RandomStream stream(state_, 0);
    std::ranges::generate(rgb, [&] { return static_cast<std::uint8_t>(stream.next()); });
  }
  Status status() const override {
    if (falls_ < config_.falls_at_most) return {};
    return io_error("the fake environment fell {} times", config_.falls_at_most);
  }
  bool can_save() const override { return !config_.foreign; }
  void save(ByteWriter& out) const override {
    if (config_.foreign) return;
    out.number(state_);
    out.number<std::int32_t>(steps_);
  }
  Status restore(ByteReader& in) override {
    if (config_.foreign) return {};
    in.number(state_);
    steps_ = in.number<std::int32_t>();
    if (in.failed()) return invalid_input("saved fake environment is cut short");
    return {};
  }

 private:
  Config config_;
  EnvironmentSpec spec_;
  std::uint64_t state_ = 0;
  int steps_ = 0;
  int steps_ever_ = 0;
  int falls_ = 0;
  bool lost_ = false;  // The episode, and no other was begun.
};

}  // namespace chrysalis
