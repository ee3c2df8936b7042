// N environments, each playing one episode after another, stepped at once by a team of threads: for clients
// that decide for all of them in one call, such as Python. Training has its own way to use the cores:
// EnvironmentGroup, one a task. A step allocates nothing after the first; where an episode begins, only a
// level that makes a map for each episode does. One caller at a time; a child of fork() may go on with its
// copy.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "chrysalis/core/worker_team.h"
#include "chrysalis/env/environment.h"
#include "chrysalis/env/environment_group.h"

namespace chrysalis {

// When an environment whose episode ended begins the next one.
enum class Autoreset {
  kNextStep,  // In the step after: its action is ignored, it advances 0 frames and gives reward 0.
  kSameStep,  // In that very step: what it then sees is of the next episode.
};

class EnvironmentPool {
 public:
  // The environments share one spec; at least one. workers: threads, the caller's among them; at least 1,
  // never more than there are environments. What is played does not depend on their number.
  EnvironmentPool(Autoreset autoreset, int workers, std::vector<std::unique_ptr<Environment>> environments);

  int size() const { return static_cast<int>(environments_.size()); }
  int workers() const { return team_.workers(); }
  const EnvironmentSpec& spec() const { return environments_.front()->spec(); }
  bool has_begun() const { return has_begun_; }  // Whether every environment plays an episode.

  // Begins an episode in each environment, and writes what it sees to rgb: [N, H, W, 3]. seeds: [N];
  // environment i plays episode 0 of its seed (evaluation_seed()) or, where it has none here, the episode
  // after the one that it plays. The first call needs all of them (CHECK).
  void reset(std::span<const std::optional<std::uint64_t>> seeds, std::span<std::uint8_t> rgb);
  // One agent step of each, and what it then sees. actions: [N]. CHECK-fails before reset(). An episode that
  // is lost (StepResult) is followed by the next one as an episode that ended is, after a black picture.
  void step(std::span<const RawAction> actions, std::span<std::uint8_t> rgb);

  // Why an environment cannot go on (Environment::status()), if there is one that cannot.
  Status status() const { return status_of(environments_); }

  // Of the last step, [N].
  std::span<const StepResult> results() const { return results_; }
  // The episode that environment i ended in the last step.
  const EnvironmentGroup::Episode& ended_episode(int i) const { return ended_episodes_[i]; }
  // Its last observation, [H, W, 3], where the pool is kSameStep; with kNextStep it is what the step wrote.
  std::span<const std::uint8_t> final_observation(int i) const;

 private:
  bool goes_on(int i) const { return autoreset_ == Autoreset::kSameStep || !results_[i].ended; }
  std::uint64_t seed_of(int i, std::int64_t episode) const;
  void advance(int i, const RawAction& action, std::span<std::uint8_t> rgb);
  void begin_next(std::span<std::uint8_t> rgb);
  std::span<std::uint8_t> picture(std::span<std::uint8_t> rgb, int i) const;

  const Autoreset autoreset_;
  std::vector<std::unique_ptr<Environment>> environments_;
  bool has_begun_ = false;
  std::vector<std::uint64_t> seeds_;
  std::vector<EnvironmentGroup::Episode> episodes_;  // The running ones.
  std::vector<EnvironmentGroup::Episode> ended_episodes_;
  std::vector<StepResult> results_;
  std::vector<std::vector<std::uint8_t>> final_observations_;  // kSameStep only.
  WorkerTeam team_;
};

}  // namespace chrysalis
