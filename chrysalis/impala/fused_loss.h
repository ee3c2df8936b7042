// impala_loss() with its gradient written down instead of found by autograd. Composed of operators, it makes
// some ten passes over the policy, and more over a mixture's, which at 756 actions is more than a twentieth
// of learning; this makes one. Needs Torch; for sources only.
#pragma once

#include "chrysalis/impala/loss.h"

namespace chrysalis {

// Whether it can be used: on the CPU, in float32, with the matching loss kl or none.
bool fused_loss_suits(const NetworkOutput& out, const MixAndMatch& mix = {});

// The same as impala_loss() up to rounding, in value and in the gradient of `total`, once differentiable.
// Where one policy acts and nothing is transferred, the other is not touched, and the numbers are to the bit
// those of that policy alone.
Loss fused_impala_loss(const NetworkOutput& out, const Batch& batch, const VTraceReturns& returns,
                       const LearnerConfig& config, const MixAndMatch& mix = {});

}  // namespace chrysalis
