// The mixture of K policies in one joint action space, and what the losses say of policies, in log space.
// Needs Torch; for sources only.
//
// A policy is a tensor [..., A] of natural logs of probabilities over the last dimension, of any float dtype
// and on any device; leading dimensions are free, but equal among the tensors of one call. -inf is
// probability 0, as outside the subset of actions that a simple policy knows, and is never a source of NaN:
// 0 ln 0 is 0, and so are its derivatives. All functions are pure, for any thread, of stock operators, so
// that autograd differentiates them as often as one likes. A wrong shape is our bug and CHECK-fails.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace chrysalis {

// A policy over a few actions [..., a] in the joint space [..., joint_count]: entry i moves to indices[i], as
// it is, and -inf stands elsewhere. indices: distinct, in [0, joint_count).
at::Tensor expand_actions(const at::Tensor& log_policy, std::span<const int> indices,
                          std::int64_t joint_count);

// The entries `indices` of a joint policy [..., A], as [..., indices.size()]: not normalised.
at::Tensor select_actions(const at::Tensor& log_policy, std::span<const int> indices);

// CHECKs that there are at least two weights, each in [0, 1], and that they sum to 1 within 1e-9.
void check_mixture_weights(std::span<const double> alphas);

// ln pi_mm = ln sum_i alpha_i pi_i, [..., A], K >= 2 (Czarnecki et al. 2018).
// A policy of weight 0 is not touched and may be an undefined tensor; where only one has a weight, the very
// tensor is the answer, so its values and gradients are exact.
at::Tensor mix(std::span<const at::Tensor> log_policies, std::span<const double> alphas);

// The same for K = 2: ln((1 - alpha) pi_1 + alpha pi_2).
at::Tensor mix(const at::Tensor& log_1, const at::Tensor& log_2, double alpha);

// The same where pi_1 [..., a] knows only the actions `indices` of pi_2's joint space [..., joint_count].
// Only their columns are mixed; the others are ln alpha + ln pi_2.
at::Tensor mix_subset(const at::Tensor& log_1, std::span<const int> indices, const at::Tensor& log_2,
                      std::int64_t joint_count, double alpha);

// H(pi) = -sum_a pi ln pi, [...], nats.
at::Tensor entropy(const at::Tensor& log_policy);

// KL(p || q) = sum_a p (ln p - ln q), [...], nats. +inf where q is 0 and p is not; the gradient is then not
// finite either, so keep q positive wherever p is.
at::Tensor kl(const at::Tensor& log_p, const at::Tensor& log_q);

// H(p, q) = -sum_a p ln q = H(p) + KL(p || q), [...], nats. +inf as kl().
at::Tensor cross_entropy(const at::Tensor& log_p, const at::Tensor& log_q);

// The joint policy of independent categoricals [..., n_i] (at least one): [..., product of n_i], row-major
// with the first factor outermost. ln of the product is the sum of the factors' entries.
at::Tensor joint_of_factors(std::span<const at::Tensor> log_factors);

}  // namespace chrysalis
