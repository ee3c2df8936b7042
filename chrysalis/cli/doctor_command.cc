#include <filesystem>
#include <fstream>
#include <thread>

#include "chrysalis/cli/command.h"
#include "chrysalis/cli/json.h"
#include "chrysalis/cli/learning.h"
#include "chrysalis/cli/output_path.h"
#include "chrysalis/env/dmlab_process.h"
#include "chrysalis/env/make_environment.h"
#include "chrysalis/kernels/target.h"
#include "chrysalis/media/png.h"
#include "chrysalis/train/run_config.h"

namespace chrysalis {
namespace {

struct DoctorOptions {
  bool json = false;
  bool dmlab = false;
  std::string level = "dmlab:lt_chasm";
  std::string out = "dmlab.png";
  double seconds = 5;
  std::vector<std::string> assignments;
};

// One finding: how it is, and the mend where it is not as it should be.
struct Finding {
  std::string what;
  std::string found;
  std::string mend;  // Empty: well.
};

std::string cpu_line(const std::string& key) {
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line))
    if (line.starts_with(key)) return line.substr(line.find(':') + 2);
  return "";
}

Finding cpu_features() {
  const std::string flags = " " + cpu_line("flags") + " ";
  std::string found;
  for (const char* feature : {"avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16"})
    if (flags.find(fmt::format(" {} ", feature)) != std::string::npos)
      found += fmt::format("{}{}", found.empty() ? "" : " ", feature);
  Finding finding{"CPU features", found.empty() ? "none of avx2, fma, avx512f" : found, ""};
#if defined(__x86_64__)
  if (flags.find(" avx2 ") == std::string::npos)
    finding.mend = "without AVX2 everything runs, several times slower: use a processor made after 2013";
#endif
  return finding;
}

Finding blas() {
  const SgemmRates rates = learning().measure_sgemm(5);
  Finding finding{"BLAS",
                  fmt::format("{}: {:.1f} GFLOP/s a core (oneDNN: {:.1f})", learning().blas_description(),
                              rates.blas_gflops, rates.onednn_gflops),
                  ""};
  // The reference BLAS reaches a fiftieth, old OpenBLAS on an unknown processor a quarter or less.
  if (rates.blas_gflops < rates.onednn_gflops / 3) {
    finding.mend =
        learning().openblas_core_name().empty()
            ? "a slow BLAS: apt install libopenblas-dev"
            : fmt::format(
                  "OpenBLAS does not know this processor and runs its {} kernels; large products go "
                  "through oneDNN all the same. For the rest: export OPENBLAS_CORETYPE=SkylakeX "
                  "(AVX-512) or Haswell (AVX2)",
                  learning().openblas_core_name());
  }
  return finding;
}

Finding disk() {
  std::error_code code;
  const auto space = std::filesystem::space(".", code);
  if (code) return {"Disk here", code.message(), "run it where a directory can be read"};
  const double free_gib = static_cast<double>(space.available) / (1 << 30);
  return {"Disk here", fmt::format("{:.1f} GiB free", free_gib),
          free_gib < 1 ? "a long run takes some hundred MiB: free at least 1 GiB" : ""};
}

Finding memory() {
  std::ifstream info("/proc/meminfo");
  std::string key;
  double kib = 0;
  std::string unit;
  while (info >> key >> kib >> unit)
    if (key == "MemAvailable:") break;
  const double gib = kib / (1 << 20);
  return {"Memory", fmt::format("{:.1f} GiB available", gib),
          gib < 2 ? "training takes about 1 GiB, building 2" : ""};
}

std::vector<Finding> findings_here() {
  const Status here = need_learning();
  const unsigned cores = std::thread::hardware_concurrency();
  std::vector<Finding> findings = {
      {"Program", CHRYSALIS_VERSION, ""},
      {"Compiler", __VERSION__, ""},
#ifdef NDEBUG
      {"Build", "optimised", ""},
#else
      {"Build", "debug", "several times slower: make build gives the optimised program"},
#endif
      {"CPU", cpu_line("model name"), ""},
      cpu_features(),
      {"Kernels",
       fmt::format("{}; bf16 {}", simd_name(),
                   bf16_native() ? "by instructions of its own: `chrysalis bench learn --set "
                                   "compute.precision=bf16` says whether they are faster here"
                                 : "emulated: right, but slower than float32"),
       ""},
      {"Cores", fmt::format("{}", cores), cores == 0 ? "unknown: set train.workers" : ""},
      memory(),
      disk(),
  };
  if (here.ok()) {
    findings.push_back({"LibTorch", learning().torch_description(), ""});
    findings.push_back(blas());
  } else {
    findings.push_back(
        {"LibTorch", "none: `train`, `bench` and --kernels torch need it", here.error().message});
  }
  return findings;
}

