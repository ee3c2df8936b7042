#include "chrysalis/population/hyperparameters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "chrysalis/population/population_config.h"

namespace chrysalis {
namespace {

struct Settings {
  double learning_rate = 6e-4;
  double entropy_cost = 3e-3;
  double discount = 0.99;
  std::int64_t batch = 32;
  std::string device = "cpu";
  bool clipped = true;
  double alpha = 0.5;
  void visit(FieldVisitor& v) {
    v.begin_table("learner");
    v.field({.name = "learning_rate", .help = "h", .min = 0, .max = 1, .tunable = true}, learning_rate);
    v.field({.name = "entropy_cost", .help = "h", .min = 0, .max = 10, .tunable = true}, entropy_cost);
    v.field({.name = "discount", .help = "h", .min = 0, .max = 1}, discount);
    v.field({.name = "batch", .help = "h", .min = 1, .max = 64, .tunable = true}, batch);
    v.field({.name = "device", .help = "h", .tunable = true}, device);
    v.field({.name = "clipped", .help = "h", .tunable = true}, clipped);
    v.end_table();
    v.begin_table("curriculum");
    v.field({.name = "alpha", .help = "h", .min = 0, .max = 1, .tunable = true}, alpha);
    v.end_table();
  }
};

Result<std::vector<Tuned>> parse(std::string_view text) {
  Settings settings;
  return parse_tuned(text, fields_of(settings));
}

std::string error_of(std::string_view text) {
  const auto tuned = parse(text);
  if (tuned.ok()) return "no error";
  EXPECT_EQ(tuned.error().code, ErrorCode::kInvalidInput);
  return tuned.error().message;
}

TEST(population_tune, has_the_papers_ranges_and_operators_by_default) {
  const std::vector<Tuned> tuned = parse(PopulationConfig().tune).value();
  ASSERT_EQ(tuned.size(), 3u);
  EXPECT_EQ(tuned[0].path, "learner.learning_rate");
  EXPECT_EQ(tuned[0].initial_low, 1e-5);
  EXPECT_EQ(tuned[0].initial_high, 1e-3);
  EXPECT_EQ(tuned[1].path, "learner.entropy_cost");
  EXPECT_EQ(tuned[1].initial_low, 1e-4);
  EXPECT_EQ(tuned[1].initial_high, 1e-2);
  for (const int i : {0, 1}) {
    EXPECT_EQ(tuned[i].initial, Tuned::Initial::kLogUniform);
    EXPECT_EQ(tuned[i].explore, Tuned::Operator::kMultiply);
    EXPECT_EQ(tuned[i].factors[0], 1.2);
    EXPECT_EQ(tuned[i].factors[1], 0.8);
  }
  EXPECT_EQ(tuned[1].high, 10.0);  // The field's own.
  EXPECT_EQ(tuned[2].path, "curriculum.alpha");
  EXPECT_EQ(tuned[2].initial, Tuned::Initial::kLogUniform);
  EXPECT_EQ(tuned[2].initial_low, 1e-3);
  EXPECT_EQ(tuned[2].initial_high, 1e-2);
  EXPECT_EQ(tuned[2].explore, Tuned::Operator::kAdd);
  EXPECT_EQ(tuned[2].step, 0.05);
  EXPECT_EQ(tuned[2].low, 0.0);
  EXPECT_EQ(tuned[2].high, 1.0);
}

TEST(population_config, has_the_papers_numbers_by_default) {
  PopulationConfig config;
  std::string text;
  for (const FieldText& field : describe_fields(fields_of(config)))
    if (field.path != "population.tune") text += field.path + " " + field.value + "\n";
  EXPECT_EQ(text,
            "population.size 1\npopulation.ready_episodes 300\npopulation.compare_episodes 30\n"
            "population.significance 0.05\npopulation.explore_probability 0.25\n"
            "population.publish_updates 25\npopulation.score \"training\"\n"
            "population.evaluation_updates 10\n");
}

TEST(population_config, refuses_what_no_test_could_use) {
  PopulationConfig config;
  EXPECT_FALSE(set_field_text(fields_of(config), "population.size", "0"));
  EXPECT_FALSE(set_field_text(fields_of(config), "population.size", "257"));
  EXPECT_FALSE(set_field_text(fields_of(config), "population.compare_episodes", "1"));
  EXPECT_FALSE(set_field_text(fields_of(config), "population.significance", "1.5"));
  EXPECT_FALSE(set_field_text(fields_of(config), "population.explore_probability", "-0.1"));
  EXPECT_FALSE(set_field_text(fields_of(config), "population.score", "luck"));
  EXPECT_EQ(config.size, 1);
}

TEST(population_tune, is_read_from_lines_and_semicolons) {
  const std::vector<Tuned> tuned =
      parse(
          "\n learner.batch\tuniform 2 8 keep within 1.5 10.5\r\n\n"
          "learner.entropy_cost config multiply 2 0.5 within 1e-3 1;; curriculum.alpha config add 0.1;\n")
          .value();
  ASSERT_EQ(tuned.size(), 3u);
  EXPECT_TRUE(tuned[0].whole);
  EXPECT_EQ(tuned[0].initial, Tuned::Initial::kUniform);
  EXPECT_EQ(tuned[0].explore, Tuned::Operator::kKeep);
  EXPECT_EQ(tuned[0].low, 2.0);  // The whole numbers within.
  EXPECT_EQ(tuned[0].high, 10.0);
  EXPECT_FALSE(tuned[1].whole);
  EXPECT_EQ(tuned[1].initial, Tuned::Initial::kConfig);
  EXPECT_EQ(tuned[1].config_value, 3e-3);
  EXPECT_EQ(tuned[1].low, 1e-3);
  EXPECT_EQ(tuned[1].high, 1.0);
  EXPECT_EQ(tuned[2].path, "curriculum.alpha");
  EXPECT_TRUE(parse("").value().empty());
  EXPECT_TRUE(parse(" ;\n;").value().empty());
}

TEST(population_tune, takes_only_keys_that_exist_and_may_change) {
  EXPECT_EQ(error_of("learner.learning_rat config keep"),
            "population.tune: unknown key 'learner.learning_rat', did you mean 'learner.learning_rate'?");
  EXPECT_EQ(error_of("alpha config keep"),
            "population.tune: unknown key 'alpha', did you mean 'curriculum.alpha'?");
  const std::string tunable =
      ": expected one of learner.learning_rate, learner.entropy_cost, learner.batch, curriculum.alpha";
  EXPECT_EQ(error_of("learner.discount config keep"),
            "population.tune: learner.discount may not change while training" + tunable);
  EXPECT_EQ(error_of("learner.device config keep"),
            "population.tune: learner.device is text, no number" + tunable);
  EXPECT_EQ(error_of("learner.clipped config keep"),
            "population.tune: learner.clipped is true or false, no number" + tunable);
  EXPECT_EQ(
      error_of("curriculum.alpha config keep; learner.batch config keep; curriculum.alpha config add 1"),
      "population.tune: curriculum.alpha stands twice: expected one entry for each key");
}

TEST(population_tune, says_where_its_grammar_is_broken) {
  const std::string at = "population.tune: curriculum.alpha has ";
  const std::string initial = ": expected loguniform LOW HIGH, uniform LOW HIGH or config";
  const std::string operators = ": expected multiply FACTOR FACTOR, add STEP or keep";
  const std::pair<const char*, std::string> cases[] = {
      {"curriculum.alpha", "nothing after 'curriculum.alpha'" + initial},
      {"curriculum.alpha loguniforn 1 2 keep",
       "'loguniforn' after 'curriculum.alpha'" + initial + ", did you mean 'loguniform'?"},
      {"curriculum.alpha uniform", "nothing after 'uniform': expected a LOW of uniform"},
      {"curriculum.alpha uniform 0.1", "nothing after '0.1': expected a HIGH of uniform"},
      {"curriculum.alpha uniform 0.1 keep", "'keep' after '0.1': expected a HIGH of uniform"},
      {"curriculum.alpha uniform 0.1 0.2x keep", "'0.2x' after '0.1': expected a HIGH of uniform"},
      {"curriculum.alpha uniform nan 1 keep", "'nan' after 'uniform': expected a LOW of uniform"},
      {"curriculum.alpha uniform 0 inf keep", "'inf' after '0': expected a HIGH of uniform"},
      {"curriculum.alpha uniform 0.2 0.1 keep", "uniform 0.2 0.1: expected LOW before HIGH"},
      {"curriculum.alpha loguniform 0 1 keep", "loguniform from 0: expected a LOW greater than 0"},
      {"curriculum.alpha loguniform -1 1 keep", "loguniform from -1: expected a LOW greater than 0"},
      {"curriculum.alpha config", "nothing after 'config'" + operators},
      {"curriculum.alpha config multipy 1 2",
       "'multipy' after 'config'" + operators + ", did you mean 'multiply'?"},
      {"curriculum.alpha config multiply", "nothing after 'multiply': expected a FACTOR greater than 0"},
      {"curriculum.alpha config multiply 1.2",
       "nothing after '1.2': expected a second FACTOR greater than 0"},
      {"curriculum.alpha config multiply 0 2", "'0' after 'multiply': expected a FACTOR greater than 0"},
      {"curriculum.alpha config multiply 2 -2", "'-2' after '2': expected a second FACTOR greater than 0"},
      {"curriculum.alpha config add", "nothing after 'add': expected a STEP greater than 0"},
      {"curriculum.alpha config add -0.1", "'-0.1' after 'add': expected a STEP greater than 0"},
      {"curriculum.alpha config keep within 0.1", "nothing after '0.1': expected a HIGH of within"},
      {"curriculum.alpha config keep within 1 0", "within 1 0: expected LOW before HIGH"},
      {"curriculum.alpha config keep learner.batch",
       "'learner.batch' after 'keep': expected the end of the entry, ';' or a new line"},
      {"curriculum.alpha config keep within 0 1 2",
       "'2' after '1': expected the end of the entry, ';' or a new line"}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(error_of(text), at + expected) << text;
}

TEST(population_tune, stays_inside_the_fields_range) {
  EXPECT_EQ(error_of("curriculum.alpha uniform 0.5 1.5 keep"),
            "population.tune: curriculum.alpha has a start from 0.5 to 1.5: expected it inside its limits, "
            "0 to 1");
  EXPECT_EQ(error_of("curriculum.alpha uniform 0.1 0.2 keep within 0.15 1"),
            "population.tune: curriculum.alpha has a start from 0.1 to 0.2: expected it inside its limits, "
            "0.15 to 1");
  EXPECT_EQ(error_of("curriculum.alpha config keep within -0.1 1"),
            "population.tune: curriculum.alpha has within -0.1 to 1: expected it inside the field's range, "
            "0 to 1");
  EXPECT_EQ(error_of("curriculum.alpha config keep within 0 1.1"),
            "population.tune: curriculum.alpha has within 0 to 1.1: expected it inside the field's range, "
            "0 to 1");
  EXPECT_EQ(error_of("curriculum.alpha config keep within 0.6 1"),
            "population.tune: curriculum.alpha starts at the config's 0.5: expected 0.6 to 1");
  EXPECT_EQ(error_of("learner.batch config keep within 32.1 32.9"),
            "population.tune: learner.batch has limits 32.1 to 32.9: expected a whole number between them");
}

TEST(initial_values, follow_their_distributions) {
  const auto tuned = parse(
                         "learner.learning_rate loguniform 1e-5 1e-3 keep;"
                         "curriculum.alpha uniform 0.2 0.6 keep; learner.entropy_cost config keep;"
                         "learner.batch uniform 1 4 keep")
                         .value();
  constexpr int kDraws = 6000;
  int log_low = 0, uniform_low = 0;
  std::set<double> batches;
  for (int seed = 0; seed < kDraws; ++seed) {
    const std::vector<double> values = initial_values(tuned, static_cast<std::uint64_t>(seed), 3);
    ASSERT_EQ(values.size(), 4u);
    ASSERT_TRUE(values[0] >= 1e-5 && values[0] <= 1e-3) << values[0];
    ASSERT_TRUE(values[1] >= 0.2 && values[1] <= 0.6) << values[1];
    log_low += values[0] < 1e-4;  // Half of the decades.
    uniform_low += values[1] < 0.3;
    EXPECT_EQ(values[2], 3e-3);
    batches.insert(values[3]);
  }
  EXPECT_NEAR(log_low, kDraws / 2, 4 * std::sqrt(kDraws * 0.25));
  EXPECT_NEAR(uniform_low, kDraws / 4, 4 * std::sqrt(kDraws * 0.1875));
  EXPECT_EQ(batches, (std::set<double>{1, 2, 3, 4}));
}

TEST(initial_values, of_a_range_of_one_number_are_that_number) {
  const auto tuned = parse("learner.learning_rate loguniform 3e-4 3e-4 keep").value();
  for (int member = 0; member < 20; ++member) EXPECT_EQ(initial_values(tuned, 1, member)[0], 3e-4);
}

TEST(initial_values, depend_on_seed_member_and_path_alone) {
  const std::string rate = "learner.learning_rate loguniform 1e-5 1e-3 multiply 1.2 0.8";
  const std::string alpha = "curriculum.alpha loguniform 1e-3 1e-2 add 0.05";
  const auto both = parse(rate + ";" + alpha).value();
  const auto swapped = parse(alpha + ";" + rate).value();
  const auto values = initial_values(both, 1, 2);
  EXPECT_EQ(values, initial_values(both, 1, 2));
  EXPECT_EQ(initial_values(swapped, 1, 2), (std::vector<double>{values[1], values[0]}));
  EXPECT_EQ(initial_values(parse(alpha).value(), 1, 2)[0], values[1]);
  for (const auto& other : {initial_values(both, 2, 2), initial_values(both, 1, 3)}) {
    EXPECT_NE(other[0], values[0]);
    EXPECT_NE(other[1], values[1]);
  }
  // Two paths of one range draw apart from one another.
  const auto twins = parse("learner.learning_rate uniform 0 1 keep; curriculum.alpha uniform 0 1 keep");
  const auto drawn = initial_values(*twins, 1, 2);
  EXPECT_NE(drawn[0], drawn[1]);
}

TEST(explore, takes_either_way_with_equal_chance_and_each_path_by_itself) {
  const auto tuned = parse(PopulationConfig().tune).value();
  const std::vector<double> values = {1e-4, 1e-3, 0.5};
  constexpr int kDraws = 8000;
  int ways[8] = {};
  for (int i = 0; i < kDraws; ++i) {
    const auto after = explore(values, tuned, RandomKey(static_cast<std::uint64_t>(i)));
    int way = 0;
    for (int k = 0; k < 2; ++k) {
      ASSERT_TRUE(after[k] == values[k] * 1.2 || after[k] == values[k] * 0.8) << after[k];
      way += after[k] > values[k] ? 1 << k : 0;
    }
    ASSERT_TRUE(after[2] == 0.5 + 0.05 || after[2] == 0.5 - 0.05) << after[2];
    way += after[2] > 0.5 ? 4 : 0;
    ++ways[way];
  }
  const double sigma = std::sqrt(kDraws * 0.125 * 0.875);
  for (const int count : ways) EXPECT_NEAR(count, kDraws / 8, 4 * sigma);
}

TEST(explore, is_truncated_to_the_limits) {
  const auto tuned =
      parse(
          "curriculum.alpha config add 0.05; learner.learning_rate config multiply 1.2 0.8 within 5e-4 7e-4;"
          "learner.batch config multiply 3 0.01; learner.entropy_cost config keep")
          .value();
  std::set<double> low, high, rate, batch;
  for (std::uint64_t i = 0; i < 64; ++i) {
    const auto bottom = explore(std::vector<double>{0.02, 6e-4, 32, 3e-3}, tuned, RandomKey(i));
    low.insert(bottom[0]);
    rate.insert(bottom[1]);
    batch.insert(bottom[2]);
    EXPECT_EQ(bottom[3], 3e-3);
    high.insert(explore(std::vector<double>{0.98, 6e-4, 32, 3e-3}, tuned, RandomKey(i))[0]);
  }
  EXPECT_EQ(low, (std::set<double>{0.0, 0.02 + 0.05}));
  EXPECT_EQ(high, (std::set<double>{0.98 - 0.05, 1.0}));
  EXPECT_EQ(rate, (std::set<double>{5e-4, 7e-4}));
  EXPECT_EQ(batch, (std::set<double>{1, 64}));  // 0.32 rounds to 0, which the field does not have.
}

TEST(explore, rounds_whole_numbers) {
  const auto tuned = parse("learner.batch config multiply 1.2 0.8").value();
  std::set<double> seen;
  for (std::uint64_t i = 0; i < 32; ++i)
    seen.insert(explore(std::vector<double>{32}, tuned, RandomKey(i))[0]);
  EXPECT_EQ(seen, (std::set<double>{26, 38}));
}

TEST(explore, can_bring_alpha_from_its_start_to_one) {
  const auto tuned = parse("curriculum.alpha loguniform 1e-3 1e-2 add 0.05").value();
  std::vector<double> values = initial_values(tuned, 1, 0);
  int up = 0;
  for (std::uint64_t i = 0; values[0] < 1 && i < 1000; ++i) {
    const auto after = explore(values, tuned, RandomKey(i));
    if (after[0] < values[0]) continue;  // As selection would.
    values = after;
    ++up;
  }
  EXPECT_EQ(values[0], 1.0);
  EXPECT_EQ(up, 20);
}

TEST(explore, refuses_values_outside_the_limits) {
  const auto tuned = parse("curriculum.alpha config add 0.05").value();
  EXPECT_DEATH(explore(std::vector<double>{1.5}, tuned, RandomKey(1)), "curriculum.alpha is 1.5");
  EXPECT_DEATH(explore(std::vector<double>{NAN}, tuned, RandomKey(1)), "curriculum.alpha is nan");
  EXPECT_DEATH(explore(std::vector<double>{}, tuned, RandomKey(1)), "0 against 1");
}

TEST(set_values, writes_the_fields_and_no_others) {
  const auto tuned = parse("curriculum.alpha config add 0.05; learner.batch config keep").value();
  Settings settings;
  set_values(std::vector<double>{0.25, 48}, tuned, fields_of(settings));
  EXPECT_EQ(settings.alpha, 0.25);
  EXPECT_EQ(settings.batch, 48);
  EXPECT_EQ(settings.learning_rate, 6e-4);
  EXPECT_DEATH(set_values(std::vector<double>{2, 48}, tuned, fields_of(settings)), "curriculum.alpha is 2");
  EXPECT_DEATH(set_values(std::vector<double>{0.5}, tuned, fields_of(settings)), "1 against 2");
}

}  // namespace
}  // namespace chrysalis
