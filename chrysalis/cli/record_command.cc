#include <algorithm>

#include "chrysalis/cli/agent_source.h"
#include "chrysalis/cli/command.h"
#include "chrysalis/cli/output_path.h"
#include "chrysalis/media/contact_sheet.h"
#include "chrysalis/media/film.h"
#include "chrysalis/media/png.h"
#include "chrysalis/rollout/action_set.h"
#include "chrysalis/rollout/evaluation.h"

namespace chrysalis {
namespace {

struct RecordOptions {
  AgentOptions agent;
  std::string out;
  std::int64_t episodes = 1;
  std::int64_t max_agent_steps = 0;
  int scale = 6;
  int sheet_frames = 24;
};

// Plays and hands each observation on; the watcher ends the playing by answering false.
Status play(const AgentSource& agent, const RecordOptions& options, const EvaluationWatcher& watcher,
            std::string& outcome) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto policy, agent.make_policy());
  std::vector<std::unique_ptr<Environment>> environments;
  CHRYSALIS_ASSIGN_OR_RETURN(auto environment, agent.make_environment());
  environments.push_back(std::move(environment));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto records,
                             evaluate(*policy, environments,
                                      {.seed = options.agent.seed,
                                       .episodes = options.episodes,
                                       .actions = action_set(agent.config.agent.actions).value(),
                                       .task = agent.task},
                                      watcher));
  double mean_return = 0;
  for (const EpisodeRecord& record : records)
    mean_return += record.episode_return / static_cast<double>(records.size());
  outcome = records.empty() ? "episode not finished" : fmt::format("return {:.2f}", mean_return);
  return {};
}

Status film(const AgentSource& agent, const RecordOptions& options, const EnvironmentSpec& spec) {
  const int rate = std::max(1, spec.frames_per_second / spec.action_repeat);
  CHRYSALIS_ASSIGN_OR_RETURN(FilmWriter writer, FilmWriter::create(options.out, {.width = spec.width,
                                                                                 .height = spec.height,
                                                                                 .frames_per_second = rate,
                                                                                 .factor = options.scale}));
  Status written;
  std::int64_t frames = 0;
  std::string outcome;
  CHRYSALIS_RETURN_IF_ERROR(play(
      agent, options,
      [&](const EvaluationView& view) {
        written = writer.add({view.observation, spec.observation_bytes()});
        return written.ok() && (++frames != options.max_agent_steps);
      },
      outcome));
  CHRYSALIS_RETURN_IF_ERROR(written);
  CHRYSALIS_RETURN_IF_ERROR(writer.finish());
  fmt::print("{}: {} observations at {} a second, {}, {}\n", options.out, frames, rate, outcome,
             agent.policy);
  return {};
}

// Half as many pictures, twice as far apart.
void thin_out(std::vector<Image>& images, std::int64_t& apart) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < images.size(); i += 2) images[kept++] = std::move(images[i]);
  images.resize(kept);
  apart *= 2;
}

Status sheet(const AgentSource& agent, const RecordOptions& options, const EnvironmentSpec& spec) {
  const std::int64_t steps =
      options.max_agent_steps > 0 ? options.max_agent_steps : spec.episode_agent_steps();
  std::int64_t apart = std::max<std::int64_t>(1, steps / options.sheet_frames);
  std::vector<Image> images;
  std::int64_t seen = 0;
  std::string outcome;
  CHRYSALIS_RETURN_IF_ERROR(play(
      agent, options,
      [&](const EvaluationView& view) {
        if (view.episode == 0 && view.agent_step == 0) images.clear();  // One that is lost begins again.
        // Nobody knows how long it lasts: as far apart as the sheet needs, up to here.
        if (steps == 0 && static_cast<int>(images.size()) == options.sheet_frames) thin_out(images, apart);
        if (view.episode == 0 && view.agent_step % apart == 0 &&
            static_cast<int>(images.size()) < options.sheet_frames)
          images.push_back({.width = spec.width,
                            .height = spec.height,
                            .rgb = {view.observation, view.observation + spec.observation_bytes()}});
        return ++seen != options.max_agent_steps;
      },
      outcome));
  CHRYSALIS_RETURN_IF_ERROR(
      write_png(options.out, contact_sheet(images, {.factor = std::max(1, options.scale / 3)})));
  fmt::print("{}: {} observations, {} agent steps apart, {}, {}\n", options.out, images.size(), apart,
             outcome, agent.policy);
  return {};
}

Status run(const RecordOptions& options) {
  CHRYSALIS_RETURN_IF_ERROR(check_output_path(options.out, {".mp4", ".png"}));
  CHRYSALIS_ASSIGN_OR_RETURN(const AgentSource agent, open_agent(options.agent));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto environment, agent.make_environment());
  return options.out.ends_with(".mp4") ? film(agent, options, environment->spec())
                                       : sheet(agent, options, environment->spec());
}

}  // namespace

Action add_record_command(CLI::App& app) {
  auto options = std::make_shared<RecordOptions>();
  add_agent_options(app, options->agent);
  app.add_option("--out", options->out,
                 "File to write: .mp4 (H.264) or .png (contact sheet of the first episode)")
      ->required();
  app.add_option("--episodes", options->episodes, "Episodes to play")->check(CLI::Range(1, 1000));
  app.add_option("--agent-steps", options->max_agent_steps,
                 "End after this many agent steps; default: whole episodes")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000}));
  app.add_option("--scale", options->scale, "Magnify each pixel this many times (a sheet: a third of it)")
      ->check(CLI::Range(1, 32));
  app.add_option("--frames", options->sheet_frames, "Pictures on a contact sheet")->check(CLI::Range(1, 400));
  return [options] { return run(*options); };
}

}  // namespace chrysalis
