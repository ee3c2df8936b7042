#include "chrysalis/agent/network.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "chrysalis/agent/lstm.h"
#include "chrysalis/agent/network_case_test.h"
#include "chrysalis/agent/product.h"
#include "chrysalis/agent/torch_policy.h"
#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

// The same network, written with torch's plain operators one step after the other, as the appendix of
// Czarnecki et al. 2018 has it: with the concatenation of features, one-hot and reward.
NetworkOutput plain_forward(const Case& test, const Network& network) {
  const auto parameters = network.named_parameters();
  const auto part = [&](const char* name) { return parameters[name]; };
  const std::int64_t width = test.config.core_width, actions = test.spec.action_count;
  const bool lstm = test.config.core == "lstm";
  at::Tensor h = lstm ? test.input.core_state.narrow(1, 0, width) : at::Tensor();
  at::Tensor c = lstm ? test.input.core_state.narrow(1, width, width) : at::Tensor();
  std::vector<at::Tensor> policies, values;
  for (std::int64_t t = 0; t < test.input.steps; ++t) {
    std::vector<at::Tensor> pictures;
    for (std::int64_t b = 0; b < test.input.batch; ++b) {
      pictures.push_back(
          at::from_blob(const_cast<std::uint8_t*>(test.input.frames.pixels[t * test.input.batch + b]),
                        {test.spec.height, test.spec.width, 3}, at::kByte));
    }
    at::Tensor x = at::stack(pictures).permute({0, 3, 1, 2}).to(test.flat.scalar_type()).contiguous() / 255;
    x = at::conv2d(x, part("torso/conv1/weight"), part("torso/conv1/bias"), 4).relu();
    x = at::conv2d(x, part("torso/conv2/weight"), part("torso/conv2/bias"), 2).relu();
    x = at::linear(x.permute({0, 2, 3, 1}).flatten(1), part("torso/linear/weight"), part("torso/linear/bias"))
            .relu();
    const at::Tensor last = test.input.last_actions.view({test.input.steps, -1})[t];
    const at::Tensor one_hot = at::one_hot(last + 1, actions + 1).narrow(1, 1, actions).to(x.scalar_type());
    const at::Tensor reward =
        test.input.last_rewards.view({test.input.steps, -1})[t].clamp(-1, 1).unsqueeze(1);
    const at::Tensor weight = at::cat(
        {part("core/input_weight"), part("core/action_weight").t(), part("core/reward_weight").unsqueeze(1)},
        1);
    at::Tensor gates = at::linear(at::cat({x, one_hot, reward}, 1), weight, part("core/bias"));
    if (lstm) {
      const at::Tensor keep = test.input.starts[t].eq(0).to(x.scalar_type()).unsqueeze(1);
      gates = gates + at::matmul(h * keep, part("core/recurrent_weight").t());
      const auto blocks = gates.chunk(4, 1);
      c = blocks[2].sigmoid() * (c * keep) + blocks[1].sigmoid() * blocks[3].tanh();
      h = blocks[0].sigmoid() * c.tanh();
    } else {
      h = gates.relu();
    }
    policies.push_back(at::linear(h, part("policy/weight"), part("policy/bias")).log_softmax(1));
    values.push_back(at::linear(h, part("baseline/weight"), part("baseline/bias")).squeeze(1));
  }
  NetworkOutput out;
  out.log_policy = at::stack(policies);
  out.values = at::stack(values);
  if (lstm) out.core_state = at::cat({h, c}, 1);
  return out;
}

TEST(Network, HasTheStatedOutputShapes) {
  const Case test({}, {}, 3, 2);
  at::NoGradGuard no_grad;
  const NetworkOutput out = test.network().forward(test.input);
  EXPECT_EQ(out.log_policy.sizes(), at::IntArrayRef({3, 2, 9}));
  EXPECT_EQ(out.values.sizes(), at::IntArrayRef({3, 2}));
  EXPECT_EQ(out.core.sizes(), at::IntArrayRef({3, 2, 256}));
  EXPECT_EQ(out.core_state.sizes(), at::IntArrayRef({2, 512}));
  EXPECT_LT(largest_difference(out.log_policy.exp().sum(2), at::ones({3, 2})), 1e-6);
}

