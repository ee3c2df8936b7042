#include "chrysalis/impala/mix_and_match.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "chrysalis/core/check.h"
#include "chrysalis/core/field.h"
#include "chrysalis/mixmatch/mixture.h"

namespace chrysalis {
namespace {

at::Tensor log_of(const at::Tensor& log_policy, const at::Tensor& actions) {
  return log_policy.gather(2, actions.unsqueeze(2)).squeeze(2);
}

}  // namespace

Result<MixAndMatch> mix_and_match(const CurriculumConfig& config, const CurriculumShape& shape,
                                  const LearnerConfig& learner, double alpha) {
  MixAndMatch mix;
  CHRYSALIS_ASSIGN_OR_RETURN(mix.loss, find_transfer_loss(config.loss));
  if (config.reduction != "mean_over_unrolls" && config.reduction != "sum")
    return invalid_input("curriculum.reduction is '{}'; expected mean_over_unrolls or sum{}",
                         config.reduction, did_you_mean(config.reduction, {"mean_over_unrolls", "sum"}));
  if (mix.loss->uses_cores && shape.has_two_policies() && !shape.has_simple_core())
    return invalid_input(
        "curriculum.loss is {} and curriculum.name {}: expected agent_core, whose policies have a core each",
        config.loss, config.name);
  if (!shape.has_two_policies()) return mix;
  mix.alpha = alpha;
  mix.simple_actions = shape.simple_actions;
  mix.transfer_weight = transfer_weight(config);
  if (!mix.transfers()) mix.loss = find_transfer_loss("kl").value();
  mix.reduction = config.reduction == "sum" ? TransferReduction::kSum : TransferReduction::kMeanOverUnrolls;
  mix.batch_unrolls = learner.batch_unrolls;
  mix.activation_weight = config.activation_weight;
  mix.sobolev_weight = config.sobolev_weight;
  mix.projections = static_cast<int>(config.sobolev_projections);
  return mix;
}

double effective_entropy_cost(const LearnerConfig& learner, const CurriculumConfig& curriculum,
                              double alpha) {
  return learner.entropy_cost * std::pow(curriculum.entropy_ratio, alpha);
}

at::Tensor simple_policy(const NetworkOutput& out, const Batch& batch) {
  CHRYSALIS_CHECK(out.log_simple.defined(), "the network gave no simple policy");
  return out.log_simple.narrow(0, 0, batch.actions.size(0));
}

at::Tensor complex_policy(const NetworkOutput& out, const Batch& batch) {
  CHRYSALIS_CHECK(out.log_policy.defined(), "the network gave no complex policy");
  return out.log_policy.narrow(0, 0, batch.actions.size(0));
}

ActingPolicy acting_policy(const NetworkOutput& out, const Batch& batch, const MixAndMatch& mix) {
  if (mix.alpha == 0)
    return {.log_policy = simple_policy(out, batch),
            .actions = batch.simple_actions,
            .has_all = mix.simple_actions.empty()};
  const at::Tensor complex = complex_policy(out, batch);
  if (mix.alpha == 1) return {.log_policy = complex, .actions = batch.actions};
  const at::Tensor simple = simple_policy(out, batch);
  return {.log_policy = mix.simple_actions.empty()
                            ? chrysalis::mix(simple, complex, mix.alpha)
                            : mix_subset(simple, mix.simple_actions, complex, complex.size(2), mix.alpha),
          .actions = batch.actions};
}

at::Tensor log_of_actions(const ActingPolicy& acting, double of_none) {
  if (acting.has_all) return log_of(acting.log_policy, acting.actions);
  return log_of(acting.log_policy, acting.actions.clamp_min(0)).masked_fill(acting.actions.lt(0), of_none);
}

at::Tensor action_log_policy(const NetworkOutput& out, const Batch& batch, const MixAndMatch& mix) {
  constexpr double kLogOfNothing = -std::numeric_limits<double>::infinity();
  if (mix.alpha == 0 || mix.alpha == 1) return log_of_actions(acting_policy(out, batch, mix), kLogOfNothing);
  const ActingPolicy simple{.log_policy = simple_policy(out, batch),
                            .actions = batch.simple_actions,
                            .has_all = mix.simple_actions.empty()};
  return chrysalis::mix(log_of_actions(simple, kLogOfNothing),
                        log_of(complex_policy(out, batch), batch.actions), mix.alpha);
}

at::Tensor transfer_per_step(const NetworkOutput& out, const Batch& batch, const MixAndMatch& mix) {
  const std::int64_t steps = batch.actions.size(0);
  TransferInputs in;
  in.log_1 = simple_policy(out, batch);
  in.indices = mix.simple_actions;
  in.log_2 = complex_policy(out, batch);
  in.alpha = mix.alpha;
  if (mix.loss->uses_cores) {
    in.core_1 = out.simple_core.narrow(0, 0, steps);
    in.core_2 = out.core.narrow(0, 0, steps);
    in.activation_weight = mix.activation_weight;
  }
  if (mix.loss->uses_features) {
    in.features = out.features;
    in.sobolev_weight = mix.sobolev_weight;
    in.projections = mix.projections;
    in.key = mix.key;
  }
  return mix.loss->per_step(in);
}

at::Tensor simple_mass(const NetworkOutput& out, const Batch& batch, const MixAndMatch& mix) {
  if (mix.simple_actions.empty()) return {};
  return select_actions(complex_policy(out, batch), mix.simple_actions).exp().sum();
}

}  // namespace chrysalis
