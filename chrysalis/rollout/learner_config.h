// How an agent learns: IMPALA's losses, RMSProp, the shape of a batch. Torch-free.
#pragma once

#include <cstdint>
#include <string>

#include "chrysalis/core/field.h"

namespace chrysalis {

// The defaults are those of Espeholt et al. 2018 and its reference, where Czarnecki et al. 2018 do not say
// otherwise.
struct LearnerConfig {
  double learning_rate = 6e-4;
  std::int64_t anneal_updates = 0;
  double entropy_cost = 3e-3;
  double baseline_cost = 0.5;
  double discount = 0.99;
  double reward_clip = 1.0;
  bool bootstrap_on_time_limit = false;
  std::int64_t unroll = 100;
  std::int64_t batch_unrolls = 32;
  double gradient_clip = 40.0;
  double rmsprop_decay = 0.99;
  double rmsprop_epsilon = 0.1;
  double rmsprop_initial_mean_square = 1.0;
  double rho_clip = 1.0;
  double c_clip = 1.0;
  std::int64_t shards = 4;
  std::int64_t chunk_frames = 32;
  std::string device = "cpu";

  void visit(FieldVisitor& v) {
    v.begin_table("learner");
    v.field({.name = "learning_rate", .help = "RMSProp's step size", .min = 0, .max = 1, .tunable = true},
            learning_rate);
    v.field({.name = "anneal_updates",
             .help = "The learning rate falls linearly to 0 over this many updates; 0: it stays",
             .unit = "updates",
             .min = 0,
             .max = 1e12},
            anneal_updates);
    v.field({.name = "entropy_cost",
             .help = "Weight of the policy's entropy in the loss",
             .min = 0,
             .max = 10,
             .tunable = true},
            entropy_cost);
    v.field({.name = "baseline_cost",
             .help = "Weight of half the baseline's squared error in the loss",
             .min = 0,
             .max = 100,
             .tunable = true},
            baseline_cost);
    v.field({.name = "discount",
             .help = "What a reward is worth one agent step later",
             .min = 0,
             .max = 1,
             .tunable = true},
            discount);
    v.field({.name = "reward_clip",
             .help = "Rewards are clipped to this either side of 0",
             .min = 1e-6,
             .max = 1e9},
            reward_clip);
    v.field({.name = "bootstrap_on_time_limit",
             .help = "An episode cut by its time limit is worth what the baseline says of its last "
                     "observation, not 0"},
            bootstrap_on_time_limit);
    v.field({.name = "unroll", .help = "Length of an unroll", .unit = "agent steps", .min = 1, .max = 10000},
            unroll);
    v.field({.name = "batch_unrolls",
             .help = "Unrolls an update learns from",
             .unit = "unrolls",
             .min = 1,
             .max = 65536},
            batch_unrolls);
    v.field({.name = "gradient_clip",
             .help = "The gradient is scaled down to this norm where it is longer",
             .min = 1e-9,
             .max = 1e12,
             .tunable = true},
            gradient_clip);
    v.field({.name = "rmsprop_decay",
             .help = "What RMSProp keeps of its mean square at each update",
             .min = 0,
             .max = 1},
            rmsprop_decay);
    v.field({.name = "rmsprop_epsilon",
             .help = "Added to the mean square, inside the square root",
             .min = 1e-12,
             .max = 1000},
            rmsprop_epsilon);
    v.field({.name = "rmsprop_initial_mean_square",
             .help = "Where RMSProp's mean square starts",
             .min = 0,
             .max = 1000},
            rmsprop_initial_mean_square);
    v.field({.name = "rho_clip",
             .help = "V-trace's rho-bar: most that an importance ratio counts in a target",
             .min = 1e-6,
             .max = 1e6},
            rho_clip);
    v.field({.name = "c_clip",
             .help = "V-trace's c-bar: most that an importance ratio passes back in time",
             .min = 1e-6,
             .max = 1e6},
            c_clip);
    v.field({.name = "shards",
             .help = "Pieces of a batch that cores may learn from at once; changes the order of sums, so "
                     "results differ "
                     "between values by rounding",
             .min = 1,
             .max = 65536},
            shards);
    v.field({.name = "chunk_frames",
             .help = "Frames that go through the convolutions at a time; some tens fit a cache",
             .unit = "frames",
             .min = 1,
             .max = 1e6},
            chunk_frames);
    v.field({.name = "device",
             .help = "Where the learner computes; actors stay on the CPU",
             .choices = {"cpu", "cuda"}},
            device);
    v.end_table();
  }
};

}  // namespace chrysalis
