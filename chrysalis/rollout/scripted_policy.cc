#include "chrysalis/rollout/scripted_policy.h"

#include <algorithm>
#include <cmath>

namespace chrysalis {
namespace {

class ScriptedPolicy : public Policy {
 public:
  ScriptedPolicy(int action_count, int core_state_size, Script script)
      : action_count_(action_count), core_state_size_(core_state_size), script_(std::move(script)) {}

  int action_count() const override { return action_count_; }
  int core_state_size() const override { return core_state_size_; }
  void load(const WeightsPtr& weights) override { weights_ = weights; }
  void step(const PolicyInput& in, const PolicyOutput& out) override {
    for (int i = 0; i < in.batch; ++i) {
      const auto state =
          out.core_states.subspan(static_cast<std::size_t>(i) * core_state_size_, core_state_size_);
      if (in.episode_starts[i] != 0) std::ranges::fill(state, 0.0f);
      script_({in.observations[i], in.last_actions[i], in.last_rewards[i], weights_.get()}, state,
              out.log_policy.subspan(static_cast<std::size_t>(i) * action_count_, action_count_),
              out.values[i]);
    }
  }

 private:
  int action_count_;
  int core_state_size_;
  Script script_;
  WeightsPtr weights_;
};

}  // namespace

std::unique_ptr<Policy> make_random_policy(int action_count) {
  const float log_share = -std::log(static_cast<float>(action_count));
  return make_scripted_policy(
      action_count, 0,
      [log_share](const ScriptedView&, std::span<float>, std::span<float> log_policy, float& value) {
        std::ranges::fill(log_policy, log_share);
        value = 0.0f;
      });
}

std::unique_ptr<Policy> make_scripted_policy(int action_count, int core_state_size, Script script) {
  return std::make_unique<ScriptedPolicy>(action_count, core_state_size, std::move(script));
}

}  // namespace chrysalis
