// An agent's weights as one flat, immutable, versioned buffer: what the learner publishes, actors run on, and
// checkpoints hold. Shared by pointer, never copied for each actor; safe to read from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

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
  std::shared_ptr<const WeightLayout> layout;
  std::vector<float> values;  // [layout->count]
};
using WeightsPtr = std::shared_ptr<const Weights>;

}  // namespace chrysalis
