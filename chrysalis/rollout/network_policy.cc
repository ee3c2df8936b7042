#include "chrysalis/rollout/network_policy.h"

#include <algorithm>

#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/kernels/elementwise.h"
#include "chrysalis/kernels/lstm.h"

namespace chrysalis {
namespace {

class NetworkPolicy final : public Policy {
 public:
  explicit NetworkPolicy(std::shared_ptr<PackedNetworks> packed)
      : packed_(std::move(packed)),
        action_count_(packed_->spec().action_count),
        core_state_size_(agent_shape(packed_->config(), packed_->spec()).value().core_state_size) {}

  int action_count() const override { return action_count_; }
  int core_state_size() const override { return core_state_size_; }

  void load(const WeightsPtr& weights) override {
    CHRYSALIS_CHECK(weights != nullptr);
    network_ = packed_->of(weights);
  }

  void step(const PolicyInput& in, const PolicyOutput& out) override {
    CHRYSALIS_CHECK(network_ != nullptr, "a policy acts before its weights are loaded");
    CHRYSALIS_CHECK(in.batch >= 1);
    const auto batch = static_cast<std::size_t>(in.batch);
    CHRYSALIS_CHECK(in.observations.size() >= batch && in.last_actions.size() >= batch &&
                    in.last_rewards.size() >= batch && in.episode_starts.size() >= batch);
    CHRYSALIS_CHECK(out.log_policy.size() >= batch * action_count_ && out.values.size() >= batch &&
                    out.core_states.size() >= batch * core_state_size_);
    torso(in);
    core(in, out);
    const StageScope scope(Stage::kHeads, in.batch * (network_->policy().multiply_adds() +
                                                      network_->baseline().multiply_adds()));
    const int width = network_->core_width();
    network_->policy().forward(in.batch, h_.as<void>(), 4 * width, out.log_policy.data(), action_count_);
    network_->baseline().forward(in.batch, h_.as<void>(), 4 * width, out.values.data(), 1);
    log_softmax(out.log_policy.data(), in.batch, action_count_);
  }

 private:
  // Into features_: [batch, hidden] floats.
  void torso(const PolicyInput& in) {
    const PackedNetwork& network = *network_;
    const std::ptrdiff_t row = network.features_row();
    hidden_.reserve(static_cast<std::size_t>(network.hidden_row()));
    convolved_.reserve(static_cast<std::size_t>(in.batch * row));
    features_.reserve(static_cast<std::size_t>(in.batch) * network.hidden() * 4);
    for (int i = 0; i < in.batch; ++i)
      convolve_frame(network, in.observations[i], hidden_.as<void>(), convolved_.as<char>() + i * row,
                     scratch_);
    const StageScope scope(Stage::kLinear, in.batch * network.linear().multiply_adds());
    network.linear().forward(in.batch, convolved_.as<void>(), row, features_.as<float>(), network.hidden(),
                             Finish::kRelu);
  }

  // Into h_: [batch, core_width] floats.
  void core(const PolicyInput& in, const PolicyOutput& out) {
    const PackedNetwork& network = *network_;
    const int gate_width = network.shape().gate_width, width = network.core_width(), batch = in.batch;
    const std::size_t units = static_cast<std::size_t>(batch) * width;
    const std::ptrdiff_t gate_row = odd_row(gate_width);
    gates_.reserve(static_cast<std::size_t>(batch) * gate_row * 4);
    h_.reserve(units * 4);
    {
      const StageScope scope(Stage::kCoreInput, batch * network.core_input().multiply_adds());
      float* gates = gates_.as<float>();
      for (int i = 0; i < batch; ++i)
        network.core_offset(in.last_actions[i], in.last_rewards[i], gates + i * gate_row);
      std::ptrdiff_t operand_row = 0;
      const void* operands =
          operands_of_rows(network.precision(), batch, network.hidden(), features_.as<float>(),
                           network.hidden(), linear_scratch_.left, operand_row);
      network.core_input().forward(batch, operands, operand_row,
                                   network.has_memory() ? gates : h_.as<float>(),
                                   network.has_memory() ? gate_row : width,
                                   network.has_memory() ? Finish::kNone : Finish::kRelu, gates, gate_row);
    }
    if (!network.has_memory()) return;
    const StageScope scope(Stage::kLstm, batch * network.recurrent().multiply_adds());
    memory_.reserve(5 * units * 4);
    float* c = memory_.as<float>();
    float* h = c + 4 * units;
    const LstmSequence sequence{.steps = 1,
                                .batch = batch,
                                .width = width,
                                .starts = in.episode_starts.data(),
                                .gates = gates_.as<float>(),
                                .gate_row = gate_row,
                                .before_h = c + units,
                                .before_c = c + 2 * units,
                                .tanh_c = c + 3 * units};
    for (int i = 0; i < batch; ++i) {
      const float* state = out.core_states.data() + static_cast<std::ptrdiff_t>(i) * core_state_size_;
      std::copy_n(state, width, h + static_cast<std::ptrdiff_t>(i) * width);
      std::copy_n(state + width, width, c + static_cast<std::ptrdiff_t>(i) * width);
    }
    lstm_forward(network.recurrent(), sequence, h, c, h_.as<float>(), linear_scratch_);
    for (int i = 0; i < batch; ++i) {
      float* state = out.core_states.data() + static_cast<std::ptrdiff_t>(i) * core_state_size_;
      std::copy_n(h_.as<float>() + static_cast<std::ptrdiff_t>(i) * width, width, state);
      std::copy_n(c + static_cast<std::ptrdiff_t>(i) * width, width, state + width);
    }
  }

  std::shared_ptr<PackedNetworks> packed_;
  const int action_count_;
  const int core_state_size_;
  std::shared_ptr<const PackedNetwork> network_;

  // Scratch, so that a step allocates nothing.
  Buffer hidden_, convolved_, features_, gates_, h_, memory_;
  TorsoScratch scratch_;
  LinearScratch linear_scratch_;
};

}  // namespace

std::unique_ptr<Policy> make_network_policy(std::shared_ptr<PackedNetworks> packed) {
  return std::make_unique<NetworkPolicy>(std::move(packed));
}

Result<std::unique_ptr<Policy>> make_network_policy(const AgentConfig& config, const AgentSpec& spec,
                                                    Precision precision) {
  CHRYSALIS_RETURN_IF_ERROR(agent_shape(config, spec));
  return make_network_policy(std::make_shared<PackedNetworks>(config, spec, precision));
}

}  // namespace chrysalis
