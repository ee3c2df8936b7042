// The transfer losses of Mix & Match: what makes a complex policy pi_2 of what a simple one pi_1 has learned
// while alpha moves weight from pi_1 to pi_2. Czarnecki et al. 2018, appendix; natural logs; policies as in
// mixture.h. Pure functions, any thread. Needs Torch; for sources only.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "chrysalis/core/random.h"
#include "chrysalis/core/result.h"

namespace chrysalis {

// T steps of B unrolls on trajectories of the mixture, time-major. pi_2 must be positive wherever pi_1 is:
// KL(pi_1 || pi_2) is infinite otherwise. What a loss does not name in its entry may be left undefined, and
// where alpha is 1 all but log_2.
struct TransferInputs {
  at::Tensor log_1;          // [T, B, A], or [T, B, indices.size()]: ln pi_1.
  std::vector<int> indices;  // The joint index of each of pi_1's actions; empty: log_1 is joint.
  at::Tensor log_2;          // [T, B, A], ln pi_2.
  double alpha = 0;          // pi_2's weight, [0, 1].

  // `activations`
  at::Tensor core_1;  // [T, B, W], outputs of pi_1's core and of pi_2's.
  at::Tensor core_2;
  double activation_weight = 1;

  // `sobolev`
  // [T', B, F] or [T' * B, F], T' >= T: the very tensor from which both policies were computed, by operators
  // that can be differentiated twice.
  at::Tensor features;
  double sobolev_weight = 1;
  int projections = 1;           // Random directions for each step, >= 1.
  RandomKey key = RandomKey(0);  // Names the directions: one for each learner, update and shard.
};

// One way to transfer. Each gives the loss of each step, [T, B], in nats where it is a divergence, and zeros
// without a gradient where alpha is 1: nothing is left to transfer.
struct TransferLossEntry {
  std::string_view name;
  std::string_view summary;  // One line, without a full stop.
  bool uses_cores = false;
  bool uses_features = false;
  at::Tensor (*per_step)(const TransferInputs& in);
};

// - kl, eq. 1: (1 - alpha) KL(pi_1 || pi_2). Gradients flow through both policies: the teacher is pulled to
//   the student too. With `indices`, only their columns of pi_2 are read.
// - kl_mixture: KL(pi_mm || pi_2), a lower bound of kl, as H is concave:
//   kl - kl_mixture = H(pi_mm) - (1 - alpha) H(pi_1) - alpha H(pi_2) >= 0. Through both policies.
// - cross_entropy: (1 - alpha) H(pi_1, pi_2), pi_1 a constant.
// - activations: kl + (1 - alpha) activation_weight 1/W |core_1 - core_2|^2. Through both cores.
// - sobolev: kl + (1 - alpha) sobolev_weight |J_1 - J_2|^2, J_i[a, k] = d ln pi_i(a) / d features[k] over the
//   actions to which pi_1 gives a probability. Through both Jacobians. The square of the Frobenius norm is
//   estimated without bias, as the mean over random v ~ N(0, 1) of |v J_1 - v J_2|^2. Each step has its own
//   v: where a recurrent core lets features act on later policies, the estimate at a step is the sum of those
//   Jacobians' squared distances, without cross terms.
std::span<const TransferLossEntry> transfer_losses();

// By name; the error of an unknown one names the nearest.
Result<const TransferLossEntry*> find_transfer_loss(std::string_view name);

// For K >= 2 policies in one joint space, [T, B]: sum_{i < K} alpha_i KL(pi_i || pi_{i+1}), eq. 1 at K = 2.
// alphas as in mix(); a policy whose terms all have weight 0 is not touched, but for the last.
// Differs from the paper: it says nothing of K > 2.
at::Tensor kl_chain(std::span<const at::Tensor> log_policies, std::span<const double> alphas);

enum class TransferReduction {
  kMeanOverUnrolls,  // Eq. 1 to the letter: the sum over time, the mean over the batch's unrolls (1 / |S|).
  kSum,              // The sum over both, as IMPALA's own terms.
};

// The scalar loss of [T, B], before lambda. A learner that splits a batch gives for each shard the number of
// unrolls of the whole batch, so that the shards' losses sum to the batch's.
at::Tensor transfer_sum(const at::Tensor& per_step, TransferReduction reduction, std::int64_t batch_unrolls);

}  // namespace chrysalis
