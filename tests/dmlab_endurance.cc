// Trains over the stand-in for DM Lab's library while its processes are killed, and says what is left:
//
//   dmlab_endurance [EPISODES [SECONDS]]     default 1000 episodes, a SIGKILL every 5 s
//
// Alternately an engine and a keeper are killed, whichever of them chance takes. Prints a line of figures
// every ten seconds; exits 1 where something is left at the end, or, without AddressSanitizer, memory has
// grown.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "chrysalis/env/belongings_test.h"
#include "chrysalis/env/make_environment.h"
#include "chrysalis/env/temporary_folder.h"
#include "chrysalis/rollout/action_set.h"
#include "chrysalis/train/hash_learner_test.h"
#include "chrysalis/train/trainer.h"

namespace chrysalis {
namespace {

constexpr int kEnvironments = 8;
// AddressSanitizer keeps what was freed; what is lost it tells itself.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kMemoryIsTold = false;
#else
constexpr bool kMemoryIsTold = true;
#endif

// Counts, and stops training after so many episodes.
class Counter : public TrainingSink {
 public:
  explicit Counter(std::int64_t episodes) : wanted_(episodes) {}
  Status update(int, const UpdateReport& report, std::span<const EpisodeRecord> ended, std::int64_t,
                double) override {
    updates = report.version;
    episodes += static_cast<std::int64_t>(ended.size());
    unrolls_lost += report.unrolls_lost;
    if (episodes >= wanted_) stop = true;
    return {};
  }
  Status score(const MemberMoment&, std::span<const double>, double) override { return {}; }
  Result<std::string> checkpoint(const MemberMoment&, std::span<const NamedTensor>) override {
    return std::string("none");
  }
  Result<std::string> decision(const MemberMoment&, const Decision&, std::span<const NamedTensor>) override {
    return std::string("none");
  }
  Result<std::vector<NamedTensor>> load(const std::string& name) override {
    return io_error("nothing is kept, {} neither", name);
  }
  void keep_from(std::int64_t) override {}

  std::atomic<std::int64_t> updates = 0;
  std::atomic<std::int64_t> episodes = 0;
  std::atomic<std::int64_t> unrolls_lost = 0;
  std::atomic<bool> stop = false;

