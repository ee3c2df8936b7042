// A learner and a member without a network, for tests of whoever schedules them.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>
#include <numeric>
#include <utility>
#include <vector>

#include "chrysalis/core/bytes.h"
#include "chrysalis/env/fake_environment.h"
#include "chrysalis/rollout/scripted_policy.h"
#include "chrysalis/train/member.h"

namespace chrysalis {

inline constexpr int kActions = 9;

// Weights are nine logits; an update moves them by a hash of everything in the batch, so one wrong byte,
// order or version anywhere gives other weights.
class HashLearner : public Learner {
 public:
  // diverges_at: versions that it does not reach, each as often as it stands there.
  explicit HashLearner(int shards, std::vector<std::int64_t> diverges_at = {})
      : diverges_at_(std::move(diverges_at)), hashes_(static_cast<std::size_t>(shards)) {
    auto weights = std::make_shared<Weights>();
    weights->values.assign(kActions, 0.0f);
    weights_ = weights;
  }
  void tune(const LearnerConfig& learner, const CurriculumConfig& curriculum) override {
    learning_rate_ = learner.learning_rate;
    alpha_ = curriculum.alpha;
  }
  int shard_count() const override { return static_cast<int>(hashes_.size()); }
  void gradient(int shard, std::span<const Unroll* const> unrolls) override {
    std::uint64_t hash = 1;
    for (const Unroll* unroll : unrolls) {
      hash = hash64(unroll->observations, hash);
      hash = hash64(
          {reinterpret_cast<const std::uint8_t*>(unroll->actions.data()), unroll->actions.size() * 4}, hash);
      hash = hash64(
          {reinterpret_cast<const std::uint8_t*>(unroll->core_state.data()), unroll->core_state.size() * 4},
          hash);
      hash = mix64(hash + static_cast<std::uint64_t>(unroll->environment));
    }
    hashes_[shard] = hash;
  }
  UpdateReport apply() override {
    auto next = std::make_shared<Weights>();
    next->version = weights_->version + 1;
    const std::uint64_t all =
        std::accumulate(hashes_.begin(), hashes_.end(), std::uint64_t{0},
                        [](std::uint64_t a, std::uint64_t b) { return mix64(a * 31 + b); });
    RandomStream stream(all + std::bit_cast<std::uint64_t>(learning_rate_), 0);
    next->alpha = alpha_;
    for (const float value : weights_->values)
      next->values.push_back(0.9f * value + static_cast<float>(stream.uniform(-1, 1)));
    if (const auto found = std::ranges::find(diverges_at_, next->version); found != diverges_at_.end()) {
      diverges_at_.erase(found);
      return UpdateReport{.version = next->version, .finite = false, .loss = NAN};
    }
    const std::scoped_lock lock(mu_);
    weights_ = next;
    return UpdateReport{.version = next->version, .alpha = weights_->alpha, .learning_rate = learning_rate_};
  }
  WeightsPtr weights() const override {
    const std::scoped_lock lock(mu_);
    return weights_;
  }
  std::vector<NamedTensor> save() const override {
    const std::int64_t version = weights_->version;
    return {make_tensor("weights", {kActions}, std::span<const float>(weights_->values)),
            make_tensor("learner.version", {}, std::span(&version, 1)),
            make_tensor("weights.alpha", {}, std::span(&weights_->alpha, 1))};
  }
  Status restore(std::span<const NamedTensor> tensors) override {
    const NamedTensor* values = find_tensor(tensors, "weights");
    const NamedTensor* version = find_tensor(tensors, "learner.version");
    const NamedTensor* alpha = find_tensor(tensors, "weights.alpha");
    if (values == nullptr || version == nullptr || alpha == nullptr)
      return invalid_input("no weights in the checkpoint");
    auto weights = std::make_shared<Weights>();
    weights->values.resize(kActions);
    std::memcpy(weights->values.data(), values->bytes.data(), values->bytes.size());
    std::memcpy(&weights->version, version->bytes.data(), 8);
    std::memcpy(&weights->alpha, alpha->bytes.data(), 8);
    const std::scoped_lock lock(mu_);
    weights_ = weights;
    return {};
  }

 private:
  std::vector<std::int64_t> diverges_at_;
  double learning_rate_ = 0, alpha_ = 1;
  std::vector<std::uint64_t> hashes_;
  mutable std::mutex mu_;
  WeightsPtr weights_;
};

// The schedule that both sizes of run are tested with: groups, batches and environments that do not divide.
inline ScheduleConfig uneven_schedule(std::int64_t updates, bool deterministic) {
  return {.environments = 10,
          .group_environments = 3,
          .batch_unrolls = 6,
          .batches_ahead = 1,
          .shards = 3,
          .updates = updates,
          .deterministic = deterministic};
}

// A member that acts by the learner's nine logits and counts its steps in its core state.
inline MemberParts hash_member(std::unique_ptr<HashLearner> learner) {
  MemberParts parts;
  parts.learner = std::move(learner);
  parts.make_policy = [] {
    return make_scripted_policy(
        kActions, 1,
        [](const ScriptedView& view, std::span<float> state, std::span<float> log_policy, float&) {
          state[0] += 1.0f;
          double sum = 0;
          for (int a = 0; a < kActions; ++a) sum += std::exp(view.weights->values[a]);
          for (int a = 0; a < kActions; ++a)
            log_policy[a] = view.weights->values[a] - static_cast<float>(std::log(sum));
        });
  };
  parts.make_environment = [](int) { return std::make_unique<FakeEnvironment>(FakeEnvironment::Config{}); };
  return parts;
}

}  // namespace chrysalis
