// Policies that are made of others: a mixture of two, and one over a product of small sets. All are rows of
// natural logarithms of probabilities, dense. Vectorised, single-threaded, no allocation; buffers need no
// alignment.
#pragma once

#include <span>

namespace chrysalis {

// pi_mm = (1 - alpha) pi_1 + alpha pi_2 (Czarnecki et al. 2018), in log space, for each of `rows`:
//   log_policy[a] = ln((1 - alpha) exp(log_simple[i]) + alpha exp(log_policy[a])),  a = simple_actions[i]
// and ln alpha + log_policy[a] for the actions that pi_1 does not have.
//   log_simple: [rows, A1], ln pi_1.   simple_actions: [A1], distinct, in [0, actions); empty: A1 is
//   `actions` and i is a.   log_policy: [rows, actions]; in: ln pi_2, out: ln pi_mm.   alpha: in [0, 1].
// At alpha 0 the result is pi_1 bit for bit, and -infinity for the actions it does not have; log_policy is
// not read. At alpha 1 it stays as it is; log_simple is not read. A probability of 0 (-infinity) is a number
// like others. Where one of the policies that are read is NaN in its first element, all of the row is.
void mix_policies(double alpha, const float* log_simple, std::span<const int> simple_actions, int rows,
                  int actions, float* log_policy);

// A policy over all combinations of independent factors: with f_k = factors[k] and A = f_0 f_1 ...
//   joint[(i_0 f_1 + i_1) f_2 + ...] = logs[i_0] + logs[f_0 + i_1] + logs[f_0 + f_1 + i_2] + ...
//   logs: [rows, f_0 + f_1 + ...], the factors' log-probabilities.   joint: [rows, A].
// Summed from the last factor on: the same bits on every target.
void expand_factors(const float* logs, std::span<const int> factors, int rows, float* joint);
// Its transpose, for gradients: sums[factor k, i] = sum of joint[a] over all a whose k-th factor is i.
//   scratch: [A / f_0].
void fold_factors(const float* joint, std::span<const int> factors, int rows, float* scratch, float* sums);

}  // namespace chrysalis
