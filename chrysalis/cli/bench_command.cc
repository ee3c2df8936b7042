// Speed, always beside the SGEMM rate of the same run.
#include <algorithm>
#include <array>
#include <optional>
#include <thread>

#include "chrysalis/cli/bench.h"
#include "chrysalis/cli/command.h"
#include "chrysalis/cli/learning.h"
#include "chrysalis/cli/output_path.h"
#include "chrysalis/cli/training.h"
#include "chrysalis/core/field.h"
#include "chrysalis/core/log.h"

namespace chrysalis {
namespace {

struct Subject {
  const char* name;
  bool in_all;
  bool trains;  // Needs a network and a learner of the config.
  Result<Json> (*measure)(const BenchSettings&);
  void (*print)(const Json&);
};

// In the order of the output. SGEMM itself is measured always.
constexpr std::array kSubjects = {
    Subject{"render", true, false, bench_render, print_render},
    Subject{"env", true, false, bench_env, print_env},
    Subject{"act", true, true, bench_act, print_act},
    Subject{"learn", true, true, bench_learn, print_learn},
    Subject{"train", true, true, bench_train, print_train},
    Subject{"profile", false, true, bench_profile, print_profile},
    Subject{"scaling", false, true, bench_scaling, print_scaling},
};

struct BenchOptions {
  std::string what = "all";
  std::vector<std::string> assignments;
  std::string kernels;
  double seconds = 5.0;
  std::optional<int> environments;
  std::vector<std::string> axes = scaling_axes();
  std::string out;
  bool json = false;
};

bool wanted(const Subject& subject, const BenchOptions& options) {
  return options.what == subject.name || (options.what == "all" && subject.in_all);
}

std::vector<std::string> names() {
  std::vector<std::string> names = {"sgemm"};
  for (const Subject& subject : kSubjects) names.emplace_back(subject.name);
  names.emplace_back("all");
  return names;
}

// `given` is one of `known`, or one line that says which is nearest.
Status check_name(const char* what, const std::string& given, const std::vector<std::string>& known) {
  if (std::ranges::find(known, given) != known.end()) return {};
  return invalid_input("unknown {} '{}'{}; expected {}", what, given, did_you_mean(given, known),
                       fmt::join(known, ", "));
}

Status check(const BenchOptions& options) {
  CHRYSALIS_RETURN_IF_ERROR(check_name("bench", options.what, names()));
  for (const std::string& axis : options.axes)
    CHRYSALIS_RETURN_IF_ERROR(check_name("--axes", axis, scaling_axes()));
  if (options.environments && options.what != "env")
    return invalid_input("--environments {}: bench {} has train.environments; expected bench env",
                         *options.environments, options.what);
  if (options.out.empty()) return {};
  if (options.what != "scaling")
    return invalid_input("--out {}: bench {} draws no picture; expected bench scaling", options.out,
                         options.what);
  return check_output_path(options.out, {".svg"});
}

Status run(const BenchOptions& options) {
  CHRYSALIS_RETURN_IF_ERROR(check(options));
  CHRYSALIS_ASSIGN_OR_RETURN(
      RunConfig config,
      default_run_config(with_options({{"compute.kernels", options.kernels}}, options.assignments)));
  CHRYSALIS_RETURN_IF_ERROR(need_learning());
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  // What the config makes impossible is told before anything is measured.
  for (const Subject& subject : kSubjects)
    if (wanted(subject, options) && subject.trains) CHRYSALIS_RETURN_IF_ERROR(make_members(config));
  log_quietly();  // Of the runs that are timed.
  const SgemmRates sgemm = learning().measure_sgemm(kBenchRepeats);
  const std::string config_kernels =
      config.compute.native()
          ? fmt::format(
                "native, {}, {}{}", config.compute.precision, simd_name(),
                config.compute.operands() == Precision::kBf16 && !bf16_native() ? " (bf16 emulated)" : "")
          : "torch";
  const BenchSettings settings = {.config = std::move(config),
                                  .seconds = options.seconds,
                                  .sgemm_gflops = sgemm.best(),
                                  .environments = options.environments.value_or(1),
                                  .out = options.out,
                                  .axes = options.axes};
  Json json = {{"sgemm_gflops_per_core", sgemm.best()},
               {"cores", cores},
               {"kernels", config_kernels},
               {"blas", learning().blas_description()},
               {"sgemm", {{"blas_gflops", sgemm.blas_gflops}, {"onednn_gflops", sgemm.onednn_gflops}}}};
  if (!options.json)
    fmt::print("SGEMM {:.1f} GFLOP/s per core, {} cores ({}; BLAS {:.1f}, oneDNN {:.1f}); kernels: {}\n",
               sgemm.best(), cores, learning().blas_description(), sgemm.blas_gflops, sgemm.onednn_gflops,
               config_kernels);
  for (const Subject& subject : kSubjects) {
    if (!wanted(subject, options)) continue;
    CHRYSALIS_ASSIGN_OR_RETURN(Json result, subject.measure(settings));
    if (!options.json) subject.print(result);
    json[subject.name] = std::move(result);
  }
  if (options.json) fmt::print("{}\n", text_of(json));
  return {};
}

}  // namespace

Action add_bench_command(CLI::App& app) {
  auto options = std::make_shared<BenchOptions>();
  app.add_option(
      "what", options->what,
      "sgemm, render, env, act, learn, train, all of these; profile: where a training second goes; "
      "scaling: training against environments, cores, unroll, batch and members");
  app.add_option("--set", options->assignments, "KEY=VALUE, for example level.name=nav_maze_static_01")
      ->allow_extra_args(false);
  app.add_option("--seconds", options->seconds,
                 "Time for each figure; train and profile take four times as long")
      ->check(CLI::Range(0.01, 600.0));
  app.add_option("--kernels", options->kernels, "native or torch: what computes the network on CPUs");
  app.add_option("--environments", options->environments,
                 "env: how many to step in turn on the core; default 1, which has its cache to itself")
      ->check(CLI::Range(1, 10000));
  app.add_option("--axes", options->axes, "scaling: what to vary, of environments,cores,unroll,batch,members")
      ->delimiter(',');
  app.add_option("--out", options->out, "scaling: a picture, .svg");
  app.add_flag("--json", options->json, "Print JSON");
  return [options] { return run(*options); };
}

}  // namespace chrysalis
