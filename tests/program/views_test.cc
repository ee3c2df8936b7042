// inspect, lineage and compare over runs of populations.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "chrysalis/store/run_directory.h"
#include "chrysalis/store/scratch_directory_test.h"
#include "program.h"
#include "synthetic_run.h"

namespace chrysalis {
namespace {

class Views : public testing::Test {
 protected:
  std::string answer(const Arguments& arguments) const {
    const ProgramOutcome outcome = run(arguments, scratch_.path());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return outcome.out;
  }
  void expect_error(const Arguments& arguments, const std::string& says, int exit_code = 2) const {
    const ProgramOutcome outcome = run(arguments, scratch_.path());
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
    EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err << "says not: " << says;
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  const ScratchDirectory scratch_;
};

TEST_F(Views, InspectTellsMembersAndDecisions) {
  write_synthetic_run(scratch_ / "run", {.members = 3});
  const Json json = Json::parse(answer({"inspect", "run", "--json"}));
  ASSERT_EQ(json["members"].size(), 3u);
  auto reader = RunDirectory::open(scratch_ / "run", OpenMode::kReadOnly);
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  const auto decisions = reader->database().decisions().value();
  ASSERT_EQ(json["decisions"].size(), decisions.size());
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const Json& one = json["decisions"][i];
    const DecisionRow& row = decisions[i];
    EXPECT_EQ(one["member"], row.member);
    EXPECT_EQ(one["number"], row.number);
    EXPECT_EQ(one["update"], row.update);
    EXPECT_EQ(one["agent_steps"], row.agent_steps);
    EXPECT_EQ(one["episodes"], row.episodes);
    EXPECT_EQ(one["time"], row.time);
    EXPECT_EQ(one["outcome"], row.outcome);
    EXPECT_EQ(one["reason"], row.reason);
    EXPECT_EQ(one["partner"], row.partner ? Json(*row.partner) : Json(nullptr));
    EXPECT_EQ(one["partner_update"], row.partner_update ? Json(*row.partner_update) : Json(nullptr));
    EXPECT_EQ(one["parent"], row.parent.empty() ? Json(nullptr) : Json(row.parent));
    EXPECT_EQ(one["own_returns"], Json(row.own_returns));
    EXPECT_EQ(one["partner_returns"], Json(row.partner_returns));
    for (const auto& [key, number] : {std::pair{"own_mean", row.own_mean},
                                      {"partner_mean", row.partner_mean},
                                      {"t", row.t},
                                      {"degrees_of_freedom", row.degrees_of_freedom},
                                      {"p", row.p}})
      EXPECT_EQ(one[key], std::isfinite(number) ? Json(number) : Json(nullptr)) << key;
    EXPECT_EQ(one["explored"], row.explored);
    ASSERT_EQ(one["values"].size(), row.values.size());
    for (std::size_t v = 0; v < row.values.size(); ++v)
      EXPECT_EQ(one["values"][v], (Json{{"path", row.values[v].path},
                                        {"before", row.values[v].before},
                                        {"after", row.values[v].after}}));
    EXPECT_EQ(one["unrolls_dropped"], row.unrolls_dropped);
    EXPECT_EQ(one["checkpoint"], row.checkpoint);
  }
  for (std::int64_t m = 0; m < 3; ++m) {
    const Json& member = json["members"][static_cast<std::size_t>(m)];
    Json parent = nullptr, parent_checkpoint = nullptr;
    std::int64_t count = 0, dropped = 0;
    for (const DecisionRow& row : decisions) {
      if (row.member != m) continue;
      ++count;
      dropped += row.unrolls_dropped;
      if (row.parent.empty()) continue;
      parent = *row.partner;
      parent_checkpoint = row.parent;
    }
    EXPECT_EQ(member["id"], m);
    EXPECT_EQ(member["parent"], parent);
    EXPECT_EQ(member["parent_checkpoint"], parent_checkpoint);
    EXPECT_EQ(member["decisions"], count);
    EXPECT_EQ(member["unrolls_dropped"], dropped);
    const auto updates = reader->database().updates(m).value();
    EXPECT_EQ(member["alpha"], updates.back().alpha);
    EXPECT_EQ(member["learning_rate"], updates.back().learning_rate);
    EXPECT_EQ(member["entropy_cost"], 0.003) << "no update says it: the config's";
    const auto recent = reader->database().episodes(m, 30).value();
    double sum = 0;
    for (const EpisodeRow& episode : recent) sum += episode.episode_return;
    EXPECT_NEAR(member["mean_return_30"].get<double>(), sum / 30, 1e-9);
  }
  EXPECT_GT(decisions.size(), 5u);
}

TEST_F(Views, InspectShowsALineForEachMemberOrOneWithItsCurve) {
  write_synthetic_run(scratch_ / "run", {.members = 3});
  const std::string all = answer({"inspect", "run"});
  EXPECT_TRUE(has(all, "copied from")) << all;
  EXPECT_TRUE(has(all, "3 members, 12 decisions: ")) << all;
  EXPECT_FALSE(has(all, "expl. var."));
  const std::string one = answer({"inspect", "run", "--member", "1"});
  EXPECT_TRUE(has(one, "member 1: 384,000 agent steps") && has(one, "expl. var.")) << one;
  EXPECT_TRUE(has(one, "1 member, 6 decisions: ")) << one;
  const Json json = Json::parse(answer({"inspect", "run", "--member", "2", "--json"}));
  ASSERT_EQ(json["members"].size(), 1u);
  EXPECT_EQ(json["members"][0]["id"], 2);
  for (const Json& decision : json["decisions"]) EXPECT_EQ(decision["member"], 2);
  expect_error({"inspect", "run", "--member", "3"}, "run has no member 3: it has 3, from 0 on");
}

TEST_F(Views, LineageTellsAndDraws) {
  write_synthetic_run(scratch_ / "run", {});
  const std::string told = answer({"lineage", "run", "--out", "x.svg"});
  EXPECT_TRUE(has(told, "run: 4 members, 18 decisions: ")) << told;
  EXPECT_TRUE(has(told, "copied member ") && has(told, "replaced by member ") && has(told, ", explored, "))
      << told;
  EXPECT_TRUE(has(told, "\nmember 3")) << told;
  const std::string svg = text_of_file(scratch_ / "x.svg");
  for (const char* words : {">member 0<", ">member 3<", ">alpha<", ">copied<", ">replaced after divergence<",
                            ">explored<", ">agent steps of each member<"})
    EXPECT_TRUE(has(svg, words)) << words;
  EXPECT_EQ(answer({"lineage", "run"}) + "x.svg\n", told);
}

TEST_F(Views, LineageOfOneMemberSaysThatThereIsNoPopulation) {
  write_synthetic_run(scratch_ / "run", {.members = 1});
  EXPECT_EQ(answer({"lineage", "run", "--out", "x.svg"}),
            "run: one member, no population: nobody came from anybody\nx.svg\n");
  EXPECT_TRUE(has(text_of_file(scratch_ / "x.svg"), ">member 0<"));
}

TEST_F(Views, CompareGroupsRunsByWhatTheyShareAndDraws) {
  for (const std::int64_t seed : {1, 2, 3})
    write_synthetic_run(scratch_ / fmt::format("a{}", seed),
                        {.seed = seed, .members = 2, .updates = 60, .settings = {"train.workers=1"}});
  write_synthetic_run(scratch_ / "b1",
                      {.members = 2, .updates = 60, .gain = 10, .settings = {"learner.entropy_cost=0.01"}});
  const Arguments compare = {"compare", "a1", "b1", "a2", "a3"};
  const Json json = Json::parse(answer(compare + Arguments{"--json", "--points", "5"}));
  ASSERT_EQ(json["arms"].size(), 2u);
  const Json& a = json["arms"][0];
  EXPECT_EQ(a["label"], "learner.entropy_cost=0.003");
  EXPECT_EQ(a["settings"], (Json{{"learner.entropy_cost", "0.003"}}));
  EXPECT_EQ(a["seeds"], 3);
  EXPECT_EQ(a["agent_steps"], 3 * 2 * 60 * 3200);
  EXPECT_EQ(a["curve"].size(), 5u);
  for (const char* score : {"final_return", "best_member_final", "area_under_curve"}) {
    double mean = 0;
    for (const Json& one : a["runs"]) mean += one[score].get<double>() / 3;
    EXPECT_NEAR(a[score]["mean"].get<double>(), mean, 1e-9);
    EXPECT_LE(a[score]["ci95"][0], a[score]["mean"]);
    EXPECT_GE(a[score]["ci95"][1], a[score]["mean"]);
    EXPECT_TRUE(json["arms"][1][score]["ci95"].is_null()) << "one seed";
    EXPECT_GT(a[score]["mean"], json["arms"][1][score]["mean"]);
  }
  const std::string table =
      answer(compare + Arguments{"--label", "low", "--label", "high", "--out", "x.svg"});
  EXPECT_TRUE(has(table, "\nlow ") && has(table, "\nhigh ") && has(table, " (-)")) << table;
  EXPECT_TRUE(has(table, "1,152,000")) << table;
  const std::string svg = text_of_file(scratch_ / "x.svg");
  EXPECT_TRUE(has(svg, ">low (3 seeds)<") && has(svg, ">high (1 seed)<") && has(svg, "fill-opacity"));
  EXPECT_EQ(answer(compare + Arguments{"--json", "--points", "5"}),
            answer(compare + Arguments{"--json", "--points", "5"}));
}

TEST_F(Views, CompareOfOneRunIsItsCurve) {
  write_synthetic_run(scratch_ / "run", {.members = 1});
  EXPECT_TRUE(has(answer({"compare", "run", "--out", "x.svg"}), "\nseek_apples "));
  EXPECT_TRUE(has(text_of_file(scratch_ / "x.svg"), ">seek_apples (1 seed)<"));
}

TEST_F(Views, CompareRunsOverTimeBesideLines) {
  write_synthetic_run(scratch_ / "run", {.members = 1, .updates = 60});
  const Arguments compare = {"compare", "run", "--over", "time", "--line", "random=2.5", "--points", "4"};
  answer(compare + Arguments{"--out", "x.svg"});
  const std::string svg = text_of_file(scratch_ / "x.svg");
  EXPECT_TRUE(has(svg, ">random<") && has(svg, " of training<")) << svg;
  const Json json = Json::parse(answer(compare + Arguments{"--json"}));
  ASSERT_EQ(json["arms"].size(), 1u);
  const Json& curve = json["arms"][0]["curve"];
  ASSERT_EQ(curve.size(), 4u);
  EXPECT_GT(curve[0]["seconds"], 0);
  EXPECT_NEAR(curve[3]["seconds"].get<double>(), 7 * curve[0]["seconds"].get<double>(), 1e-9);
  EXPECT_FALSE(curve[0].contains("agent_steps"));
}

TEST_F(Views, WhatIsNotThereOrCannotBeIsOneLine) {
  write_synthetic_run(scratch_ / "run", {.members = 1, .updates = 5});
  write_synthetic_run(scratch_ / "twin", {.members = 1, .updates = 5});
  write_synthetic_run(scratch_ / "new", {.members = 1, .updates = 0});
  { ASSERT_TRUE(RunDirectory::open(scratch_ / "bare", OpenMode::kFresh).ok()); }
  expect_error({"lineage", "none"}, "none: no run there");
  expect_error({"lineage", "new"}, "new has no updates yet: train first");
  expect_error({"lineage", "bare"}, "bare has no updates yet: train first");
  expect_error({"lineage", "run", "--out", "x.png"}, "--out x.png: expected a name that ends in .svg");
  expect_error({"lineage", "run", "--out", "no/x.svg"}, "--out no/x.svg: there is no directory no");
  expect_error({"compare", "run", "none"}, "none: no run there");
  expect_error({"compare", "new"}, "new has no finished episode yet: train on");
  expect_error({"compare", "bare"}, "bare has no config yet: train first");
  expect_error({"compare", "run", "twin"}, "run and twin have the same settings and the same seed, 1");
  expect_error({"compare", "run", "--label", "a", "--label", "b"}, "2 labels for 1 arms");
  expect_error({"compare", "run", "--out", "x.txt"}, "--out x.txt: expected a name that ends in .svg");
  expect_error({"compare", "run", "--out", "/proc/x.svg"}, "/proc", 1);
  expect_error({"compare", "run", "--over", "tme"},
               "--over tme: expected agent_steps or time, did you mean 'time'?");
  expect_error({"compare", "run", "--line", "2.7"}, "--line 2.7: expected LABEL=RETURN, such as random=2.7");
}

}  // namespace
}  // namespace chrysalis
