// The two policies of every curriculum: the network on the kernels against stock operators, whole unrolls
// against single steps, and which parameters gradients reach.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "chrysalis/agent/network_case_test.h"
#include "chrysalis/agent/torch_policy.h"
#include "chrysalis/rollout/curriculum_cases_test.h"
#include "chrysalis/rollout/decision_test.h"
#include "chrysalis/rollout/network_policy.h"

namespace chrysalis {
namespace {

// Both policies, where there are two.
Case case_of(const CurriculumCase& agent, std::int64_t steps, std::int64_t batch,
             at::ScalarType dtype = at::kFloat) {
  AgentConfig config = agent.config;
  config.head_init_scale = 1;
  Case test(config, agent.spec, steps, batch, dtype);
  test.input.alive = {.simple = agent.spec.curriculum.has_two_policies(), .complex = true};
  return test;
}

// Each output of both, or undefined in both; the largest error of any.
void expect_near(const NetworkOutput& found, const NetworkOutput& expected, double tolerance) {
  const auto compare = [&](const char* name, const at::Tensor& one, const at::Tensor& other) {
    ASSERT_EQ(one.defined(), other.defined()) << name;
    if (!one.defined()) return;
    ASSERT_EQ(one.sizes(), other.sizes()) << name;
    EXPECT_LT(error_of(one.detach(), other.detach()), tolerance) << name;
  };
  compare("log_policy", found.log_policy, expected.log_policy);
  compare("log_simple", found.log_simple, expected.log_simple);
  compare("values", found.values, expected.values);
  compare("features", found.features, expected.features);
  compare("core", found.core, expected.core);
  compare("simple_core", found.simple_core, expected.simple_core);
  compare("core_state", found.core_state, expected.core_state);
}

TEST(CurriculumNetwork, HasTheStatedOutputs) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    SCOPED_TRACE(agent.name);
    const CurriculumShape& curriculum = agent.spec.curriculum;
    const Case test = case_of(agent, 3, 2);
    at::NoGradGuard no_grad;
    const NetworkOutput out = test.network().forward(test.input);
    EXPECT_EQ(out.log_policy.sizes(), at::IntArrayRef({3, 2, agent.spec.action_count}));
    EXPECT_LT(largest_difference(out.log_policy.exp().sum(2), at::ones({3, 2})), 1e-5);
    ASSERT_EQ(out.log_simple.defined(), curriculum.has_two_policies());
    if (out.log_simple.defined()) {
      EXPECT_EQ(out.log_simple.sizes(), at::IntArrayRef({3, 2, agent.spec.simple_action_count()}));
      EXPECT_LT(largest_difference(out.log_simple.exp().sum(2), at::ones({3, 2})), 1e-6);
    }
    EXPECT_EQ(out.values.sizes(), at::IntArrayRef({3, 2}));
    EXPECT_EQ(out.features.sizes(), at::IntArrayRef({3, 2, 13}));
    EXPECT_EQ(out.core.sizes(), at::IntArrayRef({3, 2, 7}));
    EXPECT_EQ(out.simple_core.defined(), curriculum.has_simple_core());
    EXPECT_EQ(out.core_state.sizes(), at::IntArrayRef({2, 14}));
  }
}

TEST(CurriculumNetwork, OnKernelsEqualsStockOperatorsInDoubleInOutputsAndEachGradient) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    for (const double alpha : kMixtures) {
      SCOPED_TRACE(agent.name + ", alpha " + std::to_string(alpha));
      Case test = case_of(agent, 7, 3), exact = case_of(agent, 7, 3, at::kDouble);
      test.input.alpha = exact.input.alpha = alpha;
      const Network native = test.network(), stock = exact.network();
      const NetworkOutput found = native.forward(on_kernels(test)), expected = stock.forward(exact.input);
      expect_near(found, expected, 1e-5);
      weighted_sum(found).backward();
      weighted_sum(expected).backward();
      const auto gradients = native.named_parameters(), exact_gradients = stock.named_parameters();
      for (const auto& parameter : gradients)
        EXPECT_LT(error_of(parameter.value().grad(), exact_gradients[parameter.key()].grad()), 1e-5)
            << parameter.key();
    }
  }
}

