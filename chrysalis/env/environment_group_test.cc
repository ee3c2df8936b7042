#include "chrysalis/env/environment_group.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "chrysalis/env/fake_environment.h"

namespace chrysalis {
namespace {

struct Pixels {
  explicit Pixels(EnvironmentGroup& group) : buffer(group.size() * group.spec().observation_bytes()) {
    for (int i = 0; i < group.size(); ++i)
      rows.push_back(buffer.data() + i * group.spec().observation_bytes());
  }
  std::vector<std::uint8_t> buffer;
  std::vector<std::uint8_t*> rows;
};

EnvironmentGroup make_group(int count, EnvironmentGroup::Config config = {},
                            FakeEnvironment::Config fake = {}) {
  std::vector<std::unique_ptr<Environment>> environments;
  for (int i = 0; i < count; ++i) environments.push_back(std::make_unique<FakeEnvironment>(fake));
  return EnvironmentGroup(config, std::move(environments));
}

TEST(EnvironmentGroup, PlaysEachEpisodeAsItsSeedSaysWhateverItsNeighbours) {
  EnvironmentGroup group = make_group(3, {.run_seed = 5, .member = 2, .first_environment = 10});
  Pixels pixels(group);
  const std::vector<RawAction> actions = {{.move_forward = 1}, {.fire = 1}, {.look_right = 20}};
  for (int step = 0; step < 8; ++step) group.step(actions, pixels.rows);  // One step into the second episode.

  FakeEnvironment alone({});
  alone.reset(episode_seed(5, Purpose::kEpisode, 2, 11, 1));
  alone.step(actions[1]);
  std::vector<std::uint8_t> expected(alone.spec().observation_bytes());
  alone.observe(expected);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), pixels.rows[1]));
}

TEST(EnvironmentGroup, CountsReturnsStepsAndFramesOfTheEndedEpisode) {
  EnvironmentGroup group = make_group(1);
  Pixels pixels(group);
  const std::vector<RawAction> actions(1);
  double sum = 0;
  for (int step = 0; step < 7; ++step) {
    group.step(actions, pixels.rows);
    sum += group.results()[0].reward;
  }
  EXPECT_TRUE(group.results()[0].ended);
  EXPECT_EQ(group.ended_episode(0).episode_return, sum);
  EXPECT_EQ(group.ended_episode(0).agent_steps, 7);
  EXPECT_EQ(group.ended_episode(0).frames, 28);
  EXPECT_EQ(group.episode(0).index, 1);
  EXPECT_EQ(group.episode(0).agent_steps, 0);
}

TEST(EnvironmentGroup, KeepsTheLastObservationOfATruncatedEpisode) {
  EnvironmentGroup group = make_group(1, {.run_seed = 9, .keep_final_observations = true});
  Pixels pixels(group);
  const std::vector<RawAction> actions(1);
  for (int step = 0; step < 7; ++step) group.step(actions, pixels.rows);

  FakeEnvironment alone({});
  alone.reset(episode_seed(9, Purpose::kEpisode, 0, 0, 0));
  for (int step = 0; step < 7; ++step) alone.step({});
  std::vector<std::uint8_t> expected(alone.spec().observation_bytes());
  alone.observe(expected);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), group.final_observation(0)));
  EXPECT_FALSE(std::equal(expected.begin(), expected.end(), pixels.rows[0]));
}

TEST(EnvironmentGroup, ContinuesFromASavedStateToTheBit) {
  EnvironmentGroup group = make_group(2);
  Pixels pixels(group);
  const std::vector<RawAction> actions = {{.move_forward = 1}, {.strafe_right = -1}};
  for (int step = 0; step < 5; ++step) group.step(actions, pixels.rows);
  ByteWriter saved;
  group.save(saved);
  for (int step = 0; step < 9; ++step) group.step(actions, pixels.rows);

  EnvironmentGroup other = make_group(2);
  Pixels other_pixels(other);
  ByteReader reader(saved.bytes());
  ASSERT_TRUE(other.restore(reader).ok());
  EXPECT_TRUE(reader.at_end());
  for (int step = 0; step < 9; ++step) other.step(actions, other_pixels.rows);
  EXPECT_EQ(pixels.buffer, other_pixels.buffer);
  EXPECT_EQ(group.episode(0).episode_return, other.episode(0).episode_return);
}

