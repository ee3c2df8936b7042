// Everything that defines a run, from one TOML file and --set. The resolved config stands in the run
// directory and reproduces the run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chrysalis/core/field.h"
#include "chrysalis/core/result.h"
#include "chrysalis/env/dmlab_config.h"
#include "chrysalis/env/environment_config.h"
#include "chrysalis/levels/level_config.h"
#include "chrysalis/population/hyperparameters.h"
#include "chrysalis/population/population_config.h"
#include "chrysalis/rollout/agent_config.h"
#include "chrysalis/rollout/compute_config.h"
#include "chrysalis/rollout/curriculum_config.h"
#include "chrysalis/rollout/learner_config.h"
#include "chrysalis/store/store_config.h"
#include "chrysalis/train/train_config.h"
#include "chrysalis/train/trainer.h"

namespace chrysalis {

struct RunConfig {
  std::int64_t seed = 1;
  bool deterministic = true;
  LevelConfig level;
  EnvironmentConfig environment;
  DmlabConfig dmlab;
  AgentConfig agent;
  CurriculumConfig curriculum;
  TrainConfig train;
  LearnerConfig learner;
  PopulationConfig population;
  ComputeConfig compute;
  StoreConfig store;

  void visit(FieldVisitor& v) {
    v.field({.name = "seed", .help = "Names the run's randomness", .min = 0, .max = 9e15}, seed);
    v.field({.name = "deterministic",
             .help = "The same seed gives the same weights to the bit, whatever the number of workers and "
                     "kills; rollouts "
                     "then act with weights of a fixed age instead of the newest"},
            deterministic);
    level.visit(v);
    environment.visit(v);
    dmlab.visit(v);
    agent.visit(v);
    curriculum.visit(v);
    train.visit(v);
    learner.visit(v);
    population.visit(v);
    compute.visit(v);
    store.visit(v);
  }
};

// Reads `text` (of `source`, for messages) over `config`. Unknown keys, wrong types and values out of range
// are errors that name source, line, key, what was expected and the nearest key.
Status read_config_text(std::string_view text, const std::string& source, RunConfig& config);

// A file, then the assignments "key=value" of --set, then the checks that concern several fields at once.
Result<RunConfig> load_run_config(const std::string& path, const std::vector<std::string>& assignments);
// The same from text, of `source` for messages.
Result<RunConfig> run_config_from_text(std::string_view text, const std::string& source,
                                       const std::vector<std::string>& assignments);
// The same without a file: defaults and assignments.
Result<RunConfig> default_run_config(const std::vector<std::string>& assignments);

// What the population of a config adapts; nothing where there is none, and no alpha where the arm fixes it.
// Errors: those of parse_tuned().
Result<std::vector<Tuned>> tuned_of(const RunConfig& config);
// The config of one member, with its hyperparameters in their fields.
RunConfig member_config(const RunConfig& config, std::span<const Tuned> tuned,
                        std::span<const double> values);
// The levels that the learner's environments play, by task.
std::vector<std::string> levels_of(const RunConfig& config);
// Error: training is to be deterministic and a level cannot be.
Status check_reproducible(const RunConfig& config);

// The schedule and the rest that a trainer needs of a config that passed the checks. workers: 0 in the config
// becomes the number of cores.
TrainerConfig trainer_config(const RunConfig& config);

}  // namespace chrysalis
