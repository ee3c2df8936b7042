// The network on the kernels against the same network on stock operators in double precision.
#include "chrysalis/agent/native_layers.h"

#include <gtest/gtest.h>

#include "chrysalis/agent/network_case_test.h"
#include "chrysalis/rollout/network_policy.h"

namespace chrysalis {
namespace {

double relative_l2(const at::Tensor& found, const at::Tensor& expected) {
  return ((found.to(at::kDouble) - expected.to(at::kDouble)).norm() / expected.to(at::kDouble).norm())
      .item()
      .toDouble();
}

// Their inputs happen to leave no unit so near 0 that rounding decides whether it is alive.
struct Shape {
  AgentConfig config;
  AgentSpec spec;
  std::int64_t steps, batch;
};
std::vector<Shape> shapes() {
  AgentConfig feed_forward;
  feed_forward.core = "feed_forward";
  return {{small_config("lstm"), {.height = 28, .width = 24, .action_count = 5}, 7, 3},
          {small_config("feed_forward"), {.height = 28, .width = 24, .action_count = 5}, 7, 3},
          {small_config("lstm"), {.height = 20, .width = 32, .action_count = 1}, 1, 1},
          {{}, {}, 5, 7},
          {feed_forward, {.height = 72, .width = 96, .action_count = 756}, 3, 2},
          {{.conv1_filters = 33, .conv2_filters = 17, .hidden = 100, .core_width = 40},
           {.height = 48, .width = 40, .action_count = 9},
           3,
           5},
          // More frames than go through the layers at a time, and an odd number.
          {small_config("lstm"), {.height = 20, .width = 20, .action_count = 2}, 5, 101}};
}

TEST(NativeNetwork, EqualsStockOperatorsInDoubleInOutputsAndEachGradient) {
  for (const Shape& shape : shapes()) {
    const Case test(shape.config, shape.spec, shape.steps, shape.batch);
    const Case exact(shape.config, shape.spec, shape.steps, shape.batch, at::kDouble);
    const Network native = test.network(), stock = exact.network();
    const NetworkOutput found = native.forward(on_kernels(test, Precision::kFloat32)),
                        expected = stock.forward(exact.input);
    EXPECT_LT(error_of(found.log_policy, expected.log_policy), 1e-5);
    EXPECT_LT(error_of(found.values, expected.values), 1e-5);
    EXPECT_LT(error_of(found.core, expected.core), 1e-5);
    if (expected.core_state.numel() > 0) {
      EXPECT_LT(error_of(found.core_state, expected.core_state), 1e-5);
    }
    weighted_sum(found).backward();
    weighted_sum(expected).backward();
    const auto gradients = native.named_parameters(), exact_gradients = stock.named_parameters();
    for (const auto& parameter : gradients) {
      EXPECT_LT(error_of(parameter.value().grad(), exact_gradients[parameter.key()].grad()), 1e-5)
          << parameter.key() << " of " << shape.config.core << " " << shape.config.hidden;
    }
  }
}

// What rounding operands to 8 bits of mantissa may cost: 2^-9 each, averaged over long sums; gradients of a
// few frames, in tiny layers, the most: 4.5 % was measured for 8 hidden units.
TEST(NativeNetwork, InBf16StaysWithinItsRounding) {
  for (const Shape& shape : shapes()) {
    const Case test(shape.config, shape.spec, shape.steps, shape.batch);
    const Network native = test.network(), stock = test.network();
    const NetworkOutput found = native.forward(on_kernels(test, Precision::kBf16)),
                        expected = stock.forward(test.input);
    EXPECT_LT(relative_l2(found.core, expected.core), 1e-2);
    EXPECT_LT(largest_difference(found.log_policy, expected.log_policy), 2e-2);
    weighted_sum(found).backward();
    weighted_sum(expected).backward();
    EXPECT_LT(relative_l2(native.flat_gradient(), stock.flat_gradient()),
              shape.config.hidden < 100 ? 6e-2 : 2.5e-2)
        << shape.config.core << " " << shape.config.hidden;
    EXPECT_GT(relative_l2(native.flat_gradient(), stock.flat_gradient()), 1e-5) << "that was not bf16";
  }
}

TEST(NativeNetwork, ActsInAnUnrollAsItsPolicyActsStepByStep) {
  for (const Precision precision : {Precision::kFloat32, Precision::kBf16}) {
    const Case test({}, {}, 6, 5);
    at::NoGradGuard no_grad;
    const NetworkOutput unrolled = test.network().forward(on_kernels(test, precision));
    const auto policy = make_network_policy(test.config, test.spec, precision).value();
    policy->load(test.weights);
    std::vector<float> core(test.input.core_state.data_ptr<float>(),
                            test.input.core_state.data_ptr<float>() + test.input.core_state.numel());
    std::vector<float> log_policy(5 * 9), values(5);
    for (std::int64_t t = 0; t < 6; ++t) {
      std::vector<std::int32_t> actions;
      for (std::int64_t b = 0; b < 5; ++b)
        actions.push_back(static_cast<std::int32_t>(test.input.last_actions[t * 5 + b].item().toLong()));
      policy->step({.batch = 5,
                    .observations = {test.input.frames.pixels.data() + t * 5, 5},
                    .last_actions = actions,
                    .last_rewards = {test.input.last_rewards.data_ptr<float>() + t * 5, 5},
                    .episode_starts = {test.input.starts.data_ptr<std::uint8_t>() + t * 5, 5}},
                   {.core_states = core, .log_policy = log_policy, .values = values});
      EXPECT_LT(largest_difference(unrolled.log_policy[t], at::from_blob(log_policy.data(), {5, 9})), 1e-6);
      EXPECT_LT(largest_difference(unrolled.values[t], at::from_blob(values.data(), {5})), 1e-6);
    }
  }
}

TEST(NativeNetwork, GivesTheSameGradientEachTimeItsMemoryIsUsedAgain) {
  const Case test({}, {}, 4, 3);
  const Network network = test.network();
  at::Tensor first;
  for (int i = 0; i < 3; ++i) {
    network.flat_gradient().zero_();
    weighted_sum(network.forward(on_kernels(test, Precision::kFloat32))).backward();
    if (i == 0) first = network.flat_gradient().clone();
    EXPECT_TRUE(at::equal(first, network.flat_gradient()));
  }
}

}  // namespace
}  // namespace chrysalis
