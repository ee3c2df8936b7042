#include "chrysalis/cli/training.h"

#include "chrysalis/cli/agent_source.h"
#include "chrysalis/env/native_environment.h"
#include "chrysalis/impala/impala_learner.h"

namespace chrysalis {

Result<TrainerParts> make_trainer_parts(const RunConfig& config) {
  CHRYSALIS_RETURN_IF_ERROR(check_agent(config));
  const AgentSpec spec = agent_spec(config);
  CHRYSALIS_RETURN_IF_ERROR(make_environment(config.level, config.environment));
  CHRYSALIS_RETURN_IF_ERROR(check_compute(config));
  CHRYSALIS_RETURN_IF_ERROR(agent_shape(config.agent, spec));
  std::shared_ptr<PackedNetworks> packed;
  if (config.compute.native())
    packed = std::make_shared<PackedNetworks>(config.agent, spec, config.compute.operands());
  CHRYSALIS_ASSIGN_OR_RETURN(
      const WeightsPtr initial,
      initial_weights(config.agent, spec,
                      RandomKey(static_cast<std::uint64_t>(config.seed), Purpose::kInitialWeights, {0}),
                      alpha_after(config.curriculum, 0)));
  CHRYSALIS_ASSIGN_OR_RETURN(auto learner, make_impala_learner(config.agent, spec, config.learner, initial,
                                                               packed, config.curriculum));
  // What was just made once cannot fail to be made again.
  return TrainerParts{
      .learner = std::move(learner),
      .make_policy = [config, packed] { return std::move(make_policy(config, packed)).value(); },
      .make_environment = [level = config.level, environment = config.environment](
                              int) { return std::move(make_environment(level, environment)).value(); }};
}

}  // namespace chrysalis
