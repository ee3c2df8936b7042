// What becomes of a head's outputs: policies in joint action spaces, and rows of tasks. Differentiable as
// often as wanted. Needs Torch; for sources only.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace chrysalis {

// Natural logarithms of the joint policy: [n, A] from logits [n, L].
//   factors empty: a softmax over L = A actions.
//   Otherwise independent categoricals of these sizes, L in all, and the policy of all their combinations, A
//   in all, the first factor outermost: ln pi(i_0, i_1, ...) = sum_k ln pi_k(i_k).
// native: by the kernels, on the CPU in float32; then the gradient's own gradient is not to be had.
at::Tensor joint_log_policy(const at::Tensor& logits, const std::vector<int>& factors, bool native);

// Of outputs for all tasks those of each environment's own. all: [T, B, tasks * width], task 0 first; tasks:
// [B] int64, undefined: all of task 0. Returns [T, B, width]. The gradient to other tasks' outputs is exactly
// zero.
at::Tensor of_own_task(const at::Tensor& all, const at::Tensor& tasks, std::int64_t task_count);

}  // namespace chrysalis