// Of an installation of DM Lab. Error: what is missing.
Result<std::vector<Finding>> findings_of_dmlab(const DoctorOptions& options) {
  if (!is_dmlab_level(options.level))
    return invalid_input("--level {}: expected dmlab: and the name of a level of DM Lab's", options.level);
  CHRYSALIS_RETURN_IF_ERROR(check_output_path(options.out, {".png"}));
  CHRYSALIS_ASSIGN_OR_RETURN(
      const RunConfig config,
      default_run_config(with_options({{"level.name", options.level}}, options.assignments)));
  CHRYSALIS_ASSIGN_OR_RETURN(DmlabProof proof,
                             prove_dmlab(config.level, config.environment, config.dmlab, options.seconds));
  CHRYSALIS_RETURN_IF_ERROR(write_png(options.out, {.width = static_cast<int>(config.environment.width),
                                                    .height = static_cast<int>(config.environment.height),
                                                    .rgb = std::move(proof.picture)}));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto host, find_dmlab_host(config.dmlab.host));
  return std::vector<Finding>{
      {"Host", host.string(), ""},
      {"Library", config.dmlab.library, ""},
      {"Level",
       fmt::format("{}: starts in {:.2f} s, again in {:.3f} s", config.level.name, proof.start_seconds,
                   proof.restart_seconds),
       ""},
      {"Picture", options.out, ""},
      {"Speed",
       fmt::format("{:.0f} agent steps/s of {} frames, {}x{} pixels, one process", proof.agent_steps_per_s,
                   config.environment.action_repeat, config.environment.width, config.environment.height),
       ""}};
}

Status run(const DoctorOptions& options) {
  std::vector<Finding> findings;
  if (options.dmlab) {
    CHRYSALIS_ASSIGN_OR_RETURN(findings, findings_of_dmlab(options));
  } else {
    findings = findings_here();
  }
  int faults = 0;
  Json json = Json::array();
  for (const Finding& finding : findings) {
    if (!finding.mend.empty()) ++faults;
    if (options.json) {
      json.push_back({{"what", finding.what},
                      {"found", finding.found},
                      {"ok", finding.mend.empty()},
                      {"mend", finding.mend}});
    } else {
      fmt::print("{} {:14} {}\n", finding.mend.empty() ? "ok  " : "MEND", finding.what, finding.found);
      if (!finding.mend.empty()) fmt::print("     {:14} {}\n", "", finding.mend);
    }
  }
  if (options.json) {
    fmt::print("{}\n", text_of(json));
  } else {
    fmt::print("{}\n", faults == 0 ? "All is well." : fmt::format("{} to mend.", faults));
  }
  return {};
}

}  // namespace

Action add_doctor_command(CLI::App& app) {
  auto options = std::make_shared<DoctorOptions>();
  app.add_flag("--json", options->json, "Print JSON");
  auto* dmlab = app.add_flag("--dmlab", options->dmlab,
                             "Prove an installation of DM Lab: load it, start a level, draw a picture, step");
  app.add_option("--level", options->level, "--dmlab: the level to start, as dmlab:LEVEL")->needs(dmlab);
  app.add_option("--out", options->out, "--dmlab: PNG file for the picture")->needs(dmlab);
  app.add_option("--seconds", options->seconds, "--dmlab: how long to step")
      ->check(CLI::Range(0.01, 600.0))
      ->needs(dmlab);
  app.add_option("--set", options->assignments,
                 "--dmlab: KEY=VALUE, for example dmlab.library=/opt/lab/libdmlab_headless_sw.so")
      ->allow_extra_args(false)
      ->needs(dmlab);
  return [options] { return run(*options); };
}

}  // namespace chrysalis
