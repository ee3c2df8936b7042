// Calls out of order and with arguments that cannot be: each is an error with a message, none a fault.
#include <gtest/gtest.h>

#include "chrysalis/dmlab/client_test.h"

namespace chrysalis::dmlab {
namespace {

const Client::Pairs kSeekApples = {{"levelName", "seek_apples"}, {"width", "32"}, {"height", "24"}};

TEST(Calls, SettingsAndInitComeOnceAndFirst) {
  const Client client(kSeekApples);
  EXPECT_EQ(client.api.setting(client.context, "width", "64"), 1);
  EXPECT_EQ(client.error(), "setting 'width' after init(): settings come before it, properties after");
  EXPECT_EQ(client.api.init(client.context), 1);
  EXPECT_EQ(client.error(), "init() has been called already");
  EXPECT_EQ(client.api.start(client.context, 0, 1), 0);
  EXPECT_EQ(client.error(), "") << "what went wrong in the last call: nothing";
}

TEST(Calls, AnInitThatFailedCanBeMended) {
  const Client client;
  EXPECT_EQ(client.api.init(client.context), 1);
  EXPECT_EQ(client.error(), "setting 'levelName' is missing: expected a level");
  EXPECT_EQ(client.api.setting(client.context, "levelName", "seek_apples"), 0);
  EXPECT_EQ(client.api.init(client.context), 0) << client.error();
}

TEST(Calls, BeforeInitNothingRuns) {
  const Client client;
  EXPECT_EQ(client.api.start(client.context, 0, 1), 1);
  EXPECT_EQ(client.error(), "start() before init()");
  EXPECT_EQ(client.advance(1).status, AdvanceStatus::kError);
  EXPECT_EQ(client.error(), "advance() before init()");
  EXPECT_EQ(client.shape("RGB_INTERLEAVED"), std::vector<int>{0});
  EXPECT_EQ(client.error(), "observation() before init()");
  ObservationSpec spec;
  client.api.observation_spec(client.context, 0, &spec);
  EXPECT_EQ(Client::shape(spec), std::vector<int>{0});
  EXPECT_EQ(client.error(), "observation_spec() before init()");

  const char* value = "as it was";
  EXPECT_EQ(client.api.read_property(client.context, "engine.fps", &value), PropertyResult::kNotFound);
  EXPECT_STREQ(value, "as it was");
  EXPECT_EQ(client.error(), "there are no properties before init()");
  EXPECT_EQ(client.api.write_property(client.context, "params.botCount", "1"), PropertyResult::kNotFound);
  const PropertyCallback never = [](void*, const char*, PropertyAttribute) { ADD_FAILURE(); };
  EXPECT_EQ(client.api.list_property(client.context, nullptr, "", never), PropertyResult::kNotFound);
}

TEST(Calls, BeforeStartObservationsAreZerosOfTheirShapeAndNothingAdvances) {
  const Client client(kSeekApples);
  EXPECT_EQ(client.bytes("RGBD"), std::vector<std::uint8_t>(4 * 24 * 32));
  EXPECT_EQ(client.error(), "observation() before start()");
  EXPECT_EQ(client.doubles("DEBUG.POS.TRANS"), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(client.text("DEBUG.PLAYERS.NAME"), "");
  EXPECT_EQ(client.shape("DEBUG.PLAYERS.EYE.POS"), (std::vector<int>{0, 3}));
  double reward = 5;
  EXPECT_EQ(client.api.advance(client.context, 1, &reward), AdvanceStatus::kError);
  EXPECT_EQ(client.error(), "advance() before start()");
  EXPECT_EQ(reward, 0);
}

TEST(Calls, TheEndOfAnEpisodeStopsAnAdvance) {
  Client::Pairs settings = kSeekApples;
  settings.emplace_back("episodeLengthSeconds", "2");
  const Client client(settings);
  client.api.start(client.context, 0, 1);
  EXPECT_EQ(client.advance(0).status, AdvanceStatus::kRunning);
  EXPECT_EQ(client.advance(119).status, AdvanceStatus::kRunning);
  EXPECT_EQ(client.doubles("FRAMES_REMAINING_AT_60"), std::vector<double>{1});
  EXPECT_EQ(client.advance(10).status, AdvanceStatus::kTerminated);
  EXPECT_EQ(client.doubles("MAP_FRAME_NUMBER"), std::vector<double>{120}) << "no frame beyond the end";
  // What is seen stays, and nothing more happens.
  const std::vector<std::uint8_t> last = client.bytes("RGB");
  client.act({60, 0, 0, 1, 0, 0, 0});
  const Client::Advance after = client.advance(4);
  EXPECT_EQ(after.status, AdvanceStatus::kTerminated);
  EXPECT_EQ(after.reward, 0);
  EXPECT_EQ(client.error(), "");
  EXPECT_EQ(client.bytes("RGB"), last);
  EXPECT_EQ(client.doubles("FRAMES_REMAINING_AT_60"), std::vector<double>{0});
  EXPECT_EQ(client.api.start(client.context, 1, 1), 0);
  EXPECT_EQ(client.advance(1).status, AdvanceStatus::kRunning);
}

TEST(Calls, StepsBelowZeroAreAnError) {
  const Client client(kSeekApples);
  client.api.start(client.context, 0, 1);
  EXPECT_EQ(client.advance(-1).status, AdvanceStatus::kError);
  EXPECT_EQ(client.error(), "advance() by -1 steps: expected 0 or more");
  EXPECT_EQ(client.advance(1).status, AdvanceStatus::kRunning) << "the episode goes on";
}

TEST(Calls, NullArgumentsAreErrors) {
  const Client client(kSeekApples);
  client.api.start(client.context, 0, 1);
  const auto says = [&](const char* argument) {
    EXPECT_EQ(client.error(), std::string("argument '") + argument + "' is null");
  };
  EXPECT_EQ(client.api.setting(client.context, nullptr, "1"), 1);
  says("key");
  EXPECT_EQ(client.api.setting(client.context, "width", nullptr), 1);
  says("value");
  const char* value = nullptr;
  EXPECT_EQ(client.api.write_property(client.context, nullptr, "1"), PropertyResult::kInvalidArgument);
  says("key");
  EXPECT_EQ(client.api.write_property(client.context, "engine.fps", nullptr),
            PropertyResult::kInvalidArgument);
  says("value");
  EXPECT_EQ(client.api.read_property(client.context, nullptr, &value), PropertyResult::kInvalidArgument);
  says("key");
  EXPECT_EQ(client.api.read_property(client.context, "engine.fps", nullptr),
            PropertyResult::kInvalidArgument);
  says("value");
  const PropertyCallback never = [](void*, const char*, PropertyAttribute) { ADD_FAILURE(); };
  EXPECT_EQ(client.api.list_property(client.context, nullptr, nullptr, never),
            PropertyResult::kInvalidArgument);
  says("list_key");
  EXPECT_EQ(client.api.list_property(client.context, nullptr, "", nullptr), PropertyResult::kInvalidArgument);
  says("callback");
  client.api.observation_spec(client.context, 0, nullptr);
  says("spec");
  client.api.observation(client.context, 0, nullptr);
  says("observation");
  int bound = 5;
  client.api.action_discrete_bounds(client.context, 0, &bound, nullptr);
  says("max");
  EXPECT_EQ(bound, 0);
  client.api.action_discrete_bounds(client.context, 0, nullptr, &bound);
  says("min");
  client.api.act_discrete(client.context, nullptr);
  says("actions");
  EXPECT_EQ(client.api.advance(client.context, 1, nullptr), AdvanceStatus::kError);
  says("reward");
  EXPECT_EQ(client.doubles("MAP_FRAME_NUMBER"), std::vector<double>{0}) << "and nothing has moved";
}

TEST(Calls, IndicesOutOfRangeAreErrors) {
  const Client client(kSeekApples);
  client.api.start(client.context, 0, 1);
  const int count = client.api.observation_count(client.context);
  for (const int index : {-1, count, 2147483647, -2147483647 - 1}) {
    Observation given;
    client.api.observation(client.context, index, &given);
    EXPECT_EQ(Client::shape(given.spec), std::vector<int>{0});
    EXPECT_NE(given.payload.bytes, nullptr);
    EXPECT_EQ(client.error(), "there is no observation " + std::to_string(index) + ": expected 0 to " +
                                  std::to_string(count - 1));
    ObservationSpec spec;
    client.api.observation_spec(client.context, index, &spec);
    EXPECT_EQ(Client::shape(spec), std::vector<int>{0});
    EXPECT_NE(client.error(), "");
    EXPECT_STREQ(client.api.observation_name(client.context, index), "");
    EXPECT_NE(client.error(), "");
    int min = 5, max = 5;
    client.api.action_discrete_bounds(client.context, index, &min, &max);
    EXPECT_EQ(min, 0);
    EXPECT_EQ(max, 0);
    EXPECT_EQ(client.error(), "there is no discrete action " + std::to_string(index) + ": expected 0 to 6");
    EXPECT_STREQ(client.api.action_discrete_name(client.context, index), "");
    EXPECT_NE(client.error(), "");
  }
}

TEST(Calls, OfWhatThereIsNoneThereIsNone) {
  const Client client(kSeekApples);
  client.api.start(client.context, 0, 1);
  EXPECT_EQ(client.api.action_continuous_count(client.context), 0);
  EXPECT_EQ(client.api.action_text_count(client.context), 0);
  EXPECT_EQ(client.api.event_type_count(client.context), 0);
  EXPECT_EQ(client.api.event_count(client.context), 0);
  EXPECT_STREQ(client.api.action_continuous_name(client.context, 0), "");
  EXPECT_EQ(client.error(), "there is no continuous action 0: there are none");
  EXPECT_STREQ(client.api.action_text_name(client.context, 0), "");
  EXPECT_EQ(client.error(), "there is no text action 0: there are none");
  EXPECT_STREQ(client.api.event_type_name(client.context, 3), "");
  EXPECT_EQ(client.error(), "there is no event type 3: there are none");
  double low = 5, high = 5;
  client.api.action_continuous_bounds(client.context, 0, &low, &high);
  EXPECT_EQ(low, 0);
  EXPECT_EQ(high, 0);
  EXPECT_EQ(client.error(), "there is no continuous action 0: there are none");
  client.api.action_continuous_bounds(client.context, 0, nullptr, nullptr);
  Event event{.id = 5, .observation_count = 5, .observations = nullptr};
  client.api.event(client.context, 0, &event);
  EXPECT_EQ(event.id, -1);
  EXPECT_EQ(event.observation_count, 0);
  EXPECT_EQ(client.error(), "there is no event 0: there are none");
  client.api.event(client.context, 0, nullptr);
  client.api.act_continuous(client.context, nullptr);
  client.api.act_text(client.context, nullptr);
}

TEST(Calls, WithoutAContextEverythingIsEmpty) {
  const EnvCApi api = Client().api;
  EXPECT_EQ(api.setting(nullptr, "width", "32"), 1);
  EXPECT_EQ(api.init(nullptr), 1);
  EXPECT_EQ(api.start(nullptr, 0, 0), 1);
  EXPECT_STREQ(api.error_message(nullptr), "no context");
  const char* value = nullptr;
  EXPECT_EQ(api.read_property(nullptr, "engine.fps", &value), PropertyResult::kInvalidArgument);
  EXPECT_EQ(api.action_discrete_count(nullptr), 7);
  EXPECT_STREQ(api.action_discrete_name(nullptr, 0), "");
  EXPECT_STREQ(api.environment_name(nullptr), "chrysalis");
  Observation given;
  api.observation(nullptr, 0, &given);
  EXPECT_EQ(Client::shape(given.spec), std::vector<int>{0});
  double reward = 5;
  EXPECT_EQ(api.advance(nullptr, 1, &reward), AdvanceStatus::kError);
  EXPECT_EQ(reward, 0);
}

TEST(Calls, NoOrderOfCallsIsAFault) {
  RandomStream random{RandomKey(1)};
  const char* const texts[] = {"",
                               "levelName",
                               "seek_apples",
                               "lt_chasm",
                               "width",
                               "16",
                               "height",
                               "-1",
                               "params.botCount",
                               "engine.fps",
                               "fps",
                               "30",
                               "mixerSeed",
                               "params",
                               "func.entityLayer.3",
                               "episodeLengthSeconds",
                               "1",
                               nullptr};
  const auto text = [&] { return texts[random.below(std::size(texts))]; };
  const auto number = [&] {
    return random.chance(0.1) ? random.between(-2147483647, 2147483647) : random.between(-1, 44);
  };
  int initialised = 0, advanced = 0;
  for (int round = 0; round < 200; ++round) {
    const Client client;
    const EnvCApi& api = client.api;
    void* const context = client.context;
    api.setting(context, "width", "16");
    api.setting(context, "height", "12");
    if (random.chance(0.8))
      api.setting(context, "levelName", random.chance(0.5) ? "seek_apples" : "lt_chasm");
    for (int call = 0; call < 60; ++call) {
      Observation given;
      ObservationSpec spec;
      Event event;
      const char* value = nullptr;
      int low = 0, high = 0;
      double reward = 0, continuous_low = 0, continuous_high = 0;
      switch (random.below(18)) {
        case 0:
          api.setting(context, text(), text());
          break;
        case 1:
        case 2:
          initialised += api.init(context) == 0;
          break;
        case 3:
        case 4:
          api.start(context, number(), number());
          break;
        case 5:
          api.write_property(context, text(), text());
          break;
        case 6:
          api.read_property(context, text(), &value);
          break;
        case 7:
          api.list_property(context, nullptr, text(), [](void*, const char*, PropertyAttribute) {});
          break;
        case 8:
          api.action_discrete_name(context, number());
          break;
        case 9:
          api.action_discrete_bounds(context, number(), &low, &high);
          break;
        case 10:
          api.action_continuous_bounds(context, number(), &continuous_low, &continuous_high);
          break;
        case 11:
          api.observation_spec(context, number(), &spec);
          break;
        case 12:
          api.event(context, number(), &event);
          break;
        case 13:
          client.act({number(), number(), number(), number(), number(), number(), number()});
          break;
        case 14:
          EXPECT_NE(api.observation_name(context, number()), nullptr);
          break;
        case 15:
          advanced += api.advance(context, random.between(-3, 30), &reward) == AdvanceStatus::kRunning;
          break;
        default: {
          // Every byte of it can be read.
          api.observation(context, number(), &given);
          std::size_t bytes = given.spec.type == ObservationType::kDoubles ? sizeof(double) : 1;
          for (int i = 0; i < given.spec.dims; ++i) bytes *= static_cast<std::size_t>(given.spec.shape[i]);
          const std::vector<unsigned char> copy(given.payload.bytes, given.payload.bytes + bytes);
          EXPECT_EQ(copy.size(), bytes);
        }
      }
      EXPECT_NE(api.error_message(context), nullptr);
    }
  }
  EXPECT_GT(initialised, 100);
  EXPECT_GT(advanced, 100);
}

TEST(Calls, ActionsHaveDmLabsNamesAndBounds) {
  const Client client(kSeekApples);
  EXPECT_EQ(client.api.action_discrete_count(client.context), 7);
  const std::pair<std::string, int> lows[] = {{"LOOK_LEFT_RIGHT_PIXELS_PER_FRAME", -512},
                                              {"LOOK_DOWN_UP_PIXELS_PER_FRAME", -512},
                                              {"STRAFE_LEFT_RIGHT", -1},
                                              {"MOVE_BACK_FORWARD", -1},
                                              {"FIRE", 0},
                                              {"JUMP", 0},
                                              {"CROUCH", 0}};
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(client.api.action_discrete_name(client.context, i), lows[i].first);
    int low = 9, high = 9;
    client.api.action_discrete_bounds(client.context, i, &low, &high);
    EXPECT_EQ(low, lows[i].second);
    EXPECT_EQ(high, i < 2 ? 512 : 1);
  }
}

TEST(Calls, ActionsStickAlsoThroughAStart) {
  const Client client(kSeekApples);
  client.act({10, 0, 0, 0, 0, 0, 0});
  const auto turned = [&](int steps) {
    const double before = client.doubles("DEBUG.POS.ROT")[1];
    client.advance(steps);
    const double turn = client.doubles("DEBUG.POS.ROT")[1] - before;
    return turn > 180 ? turn - 360 : turn < -180 ? turn + 360 : turn;
  };
  for (int episode = 0; episode < 2; ++episode) {
    client.api.start(client.context, episode, 1);
    EXPECT_NEAR(turned(1), -1.056, 1e-3);
    EXPECT_NEAR(turned(3), -3.168, 1e-3) << "without another act";
  }
  client.act({});
  EXPECT_EQ(turned(3), 0);
}

TEST(Calls, TurnsGoBeyondTheirBoundsAndTheRestDoesNot) {
  const Client client(kSeekApples);
  client.api.start(client.context, 0, 1);
  client.act({-600, 0, 0, 0, 0, 0, 0});
  const double before = client.doubles("DEBUG.POS.ROT")[1];
  client.advance(1);
  const double turn = client.doubles("DEBUG.POS.ROT")[1] - before;
  EXPECT_NEAR(turn < 0 ? turn + 360 : turn, 63.36, 1e-3);
  client.act({2147483647, 2147483647, 0, 0, 0, 0, 0});
  client.advance(1);
  const double yaw = client.doubles("DEBUG.POS.ROT")[1];
  EXPECT_TRUE(yaw >= -180 && yaw < 180) << yaw;
  EXPECT_NEAR(client.doubles("DEBUG.POS.ROT")[0], 87.9, 1e-3);

  const Client plain(kSeekApples), far(kSeekApples);
  for (const Client* one : {&plain, &far}) one->api.start(one->context, 0, 3);
  plain.act({0, 0, 1, -1, 1, 1, 0});
  far.act({0, 0, 100, -2147483647 - 1, 7, 3, -4});
  for (const Client* one : {&plain, &far}) one->advance(30);
  EXPECT_EQ(plain.doubles("DEBUG.POS.TRANS"), far.doubles("DEBUG.POS.TRANS"));
}

TEST(Calls, SeedsNameEpisodesAndTheMixerSeedOthers) {
  Client::Pairs mixed = kSeekApples;
  mixed.emplace_back("mixerSeed", "1");
  const Client client(kSeekApples), other(mixed);
  const auto begin = [](const Client& one, int episode, int seed) {
    EXPECT_EQ(one.api.start(one.context, episode, seed), 0);
    return one.doubles("DEBUG.POS.ROT");
  };
  const auto five = begin(client, 0, 5);
  EXPECT_EQ(begin(client, 9, 5), five) << "the episode's number says nothing";
  EXPECT_NE(begin(client, 0, 6), five);
  EXPECT_NE(begin(other, 0, 5), five);
  EXPECT_EQ(begin(client, 0, -1), begin(client, 0, 2147483647)) << "as the original";
}

}  // namespace
}  // namespace chrysalis::dmlab