TEST(CurriculumNetwork, ComputesOnlyThePoliciesThatAreAlive) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    const CurriculumShape& curriculum = agent.spec.curriculum;
    if (!curriculum.has_two_policies()) continue;
    SCOPED_TRACE(agent.name);
    Case test = case_of(agent, 3, 2);
    at::NoGradGuard no_grad;
    for (const bool kernels : {false, true}) {
      for (const double alpha : {0.0, 1.0}) {
        test.input.alpha = alpha;
        NetworkInput in = kernels ? on_kernels(test) : test.input;
        const NetworkOutput both = test.network().forward(in);
        in.alive = alive_acting(curriculum, alpha);
        const NetworkOutput one = test.network().forward(in);
        EXPECT_TRUE(at::equal(one.values, both.values));
        if (alpha == 1) {
          EXPECT_FALSE(one.log_simple.defined() || one.simple_core.defined());
          EXPECT_TRUE(at::equal(one.log_policy, both.log_policy));
          EXPECT_TRUE(at::equal(one.core_state, both.core_state));
          continue;
        }
        EXPECT_FALSE(one.log_policy.defined());
        EXPECT_TRUE(at::equal(one.log_simple, both.log_simple));
        EXPECT_EQ(one.core.defined(), !curriculum.has_simple_core());
        EXPECT_TRUE(at::equal(one.core_state,
                              curriculum.has_simple_core() ? test.input.core_state : both.core_state));
      }
    }
  }
}

TEST(CurriculumNetwork, GivesInAnUnrollWhatItGivesInSingleSteps) {
  constexpr std::int64_t kSteps = 6, kBatch = 3;
  for (const CurriculumCase& agent : curriculum_cases()) {
    for (const bool kernels : {false, true}) {
      SCOPED_TRACE(agent.name);
      Case test = case_of(agent, kSteps, kBatch);
      test.input.alpha = 0.3;
      const NetworkInput whole = kernels ? on_kernels(test) : test.input;
      const Network network = test.network();
      at::NoGradGuard no_grad;
      const NetworkOutput unroll = network.forward(whole);
      at::Tensor core_state = whole.core_state;
      for (std::int64_t t = 0; t < kSteps; ++t) {
        NetworkInput in = whole;
        in.steps = 1;
        in.frames.pixels.assign(whole.frames.pixels.begin() + t * kBatch,
                                whole.frames.pixels.begin() + (t + 1) * kBatch);
        in.last_actions = whole.last_actions.narrow(0, t * kBatch, kBatch);
        in.last_rewards = whole.last_rewards.narrow(0, t * kBatch, kBatch);
        in.starts = whole.starts.narrow(0, t, 1);
        in.core_state = core_state;
        const NetworkOutput single = network.forward(in);
        core_state = single.core_state;
        EXPECT_LT(largest_difference(single.log_policy[0], unroll.log_policy[t]), 2e-6);
        EXPECT_LT(largest_difference(single.values[0], unroll.values[t]), 2e-6);
        if (unroll.log_simple.defined()) {
          EXPECT_LT(largest_difference(single.log_simple[0], unroll.log_simple[t]), 2e-6);
        }
      }
      EXPECT_LT(largest_difference(core_state, unroll.core_state), 2e-6);
    }
  }
}

// ln pi_mm of an unroll, [T, B, A], by torch's plain operators.
at::Tensor mixture_of(const NetworkOutput& out, const AgentSpec& spec, double alpha) {
  const CurriculumShape& curriculum = spec.curriculum;
  if (!curriculum.has_two_policies()) return out.log_policy;
  const at::Tensor complex = out.log_policy.to(at::kDouble).exp(),
                   simple = out.log_simple.to(at::kDouble).exp();
  at::Tensor p = complex * alpha;
  if (curriculum.simple_actions.empty()) return (p + simple * (1 - alpha)).log();
  for (std::size_t i = 0; i < curriculum.simple_actions.size(); ++i)
    p.select(2, curriculum.simple_actions[i]).add_(simple.select(2, static_cast<std::int64_t>(i)), 1 - alpha);
  return p.log();
}

