#include "chrysalis/train/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <set>
#include <thread>

#include "chrysalis/core/bytes.h"
#include "chrysalis/env/fake_environment.h"
#include "chrysalis/rollout/action_set.h"
#include "chrysalis/rollout/scripted_policy.h"

namespace chrysalis {
namespace {

constexpr int kActions = 9;

// Weights are nine logits; an update moves them by a hash of everything in the batch, so one wrong byte,
// order or version anywhere gives other weights.
class HashLearner : public Learner {
 public:
  void tune(const LearnerConfig&, const CurriculumConfig&) override {}
  explicit HashLearner(int shards, std::int64_t diverges_at = -1)
      : diverges_at_(diverges_at), hashes_(shards) {
    auto weights = std::make_shared<Weights>();
    weights->values.assign(kActions, 0.0f);
    weights_ = weights;
  }
  int shard_count() const override { return static_cast<int>(hashes_.size()); }
  void gradient(int shard, std::span<const Unroll* const> unrolls) override {
    std::uint64_t hash = 1;
    for (const Unroll* unroll : unrolls) {
      hash = hash64(unroll->observations, hash);
      hash = hash64(
          {reinterpret_cast<const std::uint8_t*>(unroll->actions.data()), unroll->actions.size() * 4}, hash);
      hash = hash64(
          {reinterpret_cast<const std::uint8_t*>(unroll->core_state.data()), unroll->core_state.size() * 4},
          hash);
      hash = mix64(hash + static_cast<std::uint64_t>(unroll->environment));
    }
    hashes_[shard] = hash;
  }
  UpdateReport apply() override {
    auto next = std::make_shared<Weights>();
    next->version = weights_->version + 1;
    const std::uint64_t all =
        std::accumulate(hashes_.begin(), hashes_.end(), std::uint64_t{0},
                        [](std::uint64_t a, std::uint64_t b) { return mix64(a * 31 + b); });
    RandomStream stream(all, 0);
    for (const float value : weights_->values)
      next->values.push_back(0.9f * value + static_cast<float>(stream.uniform(-1, 1)));
    if (next->version == diverges_at_) return {.version = next->version, .finite = false, .loss = NAN};
    const std::scoped_lock lock(mu_);
    weights_ = next;
    return {.version = next->version};
  }
  WeightsPtr weights() const override {
    const std::scoped_lock lock(mu_);
    return weights_;
  }
  std::vector<NamedTensor> save() const override {
    const std::int64_t version = weights_->version;
    return {make_tensor("weights", {kActions}, std::span<const float>(weights_->values)),
            make_tensor("version", {}, std::span(&version, 1))};
  }
  Status restore(std::span<const NamedTensor> tensors) override {
    const NamedTensor* values = find_tensor(tensors, "weights");
    const NamedTensor* version = find_tensor(tensors, "version");
    if (values == nullptr || version == nullptr) return invalid_input("no weights in the checkpoint");
    auto weights = std::make_shared<Weights>();
    weights->values.resize(kActions);
    std::memcpy(weights->values.data(), values->bytes.data(), values->bytes.size());
    std::memcpy(&weights->version, version->bytes.data(), 8);
    weights_ = weights;
    return {};
  }

