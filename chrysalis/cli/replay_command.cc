#include <filesystem>
#include <fstream>
#include <optional>

#include "chrysalis/cli/command.h"
#include "chrysalis/cli/output_path.h"
#include "chrysalis/cli/progress_line.h"
#include "chrysalis/cli/recording.h"
#include "chrysalis/levels/catalog.h"
#include "chrysalis/store/durable_file.h"
#include "chrysalis/train/run_config.h"

namespace chrysalis {
namespace {

struct ReplayOptions {
  std::string level;
  std::optional<std::uint64_t> seed;
  std::string actions;
  std::string out;
  std::vector<std::string> assignments;
};

// Which episode: what the recording says of it and what the options say, as long as they do not differ.
struct Episode {
  LevelConfig level;
  std::uint64_t seed = 1;
};

Error conflict(const ReplayOptions& options, const std::string& recorded, const std::string& asked) {
  return invalid_input("{} is a recording of {}, and {} is asked for: leave the option out", options.actions,
                       recorded, asked);
}

Result<Episode> episode_of(const ReplayOptions& options, const Recording& recording) {
  if (options.level.empty() && !recording.level)
    return invalid_input("{} does not say which level it is of: expected --level", options.actions);
  const std::vector<std::string> asked = with_options({{"level.name", options.level}}, options.assignments);
  const std::vector<std::string> recorded =
      with_options({{"level.name", recording.level.value_or("")}}, recording.assignments);
  Result<RunConfig> base = default_run_config(recorded);
  if (!base.ok()) return invalid_input("{}: {}", options.actions, base.error().message);
  std::vector<std::string> all = recorded;
  all.insert(all.end(), asked.begin(), asked.end());
  CHRYSALIS_ASSIGN_OR_RETURN(const RunConfig config, default_run_config(all));
  if (recording.level) {
    const LevelSettings was = level_settings(base->level);
    const LevelSettings is = level_settings(config.level);
    for (std::size_t i = 0; i < was.size(); ++i)
      if (was[i] != is[i])
        return conflict(options, fmt::format("{}={}", was[i].first, was[i].second),
                        fmt::format("{}={}", is[i].first, is[i].second));
  }
  if (recording.seed && options.seed && *recording.seed != *options.seed)
    return conflict(options, fmt::format("seed {}", *recording.seed), fmt::format("seed {}", *options.seed));
  return Episode{.level = config.level,
                 .seed = recording.seed ? *recording.seed : options.seed.value_or(Episode().seed)};
}

// Whether the world is what it was at each of the frames that have a hash; `at`: the first that was not yet
// compared.
Status compare(const Recording& recording, const World& world, std::int64_t frame, const std::string& source,
               std::size_t& at) {
  for (; at < recording.hashes.size() && recording.hashes[at].frame == frame; ++at) {
    const Recording::Hash& recorded = recording.hashes[at];
    const std::uint64_t hash = world.hash();
    if (hash != recorded.hash)
      return invalid_input(
          "{}:{}: at frame {} the world's hash is {:016x}, recorded was {:016x}: the actions, the level or "
          "the "
          "program changed",
          source, recorded.line, frame, hash, recorded.hash);
  }
  return {};
}

Status run(const ReplayOptions& options) {
  if (!options.out.empty()) CHRYSALIS_RETURN_IF_ERROR(check_output_path(options.out, {}));
  if (std::error_code none; std::filesystem::equivalent(options.actions, options.out, none))
    return invalid_input("--out {} is the file of --actions: expected another", options.out);
  std::ifstream actions(options.actions);
  if (!actions)
    return invalid_input("cannot read {}: expected a file of raw actions, seven integers a line",
                         options.actions);
  CHRYSALIS_ASSIGN_OR_RETURN(const Recording recording, read_recording(actions, options.actions));
  if (actions.bad() || recording.frames.empty())
    return invalid_input("no action in {}: expected a file of raw actions, seven integers a line",
                         options.actions);
  CHRYSALIS_ASSIGN_OR_RETURN(const Episode episode, episode_of(options, recording));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto level, make_level(episode.level));

  // All is played and compared before anything is written.
  level->start(RandomKey(episode.seed));
  std::size_t compared = 0;
  CHRYSALIS_RETURN_IF_ERROR(compare(recording, level->world(), 0, options.actions, compared));
  std::string text = "frame,x,y,z,yaw,pitch,vx,vy,vz,reward\n";
  std::int64_t frame = 0;
  std::int64_t episode_return = 0;
  for (const auto& [action, line] : recording.frames) {
    if (frame == level->spec().episode_frames)
      return invalid_input("{}:{}: the episode of {} ends after {} frames", options.actions, line,
                           level->spec().name, frame);
    const int reward = level->step(action);
    episode_return += reward;
    const Body& body = level->world().players()[0];
    text += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", ++frame, body.origin.x, body.origin.y,
                        body.origin.z, body.yaw_degrees, body.pitch_degrees, body.velocity.x, body.velocity.y,
                        body.velocity.z, reward);
    CHRYSALIS_RETURN_IF_ERROR(compare(recording, level->world(), frame, options.actions, compared));
  }
  if (!options.out.empty()) CHRYSALIS_RETURN_IF_ERROR(replace_file(options.out, text));
  fmt::print("{}, seed {}: {} frames, return {}, {}\n", level->spec().name, episode.seed,
             grouped_digits(frame), episode_return,
             compared == 0 ? "no hash to compare" : fmt::format("all {} hashes as recorded", compared));
  return {};
}

}  // namespace

Action add_replay_command(CLI::App& app) {
  auto options = std::make_shared<ReplayOptions>();
  app.add_option("--level", options->level,
                 "Level to play: a name of `chrysalis levels` or map:FILE; a recording names its own");
  app.add_option("--seed", options->seed, "Names the episode")->check(CLI::NonNegativeNumber);
  app.add_option("--actions", options->actions,
                 "CSV: seven integers a frame; lines that begin with # are comments, or a recording's header")
      ->required();
  app.add_option("--out", options->out,
                 "CSV to write, a line a frame: position in u, angles in degrees, velocity in u/s");
  app.add_option("--set", options->assignments, "KEY=VALUE, for example level.episode_seconds=60")
      ->allow_extra_args(false);
  return [options] { return run(*options); };
}

}  // namespace chrysalis
