// The learner of agents with a curriculum; what it shares with plain ones is in impala_learner_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chrysalis/core/field.h"
#include "chrysalis/impala/impala_learner.h"
#include "chrysalis/impala/synthetic_unroll_test.h"
#include "chrysalis/rollout/curriculum_cases_test.h"

namespace chrysalis {
namespace {

const AgentConfig kTwoPolicyAgent = {
    .conv1_filters = 4, .conv2_filters = 4, .hidden = 16, .core_width = 8, .head_init_scale = 2};
const LearnerConfig kSmallLearner = {
    .learning_rate = 1e-2, .unroll = 6, .batch_unrolls = 4, .shards = 2, .chunk_frames = 8};
const std::pair<const char*, Curriculum> kAllCurricula[] = {{"action_space", Curriculum::kActionSpace},
                                                            {"agent_core", Curriculum::kAgentCore},
                                                            {"multitask", Curriculum::kMultitask}};

// A learner of 12 actions and the unrolls that it learns from.
struct LearnerCase {
  explicit LearnerCase(const CurriculumConfig& curriculum,
                       const LearnerConfig& learner_config = kSmallLearner)
      : curriculum(curriculum), config(learner_config) {
    for (const auto& [name, kind] : kAllCurricula)
      if (curriculum.name == name) spec.curriculum = small_shape(kind);
    initial = initial_weights(kTwoPolicyAgent, spec, RandomKey(1), alpha_after(curriculum, 0)).value();
  }
  void make(bool native = false) {
    learner = std::move(make_impala_learner(kTwoPolicyAgent, spec, config, initial,
                                            native ? std::make_shared<PackedNetworks>(kTwoPolicyAgent, spec,
                                                                                      Precision::kFloat32)
                                                   : nullptr,
                                            curriculum))
                  .value();
  }
  UpdateReport update(std::uint64_t seed) {
    if (learner == nullptr) make();
    std::vector<std::unique_ptr<Unroll>> unrolls;
    std::vector<const Unroll*> pointers;
    for (std::int64_t i = 0; i < config.batch_unrolls; ++i) {
      unrolls.push_back(synthetic_unroll(kTwoPolicyAgent, spec, static_cast<int>(config.unroll),
                                         seed * 100 + static_cast<std::uint64_t>(i)));
      pointers.push_back(unrolls.back().get());
    }
    learner->gradient(0, std::span(pointers).subspan(0, 2));
    learner->gradient(1, std::span(pointers).subspan(2));
    return learner->apply();
  }
  std::vector<float> part(const std::string& name) const {
    const WeightsPtr weights = learner == nullptr ? initial : learner->weights();
    for (const auto& part : weights->layout->parts)
      if (part.name == name)
        return {weights->values.begin() + static_cast<std::ptrdiff_t>(part.offset),
                weights->values.begin() + static_cast<std::ptrdiff_t>(part.offset + part.count)};
    ADD_FAILURE() << "no " << name;
    return {};
  }