 private:
  std::int64_t diverges_at_;
  std::vector<std::uint64_t> hashes_;
  mutable std::mutex mu_;
  WeightsPtr weights_;
};

class MemorySink : public TrainingSink {
 public:
  Status update(const UpdateReport& report, std::span<const EpisodeRecord> ended, std::int64_t,
                double) override {
    versions.push_back(report.version);
    for (const EpisodeRecord& e : ended)
      if (!episodes.insert({e.environment, e.episode}).second) ++doubled_episodes;
    if (stop_at == report.version) stop = true;
    if (fail_at == report.version) return io_error("disk full");
    return {};
  }
  Status checkpoint(std::int64_t updates, std::int64_t, std::span<const NamedTensor> state) override {
    checkpoint_updates = updates;
    last_state.assign(state.begin(), state.end());
    return {};
  }
  std::vector<std::int64_t> versions;
  std::set<std::pair<int, std::int64_t>> episodes;
  int doubled_episodes = 0;
  std::int64_t checkpoint_updates = -1;
  std::vector<NamedTensor> last_state;
  std::int64_t stop_at = -1;
  std::int64_t fail_at = -1;
  std::atomic<bool> stop = false;
};

struct Setup {
  int workers = 1;
  bool deterministic = true;
  std::int64_t updates = 20;
  std::int64_t diverges_at = -1;
  StageClock* stage_clock = nullptr;
};

std::unique_ptr<Trainer> make_trainer(const Setup& setup, MemorySink& sink) {
  const TrainerConfig config{.seed = 4,
                             .schedule = {.environments = 10,
                                          .group_environments = 3,
                                          .batch_unrolls = 6,
                                          .batches_ahead = 1,
                                          .shards = 3,
                                          .updates = setup.updates,
                                          .deterministic = setup.deterministic},
                             .unroll_steps = 5,
                             .actions = action_set("small").value(),
                             .workers = setup.workers,
                             .checkpoint_seconds = 1e9,
                             .stage_clock = setup.stage_clock};
  return std::make_unique<Trainer>(
      config,
      TrainerParts{.learner = std::make_unique<HashLearner>(3, setup.diverges_at),
                   .make_policy =
                       [] {
                         return make_scripted_policy(kActions, 1,
                                                     [](const ScriptedView& view, std::span<float> state,
                                                        std::span<float> log_policy, float&) {
                                                       state[0] += 1.0f;
                                                       double sum = 0;
                                                       for (int a = 0; a < kActions; ++a)
                                                         sum += std::exp(view.weights->values[a]);
                                                       for (int a = 0; a < kActions; ++a)
                                                         log_policy[a] = view.weights->values[a] -
                                                                         static_cast<float>(std::log(sum));
                                                     });
                       },
                   .make_environment =
                       [](int) { return std::make_unique<FakeEnvironment>(FakeEnvironment::Config{}); }},
      sink);
}

std::vector<float> train(const Setup& setup) {
  MemorySink sink;
  const auto trainer = make_trainer(setup, sink);
  EXPECT_TRUE(trainer->run(sink.stop).ok());
  EXPECT_TRUE(trainer->finished());
  EXPECT_EQ(trainer->weights()->version, setup.updates);
  return trainer->weights()->values;
}

TEST(Trainer, GivesTheSameWeightsForAnyNumberOfWorkers) {
  const std::vector<float> one = train({.workers = 1});
  for (const int workers : {2, 3, 8}) EXPECT_EQ(one, train({.workers = workers}));
}

// Time that passes by one whenever anybody looks.
std::int64_t ticking_now() {
  static std::atomic<std::int64_t> ticks = 0;
  return ++ticks;
}

TEST(Trainer, AClockSeesEveryStageAndChangesNothing) {
  StageClock clock(2, ticking_now);
  EXPECT_EQ(train({.workers = 2, .stage_clock = &clock}), train({.workers = 2}));
  StageTotals sums;
  for (const StageTotals& totals : clock.read())
    for (int pass = 0; pass < kPassCount; ++pass)
      for (int stage = 0; stage < kStageCount; ++stage)
        sums.cells[pass][stage].ns += totals.cells[pass][stage].ns;
  for (const Stage stage : {Stage::kSchedule, Stage::kSnapshot, Stage::kPack, Stage::kRollout, Stage::kWorld,
                            Stage::kReset, Stage::kDraw, Stage::kSample, Stage::kLearn, Stage::kStore})
    EXPECT_GT(sums.at(Pass::kNone, stage).ns, 0) << stage_name(stage);
  EXPECT_GT(sums.at(Pass::kAct, Stage::kNetwork).ns, 0);
}

TEST(Trainer, FinishesWithTheNewestWeightsToo) {
  for (const int workers : {1, 4}) train({.workers = workers, .deterministic = false});
}

TEST(Trainer, StoppedAndResumedAnywhereGivesTheUninterruptedWeightsAndEpisodes) {
  MemorySink whole_sink;
  const auto whole = make_trainer({.workers = 2}, whole_sink);
  ASSERT_TRUE(whole->run(whole_sink.stop).ok());
  for (const std::int64_t stop_at : {1, 2, 7, 13, 19}) {
    MemorySink sink;
    sink.stop_at = stop_at;
    {
      const auto first = make_trainer({.workers = 3}, sink);
      ASSERT_TRUE(first->run(sink.stop).ok());
    }
    EXPECT_GE(sink.checkpoint_updates, stop_at);
    sink.stop = false;
    sink.stop_at = -1;
    const auto second = make_trainer({.workers = 2}, sink);
    ASSERT_TRUE(second->restore(sink.last_state).ok());
    EXPECT_EQ(second->progress().updates, sink.checkpoint_updates);
    ASSERT_TRUE(second->run(sink.stop).ok());
    EXPECT_EQ(second->weights()->values, whole->weights()->values) << "stopped at " << stop_at;
    EXPECT_EQ(sink.episodes, whole_sink.episodes);
    EXPECT_EQ(sink.doubled_episodes, 0);
    EXPECT_EQ(sink.versions, whole_sink.versions);
  }
}

TEST(Trainer, StopsOnDivergedNumbersAndKeepsTheCheckpointBefore) {
  MemorySink sink;
  const auto trainer = make_trainer({.workers = 2, .diverges_at = 5}, sink);
  const Status status = trainer->run(sink.stop);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kDiverged);
  EXPECT_NE(status.error().message.find("member 0 diverged at update 5 (150 agent steps)"), std::string::npos)
      << status.error().message;
  EXPECT_EQ(sink.checkpoint_updates, 0);
  EXPECT_EQ(sink.versions.back(), 4);
}

TEST(Trainer, StopsWithTheSinksError) {
  MemorySink sink;
  sink.fail_at = 3;
  const auto trainer = make_trainer({.workers = 2}, sink);
  const Status status = trainer->run(sink.stop);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "disk full");
}

