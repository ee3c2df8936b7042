#include "chrysalis/rollout/curriculum.h"

#include <gtest/gtest.h>

#include "chrysalis/rollout/action_set.h"

namespace chrysalis {
namespace {

const AgentConfig kBig{.actions = "big"};

std::string refusal(const CurriculumConfig& config, const AgentConfig& agent = {}) {
  const auto shape = curriculum_shape(config, agent);
  return shape.ok() ? "" : shape.error().message;
}

TEST(CurriculumShape, EveryEntryOfTheCatalogIsFoundByItsName) {
  for (const CurriculumEntry& entry : curriculum_catalog()) {
    CurriculumConfig config{.name = std::string(entry.name)};
    if (entry.curriculum == Curriculum::kMultitask) config.tasks = "seek_apples, nav_maze_static_01";
    const auto shape = curriculum_shape(config, kBig);
    ASSERT_TRUE(shape.ok()) << shape.error().message;
    EXPECT_EQ(shape->curriculum, entry.curriculum);
    EXPECT_EQ(shape->has_two_policies(), entry.curriculum != Curriculum::kNone);
  }
}

TEST(CurriculumShape, FindsEachSmallActionAmongTheBigOnes) {
  const CurriculumShape shape = curriculum_shape({.name = "action_space"}, kBig).value();
  const auto &small = *action_set("small").value(), &big = *action_set("big").value();
  ASSERT_EQ(shape.simple_actions.size(), small.size());
  for (std::size_t i = 0; i < small.size(); ++i)
    EXPECT_EQ(big[static_cast<std::size_t>(shape.simple_actions[i])], small[i]);
  EXPECT_EQ(shape.simple_action_count(756), 9);
}

TEST(CurriculumShape, TasksHaveHeads) {
  const CurriculumShape shape =
      curriculum_shape(
          {.name = "multitask", .tasks = "seek_apples,nav_maze_static_01 , explore_object_locations_small"},
          {})
          .value();
  EXPECT_EQ(shape.tasks, 3);
  EXPECT_EQ(shape.task_heads(), 3);
  EXPECT_EQ(shape.simple_action_count(9), 9);
}

TEST(CurriculumShape, RefusesWhatCannotBe) {
  EXPECT_EQ(
      refusal({.name = "action_spaces"}),
      "unknown curriculum 'action_spaces': expected one of none, action_space, agent_core, multitask, did "
      "you mean 'action_space'?");
  EXPECT_EQ(
      refusal({.name = "action_space"}),
      "curriculum.simple_actions is small and agent.actions small: expected a smaller set inside a larger "
      "one, small and big");
  EXPECT_NE(refusal({.name = "action_space", .simple_actions = "big"}), "");
  EXPECT_EQ(
      refusal({.name = "agent_core"}, {.core = "feed_forward"}),
      "curriculum.name is agent_core and agent.core feed_forward: expected lstm, which the feed-forward "
      "core teaches");
  EXPECT_EQ(refusal({.name = "multitask"}),
            "curriculum.tasks is empty: expected levels, for example \"seek_apples, nav_maze_static_01\"");
  EXPECT_EQ(refusal({.name = "multitask", .tasks = "a,,b"}),
            "curriculum.tasks is 'a,,b': expected names of levels between commas");
  EXPECT_EQ(refusal({.name = "multitask", .tasks = "a, a"}), "curriculum.tasks has a twice");
  EXPECT_EQ(
      refusal({.name = "agent_core", .tasks = "a"}),
      "curriculum.tasks is 'a' and curriculum.name agent_core: tasks are of multitask; level.name is the "
      "level of the others");
  EXPECT_EQ(refusal({.name = "multitask", .tasks = "a, b", .reference_scores = "1"}),
            "curriculum.reference_scores has 1 numbers for 2 tasks: expected one for each");
  EXPECT_EQ(refusal({.name = "multitask", .tasks = "a, b", .reference_scores = "1, 0"}),
            "curriculum.reference_scores has '0': expected numbers above 0 between commas");
  EXPECT_EQ(refusal({.name = "multitask", .tasks = "a, b", .reference_scores = "1, 2x"}),
            "curriculum.reference_scores has '2x': expected numbers above 0 between commas");
}

TEST(CurriculumTasks, HaveReferenceScores) {
  EXPECT_EQ(curriculum_reference_scores({.tasks = "a, b"}).value(), (std::vector<double>{1, 1}));
  EXPECT_EQ(curriculum_reference_scores({.tasks = "a, b", .reference_scores = "2.5, 40"}).value(),
            (std::vector<double>{2.5, 40}));
}

TEST(Arms, SayWhatAlphaAndLambdaAre) {
  const auto arm = [](const char* name) {
    return CurriculumConfig{.name = "action_space",
                            .arm = name,
                            .alpha = 0.25,
                            .transfer_weight = 3,
                            .schedule_begin = 100,
                            .schedule_steps = 200};
  };
  EXPECT_EQ(alpha_after(arm("mix_and_match"), 1'000'000), 0.25);
  EXPECT_EQ(transfer_weight(arm("mix_and_match")), 3);
  EXPECT_TRUE(alpha_is_tuned(arm("mix_and_match")));
  EXPECT_EQ(alpha_after(arm("no_transfer"), 0), 0.25);
  EXPECT_EQ(transfer_weight(arm("no_transfer")), 0);
  EXPECT_TRUE(alpha_is_tuned(arm("no_transfer")));
  EXPECT_EQ(alpha_after(arm("simple_only"), 7), 0);
  EXPECT_EQ(transfer_weight(arm("simple_only")), 0);
  EXPECT_FALSE(alpha_is_tuned(arm("simple_only")));
  EXPECT_EQ(alpha_after(arm("complex_only"), 0), 1);
  EXPECT_EQ(transfer_weight(arm("complex_only")), 0);
  EXPECT_FALSE(alpha_is_tuned(arm("complex_only")));
  EXPECT_EQ(alpha_after(arm("linear_schedule"), 0), 0);
  EXPECT_EQ(alpha_after(arm("linear_schedule"), 150), 0.25);
  EXPECT_EQ(alpha_after(arm("linear_schedule"), 1000), 1);
  EXPECT_EQ(transfer_weight(arm("linear_schedule")), 3);
  EXPECT_FALSE(alpha_is_tuned(arm("linear_schedule")));
  EXPECT_EQ(alpha_after({}, 0), 1);  // Without a curriculum there is one policy.
  EXPECT_FALSE(alpha_is_tuned({}));
}

TEST(Alive, IsWhatAlphaAndTheLossLeave) {
  const CurriculumShape two{.curriculum = Curriculum::kAgentCore}, one{};
  EXPECT_EQ(alive_acting(one, 1), (Alive{.simple = false, .complex = true}));
  EXPECT_EQ(alive_acting(two, 0), (Alive{.simple = true, .complex = false}));
  EXPECT_EQ(alive_acting(two, 0.5), (Alive{.simple = true, .complex = true}));
  EXPECT_EQ(alive_acting(two, 1), (Alive{.simple = false, .complex = true}));
  EXPECT_EQ(alive_learning(two, 0, 0), (Alive{.simple = true, .complex = false}));
  EXPECT_EQ(alive_learning(two, 0, 1), (Alive{.simple = true, .complex = true}));
  EXPECT_EQ(alive_learning(two, 1, 1), (Alive{.simple = false, .complex = true}));
}

TEST(ActionFactors, MultiplyToTheSetInItsOrder) {
  const auto factors = action_factors("big").value();
  const auto& big = *action_set("big").value();
  std::size_t count = 1;
  for (const int size : factors) count *= static_cast<std::size_t>(size);
  ASSERT_EQ(count, big.size());
  // The first is outermost: the last factor, jump, alternates.
  EXPECT_EQ(big[0].jump, 0);
  EXPECT_EQ(big[1].jump, 1);
  EXPECT_EQ(big[0].look_right, big[count / 7 - 1].look_right);
  EXPECT_NE(big[0].look_right, big[count / 7].look_right);
  EXPECT_EQ(action_factors("small").error().message,
            "agent.head is factored and agent.actions small, which is no product of choices: expected big");
  EXPECT_FALSE(action_factors("huge").ok());
}

}  // namespace
}  // namespace chrysalis
