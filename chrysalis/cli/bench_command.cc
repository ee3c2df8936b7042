// Speed, always beside the SGEMM rate of the same run. Every figure is the median of five or more.
#include <algorithm>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "chrysalis/agent/sgemm.h"
#include "chrysalis/cli/agent_source.h"
#include "chrysalis/cli/command.h"
#include "chrysalis/cli/training.h"
#include "chrysalis/core/memory.h"
#include "chrysalis/env/native_environment.h"
#include "chrysalis/levels/catalog.h"
#include "chrysalis/rollout/action_set.h"

namespace chrysalis {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr int kRepeats = 5;

struct Options {
  std::string what = "all";
  std::vector<std::string> assignments;
  double seconds = 5.0;
  bool json = false;
};

double median(std::vector<double> samples) {
  std::ranges::sort(samples);
  return samples[samples.size() / 2];
}

// Median over kRepeats of the rate of `work`, which does `items` items a call and is called for `seconds` /
// kRepeats.
double rate(double seconds, double items, const std::function<void()>& work) {
  work();  // Warm-up.
  std::vector<double> rates;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    const auto begin = Clock::now();
    double done = 0;
    std::chrono::duration<double> elapsed{};
    do {
      work();
      done += items;
      elapsed = Clock::now() - begin;
    } while (elapsed.count() < seconds / kRepeats);
    rates.push_back(done / elapsed.count());
  }
  return median(rates);
}

std::vector<RawAction> random_actions(int count) {
  const auto& set = *action_set("small").value();
  RandomStream stream{RandomKey(1)};
  std::vector<RawAction> actions;
  for (int i = 0; i < count; ++i) actions.push_back(set[stream.below(set.size())]);
  return actions;
}

Result<Json> bench_render(const RunConfig& config, double seconds) {
  Json json;
  for (const auto& entry : level_catalog()) {
    CHRYSALIS_ASSIGN_OR_RETURN(
        auto environment, NativeEnvironment::create({.name = std::string(entry.name)}, config.environment));
    // Views along a random walk, drawn again and again: world and rules are not in the figure.
    constexpr int kViews = 200;
    Renderer renderer(static_cast<int>(config.environment.width),
                      static_cast<int>(config.environment.height));
    std::vector<std::pair<World, Eye>> views;
    environment->reset(1);
    for (const RawAction& action : random_actions(kViews)) {
      environment->step(action);
      const World& world = environment->level().world();
      views.emplace_back(world, eye_of(world.players()[0]));
    }
    std::vector<std::uint8_t> rgb(environment->spec().observation_bytes());
    json[entry.name] = {{"observations_per_s_per_core", rate(seconds, kViews, [&] {
                           for (const auto& [world, eye] : views) renderer.render(world, eye, rgb);
                         })}};
  }
  return json;
}

Result<Json> bench_env(const RunConfig& config, double seconds) {
  Json json;
  for (const auto& entry : level_catalog()) {
    CHRYSALIS_ASSIGN_OR_RETURN(
        auto environment, NativeEnvironment::create({.name = std::string(entry.name)}, config.environment));
    std::vector<std::uint8_t> rgb(environment->spec().observation_bytes());
    const auto actions = random_actions(static_cast<int>(environment->spec().episode_agent_steps()));
    std::uint64_t episode = 0;
    const double steps = rate(seconds, static_cast<double>(actions.size()), [&] {
      environment->reset(episode++);
      for (const RawAction& action : actions) {
        environment->step(action);
        environment->observe(rgb);
      }
    });
    const double resets = rate(seconds / 5, 1, [&] { environment->reset(episode++); });
    json[entry.name] = {{"agent_steps_per_s_per_core", steps}, {"reset_ms", 1000.0 / resets}};
  }
  return json;
}

Result<Json> bench_act(const RunConfig& config, double seconds) {
  constexpr int kBatch = 32;
  CHRYSALIS_ASSIGN_OR_RETURN(const TrainerParts parts, make_trainer_parts(config));
  const auto policy = parts.make_policy();
  policy->load(parts.learner->weights());
  const std::size_t bytes =
      static_cast<std::size_t>(config.environment.width * config.environment.height * 3);
  std::vector<std::uint8_t> pixels(kBatch * bytes);
  RandomStream noise{RandomKey(1)};
  std::ranges::generate(pixels, [&] { return static_cast<std::uint8_t>(noise.next()); });
  std::vector<const std::uint8_t*> observations;
  for (int i = 0; i < kBatch; ++i) observations.push_back(pixels.data() + i * bytes);
  const std::vector<std::int32_t> last_actions(kBatch, 0);
  const std::vector<float> last_rewards(kBatch, 0.0f);
  const std::vector<std::uint8_t> starts(kBatch, 0);
  std::vector<float> core(kBatch * policy->core_state_size());
  std::vector<float> log_policy(kBatch * policy->action_count());
  std::vector<float> values(kBatch);
  const double steps = rate(seconds, kBatch, [&] {
    policy->step({.batch = kBatch,
                  .observations = observations,
                  .last_actions = last_actions,
                  .last_rewards = last_rewards,
                  .episode_starts = starts},
                 {.core_states = core, .log_policy = log_policy, .values = values});
  });
  return Json{{"batch", kBatch}, {"agent_steps_per_s_per_core", steps}};
}

