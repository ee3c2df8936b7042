// The conformance suite: what holds for every level of the catalog, pixels included.
#include "chrysalis/env/native_environment.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <thread>
#include <vector>

#include "chrysalis/core/allocations_test.h"
#include "chrysalis/core/random.h"
#include "chrysalis/core/system_calls_test.h"
#include "chrysalis/env/environment_group.h"
#include "chrysalis/levels/catalog.h"

namespace chrysalis {
namespace {

RawAction random_action(RandomStream& stream) {
  return {.look_right = stream.between(-60, 60),
          .look_down = stream.between(-10, 10),
          .strafe_right = stream.between(-1, 1),
          .move_forward = stream.between(-1, 1),
          .fire = stream.between(0, 1),
          .jump = stream.between(0, 1),
          .crouch = stream.between(0, 1)};
}

struct View {
  explicit View(Environment& environment) : rgb(environment.spec().observation_bytes()) {
    environment.observe(rgb);
  }
  std::vector<std::uint8_t> rgb;
  std::uint64_t hash() const { return hash64(rgb); }
};

std::unique_ptr<NativeEnvironment> make(const LevelConfig& level, EnvironmentConfig config = {}) {
  auto environment = NativeEnvironment::create(level, config);
  EXPECT_TRUE(environment.ok()) << (environment.ok() ? "" : environment.error().message);
  return std::move(environment).value();
}

class EveryLevel : public testing::TestWithParam<std::string> {};

TEST_P(EveryLevel, FitsItsSpec) {
  const auto environment = make({.name = GetParam()});
  const EnvironmentSpec& spec = environment->spec();
  EXPECT_EQ(spec.level, GetParam());
  EXPECT_EQ(spec.width, 96);
  EXPECT_EQ(spec.height, 72);
  EXPECT_EQ(spec.observation_bytes(), 96U * 72 * 3);
  EXPECT_GT(spec.episode_frames, 0);
  EXPECT_LE(spec.reward_min, spec.reward_max);
  environment->reset(1);
  const View view(*environment);
  const std::set<std::uint8_t> colours(view.rgb.begin(), view.rgb.end());
  EXPECT_GT(colours.size(), 8U) << "an empty picture";
}

TEST_P(EveryLevel, GivesTheSameEpisodeForTheSameSeedWhateverRanBefore) {
  const auto one = make({.name = GetParam()});
  const auto other = make({.name = GetParam()});
  RandomStream before{RandomKey(99)};
  other->reset(12345);
  for (int i = 0; i < 50; ++i) other->step(random_action(before));
  one->reset(7);
  other->reset(7);
  RandomStream a{RandomKey(3)};
  RandomStream b{RandomKey(3)};
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(View(*one).hash(), View(*other).hash()) << "agent step " << i;
    ASSERT_EQ(one->step(random_action(a)).reward, other->step(random_action(b)).reward);
  }
}

TEST_P(EveryLevel, GivesDifferentEpisodesForDifferentSeeds) {
  const auto environment = make({.name = GetParam()});
  std::set<std::uint64_t> first_views;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    environment->reset(seed);
    first_views.insert(View(*environment).hash());
  }
  EXPECT_GT(first_views.size(), 15U);
}

TEST_P(EveryLevel, KeepsItsBoundsOverTenThousandRandomSteps) {
  const auto environment = make({.name = GetParam()});
  const EnvironmentSpec& spec = environment->spec();
  RandomStream stream{RandomKey(5)};
  std::vector<std::uint8_t> rgb(spec.observation_bytes());
  std::int64_t steps_in_episode = 0;
  int episodes = 0;
  environment->reset(0);
  for (int i = 0; i < 10'000; ++i) {
    const StepResult result = environment->step(random_action(stream));
    ++steps_in_episode;
    ASSERT_GE(result.reward, spec.reward_min * static_cast<float>(result.frames));
    ASSERT_LE(result.reward, spec.reward_max * static_cast<float>(result.frames));
    ASSERT_TRUE(result.frames == spec.action_repeat || result.ended);
    if (i % 20 == 0) environment->observe(rgb);
    if (!result.ended) continue;
    ASSERT_EQ(steps_in_episode, spec.episode_agent_steps());
    ASSERT_TRUE(result.truncated);
    steps_in_episode = 0;
    environment->reset(static_cast<std::uint64_t>(++episodes));
  }
  EXPECT_GE(episodes, 1);
}

TEST_P(EveryLevel, ContinuesFromTheMiddleOfAnEpisodeToTheBit) {
  const auto environment = make({.name = GetParam()});
  RandomStream stream{RandomKey(21)};
  environment->reset(4);
  for (int i = 0; i < 150; ++i) environment->step(random_action(stream));
  ByteWriter saved;
  environment->save(saved);
  const auto other = make({.name = GetParam()});
  ByteReader reader(saved.bytes());
  ASSERT_TRUE(other->restore(reader).ok());
  EXPECT_TRUE(reader.at_end());
  RandomStream same = stream;
  for (int i = 0; i < 150; ++i) {
    ASSERT_EQ(View(*environment).hash(), View(*other).hash()) << "agent step " << i;
    ASSERT_EQ(environment->step(random_action(stream)).reward, other->step(random_action(same)).reward);
  }
}

// Of every picture and reward of some agent steps.
std::uint64_t hash_of_episode(const std::string& level, std::uint64_t seed) {
  const auto environment = make({.name = level});
  RandomStream stream{RandomKey(seed)};
  environment->reset(seed);
  std::uint64_t hash = 0;
  for (int i = 0; i < 300; ++i) {
    ByteWriter out;
    out.number(View(*environment).hash());
    out.number(environment->step(random_action(stream)).reward);
    hash = hash64(out.bytes(), hash);
  }
  return hash;
}

