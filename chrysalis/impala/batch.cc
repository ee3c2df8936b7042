#include "chrysalis/impala/batch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"

namespace chrysalis {
namespace {

at::Tensor simple_actions_of(const at::Tensor& actions, const AgentSpec& spec) {
  const std::vector<int>& known = spec.curriculum.simple_actions;
  if (known.empty()) return actions;
  const at::Tensor of_joint = at::full({spec.action_count}, -1, at::kLong);
  for (std::size_t i = 0; i < known.size(); ++i) of_joint[known[i]] = static_cast<std::int64_t>(i);
  return of_joint.index_select(0, actions.flatten()).view(actions.sizes());
}

}  // namespace

Batch make_batch(std::span<const Unroll* const> unrolls, const LearnerConfig& config, const AgentSpec& spec,
                 const at::TensorOptions& options) {
  CHRYSALIS_CHECK(!unrolls.empty());
  const StageScope scope(Stage::kBatch);
  const std::int64_t steps = config.unroll, count = static_cast<std::int64_t>(unrolls.size());
  const int state_size = unrolls[0]->shape.core_state_size;
  Batch batch;
  NetworkInput& input = batch.input;
  input.steps = steps + 1;
  input.batch = count;
  input.chunk_frames = static_cast<int>(config.chunk_frames);
  input.frames.height = spec.height;
  input.frames.width = spec.width;
  input.frames.pixels.resize((steps + 1) * count);
  input.starts = at::empty({steps + 1, count}, at::kByte);
  const at::Tensor tasks = at::empty({count}, at::kLong);
  const at::Tensor last_actions = at::empty({steps + 1, count}, at::kLong),
                   actions = at::empty({steps, count}, at::kLong);
  const at::Tensor last_rewards = at::empty({steps + 1, count}), core_state = at::empty({count, state_size});
  const at::Tensor log_mu = at::empty({steps, count}), rewards = at::empty({steps, count}),
                   discounts = at::empty({steps, count});
  auto starts_at = input.starts.accessor<std::uint8_t, 2>();
  auto last_actions_at = last_actions.accessor<std::int64_t, 2>(),
       actions_at = actions.accessor<std::int64_t, 2>();
  auto last_rewards_at = last_rewards.accessor<float, 2>(), log_mu_at = log_mu.accessor<float, 2>();
  auto rewards_at = rewards.accessor<float, 2>(), discounts_at = discounts.accessor<float, 2>();
  const auto clip = static_cast<float>(config.reward_clip), discount = static_cast<float>(config.discount);

  for (std::int64_t b = 0; b < count; ++b) {
    const Unroll& unroll = *unrolls[b];
    CHRYSALIS_CHECK_EQ(unroll.shape.steps, steps);
    CHRYSALIS_CHECK_EQ(unroll.shape.observation_bytes, spec.height * spec.width * 3);
    CHRYSALIS_CHECK_EQ(unroll.shape.core_state_size, state_size);
    CHRYSALIS_CHECK(unroll.task >= 0 && unroll.task < spec.curriculum.tasks, "task {} of {}", unroll.task,
                    spec.curriculum.tasks);
    tasks.data_ptr<std::int64_t>()[b] = unroll.task;
    for (std::int64_t t = 0; t <= steps; ++t) {
      input.frames.pixels[t * count + b] = unroll.observation(static_cast<int>(t));
      CHRYSALIS_CHECK(unroll.last_actions[t] >= -1 && unroll.last_actions[t] < spec.action_count);
      last_actions_at[t][b] = unroll.last_actions[t];
      last_rewards_at[t][b] = unroll.last_rewards[t];
      starts_at[t][b] = unroll.episode_starts[t];
    }
    for (std::int64_t t = 0; t < steps; ++t) {
      CHRYSALIS_CHECK(unroll.actions[t] >= 0 && unroll.actions[t] < spec.action_count);
      actions_at[t][b] = unroll.actions[t];
      log_mu_at[t][b] = unroll.log_mu[t];
      rewards_at[t][b] = std::clamp(unroll.rewards[t], -clip, clip);
      if (config.bootstrap_on_time_limit) rewards_at[t][b] += discount * unroll.truncation_values[t];
      discounts_at[t][b] = unroll.ended[t] ? 0.0f : discount;
    }
    std::copy(unroll.core_state.begin(), unroll.core_state.end(),
              core_state.data_ptr<float>() + b * state_size);
  }
  input.last_actions = last_actions.flatten().to(options.device());
  input.last_rewards = last_rewards.flatten().to(options);
  input.core_state = core_state.to(options);
  input.tasks = tasks.to(options.device());
  batch.actions = actions.to(options.device());
  batch.simple_actions = simple_actions_of(actions, spec).to(options.device());
  batch.log_mu = log_mu.to(options);
  batch.rewards = rewards.to(options);
  batch.discounts = discounts.to(options);
  return batch;
}

}  // namespace chrysalis
