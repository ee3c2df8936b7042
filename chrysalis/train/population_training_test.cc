// A population in training: what decisions depend on, what a copy means, kills and divergence.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "chrysalis/rollout/action_set.h"
#include "chrysalis/train/hash_learner_test.h"
#include "chrysalis/train/trainer.h"

namespace chrysalis {
namespace {

// A run in memory, kept as RunDirectory keeps it: what a killed process leaves is what was stored.
class MemoryRun final : public TrainingSink {
 public:
  struct Stored {
    MemberMoment moment;
    std::vector<NamedTensor> state;
  };
  struct Decided {
    MemberMoment moment;
    Decision decision;
    std::string checkpoint;
  };
  struct Ended {
    int member;
    int environment;
    std::int64_t episode;
    std::int64_t update;
  };

  Status update(int member, const UpdateReport& report, std::span<const EpisodeRecord> ended, std::int64_t,
                double) override {
    if (dies()) return io_error("killed");
    versions[member].push_back(report.version);
    alphas[{member, report.version}] = report.alpha;
    for (const EpisodeRecord& e : ended)
      episodes.push_back({member, e.environment, e.episode, report.version});
    if (static_cast<std::int64_t>(++updates_) == stop_after) stop = true;
    return {};
  }
  Status score(const MemberMoment& moment, std::span<const double> returns, double score) override {
    if (dies()) return io_error("killed");
    scores[{moment.member, moment.updates}] = {returns.begin(), returns.end()};
    last_score = score;
    return {};
  }
  Result<std::string> checkpoint(const MemberMoment& moment, std::span<const NamedTensor> state) override {
    if (dies()) return io_error("killed");
    return store(moment, state);
  }
  Result<std::string> decision(const MemberMoment& moment, const Decision& decision,
                               std::span<const NamedTensor> state) override {
    if (dies()) return io_error("killed");
    const std::string name = store(moment, state);
    decisions[{moment.member, decision.number}] = {moment, decision, name};
    return name;
  }
  Result<std::vector<NamedTensor>> load(const std::string& checkpoint) override {
    const auto found = checkpoints.find(checkpoint);
    if (found == checkpoints.end()) return io_error("{} was removed while somebody needed it", checkpoint);
    return found->second.state;
  }
  void keep_from(std::int64_t update) override { kept_from = update; }

  // As after a kill: a new process that knows what is stored, and nothing later.
  void restore(Trainer& trainer) {
    kept_from = std::numeric_limits<std::int64_t>::max();  // A new process has not been told yet.
    for (int member = 0; member < trainer.member_count(); ++member) {
      std::int64_t at = -1;
      if (!names[member].empty()) {
        const Stored& newest = checkpoints.at(names[member].back());
        at = newest.moment.updates;
        const Status restored = trainer.restore(member, newest.state);
        ASSERT_TRUE(restored.ok()) << restored.error().message;
      }
      std::erase_if(versions[member], [&](std::int64_t version) { return version > at; });
      std::erase_if(episodes, [&](const Ended& e) { return e.member == member && e.update > at; });
    }
    for (int member = 0; member < trainer.member_count(); ++member) {
      std::int64_t last = -1;
      for (const std::string& name : names[member]) {
        const auto found = checkpoints.find(name);
        if (found == checkpoints.end()) continue;
        const std::int64_t update = found->second.moment.updates;
        if (update == last || update < trainer.published_from().value_or(0) ||
            !trainer.publishes_after(update))
          continue;
        last = update;
        ASSERT_TRUE(trainer.restore_published(member, update, found->second.state, name).ok());
      }
    }
    calls_ = 0;
    die_after = -1;
  }

  std::map<int, std::vector<std::int64_t>> versions;
  std::map<std::pair<int, std::int64_t>, double> alphas;
  std::vector<Ended> episodes;
  std::map<std::pair<int, std::int64_t>, std::vector<double>> scores;
  double last_score = 0;
  std::map<std::pair<int, std::int64_t>, Decided> decisions;
  std::map<std::string, Stored> checkpoints;
  std::map<int, std::vector<std::string>> names;  // Of each member, oldest first.
  std::int64_t die_after = -1;                    // Calls.
  std::int64_t stop_after = -1;                   // Updates.
  std::int64_t kept_from = 0;
  std::size_t kept = 2;  // Newest of each member, as retention keeps them.
  std::atomic<bool> stop = false;

