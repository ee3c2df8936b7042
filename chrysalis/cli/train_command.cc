#include <filesystem>
#include <thread>

#include "chrysalis/cli/agent_source.h"
#include "chrysalis/cli/command.h"
#include "chrysalis/cli/experiment.h"
#include "chrysalis/cli/interrupt.h"
#include "chrysalis/cli/learning.h"
#include "chrysalis/cli/progress_line.h"
#include "chrysalis/cli/training.h"
#include "chrysalis/core/log.h"
#include "chrysalis/store/run_directory.h"
#include "chrysalis/train/run_sink.h"

namespace chrysalis {
namespace {

struct TrainOptions {
  std::string config;
  std::string run;
  std::string device;
  std::string kernels;
  bool fresh = false;
  std::vector<std::string> assignments;
};

// The run was made by a config: the one given now must be the same in all that matters.
Status check_same_experiment(RunDirectory& run, RunConfig& config) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto before, run.config());
  if (!before) return {};
  CHRYSALIS_ASSIGN_OR_RETURN(const auto changes,
                             experiment_changes(*before, run.config_path().string(), config));
  if (changes.empty()) return {};
  const ConfigChange& change = changes.front();
  return invalid_input(
      "{} was begun with {} = {}, now it is {}: give the run another --run, or --fresh to begin anew (the "
      "old run is moved aside)",
      run.path().string(), change.path, change.before, change.after);
}

Status run_training(const TrainOptions& options) {
  CHRYSALIS_ASSIGN_OR_RETURN(
      RunConfig config, load_run_config(options.config, with_options({{"learner.device", options.device},
                                                                      {"compute.kernels", options.kernels}},
                                                                     options.assignments)));
  CHRYSALIS_RETURN_IF_ERROR(check_reproducible(config));
  CHRYSALIS_RETURN_IF_ERROR(need_learning());
  const std::string directory =
      options.run.empty() ? "runs/" + std::filesystem::path(options.config).stem().string() : options.run;
  const std::string resolved = to_toml(fields_of(config), /*comments=*/true);

  // Everything that may be wrong with the config is found before the run directory is touched.
  CHRYSALIS_ASSIGN_OR_RETURN(auto members, make_members(config));

  CHRYSALIS_ASSIGN_OR_RETURN(
      RunDirectory run,
      RunDirectory::open(directory, options.fresh ? OpenMode::kFresh : OpenMode::kResumeOrCreate,
                         config.store));
  CHRYSALIS_RETURN_IF_ERROR(check_same_experiment(run, config));
  CHRYSALIS_RETURN_IF_ERROR(log_to_file(run.log_path().string()));
  if (!run.moved_aside().empty()) log_info("the old run is now {}", run.moved_aside().string());

  const TrainerConfig settings = trainer_config(config);
  for (std::size_t member = 0; member < members.size(); ++member) {
    RunConfig of_member = member_config(config, settings.tuned, members[member].values);
    CHRYSALIS_RETURN_IF_ERROR(
        run.database().add_member({.member = static_cast<std::int64_t>(member),
                                   .created = unix_seconds_now(),
                                   .config = to_toml(fields_of(of_member), /*comments=*/false)}));
  }
  RunSink sink(run, static_cast<int>(config.population.size), levels_of(config), settings.tuned);
  Trainer trainer(settings, std::move(members), sink);
  CHRYSALIS_RETURN_IF_ERROR(restore_newest(run, trainer));
  // Last, so that a config which the checkpoint refuses does not become the run's.
  CHRYSALIS_RETURN_IF_ERROR(run.write_config(resolved));
  CHRYSALIS_RETURN_IF_ERROR(run.database().set_meta("program_version", CHRYSALIS_VERSION));
  if (trainer.finished()) {
    fmt::print("{} is complete: {} agent steps. More: --set train.agent_steps=N; anew: --fresh\n", directory,
               grouped_digits(trainer.progress().agent_steps));
    return {};
  }

  const std::atomic<bool>& stop = catch_interrupts();
  ProgressLine line(static_cast<int>(config.environment.action_repeat));
  Status status;
  std::atomic<bool> done = false;
  std::jthread training([&] {
    status = caught("training failed", [&] { return trainer.run(stop); });
    done = true;
  });
  while (!done) {
    line.update(trainer.progress());
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  training.join();
  line.finish(trainer.progress());
  if (!status.ok()) {
    log_quietly();  // The program itself tells it on standard error.
    log_error("{}", status.error().message);
    return status;
  }
  const Progress progress = trainer.progress();
  fmt::print("{} {}: {} agent steps ({} frames), {} episodes, {} of training\n", directory,
             trainer.finished() ? "complete" : "stopped; the same command resumes",
             grouped_digits(progress.agent_steps),
             grouped_digits(progress.agent_steps * config.environment.action_repeat),
             grouped_digits(progress.episodes), duration_text(progress.seconds));
  return {};
}

}  // namespace

Action add_train_command(CLI::App& app) {
  auto options = std::make_shared<TrainOptions>();
  app.add_option("config", options->config, "TOML file, for example configs/seek_apples.toml")->required();
  app.add_option("--run", options->run,
                 "Directory of the run; default runs/NAME of the config. One that is there is resumed");
  app.add_option("--set", options->assignments,
                 "KEY=VALUE over the config; `chrysalis config` lists the keys")
      ->allow_extra_args(false);
  app.add_option("--device", options->device, "cpu or cuda: where the learner computes");
  app.add_option("--kernels", options->kernels, "native or torch: what computes the network on CPUs");
  app.add_flag("--fresh", options->fresh, "Begin anew; a run that is there is moved aside, not deleted");
  return [options] { return run_training(*options); };
}

}  // namespace chrysalis
