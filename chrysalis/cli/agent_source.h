// Where eval and record take their agent from: a run's newest checkpoint, or a policy by name.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/env/environment.h"
#include "chrysalis/rollout/packed_network.h"
#include "chrysalis/rollout/policy.h"
#include "chrysalis/rollout/weight_layout.h"
#include "chrysalis/train/run_config.h"
#include "chrysalis/train/saved_agent.h"

namespace chrysalis {

// The options of both verbs.
struct AgentOptions {
  std::string run;
  std::string policy;
  std::string level;
  std::string kernels;
  std::string checkpoint;
  std::optional<std::int64_t> member;
  std::optional<double> alpha;
  std::uint64_t seed = 1;
  std::vector<std::string> assignments;
};
void add_agent_options(CLI::App& app, AgentOptions& options);

struct AgentSource {
  RunConfig config;        // The run's, or the defaults; the options' level and assignments on top.
  std::string policy;      // For people: "random", or "RUN@CHECKPOINT" and what was asked beside it.
  std::string checkpoint;  // Its name; empty for a policy by name.
  std::int64_t member = 0;
  WeightsPtr weights;           // Null for a policy by name.
  std::optional<double> alpha;  // Of the mixture that acts; none: that of the weights.
  std::int32_t task = 0;        // Whose head the simple policy acts with.

  // Of the mixture that acts; 1 where there is one policy.
  double acting_alpha() const { return weights == nullptr ? 1.0 : alpha.value_or(weights->alpha); }

  // Any thread may make its own.
  Result<std::unique_ptr<Policy>> make_policy() const;
  Result<std::unique_ptr<Environment>> make_environment() const;
};
Result<AgentSource> open_agent(const AgentOptions& options);

// Error: bf16 where it cannot be.
Status check_compute(const RunConfig& config);
// The network of a config as a policy, without weights yet, on the kernels or on LibTorch as the config says;
// `packed`, of this config, may be shared by many. Errors: those of agent_shape().
// alpha: as make_network_policy() takes it.
Result<std::unique_ptr<Policy>> make_policy(const RunConfig& config,
                                            std::shared_ptr<PackedNetworks> packed = nullptr,
                                            std::optional<double> alpha = {});

}  // namespace chrysalis