// How often each environment ended an episode in each of `windows` stretches of `length` steps.
std::vector<int> ends_in(EnvironmentGroup& group, int windows, int length) {
  Pixels pixels(group);
  const std::vector<RawAction> actions(static_cast<std::size_t>(group.size()));
  std::vector<int> ends(static_cast<std::size_t>(windows));
  for (int& count : ends)
    for (int step = 0; step < length; ++step) {
      group.step(actions, pixels.rows);
      count += static_cast<int>(std::ranges::count_if(group.results(), &StepResult::ended));
    }
  return ends;
}

TEST(EnvironmentGroup, StaggersEpisodesOfOneLengthEvenlyForEver) {
  constexpr int kCount = 50, kLength = 100;
  for (const int first : {0, 137}) {
    EnvironmentGroup group =
        make_group(kCount, {.first_environment = first, .staggered = true}, {.episode_agent_steps = kLength});
    for (int round = 0; round < 2; ++round) {
      Pixels pixels(group);
      const std::vector<RawAction> actions(kCount);
      std::vector<std::int64_t> cut_after(kCount);
      for (int step = 1; step <= kLength; ++step) {
        group.step(actions, pixels.rows);
        for (int i = 0; i < kCount; ++i) {
          if (!group.results()[i].ended) continue;
          const EnvironmentGroup::Episode& ended = group.ended_episode(i);
          EXPECT_EQ(ended.cut, step < kLength) << i;  // At the length it is whole.
          EXPECT_TRUE(group.results()[i].truncated) << i;
          EXPECT_EQ(ended.agent_steps, step) << i;
          EXPECT_EQ(cut_after[i], 0) << i;
          cut_after[i] = step;
        }
      }
      // Any ten environments that stand together are spread over the whole length.
      for (int from = 0; from + 10 <= kCount; ++from) {
        std::vector<std::int64_t> some(cut_after.begin() + from, cut_after.begin() + from + 10);
        std::ranges::sort(some);
        EXPECT_GE(some.front(), 1) << from;
        for (std::size_t i = 1; i < some.size(); ++i) EXPECT_LE(some[i] - some[i - 1], 20) << from;
      }
      // What follows is whole, and a tenth of the length has a tenth of the ends.
      for (const int ends : ends_in(group, 30, kLength / 10)) EXPECT_NEAR(ends, kCount / 10, 2);
      for (int i = 0; i < kCount; ++i) {
        EXPECT_FALSE(group.ended_episode(i).cut);
        EXPECT_EQ(group.ended_episode(i).agent_steps, kLength);
      }
      group.begin_anew({});  // All at once, so once more.
    }
  }
}

TEST(EnvironmentGroup, WithoutStaggeringEpisodesOfOneLengthEndAtOnce) {
  EnvironmentGroup group = make_group(10, {}, {.episode_agent_steps = 20});
  EXPECT_EQ(ends_in(group, 4, 10), (std::vector{0, 10, 0, 10}));
}

TEST(EnvironmentGroup, ASavedFirstEpisodeIsCutWhereItWouldHaveBeen) {
  const auto make = [](bool staggered) {
    return make_group(7, {.staggered = staggered}, {.episode_agent_steps = 30});
  };
  EnvironmentGroup group = make(true), same = make(true);
  ends_in(group, 1, 12);
  ByteWriter saved;
  group.save(saved);
  ByteReader reader(saved.bytes());
  ASSERT_TRUE(same.restore(reader).ok());
  EXPECT_TRUE(reader.at_end());
  EXPECT_EQ(ends_in(group, 9, 5), ends_in(same, 9, 5));
  // A state from before there was any staggering goes on to whole episodes.
  EnvironmentGroup plain = make(false), old = make(true);
  ByteWriter before;
  plain.save(before);
  ByteReader old_bytes(std::span(before.bytes()).first(before.bytes().size() - 8 - 7));
  ASSERT_TRUE(old.restore(old_bytes).ok());
  EXPECT_EQ(ends_in(old, 3, 15), (std::vector{0, 7, 0}));
}

