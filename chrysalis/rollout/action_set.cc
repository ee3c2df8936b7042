#include "chrysalis/rollout/action_set.h"

#include <algorithm>

#include "chrysalis/core/check.h"
#include "chrysalis/core/field.h"

namespace chrysalis {
namespace {

std::vector<RawAction> small_actions() {
  return {
      {.move_forward = 1},                     // Forward.
      {.move_forward = -1},                    // Backward.
      {.strafe_right = -1},                    //
      {.strafe_right = 1},                     //
      {.look_right = -20},                     // Turn left.
      {.look_right = 20},                      //
      {.look_right = -20, .move_forward = 1},  // Turn left while running.
      {.look_right = 20, .move_forward = 1},   //
      {.fire = 1},
  };
}

// Differs from the paper: it does not give the look magnitudes. These contain the small set's and are spread
// between a fine and a fast turn.
std::vector<RawAction> big_actions() {
  std::vector<RawAction> actions;
  for (const int look_right : {-60, -20, -5, 0, 5, 20, 60})
    for (const int look_down : {-10, 0, 10})
      for (const int strafe : {-1, 0, 1})
        for (const int move : {-1, 0, 1})
          for (const int fire : {0, 1})
            for (const int jump : {0, 1})
              actions.push_back({look_right, look_down, strafe, move, fire, jump, 0});
  return actions;
}

}  // namespace

Result<const std::vector<RawAction>*> action_set(std::string_view name) {
  static const std::vector<RawAction> small = small_actions();
  static const std::vector<RawAction> big = big_actions();
  if (name == "small") return &small;
  if (name == "big") return &big;
  return invalid_input("unknown action set '{}': expected one of small, big{}", name,
                       did_you_mean(name, {"small", "big"}));
}

Result<std::vector<int>> action_factors(std::string_view name) {
  CHRYSALIS_RETURN_IF_ERROR(action_set(name));
  if (name == "big") return std::vector<int>{7, 3, 3, 3, 2, 2};
  return invalid_input(
      "agent.head is factored and agent.actions {}, which is no product of choices: expected big", name);
}

std::vector<int> action_indices(const std::vector<RawAction>& subset,
                                const std::vector<RawAction>& superset) {
  std::vector<int> indices;
  for (const RawAction& action : subset) {
    const auto found = std::ranges::find(superset, action);
    CHRYSALIS_CHECK(found != superset.end(), "action {} of the subset is not in the superset",
                    indices.size());
    indices.push_back(static_cast<int>(found - superset.begin()));
  }
  return indices;
}

}  // namespace chrysalis
