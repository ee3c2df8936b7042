// What an agent's network looks like. Torch-free, so that whoever acts or reads a checkpoint can know it.
#pragma once

#include <cstdint>
#include <string>

#include "chrysalis/core/field.h"

namespace chrysalis {

// The defaults are the network of Czarnecki et al. 2018 (appendix).
struct AgentConfig {
  std::string actions = "small";  // Which action_set().
  std::string head = "flat";      // Or "factored": action_factors().
  std::int64_t conv1_filters = 16;
  std::int64_t conv2_filters = 32;
  std::int64_t hidden = 256;
  std::string core = "lstm";
  std::int64_t core_width = 256;
  double forget_bias = 1.0;
  double head_init_scale = 0.01;

  void visit(FieldVisitor& v) {
    v.begin_table("agent");
    v.field({.name = "actions",
             .help = "Action set: the 9 of IMPALA or the 756 of Mix & Match",
             .choices = {"small", "big"}},
            actions);
    v.field({.name = "head",
             .help = "Policy over the actions: one flat softmax, or factored into one for each number of the "
                     "raw action, whose product it is",
             .choices = {"flat", "factored"}},
            head);
    v.field({.name = "conv1_filters",
             .help = "Filters of the first convolution, 8 x 8 by 4",
             .min = 1,
             .max = 1024},
            conv1_filters);
    v.field({.name = "conv2_filters",
             .help = "Filters of the second convolution, 4 x 4 by 2",
             .min = 1,
             .max = 1024},
            conv2_filters);
    v.field({.name = "hidden",
             .help = "Width of the linear layer after the convolutions",
             .unit = "units",
             .min = 1,
             .max = 16384},
            hidden);
    v.field({.name = "core",
             .help = "What stands between torso and heads: memory or a plain layer",
             .choices = {"lstm", "feed_forward"}},
            core);
    v.field({.name = "core_width", .help = "Width of the core", .unit = "units", .min = 1, .max = 16384},
            core_width);
    v.field({.name = "forget_bias",
             .help = "First bias of the LSTM's forget gate; 1 keeps early memories",
             .min = -10,
             .max = 10},
            forget_bias);
    v.field({.name = "head_init_scale",
             .help = "Factor on the heads' first weights; near 0 the first policy is near uniform",
             .min = 0,
             .max = 10},
            head_init_scale);
    v.end_table();
  }
};

}  // namespace chrysalis
