// How training is scheduled: environments, workers, how far rollouts may run ahead.
#pragma once

#include <cstdint>

#include "chrysalis/core/field.h"

namespace chrysalis {

struct TrainConfig {
  std::int64_t agent_steps = 2'000'000;
  std::int64_t environments = 100;
  std::int64_t group_environments = 25;
  bool stagger_episodes = true;
  std::int64_t batches_ahead = 1;
  std::int64_t workers = 0;

  void visit(FieldVisitor& v) {
    v.begin_table("train");
    v.field({.name = "agent_steps",
             .help = "Agent steps that the learner consumes before training ends; frames are this times "
                     "environment.action_repeat",
             .unit = "agent steps",
             .min = 1,
             .max = 1e12},
            agent_steps);
    v.field({.name = "environments", .help = "Environments of the learner", .min = 1, .max = 4096},
            environments);
    v.field({.name = "group_environments",
             .help = "Environments that one task steps together, deciding for all of them at once; at most "
                     "train.environments are used",
             .min = 1,
             .max = 4096},
            group_environments);
    v.field(
        {.name = "stagger_episodes",
         .help = "The first episode of each environment ends early, each at another share of its length, and "
                 "its return is not told: otherwise episodes of one length end all at once for ever, and "
                 "some batches hold nothing but beginnings and ends"},
        stagger_episodes);
    v.field({.name = "batches_ahead",
             .help = "Whole batches that rollouts may run ahead of the learner: 0 is the freshest, 1 lets "
                     "every core work",
             .unit = "batches",
             .min = 0,
             .max = 64},
            batches_ahead);
    v.field({.name = "workers",
             .help = "Worker threads; 0: one for each core. Does not change a deterministic result",
             .min = 0,
             .max = 1024},
            workers);
    v.end_table();
  }
};

}  // namespace chrysalis
