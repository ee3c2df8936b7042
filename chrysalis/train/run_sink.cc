#include "chrysalis/train/run_sink.h"

#include <cmath>

#include "chrysalis/core/log.h"

namespace chrysalis {
namespace {

TrainingPosition position_of(const MemberMoment& moment) {
  return {.member = moment.member, .update = moment.updates, .agent_steps = moment.agent_steps};
}

DecisionRow row_of(const MemberMoment& moment, const Decision& decision, std::span<const Tuned> tuned) {
  DecisionRow row{.member = decision.member,
                  .number = decision.number,
                  .update = moment.updates,
                  .agent_steps = moment.agent_steps,
                  .episodes = moment.episodes,
                  .time = unix_seconds_now(),
                  .outcome = std::string(outcome_name(decision.outcome)),
                  .reason = decision.reason,
                  .partner = decision.partner,
                  .partner_update = decision.partner_update,
                  .own_returns = decision.own_returns,
                  .partner_returns = decision.partner_returns,
                  .explored = decision.explored,
                  .unrolls_dropped = moment.unrolls_dropped};
  if (decision.outcome == Outcome::kCopied || decision.outcome == Outcome::kReplaced)
    row.parent = decision.partner_checkpoint;
  if (decision.test) {
    row.own_mean = decision.test->own_mean;
    row.partner_mean = decision.test->other_mean;
    row.t = decision.test->t;
    row.degrees_of_freedom = decision.test->degrees_of_freedom;
    row.p = decision.test->p;
  }
  for (std::size_t i = 0; i < tuned.size(); ++i)
    if (decision.before[i] != decision.after[i])
      row.values.push_back({.path = tuned[i].path, .before = decision.before[i], .after = decision.after[i]});
  return row;
}

}  // namespace

std::string log_prefix(int member, int members) {
  return members == 1 ? "" : fmt::format("member {}: ", member);
}

Status RunSink::update(int member, const UpdateReport& report, std::span<const EpisodeRecord> episodes,
                       std::int64_t agent_steps, double seconds) {
  const UpdateRow row{.member = member,
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
                      .max_lag = report.max_lag,
                      .alpha = report.alpha,
                      .learning_rate = report.learning_rate,
                      .entropy_cost = report.entropy_cost,
                      .transfer_loss = report.transfer_loss,
                      .simple_entropy = report.simple_entropy,
                      .complex_entropy = report.complex_entropy,
                      .simple_mass = report.simple_mass,
                      .unrolls_lost = report.unrolls_lost};
  std::vector<EpisodeRow> rows;
  for (const EpisodeRecord& episode : episodes)
    rows.push_back({.member = member,
                    .environment = episode.environment,
                    .episode = episode.episode,
                    .level = levels_.at(static_cast<std::size_t>(episode.task)),
                    .episode_return = episode.episode_return,
                    .agent_steps = episode.agent_steps,
                    .frames = episode.frames,
                    .ended_at_update = report.version,
                    .time = row.time});
  return run_.database().record(row, rows);
}

Status RunSink::score(const MemberMoment& moment, std::span<const double> returns, double score) {
  return run_.database().record_score({.member = moment.member,
                                       .update = moment.updates,
                                       .agent_steps = moment.agent_steps,
                                       .score = score,
                                       .returns = {returns.begin(), returns.end()},
                                       .time = unix_seconds_now()});
}

void RunSink::log_warnings() {
  for (const std::string& warning : run_.take_warnings()) log_warning("{}", warning);
}

Result<std::string> RunSink::checkpoint(const MemberMoment& moment, std::span<const NamedTensor> state) {
  const auto saved = run_.save_checkpoint(position_of(moment), state);
  log_warnings();
  if (!saved.ok()) return saved.error();
  log_info("{}checkpoint {} at update {} ({} agent steps)", log_prefix(moment.member, members_), saved->name,
           moment.updates, moment.agent_steps);
  return saved->name;
}

Result<std::string> RunSink::decision(const MemberMoment& moment, const Decision& decision,
                                      std::span<const NamedTensor> state) {
  const auto saved = run_.save_decision(position_of(moment), state, row_of(moment, decision, tuned_));
  log_warnings();
  if (!saved.ok()) return saved.error();
  log_info("{}decision {} at update {}: {}{}", log_prefix(moment.member, members_), decision.number,
           moment.updates, decision.reason, decision.explored ? "; explored" : "");
  return saved->name;
}

Result<std::vector<NamedTensor>> RunSink::load(const std::string& checkpoint) {
  CHRYSALIS_ASSIGN_OR_RETURN(Checkpoint read, run_.checkpoint(checkpoint));
  return std::move(read.tensors);
}

}  // namespace chrysalis
