#include "chrysalis/impala/impala_learner.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>

#include "chrysalis/agent/network.h"
#include "chrysalis/agent/product.h"
#include "chrysalis/core/check.h"
#include "chrysalis/core/field.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/impala/fused_loss.h"
#include "chrysalis/impala/loss.h"
#include "chrysalis/impala/rmsprop.h"
#include "chrysalis/kernels/optimizer.h"

namespace chrysalis {
namespace {

constexpr const char* kMeanSquareName = "rmsprop.mean_square";
constexpr const char* kVersionName = "learner.version";

// Sums over a shard's agent steps, for the report.
struct ShardSums {
  double steps = 0, loss = 0, policy = 0, baseline = 0, entropy = 0, rho = 0;
  double transfer = 0, simple_entropy = 0, complex_entropy = 0, simple_mass = 0;  // NaN where not computed.
  double target = 0, target_square = 0, error = 0, error_square = 0;              // error = target - value.
  double core_units = 0, saturated = 0;
  double unrolls = 0, lag = 0;
  std::int64_t max_lag = 0;

  void add(const ShardSums& other) {
    double* mine = &steps;
    const double* theirs = &other.steps;
    constexpr std::size_t kSums = 18;
    static_assert(offsetof(ShardSums, max_lag) == kSums * sizeof(double));
    for (std::size_t i = 0; i < kSums; ++i) mine[i] += theirs[i];
    max_lag = std::max(max_lag, other.max_lag);
  }
};

// NaN: undefined, as it was not computed.
double number(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.item().toDouble() : UpdateReport::kNone;
}

// Core outputs beyond 0.9.
double saturated_units(const at::Tensor& core) {
  if (!core.is_cpu()) return number(core.abs().gt(0.9).sum());
  const at::Tensor contiguous = core.contiguous();
  const float* units = contiguous.data_ptr<float>();
  const std::int64_t size = contiguous.numel(), row = contiguous.size(2);
  double count = 0;
  for (std::int64_t begin = 0; begin < size; begin += row) {
    std::int32_t of_row = 0;  // As wide as what is compared, so that the loop is vectorised.
    for (std::int64_t i = begin; i < begin + row; ++i) of_row += std::abs(units[i]) > 0.9f ? 1 : 0;
    count += of_row;
  }
  return count;
}

ShardSums sums_of(const Loss& loss, const VTraceReturns& returns, const NetworkOutput& out,
                  const Batch& batch, const MixAndMatch& mix) {
  at::NoGradGuard no_grad;
  const StageScope scope(Stage::kStatistics);
  ShardSums sums;
  const std::int64_t steps = returns.targets.size(0);
  // pi_1's own where it alone is wanted.
  const at::Tensor core = (out.core.defined() ? out.core : out.simple_core).narrow(0, 0, steps);
  sums.steps = static_cast<double>(returns.targets.numel());
  sums.loss = number(loss.total);
  sums.policy = number(loss.policy);
  sums.baseline = number(loss.baseline);
  sums.entropy = number(loss.entropy);
  sums.transfer = number(loss.transfer);
  sums.simple_entropy = number(loss.simple_entropy);
  sums.complex_entropy = number(loss.complex_entropy);
  sums.simple_mass = number(loss.simple_mass);
  // A number a step: on the host, in one loop.
  const auto on_host = [](const at::Tensor& tensor) { return tensor.cpu().contiguous(); };
  const at::Tensor log_rhos = on_host(action_log_policy(out, batch, mix) - batch.log_mu),
                   targets = on_host(returns.targets), values = on_host(out.values.narrow(0, 0, steps));
  for (std::int64_t i = 0; i < targets.numel(); ++i) {
    const double target = targets.data_ptr<float>()[i], error = target - values.data_ptr<float>()[i];
    sums.rho += std::exp(log_rhos.data_ptr<float>()[i]);
    sums.target += target;
    sums.target_square += target * target;
    sums.error += error;
    sums.error_square += error * error;
  }
  sums.core_units = static_cast<double>(core.numel());
  sums.saturated = saturated_units(core);
  return sums;
}

// The weights in place.
at::Tensor host_tensor(const Weights& weights) {
  return at::from_blob(const_cast<float*>(weights.values.data()),
                       {static_cast<std::int64_t>(weights.values.size())});
}

NetworkOutput forward(Network& network, const NetworkInput& input) {
  const StageScope scope(Pass::kForward, Stage::kNetwork);
  return network.forward(input);
}

void backward(const at::Tensor& loss) {
  const StageScope scope(Pass::kBackward, Stage::kNetwork);
  loss.backward();
}

class ImpalaLearner final : public Learner {
 public:
  ImpalaLearner(const AgentConfig& agent, const AgentSpec& spec, const LearnerConfig& config,
                const CurriculumConfig& curriculum, const WeightsPtr& initial,
                std::shared_ptr<PackedNetworks> packed)
      : spec_(spec),
        config_(config),
        curriculum_(curriculum),
        layout_(initial->layout),
        options_(at::TensorOptions().dtype(at::kFloat).device(config.device)),
        packed_(config.device == "cpu" ? std::move(packed) : nullptr),
        tuned_alpha_(initial->alpha),
        published_(initial) {
    flat_ = host_tensor(*initial).to(options_, /*non_blocking=*/false, /*copy=*/true);
    mean_square_ = at::full_like(flat_, config.rmsprop_initial_mean_square);
    next_mean_square_ = at::empty_like(flat_);
    for (std::int64_t i = 0; i < config.shards; ++i) {
      networks_.push_back(std::make_unique<Network>(agent, spec, *layout_, flat_));
    }
    sums_.resize(networks_.size());
  }

