// Databases and rows of them, made up for tests.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>

#include "chrysalis/store/database.h"

namespace chrysalis {

// With member 0.
inline Database open_new(const std::filesystem::path& file) {
  auto database = Database::open(file, Sqlite::Access::kReadWrite, 50);
  CHRYSALIS_CHECK(database.ok(), "{}", database.error().message);
  CHRYSALIS_CHECK(database->add_member({.member = 0, .created = 1, .config = "c"}).ok());
  return std::move(database).value();
}

inline UpdateRow update_row(std::int64_t number) {
  return {.member = 0,
          .update = number,
          .agent_steps = number * 3200,
          .time = 1000.5,
          .finite = true,
          .loss = 1,
          .policy_loss = 2,
          .baseline_loss = 3,
          .entropy = 4,
          .gradient_norm = 5,
          .explained_variance = 6,
          .mean_rho = 7,
          .saturated_units = 8,
          .mean_lag = 9,
          .max_lag = 10,
          .unrolls_lost = 11};
}

inline EpisodeRow episode_row(std::int64_t environment, std::int64_t episode, std::int64_t update) {
  return {.member = 0,
          .environment = environment,
          .episode = episode,
          .level = "seek_apples",
          .episode_return = static_cast<double>(episode) + 0.5,
          .agent_steps = 450,
          .frames = 1800,
          .ended_at_update = update,
          .time = 1001.5};
}

// As a decision that copied fills it; checkpoint c<number>.
inline DecisionRow decision_row(std::int64_t number, std::int64_t update) {
  return {.member = 0,
          .number = number,
          .update = update,
          .agent_steps = update * 3200,
          .episodes = 300 * (number + 1),
          .time = 5.5,
          .outcome = "copied",
          .reason = "member 1 is better",
          .partner = 1,
          .partner_update = update + 3,
          .parent = "0123456789abcdef",
          .own_returns = {1, 2.5},
          .partner_returns = {3, 4},
          .own_mean = 1.75,
          .partner_mean = 3.5,
          .t = 2.5,
          .degrees_of_freedom = 1.5,
          .p = 0.01,
          .explored = true,
          .values = {{"curriculum.alpha", 0.1, 0.15}, {"learner.learning_rate", 1e-3, 2e-3}},
          .unrolls_dropped = 7,
          .checkpoint = fmt::format("c{}", number)};
}

inline CheckpointRow checkpoint_row(std::string name, std::int64_t update, double time = 0) {
  return {.name = std::move(name),
          .sha256 = "s",
          .position = {.member = 0, .update = update, .agent_steps = update * 3200},
          .time = time};
}

}  // namespace chrysalis
