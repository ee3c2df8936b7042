// N environments stepped together. An environment whose episode ended begins the next one in the same step,
// so that every step has N observations. A step allocates nothing after the first and makes no system call;
// where an episode begins, only a level that makes a map for each episode allocates it. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "chrysalis/core/random.h"
#include "chrysalis/env/environment.h"

namespace chrysalis {

// The seed of an episode, from what names it.
std::uint64_t episode_seed(std::uint64_t run_seed, Purpose purpose, int member, int environment,
                           std::int64_t episode);
// The seed of an episode that no run is ever trained on: the one that `eval --seed SEED` plays as its
// episode `episode`.
std::uint64_t evaluation_seed(std::uint64_t seed, std::int64_t episode);

class EnvironmentGroup {
 public:
  struct Config {
    std::uint64_t run_seed = 1;
    Purpose purpose = Purpose::kEpisode;
    int member = 0;
    int first_environment = 0;
    // Keeps the last observation of an episode when it is cut by its time limit (final_observation()).
    bool keep_final_observations = false;
    // Cuts each environment's first episode as its time limit would, but at a share of its length that no
    // other environment has (Episode::cut), so that episodes of equal length do not all begin and end at once
    // for ever.
    bool staggered = false;
  };

  // The environments share one spec; at least one. Every environment begins its first episode.
  EnvironmentGroup(const Config& config, std::vector<std::unique_ptr<Environment>> environments);

  int size() const { return static_cast<int>(environments_.size()); }
  const EnvironmentSpec& spec() const { return environments_.front()->spec(); }

  // What each agent sees now, written to rgb[i]: [H, W, 3].
  void observe(std::span<std::uint8_t* const> rgb);
  // What agent i sees now: [H, W, 3].
  void observe(int i, std::uint8_t* rgb) { draw(i, {rgb, spec().observation_bytes()}); }
  // One agent step of each environment, and what it then sees, written to rgb[i]. rgb may lie in one
  // contiguous [N, H, W, 3] buffer or in N unrolls. An episode that is lost is followed by the next one as
  // an episode that ended is.
  void step(std::span<const RawAction> actions, std::span<std::uint8_t* const> rgb);
  // The same for environments first … first + actions.size() - 1 alone; rgb: one for each of them.
  void step_some(int first, std::span<const RawAction> actions, std::span<std::uint8_t* const> rgb);

  // Why an environment cannot go on (Environment::status()), if there is one that cannot.
  Status status() const { return status_of(environments_); }

  // Gives up the running episodes and begins another in each environment: the one after the running one, or
  // after episode after[i], whichever is later. after: [N], or empty.
  // Where `staggered`, these are first episodes again.
  void begin_anew(std::span<const std::int64_t> after);

  // Of the last step, [N].
  std::span<const StepResult> results() const { return results_; }
  // Of environment i, where the last step truncated its episode; needs keep_final_observations.
  const std::uint8_t* final_observation(int i) const;

  // Whether a saved state goes on where it was: where not, restore() must be followed by begin_anew().
  bool can_save() const;

  // The running episode of environment i; after a step that ended one, ended_episode(i) is the one that
  // ended.
  struct Episode {
    std::int64_t index = 0;
    double episode_return = 0;
    std::int64_t agent_steps = 0;
    std::int64_t frames = 0;
    bool cut = false;  // To stagger: its return is not that of an episode.
  };
  const Episode& episode(int i) const { return episodes_[i]; }
  const Episode& ended_episode(int i) const { return ended_episodes_[i]; }

  // Of an environment that cannot save, what it had told of its episode so far.
  void save(ByteWriter& out) const;
  Status restore(ByteReader& in);

 private:
  std::uint64_t seed_of(int i) const;
  void begin_episode(int i);
  StepResult advance(int i, const RawAction& action);
  bool is_to_be_cut(int i) const;
  void draw(int i, std::span<std::uint8_t> rgb);

  Config config_;
  std::vector<std::unique_ptr<Environment>> environments_;
  std::vector<Episode> episodes_;
  std::vector<Episode> ended_episodes_;
  std::vector<StepResult> results_;
  std::vector<std::uint8_t> first_;  // [N], 1 where the running episode is a first one, to be cut.
  std::vector<std::vector<std::uint8_t>> final_observations_;
};

}  // namespace chrysalis
