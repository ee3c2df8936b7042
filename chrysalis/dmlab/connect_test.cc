// The library as a whole: what it exports, how it is connected to, that it gives what the native environments
// give, alone and on many threads.
#include "chrysalis/dmlab/connect.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <new>
#include <thread>

#include "chrysalis/core/bytes.h"
#include "chrysalis/dmlab/client_test.h"
#include "chrysalis/dmlab/context.h"
#include "chrysalis/env/native_environment.h"
#include "chrysalis/levels/catalog.h"

namespace {
thread_local bool memory_is_out = false;
}

// What dmlab_connect() makes a context with.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (memory_is_out) return nullptr;
  try {
    return ::operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

namespace chrysalis::dmlab {
namespace {

TEST(Library, ExportsOneSymbol) {
  FILE* pipe = popen(CHRYSALIS_NM " -D --defined-only " CHRYSALIS_SHARED_LIBRARY, "r");
  ASSERT_NE(pipe, nullptr);
  std::string listed;
  char chunk[256];
  while (std::fgets(chunk, sizeof chunk, pipe) != nullptr) listed += chunk;
  EXPECT_EQ(pclose(pipe), 0);
  const std::size_t type = listed.find(" T ");
  ASSERT_NE(type, std::string::npos) << listed;
  EXPECT_EQ(listed.substr(type), " T dmlab_connect\n");
}

TEST(Library, ConnectsAsOftenAsAskedAndRefusesWhatCannotBe) {
  const ConnectFunction connect = connect_function();
  LaunchParams params{};
  params.runfiles_path = "anywhere";
  params.renderer = RendererKind::kHardware;
  EnvCApi api{};
  void* context = nullptr;
  EXPECT_EQ(connect(nullptr, &api, &context), 3);
  EXPECT_EQ(connect(&params, nullptr, &context), 3);
  EXPECT_EQ(connect(&params, &api, nullptr), 3);
  LaunchParams without_path{}, empty_path{};
  empty_path.runfiles_path = "";
  EXPECT_EQ(connect(&without_path, &api, &context), 4);
  EXPECT_EQ(connect(&empty_path, &api, &context), 4);
  EXPECT_EQ(context, nullptr);
  void* other = nullptr;
  ASSERT_EQ(connect(&params, &api, &context), 0);
  ASSERT_EQ(connect(&params, &api, &other), 0);
  EXPECT_NE(context, other);
  api.release_context(context);
  api.release_context(other);
  api.release_context(nullptr);
}

TEST(Library, CopiesLoadedAndClosedAreLibrariesOfTheirOwn) {
  // As DM Lab's own loader does for each environment.
  const std::string path = fmt::format("{}chrysalis_dmlab_copy_{}.so", testing::TempDir(), getpid());
  std::filesystem::copy_file(CHRYSALIS_SHARED_LIBRARY, path,
                             std::filesystem::copy_options::overwrite_existing);
  const Client client({{"levelName", "lt_chasm"}, {"width", "32"}, {"height", "24"}});
  client.api.start(client.context, 0, 3);
  for (int time = 0; time < 2; ++time) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();
    const auto connect = reinterpret_cast<ConnectFunction>(dlsym(library, kConnectSymbol));
    EXPECT_NE(connect, connect_function());
    {
      const Client copy({{"levelName", "lt_chasm"}, {"width", "32"}, {"height", "24"}}, connect);
      copy.api.start(copy.context, 0, 3);
      EXPECT_EQ(copy.bytes("RGB"), client.bytes("RGB"));
    }
    EXPECT_EQ(dlclose(library), 0);
  }
  std::filesystem::remove(path);
}

TEST(Library, NoMemoryForAContextIsAnError) {
  LaunchParams params{};
  params.runfiles_path = "anywhere";
  EnvCApi api{};
  void* context = nullptr;
  memory_is_out = true;
  const int answer = dmlab_connect(&params, &api, &context);  // The function itself, not the library's.
  memory_is_out = false;
  EXPECT_EQ(answer, 2);
  EXPECT_EQ(context, nullptr);
  EXPECT_EQ(api.init, nullptr);
}

TEST(Library, NoMemoryForACallIsAnError) {
  Context context;
  context.error = "of the call before";
  EXPECT_EQ(Context::answer(&context, 7, [](Context&) -> Result<int> { throw std::bad_alloc(); }), 7);
  EXPECT_EQ(context.error, "out of memory");
  EXPECT_EQ(Context::answer(&context, 7, [](Context&) -> Result<int> { return 5; }), 5);
  EXPECT_EQ(context.error, "");
}

// What a client sees of an episode: one number for all its pictures and rewards.
struct Seen {
  std::uint64_t pictures = 0;
  std::vector<double> rewards;
  void picture(std::span<const std::uint8_t> rgb) {
    const std::uint64_t both[] = {pictures, hash64(rgb)};
    pictures = hash64({reinterpret_cast<const std::uint8_t*>(both), sizeof both});
  }
  friend bool operator==(const Seen&, const Seen&) = default;
};

constexpr int kFrames = 3600;
constexpr int kPictureEvery = 45;
constexpr int kHeld = 15;  // So that a random walk comes about.

Seen seen_through_library(const std::string& level, int seed) {
  const Client client({{"levelName", level}, {"width", "96"}, {"height", "72"}, {"fps", "60"}});
  const int rgb = client.index_of("RGB_INTERLEAVED");
  EXPECT_EQ(client.api.start(client.context, 1, seed), 0);
  RandomStream actions{RandomKey(11)};
  Seen seen;
  for (int frame = 0; frame < kFrames; ++frame) {
    if (frame % kPictureEvery == 0) {
      Observation given;
      client.api.observation(client.context, rgb, &given);
      EXPECT_EQ(Client::shape(given.spec), (std::vector<int>{72, 96, 3}));
      seen.picture({given.payload.bytes, 96 * 72 * 3});
    }
    if (frame % kHeld == 0) client.act(random_parts(actions));
    const Client::Advance advanced = client.advance(1);
    seen.rewards.push_back(advanced.reward);
    if (advanced.status != AdvanceStatus::kRunning) break;
  }
  return seen;
}

Seen seen_natively(const std::string& level, int seed) {
  const auto environment =
      NativeEnvironment::create({.name = level}, {.width = 96, .height = 72, .action_repeat = 1}).value();
  environment->reset(static_cast<std::uint64_t>(seed));
  RandomStream actions{RandomKey(11)};
  RawAction action;
  std::vector<std::uint8_t> rgb(environment->spec().observation_bytes());
  Seen seen;
  for (int frame = 0; frame < kFrames; ++frame) {
    if (frame % kPictureEvery == 0) {
      environment->observe(rgb);
      seen.picture(rgb);
    }
    if (frame % kHeld == 0) action = make_raw_action(random_parts(actions)).value();
    const StepResult result = environment->step(action);
    seen.rewards.push_back(result.reward);
    if (result.ended) break;
  }
  return seen;
}

class EveryLevelThroughTheLibrary : public testing::TestWithParam<std::string> {};

TEST_P(EveryLevelThroughTheLibrary, GivesThePicturesAndRewardsOfTheNativeEnvironment) {
  double rewards = 0;
  for (const int seed : {3, 2147483647}) {
    const Seen seen = seen_through_library(GetParam(), seed);
    EXPECT_EQ(seen, seen_natively(GetParam(), seed)) << "seed " << seed;
    for (const double reward : seen.rewards) rewards += std::abs(reward);
  }
  // So that equal rewards are not equal for being none.
  EXPECT_TRUE(rewards > 0 || GetParam().starts_with("nav_maze")) << "a random walk meets with something";
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryLevelThroughTheLibrary, testing::ValuesIn(level_names()),
                         [](const auto& info) { return info.param; });

TEST(Library, EightInstancesOnFourThreadsGiveWhatTheyGiveAlone) {
  const std::vector<std::string> levels = level_names();
  const auto level_of = [&](int i) { return levels[static_cast<std::size_t>(i) % levels.size()]; };
  std::vector<Seen> together(8);
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = thread; i < 8; i += 4)
          together[static_cast<std::size_t>(i)] = seen_through_library(level_of(i), 40 + i);
      });
    }
  }
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(together[static_cast<std::size_t>(i)], seen_natively(level_of(i), 40 + i)) << level_of(i);
}

