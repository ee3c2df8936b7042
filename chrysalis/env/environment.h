// The one boundary for every world: native levels now, foreign engines behind it later, our learner and other
// clients in front of it. An episode is reset(seed), then step(action) until `ended`; observe() draws what
// the agent sees at any moment in between. An environment belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "chrysalis/core/bytes.h"
#include "chrysalis/core/result.h"
#include "chrysalis/world/action.h"

namespace chrysalis {

struct EnvironmentSpec {
  std::string level;
  int width = 0;  // Pixels.
  int height = 0;
  int action_repeat = 1;            // Frames an agent step.
  int frames_per_second = 60;       // Of external time.
  std::int64_t episode_frames = 0;  // Time limit.
  // Of one frame's reward, both ends possible.
  float reward_min = 0.0f;
  float reward_max = 0.0f;

  std::size_t observation_bytes() const { return static_cast<std::size_t>(width) * height * 3; }
  std::int64_t episode_agent_steps() const { return (episode_frames + action_repeat - 1) / action_repeat; }
};

// What one agent step gave.
struct StepResult {
  float reward = 0.0f;     // Raw, summed over the frames of the repeat.
  int frames = 0;          // Frames advanced: action_repeat, or fewer where the episode ended.
  bool ended = false;      // The episode is over: only observe() and reset() may follow.
  bool truncated = false;  // It ended by its time limit, not by the task's own rules. Implies `ended`.
};

class Environment {
 public:
  virtual ~Environment() = default;
  virtual const EnvironmentSpec& spec() const = 0;
  // Begins an episode. The seed alone determines it, whatever ran before.
  virtual void reset(std::uint64_t seed) = 0;
  // One agent step: the raw action held for action_repeat frames. CHECK-fails before reset() and after
  // `ended`.
  virtual StepResult step(const RawAction& action) = 0;
  // What the agent sees now: [height, width, 3] RGB, spec().observation_bytes() long.
  virtual void observe(std::span<std::uint8_t> rgb) = 0;

  // The whole state in the middle of an episode, and back, also into another environment of the same level
  // and settings: the continuation is the same to the bit.
  virtual void save(ByteWriter& out) const = 0;
  virtual Status restore(ByteReader& in) = 0;
};

}  // namespace chrysalis
