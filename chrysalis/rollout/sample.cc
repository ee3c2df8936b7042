#include "chrysalis/rollout/sample.h"

#include "chrysalis/core/check.h"
#include "chrysalis/kernels/draw.h"

namespace chrysalis {

int sample_action(std::span<const float> log_policy, RandomStream& stream) {
  const int action = draw(log_policy.data(), static_cast<int>(log_policy.size()), stream.uniform());
  CHRYSALIS_CHECK(action >= 0, "no action has a positive probability (is a weight NaN?)");
  return action;
}

}  // namespace chrysalis
