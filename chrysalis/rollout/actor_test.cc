#include "chrysalis/rollout/actor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "chrysalis/core/allocations_test.h"
#include "chrysalis/core/system_calls_test.h"
#include "chrysalis/env/fake_environment.h"
#include "chrysalis/env/make_environment.h"
#include "chrysalis/rollout/action_set.h"
#include "chrysalis/rollout/scripted_policy.h"

namespace chrysalis {
namespace {

constexpr int kActions = 9;

// Prefers an action that depends on the picture and on how many decisions it has made since the episode
// began.
std::unique_ptr<Policy> counting_policy() {
  return make_scripted_policy(
      kActions, 2,
      [](const ScriptedView& view, std::span<float> state, std::span<float> log_policy, float& value) {
        state[0] += 1.0f;
        state[1] = static_cast<float>(view.observation[0]);
        const int favourite = (view.observation[1] + static_cast<int>(state[0])) % kActions;
        for (int a = 0; a < kActions; ++a) log_policy[a] = std::log(a == favourite ? 0.6f : 0.05f);
        value = static_cast<float>(view.observation[2]);
      });
}

struct Rollout {
  std::vector<std::unique_ptr<Unroll>> unrolls;
  std::vector<std::vector<EpisodeRecord>> finished;
};

Actor make_actor(int environments, int unroll_steps, bool bootstrap = false, std::uint64_t seed = 3,
                 bool staggered = false) {
  std::vector<std::unique_ptr<Environment>> group;
  for (int i = 0; i < environments; ++i)
    group.push_back(std::make_unique<FakeEnvironment>(FakeEnvironment::Config{.episode_agent_steps = 7 + i}));
  return Actor({.run_seed = seed,
                .member = 1,
                .first_environment = 4,
                .unroll_steps = unroll_steps,
                .bootstrap_on_time_limit = bootstrap,
                .staggered = staggered,
                .actions = action_set("small").value()},
               std::move(group), 2);
}

Rollout collect(Actor& actor, Policy& policy) {
  Rollout rollout;
  std::vector<Unroll*> out;
  for (int i = 0; i < actor.environment_count(); ++i) {
    rollout.unrolls.push_back(std::make_unique<Unroll>(actor.unroll_shape()));
    out.push_back(rollout.unrolls.back().get());
  }
  rollout.finished.resize(out.size());
  EXPECT_TRUE(actor.collect(policy, 17, out, rollout.finished).ok());
  return rollout;
}

void expect_equal(const Unroll& a, const Unroll& b) {
  EXPECT_EQ(a.observations, b.observations);
  EXPECT_EQ(a.last_actions, b.last_actions);
  EXPECT_EQ(a.last_rewards, b.last_rewards);
  EXPECT_EQ(a.episode_starts, b.episode_starts);
  EXPECT_EQ(a.actions, b.actions);
  EXPECT_EQ(a.log_mu, b.log_mu);
  EXPECT_EQ(a.rewards, b.rewards);
  EXPECT_EQ(a.ended, b.ended);
  EXPECT_EQ(a.truncation_values, b.truncation_values);
  EXPECT_EQ(a.core_state, b.core_state);
}

TEST(Unroll, TakesTheBytesOfItsArrays) {
  const UnrollShape shape = {.steps = 7, .observation_bytes = 30, .core_state_size = 5};
  const Unroll u(shape);
  const auto bytes = [](const auto&... arrays) { return (std::span(arrays).size_bytes() + ...); };
  EXPECT_EQ(unroll_bytes(shape),
            bytes(u.observations, u.last_actions, u.last_rewards, u.episode_starts, u.actions, u.log_mu,
                  u.rewards, u.ended, u.truncation_values, u.core_state));
}

TEST(Actor, RecordsWhatWasSeenDoneAndEarned) {
  Actor actor = make_actor(2, 20);
  const auto policy = counting_policy();
  const Rollout rollout = collect(actor, *policy);
  const Unroll& unroll = *rollout.unrolls[1];
  EXPECT_EQ(unroll.environment, 5);
  EXPECT_EQ(unroll.weights_version, 17);
  EXPECT_EQ(unroll.episode_starts[0], 1);
  EXPECT_EQ(unroll.last_actions[0], -1);
  // The environment of 8 agent steps, replayed alone from the recorded actions.
  FakeEnvironment alone({.episode_agent_steps = 8});
  int episode = 0;
  alone.reset(episode_seed(3, Purpose::kEpisode, 1, 5, episode));
  std::vector<std::uint8_t> pixels(alone.spec().observation_bytes());
  for (int t = 0; t < 20; ++t) {
    alone.observe(pixels);
    EXPECT_TRUE(std::equal(pixels.begin(), pixels.end(), unroll.observation(t))) << t;
    const StepResult result = alone.step((*action_set("small").value())[unroll.actions[t]]);
    EXPECT_EQ(unroll.rewards[t], result.reward);
    EXPECT_EQ(unroll.ended[t], result.ended ? 1 : 0);
    EXPECT_EQ(unroll.episode_starts[t + 1], result.ended ? 1 : 0);
    EXPECT_EQ(unroll.last_actions[t + 1], result.ended ? -1 : unroll.actions[t]);
    EXPECT_EQ(unroll.last_rewards[t + 1], result.ended ? 0.0f : result.reward);
    EXPECT_TRUE(unroll.log_mu[t] == std::log(0.6f) || unroll.log_mu[t] == std::log(0.05f));
    if (result.ended) alone.reset(episode_seed(3, Purpose::kEpisode, 1, 5, ++episode));
  }
  ASSERT_EQ(rollout.finished[1].size(), 2U);
  EXPECT_EQ(rollout.finished[1][1].episode, 1);
  EXPECT_EQ(rollout.finished[1][1].agent_steps, 8);
  EXPECT_TRUE(rollout.finished[1][1].truncated);
}

// Two environments of seven agent steps an episode; the second is foreign and falls in these of its steps.
Actor make_falling_actor(std::vector<int> falls_in, int falls_at_most = 1000) {
  std::vector<std::unique_ptr<Environment>> group;
  group.push_back(std::make_unique<FakeEnvironment>(FakeEnvironment::Config{}));
  group.push_back(std::make_unique<FakeEnvironment>(FakeEnvironment::Config{
      .foreign = true, .falls_in = std::move(falls_in), .falls_at_most = falls_at_most}));
  return Actor({.run_seed = 3, .unroll_steps = 10, .actions = action_set("small").value()}, std::move(group),
               2);
}

TEST(Actor, DropsAnUnrollWhoseEpisodeWasLostAndCollectsAnother) {
  Actor calm = make_falling_actor({});
  // In its first unroll after an episode that ended, and in the one that is collected in its place.
  Actor actor = make_falling_actor({8, 10, 15});
  const auto policy = counting_policy();
  const Rollout undisturbed = collect(calm, *policy);
  const Rollout rollout = collect(actor, *policy);
  expect_equal(*rollout.unrolls[0], *undisturbed.unrolls[0]);  // The neighbour saw nothing of it.
  EXPECT_EQ(rollout.unrolls[0]->losses, 0);
  EXPECT_EQ(undisturbed.unrolls[1]->losses, 0);
  const Unroll& unroll = *rollout.unrolls[1];
  EXPECT_EQ(unroll.losses, 2);
  EXPECT_EQ(actor.unrolls_done(), 1);
  // Steps 0 … 9 hold the first loss, 10 … 19 the other two; then episode 4 begins at step 16, so that its
  // steps 4, 5, 6 are the third try's first and episode 5 has the rest.
  const std::vector<std::uint8_t> ended = {0, 0, 1, 0, 0, 0, 0, 0, 0, 1};
  EXPECT_EQ(unroll.ended, ended);
  EXPECT_EQ(unroll.episode_starts[0], 0);
  EXPECT_EQ(unroll.core_state[0], 4.0f);
  ASSERT_EQ(rollout.finished[1].size(), 2U);  // That of step 6 went with its unroll.
  EXPECT_EQ(rollout.finished[1][0].episode, 4);
  EXPECT_EQ(rollout.finished[1][0].agent_steps, 7);
  EXPECT_EQ(rollout.finished[1][1].episode, 5);

  const Rollout next = collect(actor, *policy);
  EXPECT_EQ(next.unrolls[1]->losses, 0);
  expect_equal(*next.unrolls[0], *collect(calm, *policy).unrolls[0]);
}

TEST(Actor, SaysWhyAnEnvironmentCannotGoOn) {
  Actor actor = make_falling_actor({2, 12, 22}, 3);
  const auto policy = counting_policy();
  std::vector<std::unique_ptr<Unroll>> unrolls;
  std::vector<Unroll*> out;
  for (int i = 0; i < 2; ++i) {
    unrolls.push_back(std::make_unique<Unroll>(actor.unroll_shape()));
    out.push_back(unrolls.back().get());
  }
  std::vector<std::vector<EpisodeRecord>> finished(2);
  const Status status = actor.collect(*policy, 0, out, finished);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "the fake environment fell 3 times");
  EXPECT_EQ(actor.unrolls_done(), 0);
}

TEST(Actor, LearnsFromAnEpisodeThatIsCutAndDoesNotTellItsReturn) {
  Actor actor = make_actor(3, 6, true, 3, true);  // Episodes of 7, 8 and 9 agent steps.
  const auto policy = counting_policy();
  const Rollout first = collect(actor, *policy);
  int cut = 0;
  for (std::size_t i = 0; i < first.unrolls.size(); ++i) {
    EXPECT_TRUE(first.finished[i].empty()) << i;
    const auto ended = std::ranges::find(first.unrolls[i]->ended, 1) - first.unrolls[i]->ended.begin();
    if (ended == 6) continue;
    ++cut;
    EXPECT_NE(first.unrolls[i]->truncation_values[static_cast<std::size_t>(ended)], 0) << i;
    EXPECT_EQ(first.unrolls[i]->episode_starts[static_cast<std::size_t>(ended) + 1], 1) << i;
  }
  EXPECT_GE(cut, 2);
  for (int round = 0; round < 3; ++round)
    for (const auto& episodes : collect(actor, *policy).finished)
      for (const EpisodeRecord& episode : episodes)
        EXPECT_EQ(episode.agent_steps, 7 + episode.environment - 4);
}

TEST(Actor, ActsOnWhereAPolicyIsNotANumberAndItsUnrollSaysSo) {
  const auto policy = make_scripted_policy(
      kActions, 2, [](const ScriptedView&, std::span<float>, std::span<float> log_policy, float& value) {
        std::ranges::fill(log_policy, std::nanf(""));
        value = 0;
      });
  Actor actor = make_actor(2, 5);
  const Rollout rollout = collect(actor, *policy);
  for (const auto& unroll : rollout.unrolls)
    for (const float log_mu : unroll->log_mu) EXPECT_TRUE(std::isnan(log_mu));
}

TEST(Actor, TwoShortUnrollsAreOneLongUnroll) {
  Actor long_actor = make_actor(3, 40);
  const auto policy = counting_policy();
  const Rollout whole = collect(long_actor, *policy);
  // Draws are keyed by unroll, so only an environment whose script is certain can be compared: the
  // observations of the second unroll begin where the first ended.
  Actor short_actor = make_actor(3, 20);
  const Rollout first = collect(short_actor, *policy);
  const Rollout second = collect(short_actor, *policy);
  for (int i = 0; i < 3; ++i) {
    const Unroll& a = *first.unrolls[i];
    const Unroll& b = *second.unrolls[i];
    EXPECT_TRUE(
        std::equal(a.observation(20), a.observation(20) + a.shape.observation_bytes, b.observation(0)));
    EXPECT_EQ(a.last_actions[20], b.last_actions[0]);
    EXPECT_EQ(a.last_rewards[20], b.last_rewards[0]);
    EXPECT_EQ(a.episode_starts[20], b.episode_starts[0]);
    EXPECT_TRUE(std::equal(a.actions.begin(), a.actions.end(), whole.unrolls[i]->actions.begin()));
  }
}

TEST(Actor, CarriesTheCoreStateIntoTheNextUnrollAndResetsItAtEpisodeStarts) {
  Actor actor = make_actor(1, 10);  // Episodes of 7 agent steps.
  const auto policy = counting_policy();
  collect(actor, *policy);
  const Rollout second = collect(actor, *policy);
  EXPECT_EQ(second.unrolls[0]->core_state[0], 3.0f);  // Three decisions into the second episode.
}

TEST(Actor, ContinuesFromASavedStateToTheBit) {
  Actor actor = make_actor(3, 9);
  const auto policy = counting_policy();
  collect(actor, *policy);
  ByteWriter saved;
  actor.save(saved);
  const Rollout expected = collect(actor, *policy);

  Actor other = make_actor(3, 9);
  ByteReader reader(saved.bytes());
  ASSERT_TRUE(other.restore(reader).ok());
  EXPECT_TRUE(reader.at_end());
  const Rollout continued = collect(other, *policy);
  for (int i = 0; i < 3; ++i) expect_equal(*expected.unrolls[i], *continued.unrolls[i]);
}

TEST(Actor, RefusesASavedStateOfAnotherGroup) {
  Actor actor = make_actor(3, 9);
  ByteWriter saved;
  actor.save(saved);
  Actor other = make_actor(2, 9);
  ByteReader reader(saved.bytes());
  EXPECT_EQ(other.restore(reader).error().message,
            "saved actor state does not fit 2 environments with 4 core state floats");
}

TEST(Actor, ValuesTheLastObservationWhereAskedToBootstrap) {
  const auto policy = counting_policy();
  Actor plain = make_actor(1, 10);
  Actor bootstrapping = make_actor(1, 10, /*bootstrap=*/true);
  const Rollout without = collect(plain, *policy);
  const Rollout with = collect(bootstrapping, *policy);
  EXPECT_EQ(without.unrolls[0]->truncation_values[6], 0.0f);
  EXPECT_EQ(without.unrolls[0]->actions, with.unrolls[0]->actions);  // Looking ahead changes nothing else.
  FakeEnvironment alone({.episode_agent_steps = 7});
  alone.reset(episode_seed(3, Purpose::kEpisode, 1, 4, 0));
  for (int t = 0; t < 7; ++t) alone.step((*action_set("small").value())[with.unrolls[0]->actions[t]]);
  std::vector<std::uint8_t> pixels(alone.spec().observation_bytes());
  alone.observe(pixels);
  EXPECT_EQ(with.unrolls[0]->truncation_values[6], static_cast<float>(pixels[2]));
  EXPECT_EQ(with.unrolls[0]->truncation_values[5], 0.0f);
}

// A group as in training: real worlds, a policy, unrolls that are there.
struct Collecting {
  Collecting()
      : actor({.unroll_steps = 20, .actions = action_set("small").value()}, environments(), 0),
        finished(kCount) {
    for (int i = 0; i < kCount; ++i) {
      unrolls.push_back(std::make_unique<Unroll>(actor.unroll_shape()));
      out.push_back(unrolls.back().get());
    }
  }
  static std::vector<std::unique_ptr<Environment>> environments() {
    std::vector<std::unique_ptr<Environment>> group;
    for (int i = 0; i < kCount; ++i)
      group.push_back(make_environment({.name = "explore_object_locations_small"}, {}).value());
    return group;
  }
  void collect() { EXPECT_TRUE(actor.collect(*policy, 0, out, finished).ok()); }

  static constexpr int kCount = 3;
  Actor actor;
  std::unique_ptr<Policy> policy = make_random_policy(kActions);
  std::vector<std::unique_ptr<Unroll>> unrolls;
  std::vector<Unroll*> out;
  std::vector<std::vector<EpisodeRecord>> finished;
};

TEST(Actor, AllocatesNothingWithinAnEpisodeAfterTheFirstUnroll) {
  Collecting collecting;
  collecting.collect();
  const std::int64_t before = allocation_count;
  for (int i = 0; i < 20; ++i) collecting.collect();
  EXPECT_EQ(allocation_count, before);
}

#ifdef CHRYSALIS_WATCHES_SYSTEM_CALLS
TEST(Actor, MakesNoSystemCallWithinAnEpisodeAfterTheFirstUnroll) {
  Collecting collecting;
  collecting.collect();
  EXPECT_EQ(system_calls_of([&] {
              for (int i = 0; i < 20; ++i) collecting.collect();
            }),
            kNoSystemCall);
}
#endif

}  // namespace
}  // namespace chrysalis