  int shard_count() const override { return static_cast<int>(networks_.size()); }

  void gradient(int shard, std::span<const Unroll* const> unrolls) override {
    CHRYSALIS_CHECK(shard >= 0 && shard < shard_count(), "shard {} of {}", shard, shard_count());
    use_one_thread();
    // A GPU takes one shard after the other, so that it holds the activations of one only.
    std::unique_lock one_shard(device_mu_, std::defer_lock);
    if (!options_.device().is_cpu()) one_shard.lock();
    at::AutoGradMode with_gradient(true);
    Network& network = *networks_[shard];
    network.flat_gradient().zero_();
    Batch batch = make_batch(unrolls, config_, spec_, options_);
    if (packed_ != nullptr) batch.input.packed = packed_->of(weights());
    const MixAndMatch mix = mix_and_match(shard);
    batch.input.alpha = mix.alpha;
    batch.input.alive = alive_learning(spec_.curriculum, mix.alpha, mix.transfer_weight);
    batch.input.twice_differentiable = mix.transfers() && mix.loss->uses_features;
    const NetworkOutput out = forward(network, batch.input);
    const VTraceReturns returns = impala_returns(out, batch, config_, mix);
    LearnerConfig costs = config_;
    costs.entropy_cost = entropy_cost();
    const Loss loss = fused_loss_suits(out, mix) ? fused_impala_loss(out, batch, returns, costs, mix)
                                                 : impala_loss(out, batch, returns, costs, mix);
    backward(loss.total);
    sums_[shard] = sums_of(loss, returns, out, batch, mix);
    add_lag(unrolls, sums_[shard]);
  }

  UpdateReport apply() override {
    use_one_thread();
    at::NoGradGuard no_grad;
    const StageScope scope(Stage::kOptimizer);
    ShardSums sums = sums_[0];
    for (int shard = 1; shard < shard_count(); ++shard) sums.add(sums_[shard]);
    UpdateReport report = report_of(sums);
    report.alpha = alpha();
    report.learning_rate = learning_rate();
    report.entropy_cost = entropy_cost();
    auto next = std::make_shared<Weights>();
    next->version = weights()->version + 1;
    next->alpha = alpha_of_version(next->version);
    next->layout = layout_;
    next->values.resize(layout_->count);
    report.finite = on_cpu() ? step_on_cpu(report, *next) : step_with_torch(report, *next);
    report.version = weights()->version;
    if (!report.finite) return report;
    report.version = next->version;
    std::swap(mean_square_, next_mean_square_);
    publish(std::move(next));
    return report;
  }

  void tune(const LearnerConfig& learner, const CurriculumConfig& curriculum) override {
    LearnerConfig tuned = learner;
    CurriculumConfig tuned_curriculum = curriculum;
    copy_tunable_fields(fields_of(tuned), fields_of(config_));
    copy_tunable_fields(fields_of(tuned_curriculum), fields_of(curriculum_));
    tuned_alpha_ = curriculum_.alpha;
  }

  WeightsPtr weights() const override {
    const std::lock_guard lock(mu_);
    return published_;
  }

  std::vector<NamedTensor> save() const override {
    const WeightsPtr weights = this->weights();
    std::vector<NamedTensor> tensors = tensors_from_weights(*weights);
    const at::Tensor mean_square = mean_square_.cpu();
    tensors.push_back(make_tensor(kMeanSquareName, {static_cast<std::int64_t>(layout_->count)},
                                  std::span<const float>(mean_square.data_ptr<float>(), layout_->count)));
    tensors.push_back(make_tensor(kVersionName, {}, std::span<const std::int64_t>(&weights->version, 1)));
    return tensors;
  }

  Status restore(std::span<const NamedTensor> tensors) override;

 private:
  double learning_rate() const {
    if (config_.anneal_updates == 0) return config_.learning_rate;
    const double done = static_cast<double>(weights()->version) / static_cast<double>(config_.anneal_updates);
    return config_.learning_rate * std::max(0.0, 1.0 - done);
  }