// One shard of 16 unrolls, as one core learns it.
Result<Json> bench_learn(RunConfig config, double seconds) {
  config.learner.batch_unrolls = 16;
  config.learner.shards = 1;
  CHRYSALIS_ASSIGN_OR_RETURN(const TrainerParts parts, make_trainer_parts(config));
  std::vector<std::unique_ptr<Environment>> environments;
  for (int i = 0; i < 16; ++i) environments.push_back(parts.make_environment(i));
  const auto policy = parts.make_policy();
  policy->load(parts.learner->weights());
  const TrainerConfig trainer = trainer_config(config);
  Actor actor({.unroll_steps = trainer.unroll_steps, .actions = trainer.actions}, std::move(environments),
              policy->core_state_size());
  std::vector<std::unique_ptr<Unroll>> unrolls;
  std::vector<Unroll*> out;
  for (int i = 0; i < 16; ++i) {
    unrolls.push_back(std::make_unique<Unroll>(actor.unroll_shape()));
    out.push_back(unrolls.back().get());
  }
  std::vector<std::vector<EpisodeRecord>> finished(16);
  actor.collect(*policy, 0, out, finished);
  const std::vector<const Unroll*> batch(out.begin(), out.end());
  const double steps = rate(seconds, 16.0 * trainer.unroll_steps, [&] {
    parts.learner->gradient(0, batch);
    parts.learner->apply();
  });
  return Json{{"unrolls", 16}, {"unroll", trainer.unroll_steps}, {"agent_steps_per_s_per_core", steps}};
}

class NoSink : public TrainingSink {
 public:
  explicit NoSink(std::function<void(std::int64_t)> on_update) : on_update_(std::move(on_update)) {}
  Status update(const UpdateReport&, std::span<const EpisodeRecord>, std::int64_t agent_steps,
                double) override {
    on_update_(agent_steps);
    return {};
  }
  Status checkpoint(std::int64_t, std::int64_t, std::span<const NamedTensor>) override { return {}; }

 private:
  std::function<void(std::int64_t)> on_update_;
};