TEST_P(EveryLevel, GivesTheSameOnTwoThreadsAsOnOne) {
  std::array<std::uint64_t, 2> together{};
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < together.size(); ++i)
      threads.emplace_back([&, i] { together[i] = hash_of_episode(GetParam(), i); });
  }
  for (std::size_t i = 0; i < together.size(); ++i) EXPECT_EQ(together[i], hash_of_episode(GetParam(), i));
}

TEST_P(EveryLevel, RefusesASavedStateThatIsCutShort) {
  const auto environment = make({.name = GetParam()});
  environment->reset(4);
  ByteWriter saved;
  environment->save(saved);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, saved.bytes().size() / 2, saved.bytes().size() - 1}) {
    ByteReader reader(std::span(saved.bytes()).first(size));
    EXPECT_FALSE(make({.name = GetParam()})->restore(reader).ok())
        << size << " of " << saved.bytes().size() << " bytes";
  }
}

// Three environments played by chance, as an actor steps them.
struct RandomPlay {
  explicit RandomPlay(const std::string& level) : group({}, three(level)), actions(3) {
    const std::size_t bytes = group.spec().observation_bytes();
    pixels.resize(3 * bytes);
    rows = {pixels.data(), pixels.data() + bytes, pixels.data() + 2 * bytes};
  }
  static std::vector<std::unique_ptr<Environment>> three(const std::string& level) {
    std::vector<std::unique_ptr<Environment>> environments;
    // Of a minute: ten of laser tag take minutes under a sanitizer.
    for (int i = 0; i < 3; ++i) environments.push_back(make({.name = level, .episode_seconds = 60}));
    return environments;
  }
  // Returns whether an episode ended and the next began.
  bool step() {
    for (RawAction& action : actions) action = random_action(stream);
    group.step(actions, rows);
    return group.results()[0].ended;
  }

  EnvironmentGroup group;
  std::vector<RawAction> actions;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t*> rows;
  RandomStream stream{RandomKey(2)};
};

TEST_P(EveryLevel, AllocatesNothingInAStepAfterWarmUp) {
  RandomPlay play(GetParam());
  for (int i = 0; i < 2; ++i) play.step();
  const std::int64_t before = allocation_count;
  int steps = 0;
  while (allocation_count == before && !play.step()) ++steps;
  EXPECT_EQ(steps, play.group.spec().episode_agent_steps() - 3) << "all but the step that begins an episode";
}

bool makes_a_map_for_each_episode(const std::string& level) {
  return level.starts_with("explore_");
}

TEST_P(EveryLevel, AllocatesNothingForANewEpisodeButTheMapThatIsMadeForIt) {
  RandomPlay play(GetParam());
  while (!play.step()) continue;
  const std::int64_t allowed = makes_a_map_for_each_episode(GetParam()) ? 3 * 120 : 0;
  for (int episode = 1; episode < 4; ++episode) {
    const std::int64_t before = allocation_count;
    while (!play.step()) continue;
    EXPECT_LE(allocation_count - before, allowed) << "three environments, episode " << episode;
  }
}

#ifdef CHRYSALIS_WATCHES_SYSTEM_CALLS
TEST_P(EveryLevel, MakesNoSystemCallInAStep) {
  RandomPlay play(GetParam());
  while (!play.step()) continue;
  // With a new episode on the way, except where its map is allocated.
  const auto steps =
      play.group.spec().episode_agent_steps() + (makes_a_map_for_each_episode(GetParam()) ? -1 : 10);
  EXPECT_EQ(system_calls_of([&] {
              for (int i = 0; i < steps; ++i) play.step();
            }),
            kNoSystemCall);
}

TEST(SystemCalls, AreNoticedWhereThereAreSome) {
  EXPECT_EQ(system_calls_of([] { getppid(); }), "a system call");
  EXPECT_EQ(system_calls_of([] { __builtin_trap(); }), "signal 4");
}
#endif

std::vector<std::string> level_names() {
  std::vector<std::string> names;
  for (const auto& entry : level_catalog()) names.emplace_back(entry.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Catalog, EveryLevel, testing::ValuesIn(level_names()),
                         [](const auto& info) { return info.param; });

TEST(NativeEnvironment, CutsTheLastRepeatAtTheTimeLimit) {
  const auto environment =
      make({.name = "seek_apples"}, {.action_repeat = 7});  // 1800 frames: 257 repeats and one frame.
  environment->reset(0);
  StepResult last;
  int steps = 0;
  do {
    last = environment->step({});
    ++steps;
  } while (!last.ended);
  EXPECT_EQ(steps, 258);
  EXPECT_EQ(environment->spec().episode_agent_steps(), 258);
  EXPECT_EQ(last.frames, 1);
}

TEST(NativeEnvironment, SaysWhatIsWrongWithAnUnknownLevelOrSize) {
  const auto unknown = NativeEnvironment::create({.name = "seek_aples"}, {});
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().message.find("did you mean 'seek_apples'?"), std::string::npos)
      << unknown.error().message;
  EXPECT_FALSE(NativeEnvironment::create({.name = "seek_apples"}, {.width = 98}).ok());
}

TEST(NativeEnvironmentDeathTest, StopsOnCallsOutOfOrder) {
  const auto environment = make({.name = "seek_apples"});
  EXPECT_DEATH(environment->step({}), "before reset");
  std::vector<std::uint8_t> rgb(environment->spec().observation_bytes());
  EXPECT_DEATH(environment->observe(rgb), "before reset");
  environment->reset(1);
  while (!environment->step({}).ended) continue;
  EXPECT_DEATH(environment->step({}), "after the episode's end");
}

}  // namespace
}  // namespace chrysalis