  // Of the weights that are learned from now.
  double alpha() const { return spec_.curriculum.has_two_policies() ? weights()->alpha : 1.0; }
  double entropy_cost() const { return effective_entropy_cost(config_, curriculum_, alpha()); }
  // Of weights to publish.
  double alpha_of_version(std::int64_t version) const {
    if (alpha_is_tuned(curriculum_)) return tuned_alpha_;
    return alpha_after(curriculum_, version * config_.batch_unrolls * config_.unroll);
  }
  MixAndMatch mix_and_match(int shard) const {
    MixAndMatch mix = chrysalis::mix_and_match(curriculum_, spec_.curriculum, config_, alpha()).value();
    // Directions of the same version and shard may be the same in every run: nothing else is drawn from them.
    mix.key = RandomKey(0, Purpose::kProjections,
                        {static_cast<std::uint64_t>(weights()->version), static_cast<std::uint64_t>(shard)});
    return mix;
  }

  void add_lag(std::span<const Unroll* const> unrolls, ShardSums& sums) const {
    const std::int64_t version = weights()->version;
    for (const Unroll* unroll : unrolls) {
      const std::int64_t lag = version - unroll->weights_version;
      sums.unrolls += 1;
      sums.lag += static_cast<double>(lag);
      sums.max_lag = std::max(sums.max_lag, lag);
    }
  }

  static UpdateReport report_of(const ShardSums& sums) {
    UpdateReport report;
    report.loss = sums.loss;
    report.policy_loss = sums.policy / sums.steps;
    report.baseline_loss = sums.baseline / sums.steps;
    report.entropy = sums.entropy / sums.steps;
    report.transfer_loss = sums.transfer / sums.steps;
    report.simple_entropy = sums.simple_entropy / sums.steps;
    report.complex_entropy = sums.complex_entropy / sums.steps;
    report.simple_mass = sums.simple_mass / sums.steps;
    report.mean_rho = sums.rho / sums.steps;
    const double error_variance = sums.error_square - sums.error * sums.error / sums.steps;
    const double target_variance = sums.target_square - sums.target * sums.target / sums.steps;
    report.explained_variance = target_variance > 0 ? 1 - error_variance / target_variance : 0;
    report.saturated_units = sums.saturated / sums.core_units;
    report.mean_lag = sums.lag / sums.unrolls;
    report.max_lag = sums.max_lag;
    return report;
  }

  bool on_cpu() const { return flat_.is_cpu(); }

  // The next weights and next_mean_square_ from the shards' gradients, added in their order so that the
  // result is the same whoever computed them, and clipped by their global norm. Returns whether loss,
  // gradient and result are finite. Both ways do the same; what is stepped from is left as it was.
  bool step_on_cpu(UpdateReport& report, Weights& next) {
    std::vector<const float*> gradients;
    for (const auto& network : networks_) gradients.push_back(network->flat_gradient().data_ptr<float>());
    float* gradient = networks_[0]->flat_gradient().data_ptr<float>();  // The next gradient() begins at zero.
    report.gradient_norm = std::sqrt(add_gradients(gradients, layout_->count, gradient));
    if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm)) return false;
    return rmsprop_step({.learning_rate = learning_rate(),
                         .decay = config_.rmsprop_decay,
                         .epsilon = config_.rmsprop_epsilon,
                         .gradient_scale = gradient_scale(report.gradient_norm)},
                        {.count = layout_->count,
                         .gradient = gradient,
                         .weights = flat_.data_ptr<float>(),
                         .mean_square = mean_square_.data_ptr<float>(),
                         .new_weights = next.values.data(),
                         .new_mean_square = next_mean_square_.data_ptr<float>()});
  }

  bool step_with_torch(UpdateReport& report, Weights& next) {
    const at::Tensor gradient = networks_[0]->flat_gradient().clone();
    for (int shard = 1; shard < shard_count(); ++shard) gradient.add_(networks_[shard]->flat_gradient());
    report.gradient_norm = number(gradient.norm());
    gradient.mul_(gradient_scale(report.gradient_norm));
    const RmsPropStep step = rmsprop(flat_, gradient, mean_square_, learning_rate(), config_.rmsprop_decay,
                                     config_.rmsprop_epsilon);
    host_tensor(next).copy_(step.weights);
    next_mean_square_ = step.mean_square;
    return std::isfinite(report.loss) && std::isfinite(report.gradient_norm) &&
           std::isfinite(number(step.weights.norm())) && std::isfinite(number(step.mean_square.norm()));
  }

  double gradient_scale(double norm) const {
    return norm > config_.gradient_clip ? config_.gradient_clip / norm : 1.0;
  }