TEST(Trainer, SaysWhatAnUnusableCheckpointLacks) {
  MemorySink sink;
  const auto trainer = make_trainer({}, sink);
  sink.stop_at = 4;
  ASSERT_TRUE(trainer->run(sink.stop).ok());
  for (const char* name : {"trainer.counters", "trainer.group.2", "trainer.last_returns", "weights"}) {
    std::vector<NamedTensor> state = sink.last_state;
    std::erase_if(state, [&](const NamedTensor& tensor) { return tensor.name == name; });
    MemorySink other;
    EXPECT_FALSE(make_trainer({}, other)->restore(state).ok()) << name;
  }
  MemorySink other;
  const Status shorter = make_trainer({.updates = 2}, other)->restore(sink.last_state);
  EXPECT_NE(shorter.error().message.find("beyond train.agent_steps"), std::string::npos);
}

TEST(Trainer, ReportsProgressWhileItRuns) {
  MemorySink sink;
  const auto trainer = make_trainer({.workers = 2, .updates = 50}, sink);
  std::atomic<bool> done = false;
  std::jthread watcher([&] {
    std::int64_t before = 0;
    while (!done) {
      const Progress progress = trainer->progress();
      EXPECT_GE(progress.agent_steps, before);
      before = progress.agent_steps;
    }
  });
  ASSERT_TRUE(trainer->run(sink.stop).ok());
  done = true;
  EXPECT_EQ(trainer->progress().agent_steps, 50 * 6 * 5);
  EXPECT_EQ(trainer->progress().agent_steps_target, 50 * 6 * 5);
  EXPECT_GT(trainer->progress().episodes, 0);
}

}  // namespace
}  // namespace chrysalis
