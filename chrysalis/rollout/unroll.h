// An unroll: T agent steps of one environment, as the learner wants them. Observations are written once, by
// the renderer, into the buffer that the learner reads. All arrays of an unroll are contiguous and recycled.
//
// Step t (0 <= t < T): the agent sees observation t, acts actions[t], receives rewards[t] and then sees
// observation t + 1. Where ended[t] is set, observation t + 1 is the first of a new episode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace chrysalis {

struct UnrollShape {
  int steps = 100;            // T, agent steps.
  int observation_bytes = 0;  // H * W * 3.
  int core_state_size = 0;
};

// What the arrays of one unroll take.
std::size_t unroll_bytes(const UnrollShape& shape);

struct Unroll {
  explicit Unroll(const UnrollShape& shape);

  UnrollShape shape;
  // What was seen and done.
  std::vector<std::uint8_t> observations;  // [T + 1, H, W, 3]; the last one only bootstraps.
  std::vector<std::int32_t> last_actions;  // [T + 1], -1 at episode starts.
  std::vector<float> last_rewards;  // [T + 1], raw, summed over the action repeat; 0 at episode starts.
  std::vector<std::uint8_t> episode_starts;  // [T + 1], 1 where the observation is the first of an episode.
  std::vector<std::int32_t> actions;         // [T]
  std::vector<float> log_mu;                 // [T], ln mu(a|s) of the behaviour policy that acted.
  std::vector<float> rewards;                // [T], raw.
  std::vector<std::uint8_t> ended;           // [T], 1 where the episode ended with this step.
  // [T], the behaviour baseline's value of the last observation of an episode cut by its time limit, where
  // the actor was asked to bootstrap there; else 0. The learner adds discount * this to the reward.
  std::vector<float> truncation_values;
  std::vector<float> core_state;  // [core_state_size], before observation 0 (and before any reset).

  // Where it comes from.
  std::int64_t weights_version = 0;  // Of the weights that acted.
  int environment = 0;
  int task = 0;    // Index of the level, where several share a learner.
  int losses = 0;  // Times that it was dropped and begun anew because the environment's process fell.

  const std::uint8_t* observation(int t) const {
    return observations.data() + static_cast<std::size_t>(t) * shape.observation_bytes;
  }
  std::uint8_t* observation(int t) {
    return observations.data() + static_cast<std::size_t>(t) * shape.observation_bytes;
  }
};

}  // namespace chrysalis
