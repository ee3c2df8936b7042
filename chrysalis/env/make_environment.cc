#include "chrysalis/env/make_environment.h"

#include <algorithm>
#include <chrono>

#include "chrysalis/env/dmlab_environment.h"
#include "chrysalis/env/native_environment.h"

namespace chrysalis {
namespace {

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// One fault is enough to tell.
DmlabConfig impatient(DmlabConfig dmlab) {
  dmlab.faults_in_a_row = 1;
  return dmlab;
}

}  // namespace

Result<std::unique_ptr<Environment>> make_environment(const LevelConfig& level,
                                                      const EnvironmentConfig& config,
                                                      const DmlabConfig& dmlab) {
  if (is_dmlab_level(level.name)) {
    CHRYSALIS_ASSIGN_OR_RETURN(auto environment, DmlabEnvironment::create(level, dmlab, config));
    return std::unique_ptr<Environment>(std::move(environment));
  }
  CHRYSALIS_ASSIGN_OR_RETURN(auto environment, NativeEnvironment::create(level, config));
  return std::unique_ptr<Environment>(std::move(environment));
}

int environments_side_by_side(const LevelConfig& level) {
  return is_dmlab_level(level.name) ? 4 : 16;
}

Status try_environment(const LevelConfig& level, const EnvironmentConfig& config, const DmlabConfig& dmlab) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto environment, make_environment(level, config, impatient(dmlab)));
  if (is_dmlab_level(level.name)) environment->reset(1);
  return environment->status();
}

Result<DmlabProof> prove_dmlab(const LevelConfig& level, const EnvironmentConfig& config,
                               const DmlabConfig& dmlab, double seconds) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto environment,
                             DmlabEnvironment::create(level, impatient(dmlab), config));
  DmlabProof proof;
  const double began = now_seconds();
  environment->reset(1);
  CHRYSALIS_RETURN_IF_ERROR(environment->status());
  proof.start_seconds = now_seconds() - began;
  proof.picture.resize(environment->spec().observation_bytes());
  environment->observe(proof.picture);

  std::vector<std::uint8_t> seen(proof.picture.size());
  double stepping = 0;
  double restarting = 0;
  std::int64_t restarts = 0;
  const auto restart = [&] {
    const double start = now_seconds();
    environment->reset(static_cast<std::uint64_t>(++restarts) + 1);
    restarting += now_seconds() - start;
  };
  while (stepping < seconds) {
    const double start = now_seconds();
    // Walks and turns, as what stands still may be drawn from a cache.
    const StepResult result =
        environment->step({.look_right = proof.agent_steps % 100 < 50 ? 20 : -20, .move_forward = 1});
    if (!result.lost) environment->observe(seen);
    stepping += now_seconds() - start;
    CHRYSALIS_RETURN_IF_ERROR(environment->status());
    ++proof.agent_steps;
    if (result.ended) restart();
    CHRYSALIS_RETURN_IF_ERROR(environment->status());
  }
  if (restarts == 0) restart();
  CHRYSALIS_RETURN_IF_ERROR(environment->status());
  proof.restart_seconds = restarting / static_cast<double>(restarts);
  proof.agent_steps_per_s = static_cast<double>(proof.agent_steps) / std::max(stepping, 1e-9);
  return proof;
}

}  // namespace chrysalis
