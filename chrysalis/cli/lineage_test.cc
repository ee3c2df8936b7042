#include "chrysalis/cli/lineage.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chrysalis {
namespace {

UpdateRow update_of(std::int64_t member, std::int64_t update, double alpha) {
  UpdateRow row{.member = member, .update = update, .agent_steps = update * 100};
  row.alpha = alpha;
  return row;
}

DecisionRow copy_of(std::int64_t member, std::int64_t update, std::int64_t partner,
                    std::int64_t partner_update) {
  return {.member = member,
          .update = update,
          .agent_steps = update * 100,
          .outcome = "copied",
          .partner = partner,
          .partner_update = partner_update,
          .parent = "abc",
          .p = 0.0123};
}

std::vector<MemberHistory> three_members() {
  std::vector<MemberHistory> members(3);
  for (std::int64_t m = 0; m < 3; ++m) {
    members[m].member = m;
    for (std::int64_t u = 1; u <= 10; ++u) members[m].updates.push_back(update_of(m, u, u <= 4 ? 0.1 : 0.6));
  }
  return members;
}

TEST(Lineage, LanesAreColouredByAlphaOverAgentSteps) {
  auto members = three_members();
  members[1].updates = {update_of(1, 1, NAN), update_of(1, 2, NAN)};
  members[2].updates.clear();
  for (std::int64_t u = 1; u <= 1000; ++u) members[2].updates.push_back(update_of(2, u, u / 1000.0));
  const LaneChart chart = lineage_chart(members, "runs/a");
  ASSERT_EQ(chart.lanes.size(), 3u);
  EXPECT_EQ(chart.lanes[0].name, "member 0");
  ASSERT_EQ(chart.lanes[0].spans.size(), 2u);
  EXPECT_EQ(chart.lanes[0].spans[0].begin, 0);
  EXPECT_EQ(chart.lanes[0].spans[0].end, 400);
  EXPECT_EQ(chart.lanes[0].spans[0].value, 0.1);
  EXPECT_EQ(chart.lanes[0].spans[1].end, 1000);
  ASSERT_EQ(chart.lanes[1].spans.size(), 1u);
  EXPECT_TRUE(std::isnan(chart.lanes[1].spans[0].value));
  // A schedule in small steps is not a span for each.
  EXPECT_LT(chart.lanes[2].spans.size(), 140u);
  EXPECT_GT(chart.lanes[2].spans.size(), 60u);
}

TEST(Lineage, ArrowsGoFromWhatWasCopiedToTheDecision) {
  auto members = three_members();
  members[2].decisions = {copy_of(2, 5, 0, 7), copy_of(2, 8, 1, 99)};
  members[2].decisions[1].outcome = "replaced";
  members[1].decisions = {copy_of(1, 3, 0, 2)};
  members[1].decisions[0].outcome = "kept";
  members[1].decisions[0].explored = true;
  members[0].decisions = {copy_of(0, 3, 77, 2)};  // Nobody that is there.
  const LaneChart chart = lineage_chart(members, "");
  ASSERT_EQ(chart.arrows.size(), 2u);
  EXPECT_EQ(chart.arrows[0].from_lane, 0u);
  EXPECT_EQ(chart.arrows[0].from_x, 700);
  EXPECT_EQ(chart.arrows[0].to_lane, 2u);
  EXPECT_EQ(chart.arrows[0].to_x, 500);
  EXPECT_FALSE(chart.arrows[0].alarming);
  EXPECT_EQ(chart.arrows[1].from_x, 1000);  // Its newest update.
  EXPECT_TRUE(chart.arrows[1].alarming);
  EXPECT_EQ(chart.lanes[1].marks, std::vector<double>{300});
}

TEST(Lineage, StepsAtAnUpdateAreThoseOfTheRowBefore) {
  const auto members = three_members();
  EXPECT_EQ(agent_steps_at(members[0], 0), 0);
  EXPECT_EQ(agent_steps_at(members[0], 1), 100);
  EXPECT_EQ(agent_steps_at(members[0], 50), 1000);
}

TEST(Lineage, LinesSayWhatChangedAndWhenceEachCame) {
  auto members = three_members();
  // Member 1 takes from 0 before 2 takes from 1, and again after it.
  members[1].decisions = {copy_of(1, 2, 0, 1), copy_of(1, 9, 0, 8)};
  members[2].decisions = {copy_of(2, 5, 1, 4)};
  members[2].decisions[0].explored = true;
  members[2].decisions[0].values = {{"curriculum.alpha", 0.1, 0.15}};
  members[0].decisions = {{.member = 0, .outcome = "kept"}};
  EXPECT_EQ(
      lineage_lines(members),
      (std::vector<std::string>{
          "           200  member 1   copied member 0 (update 1), p 0.0123",
          "           500  member 2   copied member 1 (update 4), p 0.0123, explored, alpha 0.1 -> 0.15",
          "           900  member 1   copied member 0 (update 8), p 0.0123", "member 0",
          "member 1 <- member 0 at 900", "member 2 <- member 1 at 500 <- member 0 at 200"}));
}

// At one update a member may have a checkpoint from before its decision and one from after.
TEST(Lineage, WhatWasCopiedTellsWhetherTheSourcesOwnCopyCounts) {
  auto members = three_members();
  members[1].decisions = {copy_of(1, 4, 0, 1)};
  members[1].decisions[0].checkpoint = "after";
  members[2].decisions = {copy_of(2, 5, 1, 4)};
  members[2].decisions[0].parent = "after";
  EXPECT_EQ(lineage_lines(members).back(), "member 2 <- member 1 at 500 <- member 0 at 400");
  members[2].decisions[0].parent = "before";
  EXPECT_EQ(lineage_lines(members).back(), "member 2 <- member 1 at 500");
}

TEST(Lineage, ALongAncestryIsCutShort) {
  auto members = three_members();
  members[0].decisions = {copy_of(0, 3, 1, 9)};
  members[1].decisions = {copy_of(1, 4, 0, 9)};
  // From each other's future, which no program writes; but a long history looks the same.
  EXPECT_EQ(
      lineage_lines(members)[2],
      "member 0 <- member 1 at 300 <- member 0 at 400 <- member 1 at 300 <- member 0 at 400 <- member 1 at "
      "300 <- member 0 at 400 <- ...");
}

TEST(Lineage, TheSummaryCountsOutcomes) {
  std::vector<DecisionRow> decisions{copy_of(0, 1, 1, 1),
                                     {.outcome = "kept", .explored = true},
                                     {.outcome = "kept"},
                                     {.outcome = "not_ready"}};
  EXPECT_EQ(decisions_summary(4, decisions),
            "4 members, 4 decisions: 1 copied, 2 kept, 1 not ready, 0 replaced; 1 explored");
  EXPECT_EQ(decisions_summary(1, {}),
            "1 member, 0 decisions: 0 copied, 0 kept, 0 not ready, 0 replaced; 0 explored");
}

}  // namespace
}  // namespace chrysalis