// Infinite at the same places, and near each other elsewhere.
void expect_same_policy(const at::Tensor& found, const at::Tensor& expected, double tolerance) {
  EXPECT_TRUE(at::equal(found.isinf(), expected.isinf()));
  const auto finite = [](const at::Tensor& x) { return x.to(at::kDouble).clamp_min(-1e4); };
  EXPECT_LT(largest_difference(finite(found), finite(expected)), tolerance);
}

TEST(CurriculumNetwork, ActsStepByStepAsItsUnrollsMixture) {
  constexpr std::int64_t kSteps = 4, kBatch = 3;
  for (const CurriculumCase& agent : curriculum_cases()) {
    for (const double alpha : kMixtures) {
      SCOPED_TRACE(agent.name + ", alpha " + std::to_string(alpha));
      Case test = case_of(agent, kSteps, kBatch);
      test.input.alpha = alpha;
      auto weights = std::make_shared<Weights>(*test.weights);
      weights->alpha = alpha;
      at::NoGradGuard no_grad;
      const NetworkOutput unroll = test.network().forward(test.input);
      const at::Tensor mixture = mixture_of(unroll, agent.spec, alpha);
      std::unique_ptr<Policy> policies[] = {
          make_torch_policy(test.config, test.spec).value(),
          make_network_policy(test.config, test.spec, Precision::kFloat32).value()};
      for (const auto& policy : policies) {
        policy->load(weights);
        RandomStream random{RandomKey(1)};
        Decision d(agent.spec, kBatch, policy->core_state_size(), random);
        std::copy_n(test.input.core_state.data_ptr<float>(), d.core_states.size(), d.core_states.begin());
        for (std::int64_t t = 0; t < kSteps; ++t) {
          for (std::int64_t b = 0; b < kBatch; ++b) {
            const auto at = static_cast<std::size_t>(b), row = static_cast<std::size_t>(t * kBatch + b);
            const std::uint8_t* pixels = test.input.frames.pixels[row];
            d.pictures[at].assign(pixels, pixels + d.pictures[at].size());
            d.last_actions[at] = test.input.last_actions[t * kBatch + b].item().toInt();
            d.last_rewards[at] = test.input.last_rewards[t * kBatch + b].item().toFloat();
            d.starts[at] = test.input.starts[t][b].item().toByte();
            d.tasks[at] = test.input.tasks[b].item().toInt();
          }
          step(*policy, d);
          const at::Tensor log_policy = at::from_blob(d.log_policy.data(), {kBatch, agent.spec.action_count});
          expect_same_policy(log_policy, mixture[t], 1e-5);
          EXPECT_LT(largest_difference(at::from_blob(d.values.data(), {kBatch}), unroll.values[t]), 1e-5);
        }
        EXPECT_LT(largest_difference(at::from_blob(d.core_states.data(), unroll.core_state.sizes()),
                                     unroll.core_state),
                  1e-5);
      }
    }
  }
}

TEST(TorchPolicy, ActsByTheAlphaItIsGivenAndLeavesAnUnwantedMemoryAlone) {
  for (CurriculumCase agent : curriculum_cases()) {
    SCOPED_TRACE(agent.name);
    const Case test = case_of(agent, 1, 1);
    for (const bool keep_memory : {true, false}) {
      agent.spec.keep_memory = keep_memory;
      for (const double alpha : kMixtures) {
        std::unique_ptr<Policy> policies[] = {
            make_torch_policy(agent.config, agent.spec, alpha).value(),
            make_network_policy(agent.config, agent.spec, Precision::kFloat32, alpha).value()};
        std::vector<Decision> decisions;
        for (const auto& policy : policies) {
          policy->load(test.weights);
          RandomStream random{RandomKey(2)};
          decisions.emplace_back(agent.spec, 2, policy->core_state_size(), random);
          step(*policy, decisions.back());
        }
        const auto tensor = [](std::vector<float>& values) {
          return at::from_blob(values.data(), {static_cast<std::int64_t>(values.size())});
        };
        expect_same_policy(tensor(decisions[0].log_policy), tensor(decisions[1].log_policy), 1e-5);
        EXPECT_LT(largest_difference(tensor(decisions[0].values), tensor(decisions[1].values)), 1e-5);
        EXPECT_LT(largest_difference(tensor(decisions[0].core_states), tensor(decisions[1].core_states)),
                  1e-5);
      }
    }
  }
}

