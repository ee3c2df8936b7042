// An actor: a group of environments stepped together with batched decisions. collect(policy) -> unrolls, with
// no threads, clocks or files of its own; one task of a worker is one call.
//
// What an actor does depends only on its config, its saved state and the policy's weights: seeds of episodes
// are keyed by (run seed, member, environment, episode), draws of actions by (run seed, member, environment,
// unroll).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "chrysalis/env/environment_group.h"
#include "chrysalis/rollout/policy.h"
#include "chrysalis/rollout/unroll.h"
#include "chrysalis/world/action.h"

namespace chrysalis {

// An episode that ended.
struct EpisodeRecord {
  int environment = 0;
  int task = 0;
  std::int64_t episode = 0;   // Of this environment, from 0.
  double episode_return = 0;  // Sum of raw rewards.
  std::int64_t agent_steps = 0;
  std::int64_t frames = 0;
  bool truncated = false;
};

struct ActorConfig {
  std::uint64_t run_seed = 1;
  int member = 0;
  int first_environment = 0;  // Index of the group's first environment among the member's.
  int unroll_steps = 100;
  bool bootstrap_on_time_limit = false;             // Fill in Unroll::truncation_values.
  bool staggered = false;                           // As EnvironmentGroup::Config has it.
  const std::vector<RawAction>* actions = nullptr;  // The action set; outlives the actor.
  std::vector<std::int32_t> tasks = {};             // Of each environment of the group; empty: all of task 0.
};

class Actor {
 public:
  // core_state_size: of the policies that will act.
  Actor(const ActorConfig& config, std::vector<std::unique_ptr<Environment>> environments,
        int core_state_size);

  int environment_count() const { return group_.size(); }
  const UnrollShape& unroll_shape() const { return shape_; }
  std::int64_t unrolls_done() const { return unrolls_done_; }  // Of each environment.

  // Acts unroll_steps agent steps in every environment with `policy` as loaded with `weights` (null for
  // policies without weights: version 0), filling out[i] for environment i. Episodes that ended, but for
  // those that were cut to stagger them, are added to their unroll's place in `finished`:
  // [environment_count].
  //
  // An unroll in which an environment lost its episode is dropped, with the episodes that ended in it, and
  // collected anew (Unroll::losses). Error: an environment cannot go on (Environment::status()); the unrolls
  // then hold no experience.
  Status collect(Policy& policy, std::int64_t weights_version, std::span<Unroll* const> out,
                 std::span<std::vector<EpisodeRecord>> finished);

  // Whether restore() brings back what save() saw; where not, begin_anew() must follow it.
  bool can_save() const { return group_.can_save(); }

  // For another agent: the running episodes are given up, their returns never told, and each environment
  // begins another, as EnvironmentGroup::begin_anew() says, with nothing remembered.
  void begin_anew(std::span<const std::int64_t> after = {});

  // Everything that the next collect() depends on except the policy.
  void save(ByteWriter& out) const;
  Status restore(ByteReader& in);

 private:
  // Environments first … end - 1 of the group.
  struct Range {
    int first = 0;
    int end = 0;
    int size() const { return end - first; }
  };
  void fill(Range range, Policy& policy, std::span<Unroll* const> out,
            std::span<std::vector<EpisodeRecord>> finished);
  void decide(Range range, Policy& policy, std::span<Unroll* const> out, int t);
  void bootstrap_truncated(Range range, Policy& policy, std::span<Unroll* const> out, int t);

  ActorConfig config_;
  UnrollShape shape_;
  EnvironmentGroup group_;
  std::int64_t unrolls_done_ = 0;

  // What the agent carries from step to step, one for each environment.
  std::vector<float> core_states_;            // [N, core_state_size]
  std::vector<std::int32_t> last_actions_;    // [N]
  std::vector<float> last_rewards_;           // [N]
  std::vector<std::uint8_t> episode_starts_;  // [N]

  // Scratch, so that a step allocates nothing.
  std::vector<const std::uint8_t*> observations_;
  std::vector<std::uint8_t*> next_observations_;
  std::vector<float> log_policy_;
  std::vector<float> values_;
  std::vector<RawAction> raw_actions_;
  std::vector<RandomStream> action_streams_;
  std::vector<std::uint8_t> lost_;  // [N], 1 where the unroll in the making lost an episode.
  std::vector<float> truncation_core_;
};

}  // namespace chrysalis
