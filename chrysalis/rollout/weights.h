// An agent's weights as one flat, immutable, versioned buffer: what the learner publishes, actors run on, and
// checkpoints hold. Shared by pointer, never copied for each actor; safe to read from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/core/tensor.h"

namespace chrysalis {

// Where each parameter lies in the buffer.
struct WeightLayout {
  struct Part {
    std::string name;                 // "torso.conv1.weight"
    std::vector<std::int64_t> shape;  // Row-major.
    std::size_t offset = 0;           // In floats.
    std::size_t count = 0;
  };
  std::vector<Part> parts;
  std::size_t count = 0;  // Floats in all.
};

struct Weights {
  std::int64_t version = 0;  // Updates behind these weights; 0 is the initial draw.
  // Of the mixture (1 - alpha) pi_1 + alpha pi_2 that acts with these weights: it travels with them, so that
  // whoever acts and whoever learns mean the same policy. 1 where there is one policy.
  double alpha = 1;
  std::shared_ptr<const WeightLayout> layout;
  std::vector<float> values;  // [layout->count]
};
using WeightsPtr = std::shared_ptr<const Weights>;

// As tensors for a checkpoint, one for each part and "weights.alpha" [] F64, and back by their names,
// whatever other tensors there are. The version is not in them. Without an alpha, as before there were
// mixtures, it is 1. Errors: a part that is missing, or of another shape or type; an alpha outside [0, 1].
std::vector<NamedTensor> tensors_from_weights(const Weights& weights);
Result<WeightsPtr> weights_from_tensors(std::span<const NamedTensor> tensors,
                                        std::shared_ptr<const WeightLayout> layout, std::int64_t version);

}  // namespace chrysalis
