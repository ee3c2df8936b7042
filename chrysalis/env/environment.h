// The one boundary for every world: native levels and foreign engines behind it, our learner and other
// clients in front of it. An episode is reset(seed), then step(action) until `ended`; observe() draws what
// the agent sees at any moment in between. An environment belongs to one thread at a time.
//
// A foreign engine works in a process of its own, which may fall: the episode is then lost, and the next
// reset() has a new process. What only such engines do has a default here that costs native levels nothing.
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
  std::int64_t episode_frames = 0;  // Time limit; 0: none, or none until an episode that has begun tells it.
  // Of one frame's reward, both ends possible; infinite where nobody tells them.
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
  // It broke off with the process that it was in, and what it was is no experience: reward and frames are 0,
  // and what observe() shows is black. Implies `ended`.
  bool lost = false;
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

  // Say that reset(seed) or step(action) comes next, with the same argument, so that environments which work
  // in processes of their own all work at once. Nobody needs to say it.
  virtual void begin_reset(std::uint64_t /*seed*/) {}
  virtual void begin_step(const RawAction& /*action*/) {}

  // Why it cannot go on: its process fell too many times in a row. From then on every episode is lost at its
  // first step and every picture is black.
  virtual Status status() const { return {}; }

  // Whether save() and restore() do what they say. Where not they do nothing, and only reset() may follow.
  virtual bool can_save() const { return true; }
  // The whole state in the middle of an episode, and back, also into another environment of the same level
  // and settings: the continuation is the same to the bit.
  virtual void save(ByteWriter& out) const = 0;
  virtual Status restore(ByteReader& in) = 0;
};

// Why one of them cannot go on (Environment::status()), if there is one that cannot.
inline Status status_of(std::span<const std::unique_ptr<Environment>> environments) {
  for (const auto& environment : environments) CHRYSALIS_RETURN_IF_ERROR(environment->status());
  return {};
}

}  // namespace chrysalis
