#include "chrysalis/rollout/curriculum.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "chrysalis/rollout/action_set.h"

namespace chrysalis {
namespace {

constexpr CurriculumEntry kCatalog[] = {
    {"none", "One policy, no curriculum: plain IMPALA", Curriculum::kNone},
    {"action_space", "Few actions inside many: 9 in 756", Curriculum::kActionSpace},
    {"agent_core", "A feed-forward core teaches an LSTM", Curriculum::kAgentCore},
    {"multitask", "A head for each task teaches one head for all", Curriculum::kMultitask},
};

// The pieces between commas, without blanks around them.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> pieces;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string_view piece = text.substr(begin, end - begin);
    while (!piece.empty() && piece.front() == ' ') piece.remove_prefix(1);
    while (!piece.empty() && piece.back() == ' ') piece.remove_suffix(1);
    pieces.emplace_back(piece);
    begin = end + 1;
  }
  return pieces;
}

Result<std::vector<int>> simple_actions(const CurriculumConfig& config, const AgentConfig& agent) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto* simple, action_set(config.simple_actions));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto* joint, action_set(agent.actions));
  const auto in_joint = [&](const RawAction& action) {
    return std::ranges::find(*joint, action) != joint->end();
  };
  if (simple->size() >= joint->size() || !std::ranges::all_of(*simple, in_joint))
    return invalid_input(
        "curriculum.simple_actions is {} and agent.actions {}: expected a smaller set inside a larger one, "
        "small and big",
        config.simple_actions, agent.actions);
  return action_indices(*simple, *joint);
}

}  // namespace

std::span<const CurriculumEntry> curriculum_catalog() {
  return kCatalog;
}

Result<CurriculumShape> curriculum_shape(const CurriculumConfig& config, const AgentConfig& agent) {
  const auto* entry = std::ranges::find(kCatalog, config.name, &CurriculumEntry::name);
  if (entry == std::end(kCatalog)) {
    std::vector<std::string> names;
    for (const CurriculumEntry& known : kCatalog) names.emplace_back(known.name);
    return invalid_input("unknown curriculum '{}': expected one of {}{}", config.name, fmt::join(names, ", "),
                         did_you_mean(config.name, names));
  }
  CurriculumShape shape{.curriculum = entry->curriculum};
  if (shape.curriculum != Curriculum::kMultitask && !config.tasks.empty())
    return invalid_input(
        "curriculum.tasks is '{}' and curriculum.name {}: tasks are of multitask; level.name is the level of "
        "the others",
        config.tasks, config.name);
  switch (shape.curriculum) {
    case Curriculum::kNone:
      break;
    case Curriculum::kActionSpace: {
      CHRYSALIS_ASSIGN_OR_RETURN(shape.simple_actions, simple_actions(config, agent));
      break;
    }
    case Curriculum::kAgentCore:
      if (agent.core != "lstm")
        return invalid_input(
            "curriculum.name is agent_core and agent.core {}: expected lstm, which the feed-forward core "
            "teaches",
            agent.core);
      break;
    case Curriculum::kMultitask: {
      CHRYSALIS_ASSIGN_OR_RETURN(const auto tasks, curriculum_tasks(config));
      CHRYSALIS_RETURN_IF_ERROR(curriculum_reference_scores(config));
      shape.tasks = static_cast<int>(tasks.size());
      break;
    }
  }
  return shape;
}

Result<std::vector<std::string>> curriculum_tasks(const CurriculumConfig& config) {
  if (config.tasks.empty())
    return invalid_input(
        "curriculum.tasks is empty: expected levels, for example \"seek_apples, nav_maze_static_01\"");
  std::vector<std::string> tasks = split(config.tasks);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].empty())
      return invalid_input("curriculum.tasks is '{}': expected names of levels between commas", config.tasks);
    if (std::find(tasks.begin(), tasks.begin() + static_cast<std::ptrdiff_t>(i), tasks[i]) !=
        tasks.begin() + static_cast<std::ptrdiff_t>(i))
      return invalid_input("curriculum.tasks has {} twice", tasks[i]);
  }
  return tasks;
}

Result<std::vector<double>> curriculum_reference_scores(const CurriculumConfig& config) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto tasks, curriculum_tasks(config));
  if (config.reference_scores.empty()) return std::vector<double>(tasks.size(), 1.0);
  std::vector<double> scores;
  for (const std::string& text : split(config.reference_scores)) {
    double score = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), score);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(score) || score <= 0)
      return invalid_input("curriculum.reference_scores has '{}': expected numbers above 0 between commas",
                           text);
    scores.push_back(score);
  }
  if (scores.size() != tasks.size())
    return invalid_input("curriculum.reference_scores has {} numbers for {} tasks: expected one for each",
                         scores.size(), tasks.size());
  return scores;
}

double transfer_weight(const CurriculumConfig& config) {
  return config.arm == "mix_and_match" || config.arm == "linear_schedule" ? config.transfer_weight : 0.0;
}

bool alpha_is_tuned(const CurriculumConfig& config) {
  return config.name != "none" && (config.arm == "mix_and_match" || config.arm == "no_transfer");
}

double alpha_after(const CurriculumConfig& config, std::int64_t agent_steps) {
  if (config.name == "none" || config.arm == "complex_only") return 1.0;
  if (config.arm == "simple_only") return 0.0;
  if (config.arm != "linear_schedule") return config.alpha;
  const double done = static_cast<double>(agent_steps - config.schedule_begin);
  return std::clamp(done / static_cast<double>(config.schedule_steps), 0.0, 1.0);
}

}  // namespace chrysalis
