// The network alone, on one core: deciding, and learning one shard of a batch.
#include <algorithm>

#include "chrysalis/cli/agent_source.h"
#include "chrysalis/cli/bench.h"
#include "chrysalis/cli/training.h"
#include "chrysalis/rollout/weight_layout.h"

namespace chrysalis {
namespace {

Json rate_against_sgemm(double steps, double multiply_adds, const BenchSettings& settings) {
  const double gflops = steps * 2 * multiply_adds * 1e-9;
  return Json{{"agent_steps_per_s_per_core", steps},
              {"gflops_per_core", gflops},
              {"fraction_of_sgemm", gflops / settings.sgemm_gflops}};
}

void print_line(const char* what, const std::string& detail, const Json& json) {
  fmt::print("{:7} {:32} {:>9.0f} agent steps/s per core, {:.1f} GFLOP/s, {:.1f} % of SGEMM\n", what, detail,
             json["agent_steps_per_s_per_core"].get<double>(), json["gflops_per_core"].get<double>(),
             100 * json["fraction_of_sgemm"].get<double>());
}

Result<MemberParts> one_member(RunConfig config) {
  config.population.size = 1;
  CHRYSALIS_ASSIGN_OR_RETURN(auto members, make_members(config));
  return std::move(members.front());
}

}  // namespace

Result<Json> bench_act(const BenchSettings& settings) {
  constexpr int kBatch = 32;
  const RunConfig& config = settings.config;
  CHRYSALIS_ASSIGN_OR_RETURN(const MemberParts parts, one_member(config));
  const auto policy = parts.make_policy();
  policy->load(parts.learner->weights());
  const std::size_t bytes =
      static_cast<std::size_t>(config.environment.width * config.environment.height * 3);
  std::vector<std::uint8_t> pixels(kBatch * bytes);
  RandomStream noise{RandomKey(1)};
  std::ranges::generate(pixels, [&] { return static_cast<std::uint8_t>(noise.next()); });
  std::vector<const std::uint8_t*> observations;
  for (int i = 0; i < kBatch; ++i) observations.push_back(pixels.data() + i * bytes);
  const std::vector<std::int32_t> last_actions(kBatch, 0);
  const std::vector<float> last_rewards(kBatch, 0.0f);
  const std::vector<std::uint8_t> starts(kBatch, 0);
  std::vector<float> core(kBatch * policy->core_state_size());
  std::vector<float> log_policy(kBatch * policy->action_count());
  std::vector<float> values(kBatch);
  const double steps = median_rate(settings.seconds, kBatch, [&] {
    policy->step({.batch = kBatch,
                  .observations = observations,
                  .last_actions = last_actions,
                  .last_rewards = last_rewards,
                  .episode_starts = starts},
                 {.core_states = core, .log_policy = log_policy, .values = values});
  });
  CHRYSALIS_ASSIGN_OR_RETURN(const StepMultiplyAdds work,
                             step_multiply_adds(config.agent, agent_spec(config)));
  Json json = {{"batch", kBatch}};
  json.update(rate_against_sgemm(steps, work.act, settings));
  return json;
}

void print_act(const Json& json) {
  print_line("act", fmt::format("batch {}", json["batch"].get<int>()), json);
}

// One shard of 16 unrolls, as one core learns it.
Result<Json> bench_learn(const BenchSettings& settings) {
  constexpr int kUnrolls = 16;
  RunConfig config = settings.config;
  config.learner.batch_unrolls = kUnrolls;
  config.learner.shards = 1;
  CHRYSALIS_ASSIGN_OR_RETURN(const MemberParts parts, one_member(config));
  std::vector<std::unique_ptr<Environment>> environments;
  for (int i = 0; i < kUnrolls; ++i) environments.push_back(parts.make_environment(i));
  const auto policy = parts.make_policy();
  policy->load(parts.learner->weights());
  const TrainerConfig trainer = trainer_config(config);
  Actor actor({.unroll_steps = trainer.unroll_steps, .actions = trainer.actions}, std::move(environments),
              policy->core_state_size());
  std::vector<std::unique_ptr<Unroll>> unrolls;
  std::vector<Unroll*> out;
  for (int i = 0; i < kUnrolls; ++i) {
    unrolls.push_back(std::make_unique<Unroll>(actor.unroll_shape()));
    out.push_back(unrolls.back().get());
  }
  std::vector<std::vector<EpisodeRecord>> finished(kUnrolls);
  CHRYSALIS_RETURN_IF_ERROR(actor.collect(*policy, 0, out, finished));
  const std::vector<const Unroll*> batch(out.begin(), out.end());
  const double steps =
      median_rate(settings.seconds, static_cast<double>(kUnrolls) * trainer.unroll_steps, [&] {
        parts.learner->gradient(0, batch);
        parts.learner->apply();
      });
  CHRYSALIS_ASSIGN_OR_RETURN(const StepMultiplyAdds work,
                             step_multiply_adds(config.agent, agent_spec(config)));
  Json json = {{"unrolls", kUnrolls}, {"unroll", trainer.unroll_steps}};
  json.update(rate_against_sgemm(steps, work.learn, settings));
  return json;
}

void print_learn(const Json& json) {
  print_line("learn", fmt::format("{} x {}", json["unrolls"].get<int>(), json["unroll"].get<int>()), json);
}

}  // namespace chrysalis
