#include "chrysalis/agent/heads.h"

#include <ATen/ATen.h>

#include <numeric>

#include "chrysalis/agent/native_layers.h"
#include "chrysalis/core/check.h"
#include "chrysalis/mixmatch/mixture.h"

namespace chrysalis {

at::Tensor joint_log_policy(const at::Tensor& logits, const std::vector<int>& factors, bool native) {
  if (factors.empty()) return logits.log_softmax(1);
  CHRYSALIS_CHECK_EQ(logits.size(1), std::accumulate(factors.begin(), factors.end(), std::int64_t{0}));
  std::vector<at::Tensor> logs;
  std::int64_t first = 0;
  for (const int size : factors) {
    logs.push_back(logits.narrow(1, first, size).log_softmax(1));
    first += size;
  }
  return native ? native_expand_factors(at::cat(logs, 1), factors) : joint_of_factors(logs);
}

at::Tensor of_own_task(const at::Tensor& all, const at::Tensor& tasks, std::int64_t task_count) {
  const std::int64_t steps = all.size(0), batch = all.size(1), width = all.size(2) / task_count;
  CHRYSALIS_CHECK_EQ(width * task_count, all.size(2));
  if (tasks.defined()) CHRYSALIS_CHECK_EQ(tasks.numel(), batch);
  if (task_count == 1) return all;
  const at::Tensor rows = all.view({steps, batch, task_count, width});
  if (!tasks.defined()) return rows.select(2, 0);
  const at::Tensor own = tasks.to(all.device()).view({1, batch, 1, 1}).expand({steps, batch, 1, width});
  return rows.gather(2, own).squeeze(2);
}

}  // namespace chrysalis
