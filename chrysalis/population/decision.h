// Population based training (Jaderberg et al. 2017) as Czarnecki et al. 2018 (appendix) use it: a
// member's decisions as pure functions of histories, hyperparameters and keys. No threads, files or clocks.
//
// At each readiness a member draws another, copies it where a t-test says that it is better, and then, by
// chance, explores. What to draw is named by (seed, Purpose::kPopulation, member, number of the decision) and
// by nothing else: no result changes which partner a later decision has or whether it explores, so a run that
// resumes decides what the uninterrupted one does.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/population/hyperparameters.h"
#include "chrysalis/population/population_config.h"
#include "chrysalis/population/welch.h"

namespace chrysalis {

// What a member has published for others: a checkpoint, and how it scored until then.
struct Published {
  std::int64_t member = 0;
  std::int64_t update = 0;      // Of the checkpoint.
  std::string checkpoint;       // Its name in the run's store.
  std::vector<double> returns;  // Since the member's last copy, newest last: only those of its own weights.
  std::vector<double> values;   // Hyperparameters, in the order of population.tune.
};

enum class Outcome {
  kCopied,    // The partner was better: go on from its checkpoint, with its hyperparameters.
  kKept,      // It was not, by the test.
  kNotReady,  // Too few returns on either side to tell.
  kReplaced,  // The member diverged: go on from another's checkpoint.
};
std::string_view outcome_name(Outcome outcome);  // "copied", "kept", "not_ready", "replaced"

struct Decision {
  std::int64_t member = 0;
  std::int64_t number = 0;
  Outcome outcome = Outcome::kNotReady;
  std::string reason;  // One line for a person.
  std::int64_t partner = 0;
  std::optional<std::int64_t> partner_update;  // Of what was compared or is copied; none: nothing published.
  std::string partner_checkpoint;              // kCopied, kReplaced: what is copied.
  std::vector<double> own_returns;  // At most population.compare_episodes, newest last; none if kReplaced.
  std::vector<double> partner_returns;
  std::optional<WelchTest> test;  // kCopied, kKept.
  bool explored = false;
  std::vector<double> before;  // The member's hyperparameters.
  std::vector<double> after;   // After the copy and the exploration; equal to `before` without either.
};

struct DecisionInputs {
  std::int64_t member = 0;          // 0 … size - 1.
  std::int64_t number = 0;          // Of the member's decisions so far, replacements among them.
  std::span<const double> returns;  // Its own since its last copy, newest last.
  std::span<const double> values;   // Its hyperparameters, in the order of population.tune.
  // What the others have published last: at most one each, none of the member's own. Members that have
  // published nothing are left out.
  std::span<const Published> published;
};

// Whether it is time to decide: a member alone never does.
bool is_ready(std::int64_t episodes_since_last_decision, const PopulationConfig& config);

// Whom decision `number` of `member` compares with, uniform over the others, for whoever must know before
// the decision. size >= 2.
std::int64_t partner_of(std::uint64_t seed, std::int64_t member, std::int64_t number, std::int64_t size);

// Exploit, then explore. The last compare_episodes returns of each side are compared; where either has fewer,
// the outcome is kNotReady and nothing is copied. Whatever the outcome, the values that the member then holds
// are explored with explore_probability. config.size >= 2.
Decision decide(const DecisionInputs& inputs, std::span<const Tuned> tuned, const PopulationConfig& config,
                std::uint64_t seed);

// A diverged member goes on as a copy of another, drawn uniformly from `inputs.published`, which holds
// members that are healthy. Those in `tried` are passed over: members whose copy has diverged since this
// member last published a checkpoint of its own. Nothing is explored. `why` says what diverged ("loss nan,
// gradient norm inf"). With nobody left the error has ErrorCode::kDiverged: the run must stop.
Result<Decision> replacement(const DecisionInputs& inputs, std::span<const std::int64_t> tried,
                             std::string_view why, std::uint64_t seed);

}  // namespace chrysalis
