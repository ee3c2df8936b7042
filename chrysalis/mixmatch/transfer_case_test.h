// A case for the transfer losses, and one step of it as plain numbers: the oracle that they are held to.
#pragma once

#include <cmath>
#include <vector>

#include "chrysalis/mixmatch/mixture.h"
#include "chrysalis/mixmatch/policies_test.h"
#include "chrysalis/mixmatch/transfer.h"

namespace chrysalis {

constexpr std::int64_t kSteps = 2, kBatch = 3, kFeatures = 4, kActions = 6, kWidth = 5;
inline const std::vector<int> kSubset = {4, 0, 3};

// How pi_1 is given: over the joint space, over a subset with -inf elsewhere, or over the subset alone.
enum class Form { kJoint, kExpanded, kIndexed };
constexpr Form kForms[] = {Form::kJoint, Form::kExpanded, Form::kIndexed};

// Two policies over features x: logits_i = tanh(x) weights_i + logits_i, and two cores' outputs.
struct Case {
  explicit Case(Form case_form) : form(case_form), random(RandomKey(1)) {
    const std::int64_t few = form == Form::kJoint ? kActions : static_cast<std::int64_t>(kSubset.size());
    features = leaf({kSteps, kBatch, kFeatures});
    logits_1 = leaf({kSteps, kBatch, few}), logits_2 = leaf({kSteps, kBatch, kActions});
    weights_1 = leaf({kFeatures, few}), weights_2 = leaf({kFeatures, kActions});
    core_1 = leaf({kSteps, kBatch, kWidth}), core_2 = leaf({kSteps, kBatch, kWidth});
  }
  at::Tensor leaf(at::IntArrayRef sizes) { return random_normal(random, sizes).requires_grad_(); }

  TransferInputs inputs(double alpha) const {
    TransferInputs in;
    in.log_1 = (features.tanh().matmul(weights_1) + logits_1).log_softmax(-1);
    if (form == Form::kExpanded) in.log_1 = expand_actions(in.log_1, kSubset, kActions);
    if (form == Form::kIndexed) in.indices = kSubset;
    in.log_2 = (features.tanh().matmul(weights_2) + logits_2).log_softmax(-1);
    in.alpha = alpha;
    in.core_1 = core_1, in.core_2 = core_2;
    in.activation_weight = 0.7, in.sobolev_weight = 0.3;
    in.features = features;
    in.projections = 2;
    in.key = RandomKey(7);
    return in;
  }

  Form form;
  RandomStream random;
  at::Tensor features, logits_1, logits_2, weights_1, weights_2, core_1, core_2;
};

// One step of one unroll as plain numbers: the oracle of every loss.
struct PlainStep {
  PlainStep(const Case& test, const TransferInputs& in, std::int64_t t, std::int64_t b)
      : step(t * kBatch + b), alpha(in.alpha) {
    const std::vector<double> own_pi_1 = numbers(in.log_1[t][b].exp());
    pi_1.resize(kActions), pi_2 = numbers(in.log_2[t][b].exp());
    for (std::size_t a = 0; a < own_pi_1.size(); ++a)
      pi_1[in.indices.empty() ? a : static_cast<std::size_t>(in.indices[a])] = own_pi_1[a];
    x = numbers(test.features[t][b]);
    weights_2 = numbers(test.weights_2);
    weights_1.resize(kFeatures * kActions);
    const std::vector<double> own_weights_1 = numbers(test.weights_1);
    const std::size_t few = own_weights_1.size() / kFeatures;
    for (std::size_t k = 0; k < kFeatures; ++k)
      for (std::size_t a = 0; a < few; ++a)
        weights_1[k * kActions + (few == kActions ? a : kSubset[a])] = own_weights_1[k * few + a];
    core_1 = numbers(in.core_1[t][b]), core_2 = numbers(in.core_2[t][b]);
  }

  static double divergence(const std::vector<double>& p, const std::vector<double>& q) {
    double sum = 0;
    for (std::size_t a = 0; a < p.size(); ++a)
      if (p[a] > 0) sum += p[a] * std::log(p[a] / q[a]);
    return sum;
  }
  double kl() const { return (1 - alpha) * divergence(pi_1, pi_2); }
  double kl_mixture() const {
    std::vector<double> mixture;
    for (std::size_t a = 0; a < kActions; ++a) mixture.push_back((1 - alpha) * pi_1[a] + alpha * pi_2[a]);
    return divergence(mixture, pi_2);
  }
  double cross_entropy() const {
    double sum = 0;
    for (std::size_t a = 0; a < kActions; ++a)
      if (pi_1[a] > 0) sum -= pi_1[a] * std::log(pi_2[a]);
    return (1 - alpha) * sum;
  }
  double activations(double weight) const {
    double sum = 0;
    for (std::size_t i = 0; i < kWidth; ++i) sum += (core_1[i] - core_2[i]) * (core_1[i] - core_2[i]);
    return kl() + (1 - alpha) * weight * sum / kWidth;
  }
  // d ln pi(a) / d x_k of softmax(tanh(x) weights + …).
  double jacobian(const std::vector<double>& pi, const std::vector<double>& weights, std::size_t a,
                  std::size_t k) const {
    double mean = 0;
    for (std::size_t other = 0; other < kActions; ++other) mean += pi[other] * weights[k * kActions + other];
    return (1 - std::tanh(x[k]) * std::tanh(x[k])) * (weights[k * kActions + a] - mean);
  }
  double difference(std::size_t a, std::size_t k) const {
    return jacobian(pi_1, weights_1, a, k) - jacobian(pi_2, weights_2, a, k);
  }
  double squared_distance() const {
    double sum = 0;
    for (std::size_t a = 0; a < kActions; ++a)
      for (std::size_t k = 0; k < kFeatures && pi_1[a] > 0; ++k) sum += difference(a, k) * difference(a, k);
    return sum;
  }
  double sobolev(double weight, int projections, RandomKey key) const {
    double sum = 0;
    for (int projection = 0; projection < projections; ++projection) {
      RandomStream stream(key.split(static_cast<std::uint64_t>(projection)));
      std::vector<double> v;
      for (std::int64_t place = 0; place < (step + 1) * kActions; ++place) v.push_back(stream.normal());
      for (std::size_t k = 0; k < kFeatures; ++k) {
        double projected = 0;
        for (std::size_t a = 0; a < kActions; ++a)
          if (pi_1[a] > 0) projected += v[static_cast<std::size_t>(step) * kActions + a] * difference(a, k);
        sum += projected * projected;
      }
    }
    return kl() + (1 - alpha) * weight * sum / projections;
  }

  std::int64_t step;
  double alpha;
  std::vector<double> pi_1, pi_2, x, weights_1, weights_2, core_1, core_2;  // Joint; weights [features, A].
};

}  // namespace chrysalis
