#include "chrysalis/agent/torch_policy.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cstring>

#include "chrysalis/agent/network.h"
#include "chrysalis/agent/product.h"
#include "chrysalis/core/check.h"
#include "chrysalis/kernels/mixture.h"

namespace chrysalis {
namespace {

class TorchPolicy final : public Policy {
 public:
  TorchPolicy(const AgentConfig& config, const AgentSpec& spec, std::shared_ptr<const WeightLayout> layout,
              std::optional<double> alpha)
      : spec_(spec),
        alpha_(alpha),
        shape_(agent_shape(config, spec).value()),
        layout_(std::move(layout)),
        flat_(at::zeros({static_cast<std::int64_t>(layout_->count)})),
        network_(config, spec, *layout_, flat_) {
    CHRYSALIS_CHECK(!alpha_.has_value() || (*alpha_ >= 0 && *alpha_ <= 1));
  }

  int action_count() const override { return spec_.action_count; }
  int core_state_size() const override { return shape_.core_state_size; }

  void load(const WeightsPtr& weights) override {
    CHRYSALIS_CHECK(weights != nullptr);
    if (weights == loaded_) return;
    CHRYSALIS_CHECK_EQ(weights->values.size(), layout_->count);
    std::memcpy(flat_.data_ptr<float>(), weights->values.data(), layout_->count * sizeof(float));
    loaded_ = weights;
  }

  void step(const PolicyInput& in, const PolicyOutput& out) override {
    CHRYSALIS_CHECK(loaded_ != nullptr, "a policy acts before its weights are loaded");
    CHRYSALIS_CHECK(in.batch >= 1);
    const auto batch = static_cast<std::size_t>(in.batch),
               actions = static_cast<std::size_t>(spec_.action_count);
    CHRYSALIS_CHECK(in.observations.size() >= batch && in.last_actions.size() >= batch &&
                    in.last_rewards.size() >= batch && in.episode_starts.size() >= batch &&
                    (in.tasks.empty() || in.tasks.size() >= batch));
    CHRYSALIS_CHECK(out.log_policy.size() >= batch * actions && out.values.size() >= batch &&
                    out.core_states.size() >= batch * shape_.core_state_size);
    use_one_thread();
    c10::InferenceMode inference;
    const std::int64_t n = in.batch;
    NetworkInput input;
    input.batch = n;
    input.frames = {{in.observations.begin(), in.observations.begin() + n}, spec_.height, spec_.width};
    input.last_actions =
        at::from_blob(const_cast<std::int32_t*>(in.last_actions.data()), {n}, at::kInt).to(at::kLong);
    input.last_rewards = at::from_blob(const_cast<float*>(in.last_rewards.data()), {n});
    input.starts = at::from_blob(const_cast<std::uint8_t*>(in.episode_starts.data()), {1, n}, at::kByte);
    input.core_state = at::from_blob(out.core_states.data(), {n, shape_.core_state_size});
    const CurriculumShape& curriculum = spec_.curriculum;
    if (!in.tasks.empty())
      input.tasks = at::from_blob(const_cast<std::int32_t*>(in.tasks.data()), {n}, at::kInt).to(at::kLong);
    input.alpha = alpha_.value_or(loaded_->alpha);
    const Alive alive = alive_acting(curriculum, input.alpha);
    input.alive = alive;
    if (curriculum.has_simple_core() && spec_.keep_memory) input.alive.complex = true;
    const NetworkOutput output = network_.forward(input);
    if (alive.complex)
      std::memcpy(out.log_policy.data(), output.log_policy.contiguous().data_ptr<float>(),
                  batch * actions * sizeof(float));
    if (alive.simple)
      mix_policies(input.alpha, output.log_simple.contiguous().data_ptr<float>(), curriculum.simple_actions,
                   in.batch, spec_.action_count, out.log_policy.data());
    std::memcpy(out.values.data(), output.values.contiguous().data_ptr<float>(), batch * sizeof(float));
    if (shape_.core_state_size > 0) {
      std::memcpy(out.core_states.data(), output.core_state.contiguous().data_ptr<float>(),
                  batch * shape_.core_state_size * sizeof(float));
    }
  }

 private:
  // Constant after construction.
  AgentSpec spec_;
  std::optional<double> alpha_;
  AgentShape shape_;
  std::shared_ptr<const WeightLayout> layout_;

  at::Tensor flat_;  // The weights in use; the network's parameters are views of it.
  Network network_;
  WeightsPtr loaded_;
};

}  // namespace

Result<std::unique_ptr<Policy>> make_torch_policy(const AgentConfig& config, const AgentSpec& spec,
                                                  std::optional<double> alpha) {
  CHRYSALIS_ASSIGN_OR_RETURN(auto layout, weight_layout(config, spec));
  return std::unique_ptr<Policy>(std::make_unique<TorchPolicy>(config, spec, std::move(layout), alpha));
}

}  // namespace chrysalis