  CurriculumConfig curriculum;
  LearnerConfig config;
  AgentSpec spec = {.height = 20, .width = 24, .action_count = 12};
  WeightsPtr initial;
  std::unique_ptr<Learner> learner;
};

TEST(CurriculumLearner, GivesWeightsTheAlphaOfTheirArm) {
  const auto alphas_of = [](const char* arm) {
    LearnerCase test(
        {.name = "action_space", .arm = arm, .alpha = 0.25, .schedule_begin = 24, .schedule_steps = 96});
    std::vector<double> alphas = {test.initial->alpha};
    for (std::uint64_t i = 0; i < 3; ++i) {
      EXPECT_EQ(test.update(i).alpha, alphas.back()) << "learned with another alpha than its weights'";
      alphas.push_back(test.learner->weights()->alpha);
    }
    return alphas;
  };
  using Alphas = std::vector<double>;
  EXPECT_EQ(alphas_of("mix_and_match"), (Alphas{0.25, 0.25, 0.25, 0.25}));
  EXPECT_EQ(alphas_of("no_transfer"), (Alphas{0.25, 0.25, 0.25, 0.25}));
  EXPECT_EQ(alphas_of("simple_only"), (Alphas{0, 0, 0, 0}));
  EXPECT_EQ(alphas_of("complex_only"), (Alphas{1, 1, 1, 1}));
  EXPECT_EQ(alphas_of("linear_schedule"), (Alphas{0, 0, 0.25, 0.5}));  // 24 agent steps an update.
}

TEST(CurriculumLearner, TakesATunedAlphaWithTheNextVersionAndKeepsARestoredOne) {
  LearnerCase test({.name = "agent_core", .alpha = 0.25});
  test.update(1);
  const auto saved = test.learner->save();
  CurriculumConfig tuned = test.curriculum;
  tuned.alpha = 0.75;
  test.learner->tune(test.config, tuned);
  EXPECT_EQ(test.learner->weights()->alpha, 0.25);
  EXPECT_EQ(test.update(2).alpha, 0.25);
  EXPECT_EQ(test.learner->weights()->alpha, 0.75);
  EXPECT_EQ(test.update(3).alpha, 0.75);
  ASSERT_TRUE(test.learner->restore(saved));
  EXPECT_EQ(test.learner->weights()->alpha, 0.25);
  test.update(4);
  EXPECT_EQ(test.learner->weights()->alpha, 0.25);
  test.learner->tune(test.config, tuned);
  test.update(5);
  EXPECT_EQ(test.learner->weights()->alpha, 0.75);
}

TEST(CurriculumLearner, ContinuesToTheBitAfterSaveAndRestore) {
  for (const auto& [name, kind] : kAllCurricula) {
    LearnerCase test({.name = name, .arm = "linear_schedule", .schedule_steps = 24 * 6}),
        other(test.curriculum);
    for (std::uint64_t i = 0; i < 3; ++i) test.update(i);
    other.make();
    ASSERT_TRUE(other.learner->restore(test.learner->save()));
    for (std::uint64_t i = 3; i < 6; ++i) {
      test.update(i);
      other.update(i);
    }
    EXPECT_TRUE(other.learner->save() == test.learner->save()) << name;
    EXPECT_EQ(other.learner->weights()->alpha, 1);
  }
}

// The values are such that a clip does not hide the others.
TEST(CurriculumLearner, HeedsEveryTunableSetting) {
  const std::map<std::string, std::string> values = {
      {"learner.learning_rate", "2e-2"},  {"learner.entropy_cost", "0.5"},   {"learner.baseline_cost", "2"},
      {"learner.discount", "0.5"},        {"learner.gradient_clip", "1e-3"}, {"curriculum.alpha", "0.75"},
      {"curriculum.transfer_weight", "5"}};
  LearnerConfig learner = kSmallLearner;
  learner.gradient_clip = 1e6;
  const CurriculumConfig curriculum{.name = "action_space", .alpha = 0.25};
  const auto weights_after_two = [&](const LearnerConfig& tuned, const CurriculumConfig& tuned_curriculum) {
    LearnerCase test(curriculum, learner);
    test.make();
    test.learner->tune(tuned, tuned_curriculum);
    test.update(1);
    EXPECT_TRUE(test.update(2).finite);
    return test.learner->weights()->values;
  };
  const std::vector<float> untuned = weights_after_two(learner, curriculum);
  std::size_t tunable = 0;
  LearnerConfig tuned = learner;
  CurriculumConfig tuned_curriculum = curriculum;
  for (const VisitFields& fields : {fields_of(tuned), fields_of(tuned_curriculum)}) {
    for (const FieldText& field : describe_fields(fields)) {
      if (!field.tunable) continue;
      ++tunable;
      ASSERT_TRUE(values.contains(field.path)) << field.path << " is tunable, and nothing shows its effect";
      ASSERT_TRUE(set_field_text(fields, field.path, values.at(field.path)));
      EXPECT_NE(weights_after_two(tuned, tuned_curriculum), untuned) << field.path;
      tuned = learner;
      tuned_curriculum = curriculum;
    }
  }
  EXPECT_EQ(tunable, values.size());
}

TEST(CurriculumLearner, ReportsTheSettingsThatItLearnedWith) {
  LearnerConfig config = kSmallLearner;
  config.anneal_updates = 4;
  config.entropy_cost = 0.5;
  LearnerCase test({.name = "agent_core", .alpha = 0.5, .entropy_ratio = 0.25}, config);
  UpdateReport report = test.update(1);
  EXPECT_EQ(report.alpha, 0.5);
  EXPECT_EQ(report.learning_rate, 1e-2);
  EXPECT_EQ(report.entropy_cost, 0.25);
  report = test.update(2);
  EXPECT_DOUBLE_EQ(report.learning_rate, 0.75e-2);
}

// NaN says that a policy was not computed, and nothing else is NaN.
TEST(CurriculumLearner, ReportsOfBothPoliciesWhatWasComputed) {
  for (const auto& [name, kind] : kAllCurricula) {
    for (const char* loss : {"kl", "kl_mixture"}) {  // In one pass, and composed.
      const auto report_at = [&, name = name](double alpha, const char* arm) {
        LearnerCase test({.name = name, .arm = arm, .alpha = alpha, .loss = loss});
        return test.update(1);
      };
      const bool subset = kind == Curriculum::kActionSpace;
      const UpdateReport mixed = report_at(0.5, "mix_and_match");
      EXPECT_GT(mixed.transfer_loss, 0);
      EXPECT_GT(mixed.simple_entropy, 0);
      EXPECT_LE(mixed.simple_entropy, std::log(subset ? 5.0 : 12.0) + 1e-6);
      EXPECT_LE(mixed.complex_entropy, std::log(12.0) + 1e-6);
      // By concavity of the entropy, and at most ln 2 above.
      const double mean = (mixed.simple_entropy + mixed.complex_entropy) / 2;
      EXPECT_GT(mixed.entropy, mean);
      EXPECT_LE(mixed.entropy, mean + std::log(2.0));
      EXPECT_EQ(std::isnan(mixed.simple_mass), !subset);
      if (subset) {
        EXPECT_NEAR(mixed.simple_mass, 5.0 / 12, 0.3);
      }

      EXPECT_GT(report_at(0, "mix_and_match").complex_entropy, 0);
      const UpdateReport simple = report_at(0, "no_transfer");
      EXPECT_EQ(simple.simple_entropy, simple.entropy);
      EXPECT_TRUE(std::isnan(simple.complex_entropy));
      EXPECT_TRUE(std::isnan(simple.transfer_loss));
      EXPECT_TRUE(std::isnan(simple.simple_mass));
      const UpdateReport complex = report_at(1, "mix_and_match");
      EXPECT_EQ(complex.complex_entropy, complex.entropy);
      EXPECT_TRUE(std::isnan(complex.simple_entropy));
      EXPECT_TRUE(std::isnan(complex.transfer_loss));
      EXPECT_EQ(std::isnan(complex.simple_mass), !subset);
      EXPECT_GT(report_at(0.5, "no_transfer").transfer_loss, 0);
      for (const UpdateReport& report : {mixed, simple, complex}) {
        EXPECT_TRUE(report.finite);
        EXPECT_TRUE(std::isfinite(report.saturated_units + report.mean_rho + report.explained_variance));
      }
    }
  }
}

TEST(CurriculumLearner, LeavesAPolicyAloneThatItsArmRulesOut) {
  for (const auto& [name, kind] : kAllCurricula) {
    for (const char* arm : {"simple_only", "complex_only"}) {
      const bool simple = std::string(arm) == "simple_only";
      LearnerCase test({.name = name, .arm = arm});
      const LearnerCase before(test.curriculum);
      for (std::uint64_t i = 0; i < 3; ++i) test.update(i);
      EXPECT_EQ(test.part("policy.weight") == before.part("policy.weight"), simple) << name;
      EXPECT_EQ(test.part("simple_policy.weight") == before.part("simple_policy.weight"), !simple) << name;
      if (kind != Curriculum::kAgentCore) continue;
      EXPECT_EQ(test.part("core.recurrent_weight") == before.part("core.recurrent_weight"), simple);
      EXPECT_EQ(test.part("simple_core.input_weight") == before.part("simple_core.input_weight"), !simple);
    }
  }
}

TEST(CurriculumLearner, MakesTheMatchingLossFall) {
  for (const auto& [name, kind] : kAllCurricula) {
    for (const char* loss : {"kl", "kl_mixture", "cross_entropy", "activations", "sobolev"}) {
      if (std::string(loss) == "activations" && kind != Curriculum::kAgentCore) continue;
      LearnerConfig config = kSmallLearner;
      config.learning_rate = 2e-3;
      LearnerCase test({.name = name, .alpha = 0.3, .transfer_weight = 100, .loss = loss}, config);
      // cross_entropy holds pi_1 constant, but not the torso below it: through that pi_1 moves as well, and
      // where it has a core of its own may sharpen faster than pi_2 follows. Of it only its own fall is sure.
      const double share = std::string(loss) == "cross_entropy" ? 1.0 : 0.5;
      const double first = test.update(1).transfer_loss;
      double last = first;
      for (int i = 0; i < 40; ++i) last = test.update(1).transfer_loss;
      EXPECT_LT(last, share * first) << name << " " << loss;
    }
  }
}

TEST(CurriculumLearner, TellsNumbersThatAreNoneInEitherPolicyAsDivergence) {
  for (const auto& [name, kind] : kAllCurricula) {
    for (const char* part_name : {"policy.bias", "simple_policy.bias"}) {
      LearnerCase test({.name = name, .alpha = 0.3});
      auto spoiled = std::make_shared<Weights>(*test.initial);
      for (const auto& part : spoiled->layout->parts)
        if (part.name == part_name)
          std::fill_n(spoiled->values.begin() + static_cast<std::ptrdiff_t>(part.offset), part.count, NAN);
      test.initial = spoiled;
      const UpdateReport report = test.update(1);
      EXPECT_FALSE(report.finite) << name << " " << part_name;
      EXPECT_TRUE(std::isnan(report.loss)) << name << " " << part_name;
      EXPECT_EQ(test.learner->weights(), test.initial) << "what diverged was published";
    }
  }
}

TEST(CurriculumLearner, OnNativeKernelsStaysBesideLibTorch) {
  for (const auto& [name, kind] : kAllCurricula) {
    for (const char* loss : {"kl", "sobolev"}) {
      LearnerCase torch({.name = name, .arm = "linear_schedule", .loss = loss, .schedule_steps = 24 * 20}),
          native(torch.curriculum);
      native.make(/*native=*/true);
      for (std::uint64_t i = 0; i < 20; ++i) {
        EXPECT_TRUE(torch.update(i).finite);
        EXPECT_TRUE(native.update(i).finite);
      }
      const double moved = relative_distance(*torch.learner->weights(), *torch.initial);
      EXPECT_GT(moved, 0.02) << "it hardly learned";
      EXPECT_LT(relative_distance(*native.learner->weights(), *torch.learner->weights()), 1e-4 * moved)
          << name << " " << loss;
      EXPECT_EQ(native.learner->weights()->alpha, 1);
    }
  }
}

TEST(CurriculumLearner, RefusesALossThatItsCurriculumHasNotGot) {
  const LearnerCase test({.name = "multitask", .loss = "activations"});
  EXPECT_NE(
      make_impala_learner(kTwoPolicyAgent, test.spec, test.config, test.initial, nullptr, test.curriculum)
          .error()
          .message.find("curriculum.loss is activations"),
      std::string::npos);
}

TEST(CurriculumLearnerDeathTest, ChecksThatTheSpecIsOfTheCurriculum) {
  const LearnerCase test({.name = "multitask"});
  EXPECT_DEATH(static_cast<void>(make_impala_learner(kTwoPolicyAgent, test.spec, test.config, test.initial)),
               "has_two_policies");
}

}  // namespace
}  // namespace chrysalis
