// The agent's shapes, where its weights lie, and their first draw: what everyone but the network itself needs
// to know of it. The network is the default one of Czarnecki et al. 2018 (appendix).
#pragma once

#include <cstdint>
#include <memory>

#include "chrysalis/core/random.h"
#include "chrysalis/core/result.h"
#include "chrysalis/rollout/agent_config.h"
#include "chrysalis/rollout/curriculum.h"
#include "chrysalis/rollout/weights.h"

namespace chrysalis {

// Kernel and stride of the two convolutions, which have no padding.
inline constexpr int kKernel1 = 8, kStride1 = 4, kKernel2 = 4, kStride2 = 2;

// What the agent is joined to: the world's pictures and moves, and how its learner clips rewards.
struct AgentSpec {
  int height = 72;                // Of an observation, pixels; a multiple of 4, at least 20.
  int width = 96;                 // Likewise.
  int action_count = 9;           // At least 1.
  float reward_clip = 1;          // The last reward enters the network clipped to [-this, this].
  std::vector<int> factors = {};  // Of a factored head: sizes whose product is action_count. Empty: flat.
  CurriculumShape curriculum = {};
  // Whether pi_2's core runs while pi_1 acts with a core of its own: its memory matters as soon as alpha
  // leaves 0. False where alpha stays 0 for good: the core's state then passes through as it is.
  bool keep_memory = true;

  // Logits of the complex policy.
  int logit_count() const;
  int simple_action_count() const { return curriculum.simple_action_count(action_count); }
};

// The shapes that follow from both. Convolutions without padding: 8 x 8 by 4, then 4 x 4 by 2.
struct AgentShape {
  int conv1_height = 0, conv1_width = 0;
  int conv2_height = 0, conv2_width = 0;
  int torso_features = 0;   // conv2_height * conv2_width * conv2_filters, in this order.
  int gate_width = 0;       // Outputs of the core's input product: 4 core_width for an LSTM, else core_width.
  int core_state_size = 0;  // Floats of memory an environment: h then c; 0 for a feed-forward core.
};
// Errors: a picture that is too small or not of a multiple of 4; sizes below 1; an unknown core.
Result<AgentShape> agent_shape(const AgentConfig& config, const AgentSpec& spec);

// Multiply-adds of one agent step, of both policies where there are two. The one-hot last action counts as a
// product, as the paper's network has it, so a trained step of the default agent has 10,339,328 whatever its
// look-ups cost.
struct StepMultiplyAdds {
  double act = 0;    // Forward.
  double learn = 0;  // Forward, and backward: twice that, less the input gradient of the first convolution.
  double trained() const { return act + learn; }
};
Result<StepMultiplyAdds> step_multiply_adds(const AgentConfig& config, const AgentSpec& spec);

// Where each weight lies, in this order (A actions, W core_width, G gate_width):
//   torso.conv1.weight [F1, 3, 8, 8], .bias [F1]       torso.conv2.weight [F2, F1, 4, 4], .bias [F2]
//   torso.linear.weight [hidden, h2 * w2 * F2], .bias  columns as the pictures: rows, columns, filters
//   core.input_weight [G, hidden], core.action_weight [A, G], core.reward_weight [G], core.bias [G]
//     (the three blocks of the product with the concatenation: features, one-hot last action, last reward)
//   core.recurrent_weight [G, W]                       LSTM only
//   policy.weight [L, W], policy.bias [L]              L logits: A, or the sum of a factored head's sizes
//   baseline.weight [N, W], baseline.bias [N]          N tasks, 1 but in a multitask curriculum
// and what the simple policy pi_1 of a curriculum has for itself:
//   action_space  simple_policy.weight [A1, W], .bias [A1]
//   agent_core    simple_core.input_weight [W, hidden], .action_weight [A, W], .reward_weight [W], .bias [W]
//                 simple_policy.weight [A, W], .bias [A]   simple_baseline.weight [1, W], .bias [1]
//   multitask     simple_policy.weight [N * A, W], .bias [N * A], the rows of task 0 first
// The gates of an LSTM stand in the order output, input, forget, candidate.
Result<std::shared_ptr<const WeightLayout>> weight_layout(const AgentConfig& config, const AgentSpec& spec);

// The first weights, version 0. Each weight is uniform in +-sqrt(3 / fan_in), so of variance 1 / fan_in as
// the IMPALA reference's; the heads are scaled by head_init_scale; biases are 0 but the forget gate's. One
// stream for each part, keyed by its index, so a part's draw does not depend on the sizes of those before it.
// `key`: RandomKey(run seed, Purpose::kInitialWeights, {member}). alpha: of the first mixture.
Result<WeightsPtr> initial_weights(const AgentConfig& config, const AgentSpec& spec, RandomKey key,
                                   double alpha = 1);

}  // namespace chrysalis
