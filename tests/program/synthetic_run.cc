#include "synthetic_run.h"

#include <algorithm>
#include <cmath>

#include "chrysalis/core/random.h"
#include "chrysalis/store/run_directory.h"
#include "chrysalis/train/run_config.h"

namespace chrysalis {
namespace {

constexpr std::int64_t kStepsPerUpdate = 3200;
constexpr std::int64_t kDecisionEvery = 20;

struct SyntheticMember {
  double alpha = 0;
  double learning_rate = 1e-3;
  std::int64_t decisions = 0;
};

DecisionRow decide(std::vector<SyntheticMember>& members, std::int64_t m, std::int64_t update,
                   RandomStream& random) {
  SyntheticMember& own = members[static_cast<std::size_t>(m)];
  const bool replaced = m == 2 && update == 3 * kDecisionEvery;
  const std::int64_t next = (m + 1 + update / kDecisionEvery) % static_cast<std::int64_t>(members.size());
  const std::int64_t partner = replaced ? 0 : next;
  DecisionRow row{.member = m,
                  .number = own.decisions++,
                  .update = update,
                  .agent_steps = update * kStepsPerUpdate,
                  .episodes = 2 * update,
                  .time = 1e9,
                  .outcome = "kept",
                  .reason = "the partner is no better"};
  const double before = own.alpha;
  if (partner != m && (replaced || random.chance(0.4))) {
    row.outcome = replaced ? "replaced" : "copied";
    row.reason = replaced ? "diverged: its loss is not finite" : "the partner is better";
    row.partner = partner;
    row.partner_update = update - 1;
    row.parent = fmt::format("{:016x}", partner * 1000 + update - 1);
    row.own_returns = {1, 2, 3};
    row.partner_returns = {4, 5, 6};
    row.own_mean = 2;
    row.partner_mean = 5;
    if (!replaced) row.t = 3.67, row.degrees_of_freedom = 4, row.p = 0.0107;
    row.unrolls_dropped = 5;
    own.alpha = members[static_cast<std::size_t>(partner)].alpha;
  }
  row.explored = random.chance(0.5);
  if (row.explored) own.alpha = std::clamp(own.alpha + (random.chance(0.8) ? 0.15 : -0.15), 0.0, 1.0);
  if (own.alpha != before) row.values = {{"curriculum.alpha", before, own.alpha}};
  return row;
}

}  // namespace

void write_synthetic_run(const std::filesystem::path& directory, const SyntheticRun& synthetic) {
  auto opened = RunDirectory::open(directory, OpenMode::kResumeOrCreate);
  CHRYSALIS_CHECK(opened.ok(), "{}", opened.error().message);
  RunDirectory& run = *opened;
  std::vector<std::string> settings = synthetic.settings;
  settings.push_back(fmt::format("seed={}", synthetic.seed));
  auto config = default_run_config(settings);
  CHRYSALIS_CHECK(config.ok(), "{}", config.error().message);
  CHRYSALIS_CHECK(run.write_config(to_toml(fields_of(*config), /*comments=*/true)).ok());
  RandomStream random{RandomKey(static_cast<std::uint64_t>(synthetic.seed))};
  std::vector<SyntheticMember> members(static_cast<std::size_t>(synthetic.members));
  for (SyntheticMember& member : members) member.alpha = random.uniform(0.0, 0.1);
  for (std::int64_t m = 0; m < synthetic.members; ++m)
    CHRYSALIS_CHECK(run.database().add_member({.member = m, .created = 1e9, .config = ""}).ok());
  for (std::int64_t update = 1; update <= synthetic.updates; ++update)
    for (std::int64_t m = 0; m < synthetic.members; ++m) {
      const SyntheticMember& member = members[static_cast<std::size_t>(m)];
      UpdateRow row{.member = m, .update = update, .agent_steps = update * kStepsPerUpdate, .time = 1e9};
      row.alpha = member.alpha;
      row.learning_rate = member.learning_rate;
      std::vector<EpisodeRow> episodes;
      for (const std::int64_t environment : {0, 1}) {
        const double progress = 1 - std::exp(-static_cast<double>(update) / 60);
        episodes.push_back({.member = m,
                            .environment = environment,
                            .episode = update - 1,
                            .level = config->level.name,
                            .episode_return = synthetic.gain * progress + 2 * random.normal(),
                            .agent_steps = 450,
                            .frames = 1800,
                            .ended_at_update = update,
                            .time = 1e9});
      }
      CHRYSALIS_CHECK(run.database().record(row, episodes).ok());
      if (update % kDecisionEvery != 0 || m == 0) continue;
      DecisionRow decision = decide(members, m, update, random);
      decision.checkpoint = fmt::format("{:016x}", m * 1000 + update);
      const Status put = run.database().put_decision({.name = decision.checkpoint,
                                                      .sha256 = "",
                                                      .position = {m, update, row.agent_steps},
                                                      .time = 1e9,
                                                      .state = CheckpointState::kDeleted},
                                                     decision);
      CHRYSALIS_CHECK(put.ok(), "{}", put.error().message);
    }
}

}  // namespace chrysalis
