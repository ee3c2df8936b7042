#include "chrysalis/rollout/network_policy.h"

#include <algorithm>

#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/kernels/elementwise.h"
#include "chrysalis/kernels/lstm.h"
#include "chrysalis/kernels/mixture.h"

namespace chrysalis {
namespace {

class NetworkPolicy final : public Policy {
 public:
  NetworkPolicy(std::shared_ptr<PackedNetworks> packed, std::optional<double> alpha)
      : packed_(std::move(packed)),
        alpha_(alpha),
        action_count_(spec().action_count),
        core_state_size_(agent_shape(packed_->config(), spec()).value().core_state_size) {
    CHRYSALIS_CHECK(!alpha_.has_value() || (*alpha_ >= 0 && *alpha_ <= 1));
  }

  int action_count() const override { return action_count_; }
  int core_state_size() const override { return core_state_size_; }

  void load(const WeightsPtr& weights) override {
    CHRYSALIS_CHECK(weights != nullptr);
    network_ = packed_->of(weights);
  }

  void step(const PolicyInput& in, const PolicyOutput& out) override {
    CHRYSALIS_CHECK(network_ != nullptr, "a policy acts before its weights are loaded");
    check(in, out);
    const CurriculumShape& curriculum = spec().curriculum;
    const double alpha = alpha_.value_or(network_->weights()->alpha);
    const Alive alive = alive_acting(curriculum, alpha);
    torso(in);
    if (alive.complex || !curriculum.has_simple_core() || spec().keep_memory) core(in, out);
    if (alive.simple && curriculum.has_simple_core()) simple_core(in);
    const StageScope scope(Stage::kHeads);
    if (alive.complex) complex_policy(in, out.log_policy.data());
    if (alive.simple) {
      simple_policy(in);
      mix_policies(alpha, simple_.as<float>(), curriculum.simple_actions, in.batch, action_count_,
                   out.log_policy.data());
    }
    values(in, alpha, out.values.data());
  }

 private:
  const AgentSpec& spec() const { return packed_->spec(); }

  void check(const PolicyInput& in, const PolicyOutput& out) const {
    CHRYSALIS_CHECK(in.batch >= 1);
    const auto batch = static_cast<std::size_t>(in.batch);
    CHRYSALIS_CHECK(in.observations.size() >= batch && in.last_actions.size() >= batch &&
                    in.last_rewards.size() >= batch && in.episode_starts.size() >= batch);
    CHRYSALIS_CHECK(in.tasks.empty() || in.tasks.size() >= batch);
    for (const std::int32_t task : in.tasks)
      CHRYSALIS_CHECK(task >= 0 && task < spec().curriculum.task_heads(), "task {}", task);
    CHRYSALIS_CHECK(out.log_policy.size() >= batch * action_count_ && out.values.size() >= batch &&
                    out.core_states.size() >= batch * core_state_size_);
  }

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

  // to: [batch, layer.out()] at to_row floats a row. Goes by way of gates_, which may be `to`.
  void core_input(const PackedCoreInput& layer, const PolicyInput& in, Finish finish, float* to,
                  std::ptrdiff_t to_row) {
    const StageScope scope(Stage::kCoreInput, in.batch * layer.features().multiply_adds());
    const int hidden = network_->hidden();
    float* gates = gates_.as<float>();
    const std::ptrdiff_t gate_row = odd_row(layer.out());
    for (int i = 0; i < in.batch; ++i)
      layer.offset(in.last_actions[i], in.last_rewards[i], gates + i * gate_row);
    std::ptrdiff_t operand_row = 0;
    const void* operands = operands_of_rows(network_->precision(), in.batch, hidden, features_.as<float>(),
                                            hidden, linear_scratch_.left, operand_row);
    layer.features().forward(in.batch, operands, operand_row, to, to_row, finish, gates, gate_row);
  }

  // Into simple_h_: [batch, core_width] floats, of pi_1's own core.
  void simple_core(const PolicyInput& in) {
    const int width = network_->core_width();
    gates_.reserve(static_cast<std::size_t>(in.batch) * odd_row(width) * 4);
    simple_h_.reserve(static_cast<std::size_t>(in.batch) * width * 4);
    core_input(network_->simple_core_input(), in, Finish::kRelu, simple_h_.as<float>(), width);
  }

