// Small agents of every curriculum there is, with a flat and with a factored head.
#pragma once

#include <string>
#include <vector>

#include "chrysalis/rollout/action_set.h"
#include "chrysalis/rollout/weight_layout.h"

namespace chrysalis {

struct CurriculumCase {
  std::string name;
  AgentConfig config;
  AgentSpec spec;
};

// A shape of this curriculum over 12 actions.
inline CurriculumShape small_shape(Curriculum curriculum) {
  switch (curriculum) {
    case Curriculum::kNone:
    case Curriculum::kAgentCore:
      return {.curriculum = curriculum};
    case Curriculum::kActionSpace:
      return {.curriculum = curriculum, .simple_actions = {7, 0, 10, 3, 4}};
    case Curriculum::kMultitask:
      return {.curriculum = curriculum, .tasks = 3};
  }
  return {};
}

// Every entry of curriculum_catalog() over 12 actions, flat and as 3 x 2 x 2, and the paper's 9 in 756, flat
// and in the big set's factors.
inline std::vector<CurriculumCase> curriculum_cases() {
  const AgentConfig config{.conv1_filters = 5, .conv2_filters = 3, .hidden = 13, .core_width = 7};
  const AgentSpec small{.height = 28, .width = 44, .action_count = 12, .reward_clip = 0.5f};
  std::vector<CurriculumCase> cases;
  const auto add = [&](std::string name, AgentSpec spec, const std::vector<int>& factors,
                       const CurriculumShape& curriculum) {
    spec.curriculum = curriculum;
    cases.push_back({name, config, spec});
    spec.factors = factors;
    cases.push_back({name + ", factored", config, spec});
  };
  for (const CurriculumEntry& entry : curriculum_catalog())
    add(std::string(entry.name), small, {3, 2, 2}, small_shape(entry.curriculum));
  AgentSpec big = small;
  big.action_count = 756;
  AgentConfig of_big = config;
  of_big.actions = "big";
  add("9 in 756", big, action_factors("big").value(),
      curriculum_shape({.name = "action_space"}, of_big).value());
  return cases;
}

inline constexpr double kMixtures[] = {0, 0.3, 1};

}  // namespace chrysalis
