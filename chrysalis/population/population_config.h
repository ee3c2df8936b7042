// What a user may set about a population: when members compare and what they change. Torch-free.
#pragma once

#include <cstdint>
#include <string>

#include "chrysalis/core/field.h"

namespace chrysalis {

// The defaults are those of the appendix of Czarnecki et al. 2018 (its population has 10 members).
struct PopulationConfig {
  std::int64_t size = 1;
  std::int64_t ready_episodes = 300;
  std::int64_t compare_episodes = 30;
  double significance = 0.05;
  double explore_probability = 0.25;
  std::int64_t publish_updates = 25;
  std::string score = "training";
  std::int64_t evaluation_updates = 10;
  std::string tune =
      "learner.learning_rate loguniform 1e-5 1e-3 multiply 1.2 0.8; "
      "learner.entropy_cost loguniform 1e-4 1e-2 multiply 1.2 0.8; "
      "curriculum.alpha loguniform 1e-3 1e-2 add 0.05";

  void visit(FieldVisitor& v) {
    v.begin_table("population");
    v.field({.name = "size",
             .help = "Members that train at once and learn from one another; 1: no population, the paper has "
                     "10",
             .unit = "members",
             .min = 1,
             .max = 256},
            size);
    v.field({.name = "ready_episodes",
             .help = "A member decides what to copy and to explore each time it has ended this many",
             .unit = "episodes",
             .min = 1,
             .max = 1e9},
            ready_episodes);
    v.field({.name = "compare_episodes",
             .help = "Newest returns of each of two members that the t-test compares",
             .unit = "episodes",
             .min = 2,
             .max = 1e6},
            compare_episodes);
    v.field({.name = "significance",
             .help = "A member copies another whose returns are greater at a p-value under this",
             .min = 0,
             .max = 1},
            significance);
    v.field({.name = "explore_probability",
             .help = "How often a decision changes the hyperparameters, whether or not it copied",
             .min = 0,
             .max = 1},
            explore_probability);
    v.field({.name = "publish_updates",
             .help = "A member publishes a checkpoint for others every so many updates; decisions look at "
                     "published checkpoints",
             .unit = "updates",
             .min = 1,
             .max = 1e9},
            publish_updates);
    v.field({.name = "score",
             .help = "What members are compared by: returns of the mixture's training episodes, or rounds "
                     "that the complex policy alone plays in environments of its own",
             .choices = {"training", "evaluation"}},
            score);
    v.field({.name = "evaluation_updates",
             .help = "Between two rounds of evaluation, where they are the score",
             .unit = "updates",
             .min = 1,
             .max = 1e9},
            evaluation_updates);
    v.field({.name = "tune",
             .help = "What members adapt, entries apart by ';' or on lines of their own: a tunable key; its "
                     "start, of loguniform LOW HIGH, uniform LOW HIGH, config; how it is explored, of "
                     "multiply FACTOR FACTOR, add STEP, keep; and, if wanted, within LOW HIGH"},
            tune);
    v.end_table();
  }
};

}  // namespace chrysalis