  // Into h_: [batch, core_width] floats.
  void core(const PolicyInput& in, const PolicyOutput& out) {
    const PackedNetwork& network = *network_;
    const int width = network.core_width(), batch = in.batch;
    const std::size_t units = static_cast<std::size_t>(batch) * width;
    const std::ptrdiff_t gate_row = odd_row(network.shape().gate_width);
    gates_.reserve(static_cast<std::size_t>(batch) * gate_row * 4);
    h_.reserve(units * 4);
    if (!network.has_memory())
      return core_input(network.core_input(), in, Finish::kRelu, h_.as<float>(), width);
    core_input(network.core_input(), in, Finish::kNone, gates_.as<float>(), gate_row);
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

  // Of a head each environment's own rows of those of all its `tasks`. to: [batch, layer.out() / tasks].
  void head(const PackedLinear& layer, const Buffer& core, const PolicyInput& in, int tasks, float* to) {
    const StageScope scope(Stage::kHeads, in.batch * layer.multiply_adds());
    const std::ptrdiff_t core_row = 4 * static_cast<std::ptrdiff_t>(network_->core_width());
    if (tasks == 1) return layer.forward(in.batch, core.as<void>(), core_row, to, layer.out());
    all_tasks_.reserve(static_cast<std::size_t>(in.batch) * layer.out() * 4);
    layer.forward(in.batch, core.as<void>(), core_row, all_tasks_.as<float>(), layer.out());
    const int width = layer.out() / tasks;
    for (int i = 0; i < in.batch; ++i) {
      const int task = in.tasks.empty() ? 0 : in.tasks[i];
      std::copy_n(all_tasks_.as<float>() + static_cast<std::ptrdiff_t>(i) * layer.out() + task * width, width,
                  to + static_cast<std::ptrdiff_t>(i) * width);
    }
  }

  // ln pi_2 into log_policy: [batch, action_count].
  void complex_policy(const PolicyInput& in, float* log_policy) {
    const std::vector<int>& factors = spec().factors;
    if (factors.empty()) {
      head(network_->policy(), h_, in, 1, log_policy);
      return log_softmax(log_policy, in.batch, action_count_);
    }
    factor_logs_.reserve(static_cast<std::size_t>(in.batch) * network_->policy().out() * 4);
    head(network_->policy(), h_, in, 1, factor_logs_.as<float>());
    float* logs = factor_logs_.as<float>();
    for (int i = 0; i < in.batch; ++i) {
      for (const int size : factors) {
        log_softmax(logs, 1, size);
        logs += size;
      }
    }
    expand_factors(factor_logs_.as<float>(), factors, in.batch, log_policy);
  }

  // ln pi_1 into simple_: [batch, its own actions].
  void simple_policy(const PolicyInput& in) {
    const CurriculumShape& curriculum = spec().curriculum;
    const int actions = spec().simple_action_count();
    simple_.reserve(static_cast<std::size_t>(in.batch) * actions * 4);
    head(network_->simple_policy(), curriculum.has_simple_core() ? simple_h_ : h_, in,
         curriculum.task_heads(), simple_.as<float>());
    log_softmax(simple_.as<float>(), in.batch, actions);
  }

  // to: [batch]. Of two cores (1 - alpha) V_1 + alpha V_2, at the ends one of them as it is.
  void values(const PolicyInput& in, double alpha, float* to) {
    const CurriculumShape& curriculum = spec().curriculum;
    if (!curriculum.has_simple_core() || alpha > 0)
      head(network_->baseline(), h_, in, curriculum.task_heads(), to);
    if (!curriculum.has_simple_core() || alpha == 1) return;
    if (alpha == 0) return head(network_->simple_baseline(), simple_h_, in, 1, to);
    simple_values_.reserve(static_cast<std::size_t>(in.batch) * 4);
    head(network_->simple_baseline(), simple_h_, in, 1, simple_values_.as<float>());
    scale(static_cast<float>(alpha), to, static_cast<std::size_t>(in.batch));
    add_scaled(to, nullptr, static_cast<float>(1 - alpha), simple_values_.as<float>(), to, in.batch);
  }

  std::shared_ptr<PackedNetworks> packed_;
  const std::optional<double> alpha_;  // None: that of the weights.
  const int action_count_;
  const int core_state_size_;
  std::shared_ptr<const PackedNetwork> network_;

  // Scratch, so that a step allocates nothing.
  Buffer hidden_, convolved_, features_, gates_, h_, simple_h_, memory_, simple_, simple_values_,
      factor_logs_, all_tasks_;
  TorsoScratch scratch_;
  LinearScratch linear_scratch_;
};

}  // namespace

std::unique_ptr<Policy> make_network_policy(std::shared_ptr<PackedNetworks> packed,
                                            std::optional<double> alpha) {
  return std::make_unique<NetworkPolicy>(std::move(packed), alpha);
}

Result<std::unique_ptr<Policy>> make_network_policy(const AgentConfig& config, const AgentSpec& spec,
                                                    Precision precision, std::optional<double> alpha) {
  CHRYSALIS_RETURN_IF_ERROR(agent_shape(config, spec));
  return make_network_policy(std::make_shared<PackedNetworks>(config, spec, precision), alpha);
}

}  // namespace chrysalis
