#include "chrysalis/train/run_sink.h"

#include "chrysalis/core/log.h"

namespace chrysalis {

Status RunSink::update(const UpdateReport& report, std::span<const EpisodeRecord> episodes,
                       std::int64_t agent_steps, double seconds) {
  const UpdateRow row{.member = member_,
                      .update = report.version,
                      .agent_steps = agent_steps,
                      .time = unix_seconds_now(),
                      .seconds = seconds,
                      .finite = report.finite,
                      .loss = report.loss,
                      .policy_loss = report.policy_loss,
                      .baseline_loss = report.baseline_loss,
                      .entropy = report.entropy,
                      .gradient_norm = report.gradient_norm,
                      .explained_variance = report.explained_variance,
                      .mean_rho = report.mean_rho,
                      .saturated_units = report.saturated_units,
                      .mean_lag = report.mean_lag,
                      .max_lag = report.max_lag};
  std::vector<EpisodeRow> rows;
  for (const EpisodeRecord& episode : episodes)
    rows.push_back({.member = member_,
                    .environment = episode.environment,
                    .episode = episode.episode,
                    .level = level_,
                    .episode_return = episode.episode_return,
                    .agent_steps = episode.agent_steps,
                    .frames = episode.frames,
                    .ended_at_update = report.version,
                    .time = row.time});
  return run_.database().record(row, rows);
}

Status RunSink::checkpoint(std::int64_t updates, std::int64_t agent_steps,
                           std::span<const NamedTensor> state) {
  const auto saved =
      run_.save_checkpoint({.member = member_, .update = updates, .agent_steps = agent_steps}, state);
  for (const std::string& warning : run_.take_warnings()) log_warning("{}", warning);
  if (!saved.ok()) return saved.error();
  log_info("checkpoint {} at update {} ({} agent steps)", saved->name, updates, agent_steps);
  return {};
}

}  // namespace chrysalis