// Training as it is: the level of --set level.name, every core, everything but the disk.
Result<Json> bench_train(RunConfig config, double seconds, double sgemm_gflops, unsigned cores) {
  config.train.agent_steps = 1'000'000'000;
  CHRYSALIS_ASSIGN_OR_RETURN(TrainerParts parts, make_trainer_parts(config));
  std::atomic<bool> stop = false;
  std::vector<std::pair<double, std::int64_t>> marks;  // (seconds, agent steps) at each update.
  const auto begin = Clock::now();
  NoSink sink([&](std::int64_t agent_steps) {
    const std::chrono::duration<double> elapsed = Clock::now() - begin;
    marks.emplace_back(elapsed.count(), agent_steps);
    // The first updates warm up and are not counted.
    if (marks.size() > kRepeats + 1 && elapsed.count() > seconds * 4) stop = true;
  });
  Trainer trainer(trainer_config(config), std::move(parts), sink);
  CHRYSALIS_RETURN_IF_ERROR(trainer.run(stop));
  std::vector<double> rates;
  const std::size_t stretch = std::max<std::size_t>(1, (marks.size() - 1) / kRepeats);
  for (std::size_t i = 1; i + stretch < marks.size() + 1 && rates.size() < kRepeats; i += stretch) {
    const auto& from = marks[i - 1];
    const auto& to = marks[std::min(i - 1 + stretch, marks.size() - 1)];
    rates.push_back(static_cast<double>(to.second - from.second) / (to.first - from.first));
  }
  const double steps = median(rates);
  CHRYSALIS_ASSIGN_OR_RETURN(const double multiply_adds,
                             trained_step_multiply_adds(config.agent, agent_spec(config)));
  const double gflops = steps * 2 * multiply_adds * 1e-9;
  const auto mib = [](std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
  return Json{
      {"level", config.level.name},
      {"agent_steps_per_s", steps},
      {"gflops", gflops},
      {"fraction_of_sgemm", gflops / (sgemm_gflops * cores)},
      {"peak_resident_mib", mib(peak_resident_bytes())},
      {"unrolls_mib", mib(unroll_ring_bytes(trainer_config(config).schedule, trainer.unroll_shape()))}};
}

void print_tables(const Json& json) {
  fmt::print("SGEMM {:.1f} GFLOP/s per core, {} cores ({}; BLAS {:.1f}, oneDNN {:.1f})\n",
             json["sgemm_gflops_per_core"].get<double>(), json["cores"].get<int>(),
             json["blas"].get<std::string>(), json["sgemm"]["blas_gflops"].get<double>(),
             json["sgemm"]["onednn_gflops"].get<double>());
  if (json.contains("render"))
    for (const auto& [level, row] : json["render"].items())
      fmt::print("render  {:32} {:>9.0f} observations/s per core\n", level,
                 row["observations_per_s_per_core"].get<double>());
  if (json.contains("env"))
    for (const auto& [level, row] : json["env"].items())
      fmt::print("env     {:32} {:>9.0f} agent steps/s per core, reset {:.3f} ms\n", level,
                 row["agent_steps_per_s_per_core"].get<double>(), row["reset_ms"].get<double>());
  if (json.contains("act"))
    fmt::print("act     batch {:<26} {:>9.0f} agent steps/s per core\n", json["act"]["batch"].get<int>(),
               json["act"]["agent_steps_per_s_per_core"].get<double>());
  if (json.contains("learn"))
    fmt::print("learn   {} x {:<27} {:>9.0f} agent steps/s per core\n", json["learn"]["unrolls"].get<int>(),
               json["learn"]["unroll"].get<int>(), json["learn"]["agent_steps_per_s_per_core"].get<double>());
  if (json.contains("train"))
    fmt::print("train   {:32} {:>9.0f} agent steps/s, {:.1f} GFLOP/s, {:.1f} % of SGEMM on all cores\n",
               json["train"]["level"].get<std::string>(), json["train"]["agent_steps_per_s"].get<double>(),
               json["train"]["gflops"].get<double>(), 100 * json["train"]["fraction_of_sgemm"].get<double>());
  if (json.contains("train"))
    fmt::print("train   {:32} {:>9.0f} MiB resident at most, of them {:.0f} MiB of unrolls\n", "memory",
               json["train"]["peak_resident_mib"].get<double>(), json["train"]["unrolls_mib"].get<double>());
}

Status run(const Options& options) {
  CHRYSALIS_ASSIGN_OR_RETURN(const RunConfig config, default_run_config(options.assignments));
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const auto wanted = [&](const char* what) { return options.what == what || options.what == "all"; };
  const SgemmRates sgemm = measure_sgemm(kRepeats);
  Json json = {{"sgemm_gflops_per_core", sgemm.best()},
               {"cores", cores},
               {"blas", blas_description()},
               {"sgemm", {{"blas_gflops", sgemm.blas_gflops}, {"onednn_gflops", sgemm.onednn_gflops}}}};
  const auto add = [&json](const char* what, Result<Json> result) -> Status {
    if (!result.ok()) return result.error();
    json[what] = std::move(result).value();
    return {};
  };
  if (wanted("render")) CHRYSALIS_RETURN_IF_ERROR(add("render", bench_render(config, options.seconds)));
  if (wanted("env")) CHRYSALIS_RETURN_IF_ERROR(add("env", bench_env(config, options.seconds)));
  if (wanted("act")) CHRYSALIS_RETURN_IF_ERROR(add("act", bench_act(config, options.seconds)));
  if (wanted("learn")) CHRYSALIS_RETURN_IF_ERROR(add("learn", bench_learn(config, options.seconds)));
  if (wanted("train"))
    CHRYSALIS_RETURN_IF_ERROR(add("train", bench_train(config, options.seconds, sgemm.best(), cores)));
  if (options.json) {
    fmt::print("{}\n", json.dump(2));
  } else {
    print_tables(json);
  }
  return {};
}

}  // namespace

Action add_bench_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("what", options->what, "sgemm, render, env, act, learn, train or all")
      ->check(CLI::IsMember({"sgemm", "render", "env", "act", "learn", "train", "all"}));
  app.add_option("--set", options->assignments, "KEY=VALUE, for example level.name=nav_maze_static_01")
      ->allow_extra_args(false);
  app.add_option("--seconds", options->seconds, "Time for each figure; train takes four times as long")
      ->check(CLI::Range(0.01, 600.0));
  app.add_flag("--json", options->json, "Print JSON");
  return [options] { return run(*options); };
}

}  // namespace chrysalis