TEST(EnvironmentGroup, RefusesAStateOfAnotherSizeOrCutShort) {
  EnvironmentGroup group = make_group(2);
  ByteWriter saved;
  group.save(saved);
  EnvironmentGroup three = make_group(3);
  ByteReader whole(saved.bytes());
  EXPECT_EQ(three.restore(whole).error().message, "saved state of 2 environments: expected 3");
  ByteReader cut(std::span(saved.bytes()).first(saved.bytes().size() - 3));
  EXPECT_FALSE(group.restore(cut).ok());
}

TEST(EnvironmentGroup, BeginsTheNextEpisodeWhereOneWasLost) {
  EnvironmentGroup group =
      make_group(2, {.run_seed = 5}, {.foreign = true, .falls_in = {2}, .falls_at_most = 2});
  Pixels pixels(group);
  const std::vector<RawAction> actions(2);
  for (int step = 0; step < 3; ++step) group.step(actions, pixels.rows);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(group.results()[i].lost && group.results()[i].ended && !group.results()[i].truncated);
    EXPECT_EQ(group.results()[i].frames, 0);
    EXPECT_EQ(group.episode(i).index, 1);
    EXPECT_EQ(group.episode(i).agent_steps, 0);
  }
  EXPECT_TRUE(group.status().ok());
  FakeEnvironment alone({});
  alone.reset(episode_seed(5, Purpose::kEpisode, 0, 1, 1));
  std::vector<std::uint8_t> expected(alone.spec().observation_bytes());
  alone.observe(expected);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), pixels.rows[1]));
}

TEST(EnvironmentGroup, SaysWhichEnvironmentCannotGoOn) {
  std::vector<std::unique_ptr<Environment>> environments;
  environments.push_back(std::make_unique<FakeEnvironment>(FakeEnvironment::Config{}));
  environments.push_back(std::make_unique<FakeEnvironment>(
      FakeEnvironment::Config{.foreign = true, .falls_in = {0}, .falls_at_most = 1}));
  EnvironmentGroup group({}, std::move(environments));
  EXPECT_FALSE(group.can_save());
  EXPECT_TRUE(group.status().ok());
  Pixels pixels(group);
  group.step(std::vector<RawAction>(2), pixels.rows);
  EXPECT_FALSE(group.results()[0].lost);
  EXPECT_EQ(group.status().error().message, "the fake environment fell 1 times");
  EXPECT_TRUE(make_group(2).can_save());
}

TEST(EnvironmentGroup, StepsSomeOfItsEnvironmentsAndLeavesTheOthers) {
  EnvironmentGroup group = make_group(3);
  EnvironmentGroup all = make_group(3);
  Pixels pixels(group);
  Pixels all_pixels(all);
  group.observe(pixels.rows);
  const auto untouched = std::vector(pixels.rows[0], pixels.rows[1]);
  const std::vector<RawAction> actions = {{.move_forward = 1}, {.fire = 1}, {.look_right = 20}};
  for (int step = 0; step < 5; ++step) {
    group.step_some(1, std::span(actions).subspan(1), std::span(pixels.rows).subspan(1));
    all.step(actions, all_pixels.rows);
  }
  EXPECT_EQ(group.episode(0).agent_steps, 0);
  EXPECT_EQ(group.episode(2).agent_steps, 5);
  EXPECT_EQ(std::vector(pixels.rows[0], pixels.rows[1]), untouched);
  const auto* end = pixels.buffer.data() + pixels.buffer.size();
  EXPECT_TRUE(std::equal<const std::uint8_t*>(pixels.rows[1], end, all_pixels.rows[1]));
}

}  // namespace
}  // namespace chrysalis
