#include "chrysalis/dmlab/settings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "chrysalis/dmlab/client_test.h"
#include "chrysalis/levels/catalog.h"

namespace chrysalis::dmlab {
namespace {

std::string error_of(const Status& status) {
  return status.ok() ? "" : status.error().message;
}

LevelConfig level_of(const Client::Pairs& pairs) {
  Settings settings;
  for (const auto& [key, value] : pairs) EXPECT_EQ(error_of(settings.set(key, value)), "");
  auto level = settings.level_config();
  EXPECT_TRUE(level.ok()) << (level.ok() ? "" : level.error().message);
  return std::move(level).value();
}
std::string refusal_of(const Client::Pairs& pairs) {
  Settings settings;
  for (const auto& [key, value] : pairs) EXPECT_EQ(error_of(settings.set(key, value)), "");
  const auto level = settings.level_config();
  return level.ok() ? "" : level.error().message;
}

TEST(Settings, LevelsHaveDmLabsNamesOrOurs) {
  for (const LevelEntry& entry : level_catalog()) {
    const std::string name(entry.name);
    EXPECT_EQ(level_of({{"levelName", name}}).name, name);
    EXPECT_EQ(level_of({{"levelName", "contributed/dmlab30/" + name}}).name, name);
    EXPECT_EQ(level_of({{"levelDirectory", "contributed/dmlab30"}, {"levelName", name}}).name, name);
  }
  EXPECT_EQ(refusal_of({{"levelName", "lt_chasms"}}).substr(0, 52),
            "unknown level 'lt_chasms', did you mean 'lt_chasm'? ");
  EXPECT_EQ(refusal_of({{"levelName", "contributed/dmlab30/rooms_watermaze"}}).substr(0, 31),
            "unknown level 'rooms_watermaze'");
  EXPECT_EQ(refusal_of({}), "setting 'levelName' is missing: expected a level");
}

TEST(Settings, ThoseOfTheLevelAreSpelledAsDmLabSpellsThem) {
  const LevelConfig maze = level_of({{"levelName", "contributed/dmlab30/explore_object_locations_small"},
                                     {"episodeLengthSeconds", "45"},
                                     {"mazeWidth", "17"},
                                     {"extraConnectionProbability", "0.25"},
                                     {"useSkybox", "false"}});
  EXPECT_EQ(maze.episode_seconds, 45);
  EXPECT_EQ(maze.maze_width, 17);
  EXPECT_EQ(maze.extra_connection_probability, 0.25);
  EXPECT_FALSE(maze.use_skybox);
  const LevelConfig tag = level_of({{"botCount", "3"}, {"skill", "2.5"}, {"levelName", "lt_chasm"}});
  EXPECT_EQ(tag.bot_count, 3);
  EXPECT_EQ(tag.skill, 2.5);
}

TEST(Settings, ATextMapHasThoseOfItsRules) {
  const std::string path = fmt::format("{}chrysalis_settings_test_{}.map", testing::TempDir(), getpid());
  const auto write = [&](const char* rules) {
    std::ofstream(path) << "chrysalis map 2\n"
                        << rules << "\nroom 0 0 800 600\nspawn 100 100  300 100  500 100\n";
  };
  const Client::Pairs pairs = {
      {"levelName", "map:" + path}, {"botCount", "1"}, {"skill", "2.5"}, {"color", "120"}};
  write("rules = laser_tag");
  const LevelConfig tag = level_of(pairs);
  EXPECT_EQ(tag.bot_count, 1);
  EXPECT_EQ(tag.skill, 2.5);
  EXPECT_EQ(tag.color, 120);
  const Client client(pairs);
  EXPECT_EQ(client.api.write_property(client.context, "params.botCount", "2"), PropertyResult::kSuccess);
  write("rules = forage");
  EXPECT_EQ(refusal_of(pairs), fmt::format("unknown setting 'botCount' = \"1\". Settings of level 'map:{}': "
                                           "episodeLengthSeconds",
                                           path));
  std::filesystem::remove(path);
}

TEST(Settings, TheLastOfAKeyCounts) {
  EXPECT_EQ(level_of({{"levelName", "lt_chasm"}, {"botCount", "1"}, {"botCount", "2"}}).bot_count, 2);
}

TEST(Settings, EveryFieldOfEveryLevelIsOne) {
  for (const LevelEntry& entry : level_catalog()) {
    LevelConfig config;
    config.name = entry.name;
    const std::vector<LevelSetting> settings = level_settings(make_level(config).value()->spec());
    EXPECT_EQ(settings.size(), entry.settings.size() + 1)
        << entry.name << ": its own, and episodeLengthSeconds";
    // The default of each is a value that it takes.
    for (const LevelSetting& setting : settings) {
      for (const FieldText& field : describe_fields(fields_of(config))) {
        if (field.path != setting.path) continue;
        EXPECT_EQ(refusal_of({{"levelName", config.name}, {setting.key, field.value}}), "") << setting.key;
      }
    }
  }
}

TEST(Settings, UnknownOnesFailAtInitWithTheNearest) {
  EXPECT_EQ(refusal_of({{"levelName", "lt_chasm"}, {"botCont", "3"}}),
            "unknown setting 'botCont' = \"3\", did you mean 'botCount'? Settings of level 'lt_chasm': "
            "episodeLengthSeconds, botCount, skill, color");
  EXPECT_EQ(refusal_of({{"levelName", "lt_chasm"}, {"with", "32"}}).substr(0, 53),
            "unknown setting 'with' = \"32\", did you mean 'width'? ");
  EXPECT_EQ(refusal_of({{"levelName", "seek_apples"}, {"botCount", "3"}}),
            "unknown setting 'botCount' = \"3\". Settings of level 'seek_apples': episodeLengthSeconds")
      << "one of another level";
  const Client client;
  client.api.setting(client.context, "levelName", "lt_chasm");
  EXPECT_EQ(client.api.setting(client.context, "xyzzy", "3"), 0) << "only init() knows of which level";
  EXPECT_EQ(client.api.init(client.context), 1);
  EXPECT_EQ(client.error().substr(0, 31), "unknown setting 'xyzzy' = \"3\". ");
}

TEST(Settings, AValueThatALevelCannotTakeFailsAtInit) {
  EXPECT_EQ(refusal_of({{"levelName", "lt_chasm"}, {"botCount", "20"}}),
            "setting 'botCount': level.bot_count is \"20\": expected a whole number, -1 to 19 (bots)");
  const Client client;
  client.api.setting(client.context, "levelName", "lt_chasm");
  client.api.setting(client.context, "botCount", "19");
  EXPECT_EQ(client.api.init(client.context), 1);
  EXPECT_EQ(client.error().substr(0, 41), "level.bot_count is 19, expected at most 5") << "of the arena";
}

TEST(Settings, WhatTheEngineCannotTakeFailsAtOnce) {
  Settings settings;
  const auto refused = [&](const char* key, const char* value, const char* expected) {
    EXPECT_EQ(error_of(settings.set(key, value)),
              fmt::format("setting '{}' is \"{}\": expected {}", key, value, expected));
  };
  for (const char* key : {"width", "height"})
    for (const char* value : {"98", "0", "-4", "2052", "", "x", "96 ", "96.0", "99999999999999999999"})
      refused(key, value, "a multiple of 4 from 4 to 2048");
  for (const char* key : {"maxAltCameraWidth", "maxAltCameraHeight"})
    for (const char* value : {"2", "-4", "4096"}) refused(key, value, "a multiple of 4 from 0 to 2048");
  for (const char* value : {"25", "120", "-60", "7.5", "x", "", "nan", "inf", "60s", "0.5"})
    refused("fps", value, "60 or what divides it: 30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1");
  for (const char* value : {"-1", "4294967296", "x"})
    refused("mixerSeed", value, "a whole number from 0 to 4294967295");
  refused("logLevel", "LOUD", "NEVER, ERROR, WARN, INFO or a whole number");
  for (const char* key : {"hasAltCameras", "localLevelCache", "globalLevelCache", "use_pbos", "logToStdErr",
                          "minimalUI", "reducedUI"})
    refused(key, "yes", "true or false");
  for (const char* key : {"server", "client", "nativeApp", "gadgetSelect", "gadgetSwitch"})
    refused(key, "true", "false: there is no such thing here");
  for (const char* key : {"gpuDeviceIndex", "port", "serverPort"}) refused(key, "one", "a whole number");
  for (const char* key : {"appendCommand", "record", "demo", "video"})
    refused(key, "+set g_gravity 1", "nothing: there is no such thing here");
  refused("vmMode", "fast", "interpreted, compiled or native");
  EXPECT_EQ(settings.width, 320) << "and nothing has changed";
  EXPECT_EQ(settings.frames_per_step, 1);
}

TEST(Settings, WhatClientsSendIsTaken) {
  Settings settings;
  const Client::Pairs sent = {{"width", "0x60"},
                              {"height", "72"},
                              {"fps", "30"},
                              {"mixerSeed", "4294967295"},
                              {"logLevel", "warn"},
                              {"logLevel", "7"},
                              {"logToStdErr", "false"},
                              {"hasAltCameras", "true"},
                              {"localLevelCache", "false"},
                              {"globalLevelCache", "true"},
                              {"use_pbos", "true"},
                              {"gpuDeviceIndex", "0"},
                              {"vmMode", "interpreted"},
                              {"server", "false"},
                              {"appendCommand", ""},
                              {"demofiles", "/tmp"},
                              {"playerName", "someone"},
                              {"allowHoldOutLevels", "true"},
                              {"datasetPath", "/data"},
                              {"controls", "external"},
                              {"randomSeed", "1"},
                              {"textureRandomization", "on"},
                              {"maxAltCameraWidth", "64"},
                              {"maxAltCameraHeight", "0"},
                              {"levelDirectory", ""},
                              {"enableCameraMovement", "false"},
                              {"invocationMode", "testbed"},
                              {"levelGenerator", ""},
                              {"playerId", "1"},
                              {"players", "1"},
                              {"__platform__", "x"},
                              {"gadgetSelect", "false"},
                              {"port", "1"},
                              {"serverPort", "1"},
                              {"minimalUI", "true"},
                              {"reducedUI", "true"},
                              {"nativeApp", "false"},
                              {"client", "false"},
                              {"gadgetSwitch", "false"},
                              {"record", ""},
                              {"demo", ""},
                              {"video", ""}};
  for (const auto& [key, value] : sent) EXPECT_EQ(error_of(settings.set(key, value)), "");
  EXPECT_EQ(settings.width, 96) << "as strtol reads it";
  EXPECT_EQ(settings.height, 72);
  EXPECT_EQ(settings.frames_per_step, 2);
  EXPECT_EQ(settings.mixer_seed, 4294967295U);
  EXPECT_EQ(settings.player_name, "someone");
  EXPECT_EQ(settings.alt_width, 64);
  EXPECT_TRUE(settings.of_level.empty()) << settings.of_level[0].first;
  for (const char* fps : {"0", "60.0", "60"}) {
    EXPECT_EQ(error_of(settings.set("fps", fps)), "");
    EXPECT_EQ(settings.frames_per_step, 1) << fps;
  }
}

TEST(Settings, FewerFramesASecondAreLongerSteps) {
  const Client::Pairs common = {{"levelName", "seek_apples"}, {"width", "32"}, {"height", "24"}};
  Client::Pairs slow = common;
  slow.emplace_back("fps", "15");
  const Client sixty(common), fifteen(slow);
  for (const Client* client : {&sixty, &fifteen}) {
    client->api.start(client->context, 0, 4);
    client->act({20, 0, 0, 1, 0, 0, 0});
  }
  for (int i = 0; i < 12; ++i) sixty.advance(1);
  fifteen.advance(3);
  EXPECT_EQ(sixty.doubles("DEBUG.POS.TRANS"), fifteen.doubles("DEBUG.POS.TRANS"));
  EXPECT_EQ(fifteen.doubles("MAP_FRAME_NUMBER"), std::vector<double>{3});
  EXPECT_EQ(fifteen.doubles("FRAMES_REMAINING_AT_60"), std::vector<double>{30 * 60 - 12});
}

}  // namespace
}  // namespace chrysalis::dmlab