// ---- Gradients.

at::Tensor gradient_of(const Network& network, const WeightLayout::Part& part) {
  return network.flat_gradient()
      .narrow(0, static_cast<std::int64_t>(part.offset), static_cast<std::int64_t>(part.count))
      .view(part.shape);
}

// Where the loss is of everything that is computed, by part of weight_layout.h.
bool is_reached(const CurriculumShape& curriculum, Alive alive, double alpha, const std::string& part) {
  if (part.starts_with("torso.")) return true;
  if (part.starts_with("simple_baseline.")) return alpha < 1;
  if (part.starts_with("simple_")) return alive.simple;
  if (part.starts_with("policy.")) return alive.complex;
  if (!curriculum.has_simple_core()) return true;  // One core and one baseline for both.
  return part.starts_with("baseline.") ? alpha > 0 : alive.complex;
}

TEST(CurriculumNetwork, GradientsReachEveryParameterThatTheyShouldAndNoOther) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    const CurriculumShape& curriculum = agent.spec.curriculum;
    for (const double alpha : kMixtures) {
      for (const double transfer_weight : {0.0, 1.0}) {
        for (const bool kernels : {false, true}) {
          Case test = case_of(agent, 20, 6);
          test.input.alpha = alpha;
          test.input.alive = alive_learning(curriculum, alpha, transfer_weight);
          const Network network = test.network();
          weighted_sum(network.forward(kernels ? on_kernels(test) : test.input)).backward();
          for (const auto& part : test.weights->layout->parts)
            EXPECT_EQ(gradient_of(network, part).count_nonzero().item().toLong() > 0,
                      is_reached(curriculum, test.input.alive, alpha, part.name))
                << part.name << " of " << agent.name << ", alpha " << alpha << ", lambda " << transfer_weight;
        }
      }
    }
  }
}

TEST(CurriculumNetwork, GradientsOfOnePolicyLeaveTheOthersHeadAndCoreAlone) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    if (!agent.spec.curriculum.has_two_policies()) continue;
    for (const bool of_simple : {false, true}) {
      for (const bool kernels : {false, true}) {
        const Case test = case_of(agent, 5, 3);
        const Network network = test.network();
        const NetworkOutput out = network.forward(kernels ? on_kernels(test) : test.input);
        (of_simple ? out.log_simple : out.log_policy).select(2, 0).sum().backward();
        for (const auto& part : test.weights->layout->parts) {
          const bool simple = part.name.starts_with("simple_"),
                     shared = part.name.starts_with("torso.") ||
                              (part.name.starts_with("core.") && !agent.spec.curriculum.has_simple_core());
          const bool reached =
              part.name.find("baseline.") == std::string::npos && (shared || simple == of_simple);
          EXPECT_EQ(gradient_of(network, part).count_nonzero().item().toLong() > 0, reached)
              << part.name << " of " << agent.name;
        }
      }
    }
  }
}

TEST(CurriculumNetwork, GradientsOfTasksThatAreNotInTheBatchAreExactlyZero) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    if (agent.spec.curriculum.curriculum != Curriculum::kMultitask) continue;
    for (const bool kernels : {false, true}) {
      Case test = case_of(agent, 5, 4);
      test.input.alpha = 0.5;
      test.input.tasks = at::tensor({2, 0, 0, 2}, at::kLong);
      const Network network = test.network();
      weighted_sum(network.forward(kernels ? on_kernels(test) : test.input)).backward();
      for (const auto& part : test.weights->layout->parts) {
        if (!part.name.starts_with("simple_policy.") && !part.name.starts_with("baseline.")) continue;
        const auto of_tasks = gradient_of(network, part).chunk(3, 0);
        for (const int task : {0, 1, 2})
          EXPECT_EQ(of_tasks[task].count_nonzero().item().toLong() > 0, task != 1)
              << part.name << " of task " << task;
      }
    }
  }
}

// ---- Operators that can be differentiated twice.

NetworkInput twice(const NetworkInput& in) {
  NetworkInput result = in;
  result.twice_differentiable = true;
  return result;
}