TEST(Network, EqualsPlainOperatorsInOutputsAndGradients) {
  for (const char* core : {"lstm", "feed_forward"}) {
    for (const at::ScalarType dtype : {at::kDouble, at::kFloat}) {
      const Case test(small_config(core), {.height = 28, .width = 24, .action_count = 5}, 7, 3, dtype);
      const double tolerance = dtype == at::kDouble ? 1e-12 : 2e-5;
      const Network network = test.network(), plain = test.network();
      const NetworkOutput out = network.forward(test.input), expected = plain_forward(test, plain);
      EXPECT_LT(largest_difference(out.log_policy, expected.log_policy), tolerance) << core;
      EXPECT_LT(largest_difference(out.values, expected.values), tolerance) << core;
      if (expected.core_state.defined()) {
        EXPECT_LT(largest_difference(out.core_state, expected.core_state), tolerance);
      }
      weighted_sum(out).backward();
      weighted_sum(expected).backward();
      const double scale = plain.flat_gradient().abs().max().item().toDouble();
      EXPECT_LT(largest_difference(network.flat_gradient(), plain.flat_gradient()), tolerance * scale)
          << core;
    }
  }
}

TEST(Network, EqualsPlainOperatorsAtTheDefaultSizes) {
  const Case test({.head_init_scale = 1}, {}, 6, 5);  // Big enough for oneDNN's products.
  const Network network = test.network(), plain = test.network();
  const NetworkOutput out = network.forward(test.input), expected = plain_forward(test, plain);
  EXPECT_LT(largest_difference(out.log_policy, expected.log_policy), 1e-5);
  weighted_sum(out).backward();
  weighted_sum(expected).backward();
  const double scale = plain.flat_gradient().abs().max().item().toDouble();
  EXPECT_LT(largest_difference(network.flat_gradient(), plain.flat_gradient()), 1e-5 * scale);
}

TEST(Network, GradientsReachEveryParameter) {
  for (const char* core : {"lstm", "feed_forward"}) {
    const Case test(small_config(core), {.height = 28, .width = 24, .action_count = 3}, 20, 4);
    const Network network = test.network();
    weighted_sum(network.forward(test.input)).backward();
    for (const auto& part : test.weights->layout->parts) {
      const at::Tensor gradient = network.flat_gradient().narrow(0, static_cast<std::int64_t>(part.offset),
                                                                 static_cast<std::int64_t>(part.count));
      EXPECT_GT(gradient.abs().sum().item().toDouble(), 0) << part.name;
    }
  }
}

TEST(Network, ChunkingDoesNotChangeTheGradient) {
  Case test(small_config(), {.height = 28, .width = 24}, 9, 3, at::kDouble);
  at::Tensor first;
  for (const int chunk : {64, 27, 10, 1}) {
    test.input.chunk_frames = chunk;
    const Network network = test.network();
    weighted_sum(network.forward(test.input)).backward();
    if (!first.defined()) first = network.flat_gradient();
    EXPECT_LT(largest_difference(first, network.flat_gradient()), 1e-12) << chunk;
  }
}

TEST(Network, AResetInsideAnUnrollEqualsTwoUnrolls) {
  Case test(small_config(), {.height = 28, .width = 24}, 8, 1, at::kDouble);
  test.input.starts.zero_();
  test.input.starts[5][0] = 1;
  at::NoGradGuard no_grad;
  const Network network = test.network();
  const NetworkOutput whole = network.forward(test.input);
  NetworkInput tail = test.input;
  tail.steps = 3;
  tail.frames.pixels.erase(tail.frames.pixels.begin(), tail.frames.pixels.begin() + 5);
  tail.last_actions = tail.last_actions.narrow(0, 5, 3);
  tail.last_rewards = tail.last_rewards.narrow(0, 5, 3);
  tail.starts = at::zeros({3, 1}, at::kByte);
  tail.core_state = at::zeros_like(tail.core_state);
  const NetworkOutput second = network.forward(tail);
  EXPECT_LT(largest_difference(whole.log_policy.narrow(0, 5, 3), second.log_policy), 1e-14);
  EXPECT_LT(largest_difference(whole.core_state, second.core_state), 1e-14);
}

