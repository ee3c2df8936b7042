#include "chrysalis/mixmatch/mixture.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <vector>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

constexpr double kLogOfNothing = -std::numeric_limits<double>::infinity();

at::Tensor index_tensor(std::span<const int> indices, std::int64_t joint_count, const at::Device& device) {
  std::vector<bool> taken(static_cast<std::size_t>(joint_count));
  for (const int index : indices) {
    CHRYSALIS_CHECK(index >= 0 && index < joint_count, "action {} of {}", index, joint_count);
    CHRYSALIS_CHECK(!taken[static_cast<std::size_t>(index)], "action {} is mapped to twice", index);
    taken[static_cast<std::size_t>(index)] = true;
  }
  return at::tensor(std::vector<std::int64_t>(indices.begin(), indices.end()), at::kLong).to(device);
}

void check_same_shape(const at::Tensor& a, const at::Tensor& b) {
  CHRYSALIS_CHECK(a.sizes() == b.sizes(), "policies of different shapes: {} and {} numbers", a.numel(),
                  b.numel());
}

// sum_a p x, where x may be infinite while p is 0: such terms are 0, and so are all their derivatives.
at::Tensor expectation(const at::Tensor& p, const at::Tensor& x) {
  return (p * x.masked_fill(p == 0, 0)).sum(-1);
}

}  // namespace

at::Tensor expand_actions(const at::Tensor& log_policy, std::span<const int> indices,
                          std::int64_t joint_count) {
  CHRYSALIS_CHECK_EQ(log_policy.size(-1), static_cast<std::int64_t>(indices.size()));
  std::vector<std::int64_t> sizes = log_policy.sizes().vec();
  sizes.back() = joint_count;
  return at::full(sizes, kLogOfNothing, log_policy.options())
      .index_copy(-1, index_tensor(indices, joint_count, log_policy.device()), log_policy);
}

at::Tensor select_actions(const at::Tensor& log_policy, std::span<const int> indices) {
  return log_policy.index_select(-1, index_tensor(indices, log_policy.size(-1), log_policy.device()));
}

void check_mixture_weights(std::span<const double> alphas) {
  CHRYSALIS_CHECK(alphas.size() >= 2, "a mixture of {}", alphas.size());
  double sum = 0;
  for (const double alpha : alphas) {
    CHRYSALIS_CHECK(alpha >= 0 && alpha <= 1, "a weight of {}", alpha);
    sum += alpha;
  }
  CHRYSALIS_CHECK(std::abs(sum - 1) <= 1e-9, "weights that sum to {}", sum);
}

at::Tensor mix(std::span<const at::Tensor> log_policies, std::span<const double> alphas) {
  CHRYSALIS_CHECK_EQ(log_policies.size(), alphas.size());
  check_mixture_weights(alphas);
  std::vector<at::Tensor> parts;
  at::Tensor live;
  for (std::size_t i = 0; i < alphas.size(); ++i) {
    if (alphas[i] == 0) continue;
    if (live.defined()) check_same_shape(live, log_policies[i]);
    live = log_policies[i];
    parts.push_back(live + std::log(alphas[i]));
  }
  if (parts.size() == 1) return live;
  const at::Tensor stack = at::stack(parts);  // [live, ..., A]
  // Where no policy goes, logsumexp's derivative is exp(-inf - -inf), which is NaN. 0 stands in for the parts
  // there, and -inf for the sum.
  const at::Tensor nowhere = stack.detach().amax(0).isneginf();
  return stack.masked_fill(nowhere, 0).logsumexp(0).masked_fill(nowhere, kLogOfNothing);
}

at::Tensor mix(const at::Tensor& log_1, const at::Tensor& log_2, double alpha) {
  const at::Tensor log_policies[] = {log_1, log_2};
  const double alphas[] = {1 - alpha, alpha};
  return mix(log_policies, alphas);
}

at::Tensor mix_subset(const at::Tensor& log_1, std::span<const int> indices, const at::Tensor& log_2,
                      std::int64_t joint_count, double alpha) {
  if (alpha == 0) return expand_actions(log_1, indices, joint_count);
  CHRYSALIS_CHECK_EQ(log_2.size(-1), joint_count);
  if (alpha == 1) return log_2;
  const at::Tensor index = index_tensor(indices, joint_count, log_2.device());
  return (log_2 + std::log(alpha)).index_copy(-1, index, mix(log_1, log_2.index_select(-1, index), alpha));
}

at::Tensor entropy(const at::Tensor& log_policy) {
  return -expectation(log_policy.exp(), log_policy);
}

at::Tensor kl(const at::Tensor& log_p, const at::Tensor& log_q) {
  check_same_shape(log_p, log_q);
  return expectation(log_p.exp(), log_p - log_q);
}

at::Tensor cross_entropy(const at::Tensor& log_p, const at::Tensor& log_q) {
  check_same_shape(log_p, log_q);
  return -expectation(log_p.exp(), log_q);
}

at::Tensor joint_of_factors(std::span<const at::Tensor> log_factors) {
  CHRYSALIS_CHECK(!log_factors.empty(), "a joint policy of no factors");
  at::Tensor joint = log_factors[0];
  for (const at::Tensor& factor : log_factors.subspan(1))
    joint = (joint.unsqueeze(-1) + factor.unsqueeze(-2)).flatten(-2);
  return joint;
}

}  // namespace chrysalis
