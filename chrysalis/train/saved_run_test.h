// A run that was never trained, for tests of what reads runs and lets their agents act: each member has its
// first weights, an update, episodes and a checkpoint, and in a population a decision.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "chrysalis/core/check.h"
#include "chrysalis/store/run_directory.h"
#include "chrysalis/train/saved_agent.h"

namespace chrysalis {

// toml: over the defaults. The later a member, the better its returns.
inline void write_saved_run(const std::filesystem::path& path, std::string_view toml, int members) {
  const RunConfig config = run_config_from_text(toml, "saved run", {}).value();
  RunDirectory run = RunDirectory::open(path, OpenMode::kResumeOrCreate).value();
  RunConfig resolved = config;
  CHRYSALIS_CHECK(run.write_config(to_toml(fields_of(resolved), false)).ok());
  for (std::int64_t member = 0; member < members; ++member) {
    CHRYSALIS_CHECK(run.database().add_member({.member = member, .created = 1000.0, .config = ""}).ok());
    const WeightsPtr weights =
        initial_weights(config.agent, agent_spec(config),
                        RandomKey(static_cast<std::uint64_t>(config.seed), Purpose::kInitialWeights,
                                  {static_cast<std::uint64_t>(member)}),
                        alpha_after(config.curriculum, 0))
            .value();
    const TrainingPosition position{.member = member, .update = 1, .agent_steps = 3200};
    std::vector<EpisodeRow> episodes;
    for (std::int64_t episode = 0; episode < 3; ++episode)
      episodes.push_back({.member = member,
                          .environment = 0,
                          .episode = episode,
                          .level = levels_of(config).front(),
                          .episode_return = static_cast<double>(10 * member + episode),
                          .agent_steps = 450,
                          .frames = 1800,
                          .ended_at_update = 1,
                          .time = 1001.0});
    CHRYSALIS_CHECK(run.database()
                        .record({.member = member,
                                 .update = 1,
                                 .agent_steps = position.agent_steps,
                                 .time = 1001.0,
                                 .seconds = 1.0,
                                 .loss = 0.5,
                                 .alpha = config.curriculum.alpha,
                                 .learning_rate = config.learner.learning_rate},
                                episodes)
                        .ok());
    const std::vector<NamedTensor> tensors = tensors_from_weights(*weights);
    if (members == 1) {
      CHRYSALIS_CHECK(run.save_checkpoint(position, tensors).ok());
    } else {
      CHRYSALIS_CHECK(run.save_decision(position, tensors,
                                        {.member = member,
                                         .update = 1,
                                         .agent_steps = position.agent_steps,
                                         .episodes = 3,
                                         .time = 1002.0,
                                         .outcome = "kept",
                                         .reason = "nobody is better",
                                         .own_returns = {1.0, 2.0},
                                         .values = {{"learner.learning_rate", 1e-3, 2e-3}}})
                          .ok());
    }
  }
}

}  // namespace chrysalis