TEST(Product, EqualsMatrixMultiplication) {
  RandomStream random(RandomKey(2));
  for (const auto& [m, n, k] : {std::tuple{3, 5, 7}, {64, 256, 300}, {400, 128, 256}, {16, 2240, 256}}) {
    const auto draw = [&](std::int64_t rows, std::int64_t columns) {
      const at::Tensor tensor = at::empty({rows, columns});
      for (std::int64_t i = 0; i < tensor.numel(); ++i) {
        tensor.data_ptr<float>()[i] = static_cast<float>(random.uniform(-1, 1));
      }
      return tensor;
    };
    const at::Tensor a = draw(m, k), b = draw(n, k), b_t = draw(k, n);
    EXPECT_LT(largest_difference(product(a, b), at::mm(a.to(at::kDouble), b.t().to(at::kDouble))), 1e-4);
    EXPECT_LT(largest_difference(product(a, b_t.t()), at::mm(a.to(at::kDouble), b_t.to(at::kDouble))), 1e-4);
  }
}

// Acting step by step through the Torch-free seam gives what the learner computes for the whole unroll.
// Largest difference allowed: 1e-5 in ln pi and values.
TEST(TorchPolicy, StepsEqualTheUnroll) {
  for (const char* core : {"lstm", "feed_forward"}) {
    const Case test({.core = core, .head_init_scale = 1}, {}, 12, 3);
    at::NoGradGuard no_grad;
    const NetworkOutput whole = test.network().forward(test.input);
    auto policy = std::move(make_torch_policy(test.config, test.spec).value());
    policy->load(test.weights);
    EXPECT_EQ(policy->action_count(), 9);
    const int state_size = policy->core_state_size();
    std::vector<float> states(test.input.core_state.numel());
    std::copy_n(test.input.core_state.data_ptr<float>(), states.size(), states.data());
    for (int t = 0; t < 12; ++t) {
      std::vector<std::int32_t> last_actions(3);
      for (int b = 0; b < 3; ++b) last_actions[b] = test.input.last_actions[t * 3 + b].item().toInt();
      std::vector<float> log_policy(27), values(3);
      policy->step({.batch = 3,
                    .observations = std::span(test.input.frames.pixels).subspan(t * 3, 3),
                    .last_actions = last_actions,
                    .last_rewards = {test.input.last_rewards.data_ptr<float>() + t * 3, 3},
                    .episode_starts = {test.input.starts.data_ptr<std::uint8_t>() + t * 3, 3}},
                   {.core_states = states, .log_policy = log_policy, .values = values});
      EXPECT_LT(largest_difference(whole.log_policy[t], at::from_blob(log_policy.data(), {3, 9})), 1e-5);
      EXPECT_LT(largest_difference(whole.values[t], at::from_blob(values.data(), {3})), 1e-5);
    }
    if (state_size > 0) {
      EXPECT_LT(largest_difference(whole.core_state, at::from_blob(states.data(), {3, state_size})), 1e-5);
    }
  }
}

TEST(TorchPolicy, LoadTakesNewWeights) {
  const AgentConfig config = small_config();
  const AgentSpec spec = {.height = 20, .width = 20, .action_count = 4};
  const auto act = [&](const WeightsPtr& weights, Policy& policy) {
    policy.load(weights);
    const std::vector<std::uint8_t> picture(20 * 20 * 3, 200);
    const std::uint8_t* pictures[] = {picture.data()};
    const std::int32_t last_action[] = {-1};
    const float last_reward[] = {0};
    const std::uint8_t start[] = {1};
    std::vector<float> states(12, 9.0f), log_policy(4), values(1);
    policy.step({1, pictures, last_action, last_reward, start}, {states, log_policy, values});
    return log_policy;
  };
  const WeightsPtr first = initial_weights(config, spec, RandomKey(1)).value();
  const WeightsPtr second = initial_weights(config, spec, RandomKey(2)).value();
  auto policy = std::move(make_torch_policy(config, spec).value());
  const auto before = act(first, *policy);
  EXPECT_NE(before, act(second, *policy));
  EXPECT_EQ(before, act(first, *policy));
}

TEST(TorchPolicy, RefusesAnAgentThatDoesNotFit) {
  EXPECT_FALSE(make_torch_policy({}, {.height = 30}).ok());
}

TEST(TorchPolicyDeathTest, ChecksThatWeightsAreThere) {
  auto policy = std::move(make_torch_policy(small_config(), {}).value());
  EXPECT_DEATH(policy->step(PolicyInput{}, PolicyOutput{}), "before its weights are loaded");
}

}  // namespace
}  // namespace chrysalis