 private:
  bool dies() { return die_after >= 0 && ++calls_ > die_after; }
  std::string store(const MemberMoment& moment, std::span<const NamedTensor> state) {
    const std::string name = fmt::format("{}@{}#{}", moment.member, moment.updates, stored_++);
    checkpoints[name] = {moment, {state.begin(), state.end()}};
    auto& of_member = names[moment.member];
    of_member.push_back(name);
    for (std::size_t i = 0; i + kept < of_member.size(); ++i) {
      const auto old = checkpoints.find(of_member[i]);
      if (old != checkpoints.end() && old->second.moment.updates < kept_from) checkpoints.erase(old);
    }
    return name;
  }

  std::int64_t calls_ = 0;
  std::size_t updates_ = 0;
  int stored_ = 0;
};

struct PopulationSetup {
  int members = 4;
  int workers = 2;
  bool deterministic = true;
  std::int64_t updates = 40;
  std::map<int, std::vector<std::int64_t>> diverges_at = {};  // Of a member.
  bool evaluated = false;
  bool evaluation_fails = false;
};

// Decides every 12 episodes and copies at nearly every second comparison.
std::unique_ptr<Trainer> make_trainer(const PopulationSetup& setup, MemoryRun& run) {
  LearnerConfig learner;
  CurriculumConfig curriculum{.name = "agent_core"};
  const auto fields = [&](FieldVisitor& v) {
    learner.visit(v);
    curriculum.visit(v);
  };
  TrainerConfig config{.seed = 4,
                       .schedule = uneven_schedule(setup.updates, setup.deterministic),
                       .unroll_steps = 5,
                       .actions = action_set("small").value(),
                       .population = {.size = setup.members,
                                      .ready_episodes = 12,
                                      .compare_episodes = 6,
                                      .significance = 0.5,
                                      .explore_probability = 0.5,
                                      .publish_updates = 3,
                                      .evaluation_updates = 2},
                       .workers = setup.workers,
                       .checkpoint_seconds = 1e9};
  config.tuned =
      parse_tuned(
          "learner.learning_rate loguniform 1e-3 1e-1 multiply 1.2 0.8; curriculum.alpha uniform 0 0.5 "
          "add 0.05",
          fields)
          .value();
  std::vector<MemberParts> members;
  for (int m = 0; m < setup.members; ++m) {
    const auto diverges = setup.diverges_at.find(m);
    members.push_back(hash_member(std::make_unique<HashLearner>(
        3, diverges == setup.diverges_at.end() ? std::vector<std::int64_t>() : diverges->second)));
    members.back().values = initial_values(config.tuned, config.seed, m);
    members.back().tune = [](Learner& of_member, std::span<const double> values) {
      LearnerConfig learner_now{.learning_rate = values[0]};
      CurriculumConfig curriculum_now{.name = "agent_core"};
      curriculum_now.alpha = values[1];
      of_member.tune(learner_now, curriculum_now);
    };
    if (setup.evaluated)
      members.back().evaluate =
          [fails = setup.evaluation_fails](const WeightsPtr& weights) -> Result<std::vector<double>> {
        if (fails) return io_error("an environment fell 5 times in a row");
        return std::vector<double>{static_cast<double>(weights->values[0])};
      };
  }
  return std::make_unique<Trainer>(config, std::move(members), run);
}

void train(const PopulationSetup& setup, MemoryRun& run, std::vector<std::vector<float>>* weights = nullptr) {
  const auto trainer = make_trainer(setup, run);
  const Status status = trainer->run(run.stop);
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_TRUE(trainer->finished());
  if (weights == nullptr) return;
  weights->clear();
  for (int m = 0; m < setup.members; ++m) weights->push_back(trainer->weights(m)->values);
}

// All that is said of a decision but how many unrolls were in flight, which is the clock's.
void expect_same_decisions(const MemoryRun& a, const MemoryRun& b) {
  ASSERT_EQ(a.decisions.size(), b.decisions.size());
  for (const auto& [key, one] : a.decisions) {
    const auto found = b.decisions.find(key);
    ASSERT_NE(found, b.decisions.end());
    const MemoryRun::Decided& other = found->second;
    EXPECT_EQ(one.moment.updates, other.moment.updates);
    EXPECT_EQ(one.moment.episodes, other.moment.episodes);
    EXPECT_EQ(one.decision.outcome, other.decision.outcome);
    EXPECT_EQ(one.decision.reason, other.decision.reason);
    EXPECT_EQ(one.decision.partner, other.decision.partner);
    EXPECT_EQ(one.decision.partner_update, other.decision.partner_update);
    EXPECT_EQ(one.decision.own_returns, other.decision.own_returns);
    EXPECT_EQ(one.decision.partner_returns, other.decision.partner_returns);
    EXPECT_EQ(one.decision.explored, other.decision.explored);
    EXPECT_EQ(one.decision.before, other.decision.before);
    EXPECT_EQ(one.decision.after, other.decision.after);
  }
}

std::int64_t count_of(const MemoryRun& run, Outcome outcome) {
  return std::ranges::count_if(run.decisions,
                               [&](const auto& entry) { return entry.second.decision.outcome == outcome; });
}

TEST(Population, DecidesTheSameOnAnyNumberOfWorkers) {
  MemoryRun one;
  std::vector<std::vector<float>> weights;
  train({.workers = 1}, one, &weights);
  EXPECT_GT(count_of(one, Outcome::kCopied), 5);
  EXPECT_GT(count_of(one, Outcome::kKept), 5);
  for (const int workers : {2, 3, 8}) {
    MemoryRun other;
    std::vector<std::vector<float>> other_weights;
    train({.workers = workers}, other, &other_weights);
    expect_same_decisions(one, other);
    EXPECT_EQ(weights, other_weights);
    EXPECT_EQ(one.alphas, other.alphas);
  }
}

TEST(Population, TenRandomKillsChangeNothing) {
  MemoryRun whole;
  std::vector<std::vector<float>> weights;
  train({}, whole, &weights);
  for (const std::uint64_t seed : {1, 2, 3}) {
    MemoryRun run;
    RandomStream random{RandomKey(seed)};
    int kills = 0;
    for (bool finished = false; !finished;) {
      const auto trainer = make_trainer({.workers = random.between(1, 4)}, run);
      run.restore(*trainer);
      if (kills < 10) run.die_after = random.between(0, 40);
      const Status status = trainer->run(run.stop);
      finished = trainer->finished() && status.ok();
      if (!status.ok()) {
        ASSERT_EQ(status.error().message, "killed");
        ++kills;
      } else {
        for (int m = 0; m < trainer->member_count(); ++m) EXPECT_EQ(trainer->weights(m)->values, weights[m]);
      }
    }
    EXPECT_GE(kills, 8);
    expect_same_decisions(whole, run);
    std::set<std::tuple<int, int, std::int64_t>> once;
    for (const auto& e : run.episodes)
      EXPECT_TRUE(once.insert({e.member, e.environment, e.episode}).second) << "an episode was told twice";
    for (int m = 0; m < 4; ++m) EXPECT_EQ(run.versions[m], whole.versions[m]);
  }
}

TEST(Population, AGracefulStopLosesNothing) {
  MemoryRun whole;
  std::vector<std::vector<float>> weights;
  train({}, whole, &weights);
  MemoryRun run;
  run.stop_after = 50;
  {
    const auto trainer = make_trainer({}, run);
    ASSERT_TRUE(trainer->run(run.stop).ok());
    ASSERT_FALSE(trainer->finished());
  }
  run.stop = false;
  const auto trainer = make_trainer({.workers = 3}, run);
  run.restore(*trainer);
  ASSERT_TRUE(trainer->run(run.stop).ok());
  expect_same_decisions(whole, run);
  for (int m = 0; m < 4; ++m) EXPECT_EQ(trainer->weights(m)->values, weights[static_cast<std::size_t>(m)]);
}

TEST(Population, ACopyHasItsSourcesPolicyAndCountsReturnsAnew) {
  MemoryRun run;
  run.kept = 1'000'000;
  train({}, run);
  int copies = 0;
  for (const auto& [key, decided] : run.decisions) {
    if (decided.decision.outcome != Outcome::kCopied) continue;
    ++copies;
    const auto& own = run.checkpoints.at(decided.checkpoint).state;
    const auto& source = run.checkpoints.at(decided.decision.partner_checkpoint).state;
    for (const char* name : {"weights", "weights.alpha"})
      EXPECT_EQ(find_tensor(own, name)->bytes, find_tensor(source, name)->bytes);
    EXPECT_TRUE(find_tensor(own, "trainer.scores")->bytes.empty());
    EXPECT_TRUE(find_tensor(own, "trainer.returns")->bytes.empty());
  }
  EXPECT_GT(copies, 0);
  // A member is a source only with compare_episodes returns since its own last copy.
  for (const auto& [key, decided] : run.decisions)
    if (decided.decision.outcome == Outcome::kCopied) {
      EXPECT_EQ(decided.decision.partner_returns.size(), 6u);
    }
}

// Every environment is within an episode at any time, if only at its first observation: the next one that is
// told after a copy cannot be the one that follows the last one told before.
TEST(Population, EpisodesBegunBeforeACopyAreNeverTold) {
  MemoryRun run;
  train({}, run);
  int seen = 0;
  for (const auto& [key, decided] : run.decisions) {
    if (decided.decision.outcome != Outcome::kCopied) continue;
    std::map<int, std::int64_t> last_before, first_after;
    for (const auto& e : run.episodes) {
      if (e.member != decided.decision.member) continue;
      if (e.update <= decided.moment.updates)
        last_before[e.environment] = std::max(e.episode, last_before[e.environment]);
      else if (!first_after.contains(e.environment))
        first_after[e.environment] = e.episode;
    }
    for (const auto& [environment, episode] : first_after)
      if (last_before.contains(environment)) {
        EXPECT_GE(episode, last_before[environment] + 2);
        ++seen;
      }
  }
  EXPECT_GT(seen, 20);
}

TEST(Population, DropsWhatWasRolledOutForOldWeightsAndSaysHowMuch) {
  MemoryRun run;
  train({}, run);
  std::int64_t dropped = 0;
  for (const auto& [key, decided] : run.decisions) {
    if (decided.decision.outcome != Outcome::kCopied) {
      EXPECT_EQ(decided.moment.unrolls_dropped, 0);
    }
    dropped += decided.moment.unrolls_dropped;
  }
  EXPECT_GT(dropped, 0);
}

TEST(Population, HyperparametersTakeEffectFromTheNextUpdateAndAlphaWithTheNextWeights) {
  MemoryRun run;
  train({}, run);
  int checked = 0;
  for (const auto& [key, decided] : run.decisions) {
    const Decision& decision = decided.decision;
    if (decision.outcome == Outcome::kCopied || !decision.explored) continue;
    const std::int64_t update = decided.moment.updates;
    // The report of update u + 1 is of weights u, whose alpha is the old one; u + 2 has the new one.
    const auto found = run.alphas.find({static_cast<int>(decision.member), update + 1});
    if (found == run.alphas.end()) continue;
    EXPECT_EQ(found->second, decision.after[1]);
    ++checked;
  }
  EXPECT_GT(checked, 0);
}

TEST(Population, RunsFreelyToo) {
  for (const int workers : {1, 2, 8}) {
    MemoryRun run;
    train({.members = 10, .workers = workers, .deterministic = false}, run);
    EXPECT_GT(count_of(run, Outcome::kCopied), 5);
    std::set<std::tuple<int, int, std::int64_t>> once;
    for (const auto& e : run.episodes) EXPECT_TRUE(once.insert({e.member, e.environment, e.episode}).second);
  }
}

TEST(Population, FreeRunsSurviveKillsWithEveryDecisionOnce) {
  MemoryRun run;
  RandomStream random{RandomKey(9)};
  int kills = 0;
  std::map<std::pair<int, std::int64_t>, std::vector<double>> seen;  // What each decision came to.
  for (bool finished = false; !finished;) {
    const auto trainer = make_trainer({.workers = 3, .deterministic = false}, run);
    run.restore(*trainer);
    if (kills < 10) run.die_after = random.between(5, 60);
    finished = trainer->run(run.stop).ok();
    kills += finished ? 0 : 1;
    for (const auto& [key, decided] : run.decisions) {
      const auto [place, fresh] = seen.insert({key, decided.decision.after});
      EXPECT_EQ(place->second, decided.decision.after) << "a decision changed";
    }
  }
  EXPECT_GE(kills, 8);
  for (int m = 0; m < 4; ++m) {
    std::int64_t number = 0;
    for (const auto& [key, decided] : run.decisions)
      if (key.first == m) {
        EXPECT_EQ(key.second, number++);
      }
  }
}

TEST(Population, ADivergedMemberGoesOnAsACopyOfAHealthyOne) {
  MemoryRun run;
  // Member 2 never makes version 9 by itself, and the copies in its place neither: it is tried, then it
  // stops.
  const auto trainer = make_trainer({.diverges_at = {{2, {9, 9, 9, 9}}}}, run);
  const Status status = trainer->run(run.stop);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kDiverged);
  EXPECT_NE(status.error().message.find("no healthy member"), std::string::npos) << status.error().message;
  EXPECT_EQ(count_of(run, Outcome::kReplaced), 3);
  std::set<std::int64_t> partners;
  for (const auto& [key, decided] : run.decisions) {
    if (decided.decision.outcome != Outcome::kReplaced) continue;
    EXPECT_EQ(decided.decision.member, 2);
    EXPECT_EQ(decided.moment.updates, 8);
    EXPECT_NE(decided.decision.reason.find("nan"), std::string::npos) << decided.decision.reason;
    partners.insert(decided.decision.partner);
  }
  EXPECT_EQ(partners, (std::set<std::int64_t>{0, 1, 3}));
}

TEST(Population, AResumeKnowsThatAMemberTrainedOnSinceItDiverged) {
  // Whose copy diverged may be tried again once the member has published what it trained itself, at
  // update 12.
  const PopulationSetup setup = {.members = 2, .diverges_at = {{1, {9, 14}}}};
  MemoryRun whole;
  train(setup, whole);
  EXPECT_EQ(count_of(whole, Outcome::kReplaced), 2);
  std::int64_t killed_at = 0;
  for (std::int64_t calls = 1; killed_at != 12; ++calls) {
    MemoryRun run;
    run.die_after = calls;
    ASSERT_FALSE(make_trainer(setup, run)->run(run.stop).ok()) << "no kill came between 12 and 14";
    killed_at = run.names[1].empty() ? 0 : run.checkpoints.at(run.names[1].back()).moment.updates;
    if (killed_at != 12) continue;
    const auto resumed = make_trainer(setup, run);
    run.restore(*resumed);
    const Status status = resumed->run(run.stop);
    ASSERT_TRUE(status.ok()) << status.error().message;
    expect_same_decisions(whole, run);
  }
}

TEST(Population, AFreeRunSeesTheNewestOfAMemberHoweverOldItIs) {
  MemoryRun run;
  const auto trainer = make_trainer({.members = 2, .deterministic = false}, run);
  EXPECT_FALSE(trainer->published_from());
}

TEST(Population, RoundsOfEvaluationAreTheScores) {
  MemoryRun run;
  std::vector<std::vector<float>> weights;
  train({.evaluated = true}, run, &weights);
  EXPECT_EQ(run.scores.size(), 4u * 20u);  // Every second update of each member.
  EXPECT_GT(count_of(run, Outcome::kCopied), 0);
  for (const auto& [key, decided] : run.decisions)
    for (const double value : decided.decision.own_returns) {
      bool found = false;
      for (const auto& [at, returns] : run.scores)
        found = found || (at.first == decided.decision.member && returns[0] == value);
      EXPECT_TRUE(found);
    }
  MemoryRun again;
  std::vector<std::vector<float>> same;
  train({.workers = 7, .evaluated = true}, again, &same);
  expect_same_decisions(run, again);
  EXPECT_EQ(weights, same);
}

TEST(PopulationTraining, StopsWithTheReasonWhereARoundOfEvaluationCannotBePlayed) {
  MemoryRun run;
  const auto trainer = make_trainer({.evaluated = true, .evaluation_fails = true}, run);
  const Status status = trainer->run(run.stop);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "an environment fell 5 times in a row");
  EXPECT_TRUE(run.scores.empty());
}

}  // namespace
}  // namespace chrysalis
