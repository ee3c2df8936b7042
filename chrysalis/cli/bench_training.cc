#include "chrysalis/cli/bench_training.h"

#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <thread>

#include "chrysalis/cli/agent_source.h"
#include "chrysalis/cli/bench.h"
#include "chrysalis/cli/interrupt.h"
#include "chrysalis/cli/stage_report.h"
#include "chrysalis/cli/training.h"
#include "chrysalis/core/check.h"
#include "chrysalis/core/memory.h"
#include "chrysalis/rollout/weight_layout.h"
#include "chrysalis/store/run_directory.h"
#include "chrysalis/train/run_sink.h"

namespace chrysalis {
namespace {

namespace fs = std::filesystem;

// Updates until rollouts run as far ahead as they may and every buffer has been touched.
constexpr std::size_t kWarmUpUpdates = 3;

// Less than this share of a processor is another program's doing.
constexpr double kUndisturbed = 0.95;

// A directory that goes with the object.
class TemporaryDirectory {
 public:
  static Result<TemporaryDirectory> create() {
    const char* where = std::getenv("TMPDIR");
    const fs::path parent = where == nullptr || *where == '\0' ? "/tmp" : where;
    std::string path = parent / "chrysalis-bench-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr)
      return io_error(
          "cannot make a directory in {}: {}; expected a temporary directory, or TMPDIR set to one",
          parent.string(), std::strerror(errno));
    return TemporaryDirectory(path);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  const fs::path& path() const { return path_; }

 private:
  explicit TemporaryDirectory(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Hands everything on to the run, and marks each update.
class MarkingSink final : public TrainingSink {
 public:
  MarkingSink(TrainingSink& run, std::int64_t members, const StageClock& clock, double seconds,
              const std::atomic<bool>& interrupted)
      : run_(run),
        clock_(clock),
        seconds_(seconds),
        interrupted_(interrupted),
        agent_steps_(static_cast<std::size_t>(members)) {}

  Status update(int member, const UpdateReport& report, std::span<const EpisodeRecord> episodes,
                std::int64_t agent_steps, double seconds) override {
    Status status = run_.update(member, report, episodes, agent_steps, seconds);
    agent_steps_[static_cast<std::size_t>(member)] = agent_steps;
    if (++updates_ >= kWarmUpUpdates * agent_steps_.size()) {
      const double now = static_cast<double>(StageClock::steady_now()) * 1e-9;
      marks_.push_back(
          {.seconds = now,
           .cpu_seconds = cpu_seconds(),
           .agent_steps = std::accumulate(agent_steps_.begin(), agent_steps_.end(), std::int64_t{0}),
           .stages = clock_.read()});
      // Members learn one after the other: a window is a whole number of such rounds, or it would have more
      // of the rollouts than of the updates that they are for.
      if (marks_.size() > kBenchRepeats * agent_steps_.size() && now - marks_.front().seconds >= seconds_)
        stop_ = true;
    }
    if (interrupted_) stop_ = true;
    return status;
  }
  Result<std::string> checkpoint(const MemberMoment& moment, std::span<const NamedTensor> state) override {
    return run_.checkpoint(moment, state);
  }
  Status score(const MemberMoment& moment, std::span<const double> returns, double score) override {
    return run_.score(moment, returns, score);
  }
  Result<std::string> decision(const MemberMoment& moment, const Decision& decision,
                               std::span<const NamedTensor> state) override {
    return run_.decision(moment, decision, state);
  }
  Result<std::vector<NamedTensor>> load(const std::string& checkpoint) override {
    return run_.load(checkpoint);
  }
  void keep_from(std::int64_t update) override { run_.keep_from(update); }

  const std::atomic<bool>& stop() const { return stop_; }
  std::vector<TrainingMark> take_marks() { return std::move(marks_); }

 private:
  TrainingSink& run_;
  const StageClock& clock_;
  double seconds_;
  const std::atomic<bool>& interrupted_;
  std::vector<std::int64_t> agent_steps_;  // Of each member.
  std::size_t updates_ = 0;
  std::vector<TrainingMark> marks_;
  std::atomic<bool> stop_ = false;
};

}  // namespace

Result<std::vector<TrainingMark>> measure_training(RunConfig config, double seconds) {
  config.train.agent_steps = 1'000'000'000'000;
  CHRYSALIS_ASSIGN_OR_RETURN(auto members, make_members(config));
  // From here on the first Ctrl-C leaves by the ordinary way, and the directory goes.
  const std::atomic<bool>& interrupted = catch_interrupts();
  CHRYSALIS_ASSIGN_OR_RETURN(const TemporaryDirectory directory, TemporaryDirectory::create());
  CHRYSALIS_ASSIGN_OR_RETURN(RunDirectory run,
                             RunDirectory::open(directory.path(), OpenMode::kResumeOrCreate, config.store));
  for (std::int64_t member = 0; member < config.population.size; ++member)
    CHRYSALIS_RETURN_IF_ERROR(
        run.database().add_member({.member = member,
                                   .created = unix_seconds_now(),
                                   .config = to_toml(fields_of(config), /*comments=*/false)}));
  TrainerConfig trainer_settings = trainer_config(config);
  RunSink store(run, static_cast<int>(config.population.size), levels_of(config), trainer_settings.tuned);
  StageClock clock(trainer_settings.workers);
  trainer_settings.stage_clock = &clock;

  MarkingSink sink(store, config.population.size, clock, seconds, interrupted);
  Trainer trainer(trainer_settings, std::move(members), sink);
  CHRYSALIS_RETURN_IF_ERROR(trainer.run(sink.stop()));
  if (interrupted) return io_error("interrupted");
  return sink.take_marks();
}

std::vector<double> window_rates(std::span<const TrainingMark> marks, int windows) {
  CHRYSALIS_CHECK(windows >= 1 && static_cast<int>(marks.size()) > windows, "{} marks for {} windows",
                  marks.size(), windows);
  std::vector<double> rates;
  for (int i = 0; i < windows; ++i) {
    const TrainingMark& from = marks[(marks.size() - 1) * i / windows];
    const TrainingMark& to = marks[(marks.size() - 1) * (i + 1) / windows];
    rates.push_back(static_cast<double>(to.agent_steps - from.agent_steps) / (to.seconds - from.seconds));
  }
  return rates;
}

double cpu_of_busy_time(std::span<const TrainingMark> marks) {
  const TrainingMark &first = marks.front(), &last = marks.back();
  return (last.cpu_seconds - first.cpu_seconds) / busy_seconds(first.stages, last.stages);
}

void print_disturbance(double cpu_of_busy_time) {
  if (cpu_of_busy_time < kUndisturbed)
    fmt::print("Other programs took {:.0f} % of the busy time: measure on a quiet machine\n",
               100 * (1 - cpu_of_busy_time));
}

int busy_cores(const RunConfig& config) {
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return std::min(cores, trainer_config(config).workers);
}

Result<Json> bench_train(const BenchSettings& settings) {
  const RunConfig& config = settings.config;
  CHRYSALIS_ASSIGN_OR_RETURN(const auto marks, measure_training(config, settings.seconds * 4));
  CHRYSALIS_ASSIGN_OR_RETURN(const StepMultiplyAdds work,
                             step_multiply_adds(config.agent, agent_spec(config)));
  const double steps = median(window_rates(marks, kBenchRepeats));
  const double gflops = steps * 2 * work.trained() * 1e-9;
  const int cores = busy_cores(config);
  const AgentSpec spec = agent_spec(config);
  const UnrollShape unroll{.steps = static_cast<int>(config.learner.unroll),
                           .observation_bytes = spec.height * spec.width * 3,
                           .core_state_size = agent_shape(config.agent, spec).value().core_state_size};
  const auto mib = [](std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
  return Json{{"level", config.level.name},
              {"cores", cores},
              {"agent_steps_per_s", steps},
              {"gflops", gflops},
              {"fraction_of_sgemm", gflops / (settings.sgemm_gflops * cores)},
              {"cpu_of_busy_time", cpu_of_busy_time(marks)},
              {"peak_resident_mib", mib(peak_resident_bytes())},
              {"members", config.population.size},
              {"unrolls_mib", mib(static_cast<std::size_t>(config.population.size) *
                                  unroll_ring_bytes(trainer_config(config).schedule, unroll))}};
}

void print_train(const Json& json) {
  fmt::print("train   {:32} {:>9.0f} agent steps/s, {:.1f} GFLOP/s, {:.1f} % of SGEMM on {} cores\n",
             json["level"].get<std::string>(), json["agent_steps_per_s"].get<double>(),
             json["gflops"].get<double>(), 100 * json["fraction_of_sgemm"].get<double>(),
             json["cores"].get<int>());
  fmt::print("train   {:32} {:>9.0f} MiB resident at most, of them {:.0f} MiB of unrolls\n", "memory",
             json["peak_resident_mib"].get<double>(), json["unrolls_mib"].get<double>());
  print_disturbance(json["cpu_of_busy_time"]);
}

}  // namespace chrysalis
