// Worlds and pictures: one core, no network.
#include <algorithm>

#include "chrysalis/cli/bench.h"
#include "chrysalis/core/stage_clock.h"
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

// Some environments of one level, side by side on one core. Each goes on where it was, and begins anew when
// its episode has ended.
class Environments {
 public:
  static Result<Environments> create(const LevelConfig& level, const EnvironmentConfig& config, int count) {
    Environments made;
    for (int i = 0; i < count; ++i) {
      CHRYSALIS_ASSIGN_OR_RETURN(auto environment, NativeEnvironment::create(level, config));
      environment->reset(made.next_seed_++);
      made.environments_.push_back({std::move(environment)});
      made.environments_.back().rgb.resize(made.spec().observation_bytes());
    }
    return made;
  }
  const EnvironmentSpec& spec() const { return environments_.front().environment->spec(); }
  std::size_t size() const { return environments_.size(); }
  void reset_first() { environments_.front().reset(next_seed_++); }

  void step(const RawAction& action) {
    for (Running& running : environments_) {
      if (running.ended) running.reset(next_seed_++);
      {
        const StageScope scope(Stage::kWorld);
        running.ended = running.environment->step(action).ended;
      }
      const StageScope scope(Stage::kDraw);
      running.environment->observe(running.rgb);
    }
  }

 private:
  struct Running {
    std::unique_ptr<NativeEnvironment> environment;
    std::vector<std::uint8_t> rgb;
    bool ended = false;

    void reset(std::uint64_t seed) {
      environment->reset(seed);
      ended = false;
    }
  };
  std::vector<Running> environments_;
  std::uint64_t next_seed_ = 0;
};

Result<Json> bench_env(const BenchSettings& settings) {
  if (is_dmlab_level(settings.config.level.name)) return bench_foreign(settings);
  Json json;
  for (const auto& entry : level_catalog()) {
    CHRYSALIS_ASSIGN_OR_RETURN(auto environments,
                               Environments::create({.name = std::string(entry.name)},
                                                    settings.config.environment, settings.environments));
    // An episode's worth of agent steps, whatever the number of environments.
    const auto count = static_cast<std::size_t>(environments.spec().episode_agent_steps());
    const auto actions =
        random_actions(static_cast<int>((count + environments.size() - 1) / environments.size()));
    const auto work = [&] { std::ranges::for_each(actions, [&](auto& a) { environments.step(a); }); };
    const double steps =
        median_rate(settings.seconds, static_cast<double>(actions.size() * environments.size()), work);
    const double resets = median_rate(settings.seconds / 5, 1, [&] { environments.reset_first(); });
    // Once more by the clock, which costs a little itself.
    StageClock clock(1);
    {
      const StageClock::Attachment here(&clock, 0);
      work();
    }
    const StageTotals totals = clock.read().front();
    const auto ns_of = [&](Stage stage) { return static_cast<double>(totals.at(Pass::kNone, stage).ns); };
    const double all = ns_of(Stage::kWorld) + ns_of(Stage::kBots) + ns_of(Stage::kDraw);
    json[entry.name] = {{"environments", environments.size()},
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
