// Which curriculum of agents a run trains by: table "curriculum" of a config. Torch-free.
#pragma once

#include <cstdint>
#include <string>

#include "chrysalis/core/field.h"

namespace chrysalis {

// The defaults are those of Czarnecki et al. 2018 where it says something; the others are named as choices in
// docs/method.md.
struct CurriculumConfig {
  std::string name = "none";
  std::string arm = "mix_and_match";
  double alpha = 0.005;
  double transfer_weight = 1.0;
  std::string loss = "kl";
  std::string reduction = "mean_over_unrolls";
  double activation_weight = 1.0;
  double sobolev_weight = 1.0;
  std::int64_t sobolev_projections = 1;
  std::int64_t schedule_begin = 0;
  std::int64_t schedule_steps = 1'000'000;
  double entropy_ratio = 1.0;
  std::string simple_actions = "small";
  std::string tasks = {};
  std::string reference_scores = {};

  void visit(FieldVisitor& v) {
    v.begin_table("curriculum");
    v.field({.name = "name",
             .help = "What grows: nothing, the action space, the agent's core, or the number of tasks",
             .choices = {"none", "action_space", "agent_core", "multitask"}},
            name);
    v.field({.name = "arm",
             .help = "The method, or a baseline of the same agent: only pi_1, only pi_2, the mixture without "
                     "transfer, alpha by a linear schedule",
             .choices = {"mix_and_match", "simple_only", "complex_only", "no_transfer", "linear_schedule"}},
            arm);
    v.field({.name = "alpha",
             .help = "Weight of the complex policy in the mixture (1 - alpha) pi_1 + alpha pi_2, at first",
             .min = 0,
             .max = 1,
             .tunable = true},
            alpha);
    v.field(
        {.name = "transfer_weight",
         .help = "lambda: weight of the matching loss; the paper has 1 for action_space, 100 for the others",
         .min = 0,
         .max = 1e6,
         .tunable = true},
        transfer_weight);
    v.field({.name = "loss",
             .help = "The matching loss",
             .choices = {"kl", "kl_mixture", "cross_entropy", "activations", "sobolev"}},
            loss);
    v.field({.name = "reduction",
             .help = "How the matching loss is reduced over a batch: eq. 1's sum over time and mean over "
                     "unrolls, or the sum over both, like the other losses",
             .choices = {"mean_over_unrolls", "sum"}},
            reduction);
    v.field({.name = "activation_weight",
             .help = "Weight of the cores' squared distance beside the KL, where loss is activations",
             .min = 0,
             .max = 1e6},
            activation_weight);
    v.field({.name = "sobolev_weight",
             .help = "Weight of the Jacobians' squared distance beside the KL, where loss is sobolev",
             .min = 0,
             .max = 1e6},
            sobolev_weight);
    v.field({.name = "sobolev_projections",
             .help = "Random directions along which Jacobians are compared",
             .min = 1,
             .max = 1024},
            sobolev_projections);
    v.field({.name = "schedule_begin",
             .help = "Agent steps until a linear schedule begins to move alpha away from 0",
             .unit = "agent steps",
             .min = 0,
             .max = 1e12},
            schedule_begin);
    v.field({.name = "schedule_steps",
             .help = "Agent steps in which a linear schedule moves alpha from 0 to 1",
             .unit = "agent steps",
             .min = 1,
             .max = 1e12},
            schedule_steps);
    v.field(
        {.name = "entropy_ratio",
         .help = "The entropy cost counts entropy_ratio ^ alpha times, so that it may fall as the complex "
                 "policy with its many actions takes over; 1 is the paper's",
         .min = 1e-6,
         .max = 1e6},
        entropy_ratio);
    v.field({.name = "simple_actions",
             .help = "action_space: the set that pi_1 chooses from, a part of agent.actions",
             .choices = {"small", "big"}},
            simple_actions);
    v.field({.name = "tasks",
             .help = "multitask: the levels, separated by commas; environments are shared out evenly"},
            tasks);
    v.field({.name = "reference_scores",
             .help = "multitask: the return of each task that counts as a score of 1, separated by commas; "
                     "empty: all 1"},
            reference_scores);
    v.end_table();
  }
};

}  // namespace chrysalis
