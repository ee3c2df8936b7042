// Worlds and pictures: one core, no network.
#include <span>

#include "chrysalis/cli/bench.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/env/environment_group.h"
#include "chrysalis/env/make_environment.h"
#include "chrysalis/env/native_environment.h"
#include "chrysalis/levels/catalog.h"
#include "chrysalis/rollout/action_set.h"
#include "chrysalis/world/view.h"

namespace chrysalis {
namespace {

std::vector<RawAction> random_actions(int count) {
  const auto& set = *action_set("small").value();
  RandomStream stream{RandomKey(1)};
  std::vector<RawAction> actions;
  for (int i = 0; i < count; ++i) actions.push_back(set[stream.below(set.size())]);
  return actions;
}

}  // namespace

Result<Json> bench_render(const BenchSettings& settings) {
  const EnvironmentConfig& config = settings.config.environment;
  Json json;
  for (const auto& entry : level_catalog()) {
    CHRYSALIS_ASSIGN_OR_RETURN(auto environment,
                               NativeEnvironment::create({.name = std::string(entry.name)}, config));
    // Views along a random walk, drawn again and again: world and rules are not in the figure.
    constexpr int kViews = 200;
    Renderer renderer(static_cast<int>(config.width), static_cast<int>(config.height));
    std::vector<std::pair<World, Eye>> views;
    environment->reset(1);
    for (const RawAction& action : random_actions(kViews)) {
      environment->step(action);
      const World& world = environment->level().world();
      views.emplace_back(world, view_of(world, 0));
    }
    std::vector<std::uint8_t> rgb(environment->spec().observation_bytes());
    json[entry.name] = {{"observations_per_s_per_core", median_rate(settings.seconds, kViews, [&] {
                           for (const auto& [world, eye] : views) renderer.render(world, eye, rgb, 0);
                         })}};
  }
  return json;
}

void print_render(const Json& json) {
  for (const auto& [level, row] : json.items())
    fmt::print("render  {:32} {:>9.0f} observations/s per core\n", level,
               row["observations_per_s_per_core"].get<double>());
}

// A level whose episodes nobody knows the length of, over as many of them as there is time for.
Result<Json> bench_foreign(const BenchSettings& settings) {
  const RunConfig& config = settings.config;
  if (settings.environments != 1)
    return invalid_input("--environments {}: {} is measured one at a time; expected 1", settings.environments,
                         config.level.name);
  CHRYSALIS_RETURN_IF_ERROR(try_environment(config.level, config.environment, config.dmlab));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto environment,
                             make_environment(config.level, config.environment, config.dmlab));
  std::vector<std::uint8_t> rgb(environment->spec().observation_bytes());
  const auto actions = random_actions(100);
  std::uint64_t episode = 0;
  environment->reset(episode++);
  const double steps = median_rate(settings.seconds, static_cast<double>(actions.size()), [&] {
    for (const RawAction& action : actions) {
      if (environment->step(action).ended) environment->reset(episode++);
      environment->observe(rgb);
    }
  });
  const double resets = median_rate(settings.seconds / 5, 1, [&] { environment->reset(episode++); });
  CHRYSALIS_RETURN_IF_ERROR(environment->status());
  return Json{{config.level.name, {{"agent_steps_per_s_per_core", steps}, {"reset_ms", 1000.0 / resets}}}};
}

Result<Json> bench_env(const BenchSettings& settings) {
  if (is_dmlab_level(settings.config.level.name)) return bench_foreign(settings);
  const auto count = static_cast<std::size_t>(settings.environments);
  Json json;
  for (const auto& entry : level_catalog()) {
    std::vector<std::unique_ptr<Environment>> environments;
    for (std::size_t i = 0; i < count; ++i) {
      CHRYSALIS_ASSIGN_OR_RETURN(
          auto environment,
          NativeEnvironment::create({.name = std::string(entry.name)}, settings.config.environment));
      environments.push_back(std::move(environment));
    }
    EnvironmentGroup group({}, std::move(environments));
    const std::size_t bytes = group.spec().observation_bytes();
    std::vector<std::uint8_t> rgb(count * bytes);
    std::vector<std::uint8_t*> pictures;
    for (std::size_t i = 0; i < count; ++i) pictures.push_back(rgb.data() + i * bytes);
    // An episode's worth of agent steps, whatever the number of environments.
    const auto episode_steps = static_cast<std::size_t>(group.spec().episode_agent_steps());
    const std::size_t steps_of_each = (episode_steps + count - 1) / count;
    const auto actions = random_actions(static_cast<int>(steps_of_each * count));
    const auto work = [&] {
      for (std::size_t step = 0; step < steps_of_each; ++step)
        group.step(std::span(actions).subspan(step * count, count), pictures);
    };
    const double steps = median_rate(settings.seconds, static_cast<double>(actions.size()), work);
    const double resets =
        median_rate(settings.seconds / 5, static_cast<double>(count), [&] { group.begin_anew({}); });
    // Once more by the clock, which costs a little itself.
    StageClock clock(1);
    {
      const StageClock::Attachment here(&clock, 0);
      work();
    }
    const StageTotals totals = clock.read().front();
    const auto ns_of = [&](Stage stage) { return static_cast<double>(totals.at(Pass::kNone, stage).ns); };
    const double all = ns_of(Stage::kWorld) + ns_of(Stage::kBots) + ns_of(Stage::kDraw);
    json[entry.name] = {{"environments", count},
                        {"agent_steps_per_s_per_core", steps},
                        {"reset_ms", 1000.0 / resets},
                        {"world_share", ns_of(Stage::kWorld) / all},
                        {"bots_share", ns_of(Stage::kBots) / all},
                        {"draw_share", ns_of(Stage::kDraw) / all}};
  }
  return json;
}

void print_env(const Json& json) {
  for (const auto& [level, row] : json.items()) {
    fmt::print("env     {:32} {:>9.0f} agent steps/s per core, reset {:.4f} ms", level,
               row["agent_steps_per_s_per_core"].get<double>(), row["reset_ms"].get<double>());
    // A foreign engine does not tell.
    if (row.contains("draw_share"))
      fmt::print("; world {:.0f} %, bots {:.0f} %, drawing {:.0f} %", 100 * row["world_share"].get<double>(),
                 100 * row["bots_share"].get<double>(), 100 * row["draw_share"].get<double>());
    fmt::print("\n");
  }
}

}  // namespace chrysalis
