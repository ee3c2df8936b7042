#include <algorithm>
#include <thread>

#include "chrysalis/cli/agent_source.h"
#include "chrysalis/cli/command.h"
#include "chrysalis/cli/json.h"
#include "chrysalis/core/log.h"
#include "chrysalis/core/worker_team.h"
#include "chrysalis/env/make_environment.h"
#include "chrysalis/rollout/action_set.h"
#include "chrysalis/rollout/evaluation.h"
#include "chrysalis/store/run_directory.h"

namespace chrysalis {
namespace {

struct EvalOptions {
  AgentOptions agent;
  std::int64_t episodes = 30;
  bool json = false;
};

// Splits the episodes among the cores. Which thread plays an episode does not change it beyond the rounding
// of inference in batches, and the batch is always of the same size.
Result<std::vector<EpisodeRecord>> play(const AgentSource& agent, const EvalOptions& options) {
  const auto cores = std::max<std::int64_t>(1, std::thread::hardware_concurrency());
  const std::int64_t threads = std::min(cores, options.episodes);
  std::vector<std::vector<EpisodeRecord>> records(static_cast<std::size_t>(threads));
  std::vector<Status> statuses(static_cast<std::size_t>(threads));
  const auto work = [&](std::int64_t thread) -> Status {
    const std::int64_t first = options.episodes * thread / threads;
    const std::int64_t count = options.episodes * (thread + 1) / threads - first;
    CHRYSALIS_ASSIGN_OR_RETURN(const auto policy, agent.make_policy());
    std::vector<std::unique_ptr<Environment>> environments;
    for (int i = 0; i < environments_side_by_side(agent.config.level); ++i) {
      CHRYSALIS_ASSIGN_OR_RETURN(auto environment, agent.make_environment());
      environments.push_back(std::move(environment));
    }
    CHRYSALIS_ASSIGN_OR_RETURN(records[static_cast<std::size_t>(thread)],
                               evaluate(*policy, environments,
                                        {.seed = options.agent.seed,
                                         .first_episode = first,
                                         .episodes = count,
                                         .actions = action_set(agent.config.agent.actions).value(),
                                         .task = agent.task}));
    return {};
  };
  WorkerTeam team(static_cast<int>(threads));
  team.for_each(team.workers(), [&](int thread, int) {
    statuses[static_cast<std::size_t>(thread)] = caught("evaluating failed", [&] { return work(thread); });
  });
  std::vector<EpisodeRecord> all;
  for (std::size_t thread = 0; thread < records.size(); ++thread) {
    CHRYSALIS_RETURN_IF_ERROR(statuses[thread]);
    all.insert(all.end(), records[thread].begin(), records[thread].end());
  }
  return all;
}

// Into the run's database, for inspect.
Status note_evaluation(const AgentSource& agent, const EvalOptions& options,
                       const std::vector<double>& returns, const MeanInterval& interval) {
  CHRYSALIS_ASSIGN_OR_RETURN(Database database, RunDirectory::open_database(options.agent.run));
  return database.record_evaluation({.checkpoint = agent.checkpoint,
                                     .level = agent.config.level.name,
                                     .policy = agent.policy,
                                     .mean = interval.mean,
                                     .ci95 = {interval.low, interval.high},
                                     .returns = returns,
                                     .time = unix_seconds_now()});
}

Status run(const EvalOptions& options) {
  CHRYSALIS_ASSIGN_OR_RETURN(const AgentSource agent, open_agent(options.agent));
  CHRYSALIS_RETURN_IF_ERROR(agent.make_environment());  // A wrong level is found here, once.
  CHRYSALIS_ASSIGN_OR_RETURN(const auto records, play(agent, options));
  std::vector<double> returns;
  for (const EpisodeRecord& record : records) returns.push_back(record.episode_return);
  const MeanInterval interval = mean_interval(returns);
  if (options.json) {
    Json result = {{"level", agent.config.level.name}, {"policy", agent.policy}};
    if (!agent.checkpoint.empty()) result.update({{"member", agent.member}, {"alpha", agent.acting_alpha()}});
    result.update({{"episodes", returns.size()},
                   {"mean_return", interval.mean},
                   {"ci95", {interval.low, interval.high}},
                   {"returns", returns}});
    fmt::print("{}\n", text_of(result, -1));
  } else {
    fmt::print("{} on {}: mean return {:.2f}, 95 % interval {:.2f} to {:.2f}, {} episodes\n", agent.policy,
               agent.config.level.name, interval.mean, interval.low, interval.high, returns.size());
  }
  if (agent.checkpoint.empty()) return {};
  // The answer is given: a run that cannot be written (read-only, full disk) does not take it back.
  if (const Status noted = note_evaluation(agent, options, returns, interval); !noted.ok())
    log_warning("the run does not remember this evaluation: {}", noted.error().message);
  return {};
}

}  // namespace

Action add_eval_command(CLI::App& app) {
  auto options = std::make_shared<EvalOptions>();
  add_agent_options(app, options->agent);
  app.add_option("--episodes", options->episodes, "Episodes to play")->check(CLI::Range(1, 1'000'000));
  app.add_flag("--json", options->json, "Print JSON");
  return [options] { return run(*options); };
}

}  // namespace chrysalis
