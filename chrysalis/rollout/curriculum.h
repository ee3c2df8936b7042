// The curricula of agents: what two policies share in each, and what each arm of an experiment makes of them.
// Mix & Match (Czarnecki et al. 2018): the agent acts by pi_mm = (1 - alpha) pi_1 + alpha pi_2, where pi_1 is
// the simple policy, which learns fast, and pi_2 the complex one, which is to take over. No Torch here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/rollout/agent_config.h"
#include "chrysalis/rollout/curriculum_config.h"

namespace chrysalis {

enum class Curriculum {
  kNone,         // One policy, called pi_2 wherever there may be two.
  kActionSpace,  // pi_1 has few of pi_2's actions; one torso and core.
  kAgentCore,    // pi_1 has a feed-forward core and a baseline of its own; one torso.
  kMultitask,    // pi_1 has a head for each task, pi_2 one for all; one torso and core, a baseline for each
                 // task.
};

struct CurriculumEntry {
  std::string_view name;     // As in curriculum.name.
  std::string_view summary;  // One line, without a full stop.
  Curriculum curriculum;
};
// Every curriculum there is. A new one is a line here, its parts in weight_layout(), and their way through
// the network (rollout/network_policy.cc, agent/network.cc).
std::span<const CurriculumEntry> curriculum_catalog();

// What the network's shape depends on.
struct CurriculumShape {
  Curriculum curriculum = Curriculum::kNone;
  std::vector<int> simple_actions = {};  // kActionSpace: the joint index of each of pi_1's actions.
  int tasks = 1;

  bool has_two_policies() const { return curriculum != Curriculum::kNone; }
  bool has_simple_core() const { return curriculum == Curriculum::kAgentCore; }
  int task_heads() const { return curriculum == Curriculum::kMultitask ? tasks : 1; }
  // Actions of pi_1, of `joint` in all.
  int simple_action_count(int joint) const {
    return curriculum == Curriculum::kActionSpace ? static_cast<int>(simple_actions.size()) : joint;
  }
  friend bool operator==(const CurriculumShape&, const CurriculumShape&) = default;
};
// Errors: an unknown name; simple actions that are not a proper part of agent.actions; a curriculum of cores
// whose complex core is no lstm; multitask without tasks, or tasks elsewhere.
Result<CurriculumShape> curriculum_shape(const CurriculumConfig& config, const AgentConfig& agent);

// curriculum.tasks, without blanks; and its reference scores, one a task. Errors: an empty or repeated name;
// a score that is no number above 0, or not one for each task.
Result<std::vector<std::string>> curriculum_tasks(const CurriculumConfig& config);
Result<std::vector<double>> curriculum_reference_scores(const CurriculumConfig& config);

// What the arm makes of alpha and lambda.
double transfer_weight(const CurriculumConfig& config);  // lambda; 0 where the arm does not transfer.
bool alpha_is_tuned(const CurriculumConfig& config);     // Whether a population may move it.
// alpha of weights that have consumed this many agent steps: the schedule's, the arm's, or config.alpha.
double alpha_after(const CurriculumConfig& config, std::int64_t agent_steps);

// Which policies must be computed. A policy that alpha rules out costs nothing, unless the matching loss or
// its memory needs it.
struct Alive {
  bool simple = false, complex = true;
  friend bool operator==(const Alive&, const Alive&) = default;
};
// Heads that acting by the mixture needs.
inline Alive alive_acting(const CurriculumShape& shape, double alpha) {
  return {.simple = shape.has_two_policies() && alpha < 1, .complex = !shape.has_two_policies() || alpha > 0};
}
// Policies that the loss needs: alpha 0 and a matching loss want both, alpha 1 only pi_2.
inline Alive alive_learning(const CurriculumShape& shape, double alpha, double transfer_weight) {
  const Alive acting = alive_acting(shape, alpha);
  return {.simple = acting.simple, .complex = acting.complex || transfer_weight > 0};
}

}  // namespace chrysalis