 private:
  std::int64_t wanted_;
};

std::int64_t resident_kib() {
  const std::string status = contents_of("/proc/self/status");
  return std::atoll(status.c_str() + status.find("VmRSS:") + 6);
}

// The child of a keeper is its engine.
bool is_engine(pid_t pid, const std::vector<pid_t>& marked) {
  const std::string stat = contents_of("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t at = stat.rfind(')');
  if (at == std::string::npos) return false;
  return std::ranges::find(marked, std::atoi(stat.c_str() + at + 4)) != marked.end();
}

class Killer {
 public:
  explicit Killer(double seconds)
      : thread_([this, seconds](const std::stop_token& stop) {
          while (!wait(seconds, stop)) strike();
        }) {}
  std::atomic<int> engines = 0;
  std::atomic<int> keepers = 0;

 private:
  // Whether it is to stop.
  bool wait(double seconds, const std::stop_token& stop) {
    std::unique_lock lock(mu_);
    wake_.wait_for(lock, stop, std::chrono::duration<double>(seconds), [] { return false; });
    return stop.stop_requested();
  }
  void strike() {
    const bool engine = (engines + keepers) % 2 == 0;
    const std::vector<pid_t> marked = marked_processes();
    std::vector<pid_t> candidates;
    for (const pid_t pid : marked)
      if (is_engine(pid, marked) == engine) candidates.push_back(pid);
    if (candidates.empty()) return;
    if (kill(candidates[random_.below(candidates.size())], SIGKILL) == 0) ++(engine ? engines : keepers);
  }

  std::mutex mu_;
  std::condition_variable_any wake_;
  RandomStream random_{RandomKey(1)};
  std::jthread thread_;  // Last: it uses the others.
};

int run(std::int64_t episodes, double seconds) {
  belongings_mark();
  const TemporaryFolder folder = TemporaryFolder::create({}, "chrysalis-endurance").value();
  const LevelConfig level = {.name = "dmlab:plain"};
  DmlabConfig dmlab;
  dmlab.library = CHRYSALIS_DMLAB_PEER;
  dmlab.temporary_folder = folder.path().string();
  dmlab.faults_in_a_row = 100;  // Chance may kill one more often than an installation would.
  dmlab.settings = "episode_frames=300; frame_us=4000";
  const Belongings before = belongings(folder.path());
  Counter counter(episodes);
  std::int64_t early_kib = 0, late_kib = 0;
  int kills = 0;
  const auto began = std::chrono::steady_clock::now();
  Status status;
  {
    MemberParts parts = hash_member(std::make_unique<HashLearner>(2));
    parts.make_environment = [&](int) { return std::move(make_environment(level, {}, dmlab)).value(); };
    std::vector<MemberParts> members;
    members.push_back(std::move(parts));
    Trainer trainer({.schedule = {.environments = kEnvironments,
                                  .group_environments = kEnvironments / 2,
                                  .batch_unrolls = 4,
                                  .shards = 2,
                                  .updates = 1'000'000'000},
                     .unroll_steps = 20,
                     .actions = action_set("small").value(),
                     .workers = 2,
                     .checkpoint_seconds = 1e9},
                    std::move(members), counter);
    Killer killer(seconds);
    std::atomic<bool> done = false;
    std::jthread training([&] {
      status = trainer.run(counter.stop);
      done = true;
    });
    for (int tenths = 0; !done; ++tenths) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      // Every unroll, policy and process has been used by then.
      if (early_kib == 0 && counter.episodes >= episodes / 5) early_kib = resident_kib();
      if (tenths % 100 != 0) continue;
      const Belongings now = belongings(folder.path());
      std::printf(
          "%4lld s: %lld episodes, %lld updates, %d engines and %d keepers killed, %lld unrolls lost; %d "
          "processes, %d descriptors, %d mappings, %d files, %lld KiB\n",
          static_cast<long long>((std::chrono::steady_clock::now() - began) / std::chrono::seconds(1)),
          static_cast<long long>(counter.episodes), static_cast<long long>(counter.updates),
          killer.engines.load(), killer.keepers.load(), static_cast<long long>(counter.unrolls_lost),
          now.processes, now.descriptors, now.mappings, now.files, static_cast<long long>(resident_kib()));
      std::fflush(stdout);
    }
    late_kib = resident_kib();
    kills = killer.engines + killer.keepers;
  }
  const Belongings after = belongings_once_as(before, folder.path());
  std::printf(
      "%lld episodes, %d kills, %lld unrolls lost; memory %lld KiB after a fifth, %lld KiB at the end\n",
      static_cast<long long>(counter.episodes), kills, static_cast<long long>(counter.unrolls_lost),
      static_cast<long long>(early_kib), static_cast<long long>(late_kib));
  std::printf("before: %d processes, %d zombies, %d descriptors, %d mappings, %d files\n", before.processes,
              before.zombies, before.descriptors, before.mappings, before.files);
  std::printf("after:  %d processes, %d zombies, %d descriptors, %d mappings, %d files\n", after.processes,
              after.zombies, after.descriptors, after.mappings, after.files);
  if (!status.ok()) std::printf("stopped: %s\n", status.error().message.c_str());
  const bool grown = kMemoryIsTold && early_kib > 0 && late_kib > early_kib + 2048;
  return status.ok() && after == before && !grown ? 0 : 1;
}

}  // namespace
}  // namespace chrysalis

int main(int argc, char** argv) {
  return chrysalis::run(argc > 1 ? std::atoll(argv[1]) : 1000, argc > 2 ? std::atof(argv[2]) : 5.0);
}