TEST(Library, ContextsTakenInTurnsDoNotKnowOfOneAnother) {
  const Client::Pairs settings = {{"levelName", "lt_chasm"}, {"width", "96"}, {"height", "72"}};
  const Client alone(settings), one(settings), other(settings);
  const auto play = [](const Client& client, int from, int to) {
    RandomStream actions{RandomKey(static_cast<std::uint64_t>(from))};
    for (int frame = from; frame < to; ++frame) {
      client.act(random_parts(actions));
      client.advance(1);
    }
  };
  for (const Client* client : {&alone, &one}) client->api.start(client->context, 0, 5);
  other.api.start(other.context, 0, 6);
  play(alone, 0, 60);
  play(one, 0, 60);
  play(other, 7, 60);
  play(alone, 60, 120);
  play(one, 60, 120);
  EXPECT_EQ(one.bytes("RGB_INTERLEAVED"), alone.bytes("RGB_INTERLEAVED"));
  EXPECT_EQ(one.doubles("DEBUG.PLAYERS.EYE.POS"), alone.doubles("DEBUG.PLAYERS.EYE.POS"));
  EXPECT_NE(one.doubles("DEBUG.PLAYERS.EYE.POS"), other.doubles("DEBUG.PLAYERS.EYE.POS"));
}

}  // namespace
}  // namespace chrysalis::dmlab
