#include "chrysalis/rollout/weight_layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

RandomKey key_of(std::uint64_t member) {
  return RandomKey(7, Purpose::kInitialWeights, {member});
}

std::span<const float> values_of(const WeightsPtr& weights, std::string_view name) {
  for (const auto& part : weights->layout->parts) {
    if (part.name == name) return std::span(weights->values).subspan(part.offset, part.count);
  }
  return {};
}

TEST(AgentShape, FollowsThePapersTable) {
  const AgentShape shape = agent_shape({}, {}).value();
  EXPECT_EQ(shape.conv1_height, 17);
  EXPECT_EQ(shape.conv1_width, 23);
  EXPECT_EQ(shape.conv2_height, 7);
  EXPECT_EQ(shape.conv2_width, 10);
  EXPECT_EQ(shape.torso_features, 2240);
  EXPECT_EQ(shape.gate_width, 1024);
  EXPECT_EQ(shape.core_state_size, 512);
}

TEST(AgentShape, FollowsOtherSizes) {
  const AgentShape shape =
      agent_shape({.core = "feed_forward", .core_width = 64}, {.height = 20, .width = 24}).value();
  EXPECT_EQ(shape.conv1_height, 4);
  EXPECT_EQ(shape.conv1_width, 5);
  EXPECT_EQ(shape.conv2_height, 1);
  EXPECT_EQ(shape.conv2_width, 1);
  EXPECT_EQ(shape.gate_width, 64);
  EXPECT_EQ(shape.core_state_size, 0);
}

TEST(AgentShape, RefusesWhatCannotBe) {
  const auto message = [](const AgentConfig& config, const AgentSpec& spec) {
    return agent_shape(config, spec).error().message;
  };
  EXPECT_EQ(message({}, {.height = 16}),
            "observations are 96 x 16 (width x height); the agent's convolutions want multiples of 4, at "
            "least 20 x 20");
  EXPECT_NE(message({}, {.width = 94}).find("94 x 72"), std::string::npos);
  EXPECT_NE(message({}, {.action_count = 0}).find("0 actions"), std::string::npos);
  EXPECT_NE(message({}, {.reward_clip = 0}).find("reward clip is 0"), std::string::npos);
  EXPECT_EQ(message({.hidden = 0}, {}), "agent.hidden is 0; expected at least 1");
  EXPECT_EQ(message({.core = "lstn"}, {}),
            "agent.core is 'lstn'; expected lstm or feed_forward, did you mean 'lstm'?");
  EXPECT_FALSE(weight_layout({.core = "gru"}, {}).ok());
  EXPECT_FALSE(initial_weights({.core = "gru"}, {}, key_of(0)).ok());
}

TEST(WeightLayout, IsDenseAndHasTheDefaultNetworksSize) {
  const auto layout = weight_layout({}, {}).value();
  std::size_t next = 0;
  for (const auto& part : layout->parts) {
    EXPECT_EQ(part.offset, next) << part.name;
    next += part.count;
  }
  EXPECT_EQ(next, layout->count);
  const std::size_t torso = 16 * 192 + 16 + 32 * 256 + 32 + 2240 * 256 + 256;
  const std::size_t core = 1024 * (256 + 9 + 1 + 1 + 256);
  EXPECT_EQ(layout->count, torso + core + 257 * 10);
}

TEST(InitialWeights, HaveTheStatedSpread) {
  const WeightsPtr weights = initial_weights({}, {}, key_of(0)).value();
  EXPECT_EQ(weights->version, 0);
  const auto check = [&](std::string_view name, double variance) {
    const auto values = values_of(weights, name);
    double square = 0, largest = 0;
    for (const float value : values) {
      square += value * value;
      largest = std::max(largest, std::abs(static_cast<double>(value)));
    }
    EXPECT_NEAR(square / static_cast<double>(values.size()), variance, 0.1 * variance) << name;
    EXPECT_LE(largest, std::sqrt(3 * variance) * (1 + 1e-6)) << name;
  };
  check("torso.conv1.weight", 1.0 / 192);
  check("torso.linear.weight", 1.0 / 2240);
  check("core.recurrent_weight", 1.0 / (256 + 10 + 256));
  check("policy.weight", 1e-4 / 256);
}

TEST(InitialWeights, HaveZeroBiasesButTheForgetGates) {
  const WeightsPtr weights = initial_weights({.core_width = 8, .forget_bias = 2}, {}, key_of(0)).value();
  const auto bias = values_of(weights, "core.bias");
  for (std::size_t i = 0; i < bias.size(); ++i) EXPECT_EQ(bias[i], i / 8 == 2 ? 2.0f : 0.0f);
  for (const float value : values_of(weights, "policy.bias")) EXPECT_EQ(value, 0.0f);
}

TEST(InitialWeights, DependOnTheKeyAlone) {
  EXPECT_EQ(initial_weights({}, {}, key_of(1)).value()->values,
            initial_weights({}, {}, key_of(1)).value()->values);
  EXPECT_NE(initial_weights({}, {}, key_of(1)).value()->values,
            initial_weights({}, {}, key_of(2)).value()->values);
}

TEST(AgentStep, CostsWhatThePapersNetworkDoes) {
  // 2,885,120 a forward step, of which the first convolution is 1,201,152.
  const StepMultiplyAdds step = *step_multiply_adds({}, {});
  EXPECT_EQ(step.act, 2'885'120.0);
  EXPECT_EQ(step.learn, 3 * 2'885'120.0 - 1'201'152.0);
  EXPECT_EQ(step.trained(), 10'339'328.0);
  // Without memory: no recurrent product, a quarter of the gates.
  AgentConfig plain;
  plain.core = "feed_forward";
  EXPECT_EQ(step_multiply_adds(plain, {})->act, 2'885'120.0 - 1024 * (256 + 10 + 256) + 256 * (256 + 10));
}

}  // namespace
}  // namespace chrysalis