TEST(CurriculumNetwork, OnOperatorsDifferentiableTwiceEqualsTheOthers) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    SCOPED_TRACE(agent.name);
    Case exact = case_of(agent, 5, 3, at::kDouble), test = case_of(agent, 5, 3);
    exact.input.alpha = test.input.alpha = 0.3;
    const Network one = exact.network(), other = exact.network(), native = test.network();
    const NetworkOutput out = one.forward(exact.input), composed = other.forward(twice(exact.input)),
                        on_native_torso = native.forward(twice(on_kernels(test)));
    expect_near(composed, out, 1e-13);
    expect_near(on_native_torso, out, 1e-5);
    for (const NetworkOutput& each : {out, composed, on_native_torso}) weighted_sum(each).backward();
    EXPECT_LT(error_of(other.flat_gradient(), one.flat_gradient()), 1e-12);
    EXPECT_LT(error_of(native.flat_gradient(), one.flat_gradient()), 1e-5);
  }
}

// Squared norm of the gradients of both policies with respect to the features, as the sobolev loss has it.
at::Tensor jacobian_norm(const NetworkOutput& out) {
  at::Tensor norm = at::zeros({}, out.values.options().requires_grad(false));
  for (const at::Tensor& policy : {out.log_policy, out.log_simple}) {
    if (!policy.defined()) continue;
    const at::Tensor by = at::arange(policy.numel(), policy.options()).view_as(policy).sin();
    norm =
        norm + torch::autograd::grad({(policy * by).sum()}, {out.features}, {}, true, true)[0].square().sum();
  }
  return norm;
}

TEST(CurriculumNetwork, GradientsOfJacobiansAreThoseOfFiniteDifferences) {
  constexpr double kStep = 1e-5;
  for (const CurriculumCase& agent : curriculum_cases()) {
    SCOPED_TRACE(agent.name);
    const Case test = case_of(agent, 3, 2, at::kDouble);
    const Network network = test.network();
    jacobian_norm(network.forward(twice(test.input))).backward();
    const double largest = network.flat_gradient().abs().max().item().toDouble();
    EXPECT_GT(largest, 0);
    for (const auto& part : test.weights->layout->parts) {
      // In the middle of each part, from what every parameter there is moves.
      const auto index = static_cast<std::int64_t>(part.offset + part.count / 2);
      const double at = test.flat[index].item().toDouble();
      const auto moved = [&](double by) {
        at::NoGradGuard no_grad;
        test.flat[index].fill_(at + by);
        at::AutoGradMode with_grad(true);
        return jacobian_norm(network.forward(twice(test.input))).item().toDouble();
      };
      const double difference = (moved(kStep) - moved(-kStep)) / (2 * kStep);
      moved(0);
      EXPECT_NEAR(network.flat_gradient()[index].item().toDouble(), difference, 1e-5 * largest) << part.name;
    }
  }
}

TEST(CurriculumNetworkDeathTest, StopsOnWhatCannotBe) {
  const std::vector<CurriculumCase> cases = curriculum_cases();
  Case plain = case_of(cases[0], 1, 2);
  plain.input.alive = {.simple = true, .complex = true};
  EXPECT_DEATH((void)plain.network().forward(plain.input), "no simple one");
  plain.input.alive = {.simple = false, .complex = false};
  EXPECT_DEATH((void)plain.network().forward(plain.input), "no policy is alive");
  for (const CurriculumCase& agent : cases) {
    Case test = case_of(agent, 1, 2);
    test.input.alpha = 0.5;
    test.input.alive = {.simple = false, .complex = true};
    if (agent.spec.curriculum.has_simple_core()) {
      EXPECT_DEATH((void)test.network().forward(test.input), "not alive is wanted");
    }
    if (agent.spec.curriculum.curriculum == Curriculum::kMultitask) {
      test.input.tasks = at::tensor({0, 3}, at::kLong);
      EXPECT_DEATH((void)test.network().forward(test.input), "tasks");
      test.input.tasks = at::tensor({0}, at::kLong);
      EXPECT_DEATH((void)test.network().forward(test.input), "tasks");
    }
  }
}

}  // namespace
}  // namespace chrysalis