  // On the CPU the parameters of every network become these weights where they lie: nothing is copied. They
  // share flat_'s storage, so they follow it.
  void publish(WeightsPtr weights) {
    const StageScope scope(Stage::kPublish);
    if (on_cpu()) {
      auto keep = std::make_unique<WeightsPtr>(weights);
      void* values = const_cast<float*>(weights->values.data());  // Parameters are read, never written.
      const auto release = [](void* kept) { delete static_cast<WeightsPtr*>(kept); };
      flat_.storage().set_data_ptr(at::DataPtr(values, keep.release(), release, at::kCPU));
    } else {
      flat_.copy_(host_tensor(*weights));
    }
    const std::lock_guard lock(mu_);
    published_ = std::move(weights);
  }

  // Constant after construction, but for what tune() sets.
  AgentSpec spec_;
  LearnerConfig config_;
  CurriculumConfig curriculum_;
  std::shared_ptr<const WeightLayout> layout_;
  at::TensorOptions options_;
  std::shared_ptr<PackedNetworks> packed_;  // Null: stock operators.

  // Written by apply(), restore() and tune() alone, which nobody calls while gradient() runs.
  double tuned_alpha_;  // Of the next weights, where alpha is not the arm's.
  at::Tensor flat_;     // The weights on the device; every network's parameters are views of it.
  at::Tensor mean_square_;
  at::Tensor next_mean_square_;  // Where apply() writes; swapped if all is finite.
  // One for each shard, touched by its gradient() and by apply().
  std::vector<std::unique_ptr<Network>> networks_;
  std::vector<ShardSums> sums_;
  std::mutex device_mu_;  // Held by gradient() on a GPU.

  mutable std::mutex mu_;
  WeightsPtr published_;  // Guarded by mu_.
};

Status ImpalaLearner::restore(std::span<const NamedTensor> tensors) {
  const auto count = static_cast<std::int64_t>(layout_->count);
  CHRYSALIS_ASSIGN_OR_RETURN(const NamedTensor* version_tensor,
                             expect_tensor(tensors, kVersionName, DType::kI64, {}));
  std::int64_t version = 0;
  std::memcpy(&version, version_tensor->bytes.data(), sizeof version);
  CHRYSALIS_ASSIGN_OR_RETURN(WeightsPtr weights, weights_from_tensors(tensors, layout_, version));
  CHRYSALIS_ASSIGN_OR_RETURN(const NamedTensor* squares,
                             expect_tensor(tensors, kMeanSquareName, DType::kF32, {count}));

  at::NoGradGuard no_grad;
  std::vector<float> mean_square(layout_->count);
  std::memcpy(mean_square.data(), squares->bytes.data(), squares->bytes.size());
  mean_square_.copy_(at::from_blob(mean_square.data(), {count}));
  tuned_alpha_ = weights->alpha;
  publish(std::move(weights));
  return {};
}

}  // namespace

Result<std::unique_ptr<Learner>> make_impala_learner(const AgentConfig& agent, const AgentSpec& spec,
                                                     const LearnerConfig& learner, const WeightsPtr& initial,
                                                     std::shared_ptr<PackedNetworks> packed,
                                                     const CurriculumConfig& curriculum) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto layout, weight_layout(agent, spec));
  CHRYSALIS_CHECK(initial != nullptr && initial->values.size() == layout->count);
  CHRYSALIS_CHECK_EQ(spec.reward_clip, static_cast<float>(learner.reward_clip));
  CHRYSALIS_CHECK_EQ(curriculum.name != "none", spec.curriculum.has_two_policies());
  CHRYSALIS_RETURN_IF_ERROR(mix_and_match(curriculum, spec.curriculum, learner, initial->alpha));
  if (learner.shards < 1 || learner.shards > learner.batch_unrolls) {
    return invalid_input("learner.shards is {}; expected 1 to learner.batch_unrolls, which is {}",
                         learner.shards, learner.batch_unrolls);
  }
  if (learner.device != "cpu" && learner.device != "cuda") {
    return invalid_input("learner.device is '{}'; expected cpu or cuda{}", learner.device,
                         did_you_mean(learner.device, {"cpu", "cuda"}));
  }
  if (learner.device == "cuda" && !at::hasCUDA()) {
    return invalid_input(
        "learner.device is cuda, but this LibTorch has no CUDA or there is no GPU; expected cpu, or a "
        "LibTorch with CUDA through CMAKE_PREFIX_PATH");
  }
  // cuDNN would round float32 to 10 bits of mantissa in convolutions.
  if (learner.device == "cuda") at::globalContext().setAllowTF32CuDNN(false);
  return std::unique_ptr<Learner>(
      std::make_unique<ImpalaLearner>(agent, spec, learner, curriculum, initial, std::move(packed)));
}

}  // namespace chrysalis
