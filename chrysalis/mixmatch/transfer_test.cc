#include "chrysalis/mixmatch/transfer.h"

#include <torch/autograd.h>

#include "chrysalis/mixmatch/mixture.h"
#include "chrysalis/mixmatch/policies_test.h"
#include "chrysalis/mixmatch/transfer_case_test.h"

namespace chrysalis {
namespace {

at::Tensor per_step(std::string_view name, const TransferInputs& in) {
  return find_transfer_loss(name).value()->per_step(in);
}

bool has_gradient(const at::Tensor& leaf) {
  return leaf.grad().defined() && leaf.grad().abs().max().item().toDouble() > 1e-6;
}

void expect_equals_loops(std::string_view name,
                         const std::function<double(const PlainStep&, const TransferInputs&)>& oracle) {
  for (const Form form : kForms) {
    const Case test(form);
    for (const double alpha : {0.0, 0.01, 0.3, 0.9}) {
      const TransferInputs in = test.inputs(alpha);
      const at::Tensor loss = per_step(name, in);
      ASSERT_EQ(loss.sizes(), at::IntArrayRef({kSteps, kBatch}));
      for (std::int64_t t = 0; t < kSteps; ++t)
        for (std::int64_t b = 0; b < kBatch; ++b)
          EXPECT_NEAR(number(loss[t][b]), oracle(PlainStep(test, in, t, b), in), 1e-12) << alpha;
    }
  }
}

TEST(TransferLoss, KlEqualsPlainLoops) {
  expect_equals_loops("kl", [](const PlainStep& step, const TransferInputs&) { return step.kl(); });
}

TEST(TransferLoss, KlMixtureEqualsPlainLoops) {
  expect_equals_loops("kl_mixture",
                      [](const PlainStep& step, const TransferInputs&) { return step.kl_mixture(); });
}

TEST(TransferLoss, CrossEntropyEqualsPlainLoops) {
  expect_equals_loops("cross_entropy",
                      [](const PlainStep& step, const TransferInputs&) { return step.cross_entropy(); });
}

TEST(TransferLoss, ActivationsEqualsPlainLoops) {
  expect_equals_loops("activations", [](const PlainStep& step, const TransferInputs& in) {
    return step.activations(in.activation_weight);
  });
}

TEST(TransferLoss, SobolevEqualsPlainLoops) {
  expect_equals_loops("sobolev", [](const PlainStep& step, const TransferInputs& in) {
    return step.sobolev(in.sobolev_weight, in.projections, in.key);
  });
}

// By every leaf that the loss may reach; steps are weighed differently, lest errors cancel.
void expect_gradients(std::string_view name) {
  for (const Form form : kForms) {
    Case test(form);
    const at::Tensor weights = random_normal(test.random, {kSteps, kBatch});
    std::vector<at::Tensor> leaves = {test.logits_2, test.weights_2};
    if (name != "cross_entropy")  // There autograd holds pi_1 constant, and differences would not.
      leaves.insert(leaves.end(), {test.logits_1, test.weights_1, test.features});
    if (name == "activations") leaves.insert(leaves.end(), {test.core_1, test.core_2});
    for (const double alpha : {0.0, 0.3, 0.9})
      expect_gradient_of([&] { return (per_step(name, test.inputs(alpha)) * weights).sum(); }, leaves);
  }
}

TEST(TransferLoss, GradientOfKlEqualsFiniteDifferences) {
  expect_gradients("kl");
}
TEST(TransferLoss, GradientOfKlMixtureEqualsFiniteDifferences) {
  expect_gradients("kl_mixture");
}
TEST(TransferLoss, GradientOfCrossEntropyEqualsFiniteDifferences) {
  expect_gradients("cross_entropy");
}
TEST(TransferLoss, GradientOfActivationsEqualsFiniteDifferences) {
  expect_gradients("activations");
}
TEST(TransferLoss, GradientOfSobolevEqualsFiniteDifferences) {
  expect_gradients("sobolev");
}

TEST(TransferLoss, PullsBothPoliciesButCrossEntropyOnlyTheSecond) {
  for (const TransferLossEntry& entry : transfer_losses()) {
    for (const Form form : kForms) {
      const Case test(form);
      entry.per_step(test.inputs(0.3)).sum().backward();
      EXPECT_TRUE(has_gradient(test.logits_2)) << entry.name;
      EXPECT_EQ(has_gradient(test.logits_1), entry.name != "cross_entropy") << entry.name;
      EXPECT_EQ(has_gradient(test.core_1), entry.uses_cores) << entry.name;
      EXPECT_EQ(has_gradient(test.core_2), entry.uses_cores) << entry.name;
    }
  }
}

TEST(TransferLoss, ReadsOnlyWhatItsEntryNames) {
  for (const TransferLossEntry& entry : transfer_losses()) {
    const Case test(Form::kIndexed);
    const TransferInputs all = test.inputs(0.3);
    TransferInputs few = all;
    if (!entry.uses_cores) few.core_1 = few.core_2 = at::Tensor();
    if (!entry.uses_features) few.features = at::Tensor();
    expect_same_bits(entry.per_step(few), entry.per_step(all));
    EXPECT_FALSE(entry.summary.empty());
  }
}

TEST(TransferLoss, IsZeroWithoutATeacherAtAlphaOne) {
  const Case test(Form::kJoint);
  for (const TransferLossEntry& entry : transfer_losses()) {
    TransferInputs in;
    in.log_2 = test.inputs(1).log_2;
    in.alpha = 1;
    const at::Tensor loss = entry.per_step(in);
    expect_same_bits(loss, at::zeros({kSteps, kBatch}, at::kDouble));
    EXPECT_FALSE(loss.requires_grad()) << entry.name;
  }
}

// At alpha 0 the factor is 1 and the mixture is pi_1; near alpha 1 every loss vanishes with its gradients.
TEST(TransferLoss, HasItsLimitsInAlpha) {
  for (const Form form : kForms) {
    const Case test(form);
    const TransferInputs start = test.inputs(0);
    const at::Tensor log_2 =
        form == Form::kIndexed ? select_actions(start.log_2, start.indices) : start.log_2;
    expect_same_bits(per_step("kl", start), kl(start.log_1, log_2));
    expect_same_bits(per_step("kl_mixture", start), per_step("kl", start));
    expect_near(per_step("kl_mixture", test.inputs(1e-9)), per_step("kl", start), 1e-6);
    expect_same_bits(per_step("cross_entropy", start), cross_entropy(start.log_1, log_2));
    for (const TransferLossEntry& entry : transfer_losses()) {
      const at::Tensor loss = entry.per_step(test.inputs(1 - 1e-9)).sum();
      EXPECT_LT(std::abs(number(loss)), 1e-6) << entry.name;
      loss.backward();
      EXPECT_LT(number(test.logits_2.grad().abs().max()), 1e-6) << entry.name;
    }
  }
}

TEST(TransferLoss, IsTheSameForASubsetByIndicesAndExpanded) {
  for (const TransferLossEntry& entry : transfer_losses()) {
    for (const double alpha : {0.0, 0.2, 0.9}) {
      const Case expanded(Form::kExpanded), indexed(Form::kIndexed);
      const at::Tensor whole = entry.per_step(expanded.inputs(alpha)),
                       few = entry.per_step(indexed.inputs(alpha));
      expect_near(few, whole, 1e-13);
      whole.sum().backward();
      few.sum().backward();
      expect_near(indexed.logits_2.grad(), expanded.logits_2.grad(), 1e-12);
      expect_near(indexed.features.grad(), expanded.features.grad(), 1e-12);
      if (entry.name == "cross_entropy") continue;
      expect_near(indexed.logits_1.grad(), expanded.logits_1.grad(), 1e-12);
    }
  }
}

TEST(TransferLoss, HasNoNanInFloat32OverASubset) {
  for (const TransferLossEntry& entry : transfer_losses()) {
    for (const Form form : kForms) {
      for (const double alpha : {0.0, 1e-3, 0.5, 0.999}) {
        const Case test(form);
        TransferInputs in = test.inputs(alpha);
        in.log_1 = in.log_1.to(at::kFloat), in.log_2 = in.log_2.to(at::kFloat);
        in.core_1 = in.core_1.to(at::kFloat), in.core_2 = in.core_2.to(at::kFloat);
        const at::Tensor loss = entry.per_step(in);
        loss.sum().backward();
        EXPECT_TRUE(is_finite(loss)) << entry.name;
        for (const at::Tensor& leaf : {test.logits_1, test.logits_2, test.features, test.weights_1}) {
          if (!leaf.grad().defined()) continue;
          EXPECT_TRUE(is_finite(leaf.grad())) << entry.name;
        }
      }
    }
  }
}

// Section 6: the difference is H(pi_mm) - (1 - alpha) H(pi_1) - alpha H(pi_2), and H is concave.
TEST(TransferLoss, KlExceedsKlMixtureByWhatMixingAddsToTheEntropy) {
  RandomStream random(RandomKey(11));
  for (int i = 0; i < 200; ++i) {
    TransferInputs in;
    const double scale = random.uniform(0.1, 5);
    in.log_2 = random_policy(random, {2, 3, kActions}, scale);
    in.log_1 = random_policy(random, {2, 3, i % 2 == 0 ? kActions : 3}, scale);
    if (i % 2 == 1) in.log_1 = expand_actions(in.log_1, kSubset, kActions);
    in.alpha = i < 4 ? i / 2 : random.uniform();
    const at::Tensor excess = per_step("kl", in) - per_step("kl_mixture", in);
    const at::Tensor mixture = mix(in.log_1, in.log_2, in.alpha);
    expect_near(excess, entropy(mixture) - (1 - in.alpha) * entropy(in.log_1) - in.alpha * entropy(in.log_2),
                1e-12);
    EXPECT_GE(number(excess.min()), -1e-13);
    if (in.alpha > 0.05 && in.alpha < 0.95) {
      EXPECT_GT(number(excess.max()), 1e-5);
    }
  }
}

TEST(Sobolev, EstimatesTheJacobiansSquaredDistance) {
  for (const Form form : kForms) {
    const Case test(form);
    TransferInputs in = test.inputs(0);
    in.projections = 1000;
    in.sobolev_weight = 1;
    const at::Tensor estimate = per_step("sobolev", in) - per_step("kl", in);
    for (std::int64_t t = 0; t < kSteps; ++t) {
      for (std::int64_t b = 0; b < kBatch; ++b) {
        // A squared normal's relative deviation is sqrt(2); that of a mean of 1000, at most 0.045.
        const double expected = PlainStep(test, in, t, b).squared_distance();
        EXPECT_NEAR(number(estimate[t][b]), expected, 0.15 * expected);
      }
    }
  }
}

// Features that act on later policies too: at each step the sum over those policies, without cross terms.
TEST(Sobolev, AddsTheJacobiansOfLaterPolicies) {
  RandomStream random(RandomKey(3));
  const at::Tensor features = random_normal(random, {3, 1, 2}).requires_grad_();
  const at::Tensor weights_1 = random_normal(random, {2, 4}).requires_grad_(),
                   weights_2 = random_normal(random, {2, 4}).requires_grad_();
  TransferInputs in;
  in.log_1 = features.cumsum(0).matmul(weights_1).log_softmax(-1);
  in.log_2 = features.cumsum(0).matmul(weights_2).log_softmax(-1);
  in.features = features;
  in.projections = 1000;
  const at::Tensor estimate = per_step("sobolev", in) - per_step("kl", in);
  std::vector<double> squares(3);  // Of the policies at t: cumsum makes d/d x_s the same for each s <= t.
  for (int t = 0; t < 3; ++t) {
    const std::vector<double> pi_1 = numbers(in.log_1[t][0].exp()), pi_2 = numbers(in.log_2[t][0].exp());
    for (int k = 0; k < 2; ++k) {
      const std::vector<double> w_1 = numbers(weights_1[k]), w_2 = numbers(weights_2[k]);
      double mean_1 = 0, mean_2 = 0;
      for (int a = 0; a < 4; ++a) mean_1 += pi_1[a] * w_1[a], mean_2 += pi_2[a] * w_2[a];
      for (int a = 0; a < 4; ++a) squares[t] += std::pow(w_1[a] - mean_1 - (w_2[a] - mean_2), 2);
    }
  }
  for (int s = 0; s < 3; ++s) {
    double expected = 0;
    for (int t = s; t < 3; ++t) expected += squares[t];
    EXPECT_NEAR(number(estimate[s][0]), expected, 0.15 * expected) << s;
  }
}

TEST(Sobolev, TakesItsDirectionsFromTheKeyAlone) {
  const Case test(Form::kJoint);
  TransferInputs in = test.inputs(0.3);
  const at::Tensor loss = per_step("sobolev", in);
  expect_same_bits(per_step("sobolev", in), loss);
  in.key = RandomKey(8);
  EXPECT_FALSE(per_step("sobolev", in).equal(loss));
}

TEST(Sobolev, TakesFlatFeaturesOfMoreStepsThanThePolicies) {
  RandomStream random(RandomKey(5));
  const at::Tensor weights_1 = random_normal(random, {kFeatures, kActions}),
                   weights_2 = random_normal(random, {kFeatures, kActions});
  const at::Tensor values = random_normal(random, {(kSteps + 1) * kBatch, kFeatures});
  const auto loss = [&](const at::Tensor& features) {
    TransferInputs in;
    const auto policy = [&](const at::Tensor& weights) {
      return features.matmul(weights).log_softmax(-1).view({-1, kBatch, kActions}).narrow(0, 0, kSteps);
    };
    in.log_1 = policy(weights_1), in.log_2 = policy(weights_2);
    in.features = features;
    return per_step("sobolev", in);
  };
  const at::Tensor own_steps =
      values.view({kSteps + 1, kBatch, kFeatures}).narrow(0, 0, kSteps).clone().requires_grad_();
  expect_near(loss(values.clone().requires_grad_()), loss(own_steps), 1e-14);
}

// A layer whose backward pass autograd cannot see into.
struct OnceDifferentiable : torch::autograd::Function<OnceDifferentiable> {
  static at::Tensor forward(torch::autograd::AutogradContext*, const at::Tensor& x) { return 2 * x; }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 torch::autograd::variable_list gradients) {
    return {2 * gradients[0].detach()};
  }
};

TEST(SobolevDeathTest, FeaturesMustCarryAGraph) {
  const Case test(Form::kJoint);
  const TransferInputs in = test.inputs(0.3);
  TransferInputs wrong = in;
  wrong.features = in.features.detach();
  EXPECT_DEATH(per_step("sobolev", wrong), "features without a gradient");
  wrong.features = in.features.detach().clone().requires_grad_();
  EXPECT_DEATH(per_step("sobolev", wrong), "neither policy was computed from the features");
  wrong.features = in.features.narrow(0, 0, 1);
  EXPECT_DEATH(per_step("sobolev", wrong), "features of 3 steps, policies of 6");
  wrong = in;
  wrong.projections = 0;
  EXPECT_DEATH(per_step("sobolev", wrong), "0 projections");
  wrong = in;
  const at::Tensor above = OnceDifferentiable::apply(test.features);
  wrong.log_1 = above.matmul(test.weights_1).log_softmax(-1);
  wrong.log_2 = above.matmul(test.weights_2).log_softmax(-1);
  EXPECT_DEATH(per_step("sobolev", wrong), "differentiated only once");
}

TEST(TransferLossDeathTest, InputsMustFit) {
  const TransferInputs in = Case(Form::kIndexed).inputs(0.3);
  for (const TransferLossEntry& entry : transfer_losses()) {
    TransferInputs wrong = in;
    wrong.alpha = 1.5;
    EXPECT_DEATH(entry.per_step(wrong), "alpha is 1.5");
    wrong = in;
    wrong.indices = {};
    EXPECT_DEATH(entry.per_step(wrong), "pi_1 has 18 numbers, expected 2 x 3 x 6");
  }
  TransferInputs wrong = in;
  wrong.core_2 = in.core_2.narrow(2, 0, 1);
  EXPECT_DEATH(per_step("activations", wrong), "cores of 30 and 6 outputs");
}

TEST(TransferLosses, AreTheFiveOfThePaperByName) {
  std::vector<std::string_view> names;
  for (const TransferLossEntry& entry : transfer_losses()) {
    names.push_back(entry.name);
    EXPECT_EQ(find_transfer_loss(entry.name).value(), &entry);
  }
  EXPECT_EQ(names,
            (std::vector<std::string_view>{"kl", "kl_mixture", "cross_entropy", "activations", "sobolev"}));
}

TEST(TransferLosses, AnUnknownNameIsAnErrorWithTheNearest) {
  EXPECT_EQ(find_transfer_loss("kl_mixtur").error().message,
            "unknown transfer loss 'kl_mixtur': expected one of kl, kl_mixture, cross_entropy, activations, "
            "sobolev, did you mean 'kl_mixture'?");
}

TEST(KlChain, IsEquationOneForTwoPolicies) {
  const Case test(Form::kExpanded);
  for (const double alpha : {0.0, 0.3, 1.0}) {
    const TransferInputs in = test.inputs(alpha);
    const at::Tensor policies[] = {in.log_1, in.log_2};
    const double alphas[] = {1 - alpha, alpha};
    expect_near(kl_chain(policies, alphas), per_step("kl", in), 1e-15);
  }
}

TEST(KlChain, WeighsEachStepOfThreePolicies) {
  RandomStream random(RandomKey(13));
  std::vector<at::Tensor> logits;
  for (int i = 0; i < 3; ++i) logits.push_back(random_normal(random, {2, 2, 4}).requires_grad_());
  const auto chain = [&](const std::vector<double>& alphas) {
    std::vector<at::Tensor> policies;
    for (const at::Tensor& leaf : logits) policies.push_back(leaf.log_softmax(-1));
    return kl_chain(policies, alphas);
  };
  const at::Tensor loss = chain({0.2, 0.5, 0.3});
  for (int t = 0; t < 2; ++t) {
    for (int b = 0; b < 2; ++b) {
      std::vector<std::vector<double>> pi;
      for (const at::Tensor& leaf : logits) pi.push_back(numbers(leaf[t][b].softmax(-1)));
      const double expected =
          0.2 * PlainStep::divergence(pi[0], pi[1]) + 0.5 * PlainStep::divergence(pi[1], pi[2]);
      EXPECT_NEAR(number(loss[t][b]), expected, 1e-13);
    }
  }
  expect_gradient_of([&] { return chain({0.2, 0.5, 0.3}).sum(); }, logits);
}

TEST(KlChain, LeavesPoliciesWithoutATermAlone) {
  RandomStream random(RandomKey(14));
  const at::Tensor first, second = random_policy(random, {2, 2, 4}), third = random_policy(random, {2, 2, 4});
  const at::Tensor policies[] = {first, second, third};
  expect_near(kl_chain(policies, std::vector<double>{0, 0.4, 0.6}), 0.4 * kl(second, third), 1e-15);
  const at::Tensor last_alone[] = {first, at::Tensor(), third};
  expect_same_bits(kl_chain(last_alone, std::vector<double>{0, 0, 1}), at::zeros({2, 2}, at::kDouble));
}

TEST(KlChainDeathTest, WeightsMustFit) {
  const at::Tensor policies[] = {at::zeros({1, 1, 2}), at::zeros({1, 1, 2})};
  EXPECT_DEATH(kl_chain(policies, std::vector<double>{0.2, 0.3, 0.5}), "2 against 3");
  EXPECT_DEATH(kl_chain(policies, std::vector<double>{0.2, 0.3}), "weights that sum to 0.5");
}

TEST(TransferSum, IsTheSumOverTimeAndTheMeanOverUnrolls) {
  const at::Tensor per_step = at::tensor({1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, at::kDouble).view({3, 2});
  EXPECT_EQ(number(transfer_sum(per_step, TransferReduction::kMeanOverUnrolls, 2)), 21.0 / 2);
  EXPECT_EQ(number(transfer_sum(per_step, TransferReduction::kSum, 2)), 21);
  double shards = 0;
  for (int b = 0; b < 2; ++b)
    shards += number(transfer_sum(per_step.narrow(1, b, 1), TransferReduction::kMeanOverUnrolls, 2));
  EXPECT_EQ(shards, 21.0 / 2);
}

TEST(TransferSumDeathTest, ABatchIsNoSmallerThanItsShard) {
  EXPECT_DEATH(transfer_sum(at::zeros({3, 2}), TransferReduction::kMeanOverUnrolls, 1),
               "2 unrolls of a batch of 1");
}

}  // namespace
}  // namespace chrysalis
