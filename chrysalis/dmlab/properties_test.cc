#include <gtest/gtest.h>

#include <map>

#include "chrysalis/dmlab/client_test.h"

namespace chrysalis::dmlab {
namespace {

std::string read(const Client& client, const std::string& key) {
  const char* value = nullptr;
  EXPECT_EQ(client.api.read_property(client.context, key.c_str(), &value), PropertyResult::kSuccess)
      << client.error();
  EXPECT_EQ(client.error(), "");
  return value;
}
PropertyResult reading(const Client& client, const std::string& key) {
  const char* value = "as it was";
  const PropertyResult result = client.api.read_property(client.context, key.c_str(), &value);
  EXPECT_STREQ(value, "as it was");
  EXPECT_NE(client.error(), "");
  return result;
}
PropertyResult write(const Client& client, const std::string& key, const std::string& value) {
  return client.api.write_property(client.context, key.c_str(), value.c_str());
}

using Listed = std::map<std::string, int>;
PropertyResult list(const Client& client, const std::string& key, Listed& listed) {
  return client.api.list_property(
      client.context, &listed, key.c_str(), [](void* to, const char* name, PropertyAttribute attributes) {
        EXPECT_TRUE(static_cast<Listed*>(to)->emplace(name, attributes).second) << name;
      });
}
Listed list(const Client& client, const std::string& key) {
  Listed listed;
  EXPECT_EQ(list(client, key, listed), PropertyResult::kSuccess) << client.error();
  return listed;
}

Client::Pairs tag(const std::string& fps = "60") {
  return {{"levelName", "lt_chasm"}, {"width", "32"}, {"height", "24"}, {"fps", fps}};
}
const Client::Pairs kExplore = {
    {"levelName", "contributed/dmlab30/explore_object_locations_small"}, {"width", "32"}, {"height", "24"}};

TEST(Properties, AreListedFromTheRootDown) {
  const Client client(tag());
  constexpr int kBoth = kReadable | kWritable;
  EXPECT_EQ(list(client, ""), (Listed{{"engine", kListable}, {"params", kListable}, {"func", kListable}}));
  EXPECT_EQ(list(client, "engine"), (Listed{{"engine.fps", kReadable}}));
  EXPECT_EQ(list(client, "params"), (Listed{{"params.episodeLengthSeconds", kBoth},
                                            {"params.botCount", kBoth},
                                            {"params.skill", kBoth},
                                            {"params.color", kBoth}}));
  EXPECT_EQ(list(client, "func"),
            (Listed{{"func.entityLayer", kReadable}, {"func.variationsLayer", kReadable}}));
  Listed none;
  for (const char* leaf : {"engine.fps", "params.botCount", "func.entityLayer"})
    EXPECT_EQ(list(client, leaf, none), PropertyResult::kPermissionDenied) << leaf;
  for (const char* unknown : {"unknown", "params.unknown", "engine.", "params.botCount.more", ".", "func.x"})
    EXPECT_EQ(list(client, unknown, none), PropertyResult::kNotFound) << unknown;
  EXPECT_EQ(client.error(), "there is no property 'func.x'");
  EXPECT_TRUE(none.empty());
}

TEST(Properties, AreReadAsTheyReallyAre) {
  const Client client(tag());
  EXPECT_EQ(read(client, "engine.fps"), "60");
  EXPECT_EQ(read(Client(tag("15")), "engine.fps"), "15");
  EXPECT_EQ(read(client, "params.episodeLengthSeconds"), "600") << "the level's own";
  EXPECT_EQ(read(client, "params.botCount"), "4");
  EXPECT_EQ(read(client, "params.skill"), "4.0");
  EXPECT_EQ(read(client, "func.entityLayer"), "a function of a seed");
  EXPECT_EQ(read(Client(kExplore), "params.hasDoors"), "false");
  for (const char* table : {"", "engine", "params", "func"})
    EXPECT_EQ(reading(client, table), PropertyResult::kPermissionDenied) << table;
  for (const char* unknown :
       {"unknown", "engine.unknown", "params.unknown", "params.mazeWidth", "func.unknown.1"})
    EXPECT_EQ(reading(client, unknown), PropertyResult::kNotFound) << unknown;
}

TEST(Properties, WrittenOnesHoldFromTheNextStartOn) {
  const Client client(tag());
  client.api.start(client.context, 0, 1);
  EXPECT_EQ(client.shape("DEBUG.PLAYERS.HEALTH"), std::vector<int>{5});
  EXPECT_EQ(write(client, "params.botCount", "2"), PropertyResult::kSuccess);
  EXPECT_EQ(write(client, "params.episodeLengthSeconds", "1"), PropertyResult::kSuccess);
  EXPECT_EQ(read(client, "params.botCount"), "2");
  EXPECT_EQ(client.shape("DEBUG.PLAYERS.HEALTH"), std::vector<int>{5}) << "in this episode nothing changes";
  EXPECT_EQ(client.advance(61).status, AdvanceStatus::kRunning);
  client.bytes("RGB");
  client.api.start(client.context, 1, 1);
  EXPECT_EQ(client.shape("DEBUG.PLAYERS.HEALTH"), std::vector<int>{3});
  // As a client that asked for it from the beginning sees it.
  Client::Pairs asked = tag();
  asked.emplace_back("botCount", "2");
  const Client other(asked);
  other.api.start(other.context, 0, 1);
  EXPECT_EQ(client.bytes("RGB"), other.bytes("RGB"));
  EXPECT_EQ(client.advance(61).status, AdvanceStatus::kTerminated);
  EXPECT_EQ(write(client, "params.episodeLengthSeconds", "0"), PropertyResult::kSuccess);
  EXPECT_EQ(read(client, "params.episodeLengthSeconds"), "600") << "the level's own again";
}

TEST(Properties, WhatCannotBeWrittenIsNot) {
  const Client client(tag());
  EXPECT_EQ(write(client, "params.botCount", "many"), PropertyResult::kInvalidArgument);
  EXPECT_EQ(client.error(), "level.bot_count is \"many\": expected a whole number, -1 to 19 (bots)");
  EXPECT_EQ(write(client, "params.botCount", "19"), PropertyResult::kInvalidArgument)
      << "more than it has room for";
  EXPECT_NE(client.error(), "");
  EXPECT_EQ(read(client, "params.botCount"), "4");
  for (const char* fixed : {"engine", "engine.fps", "params", "func", "func.entityLayer", ""})
    EXPECT_EQ(write(client, fixed, "1"), PropertyResult::kPermissionDenied) << fixed;
  for (const char* unknown : {"unknown", "params.unknown", "engine.unknown", "func.unknown"})
    EXPECT_EQ(write(client, unknown, "1"), PropertyResult::kNotFound) << unknown;
}

TEST(Properties, TellTheMazeOfASeed) {
  const Client client(kExplore);
  const std::string layout = read(client, "func.entityLayer.7");
  const std::string variations = read(client, "func.variationsLayer.7");
  EXPECT_EQ(layout.size(), 11U * 12);
  EXPECT_EQ(layout.substr(0, 12), "***********\n");
  EXPECT_NE(read(client, "func.entityLayer.8"), layout);
  client.api.start(client.context, 0, 7);
  EXPECT_EQ(client.text("DEBUG.MAZE.LAYOUT"), layout);
  EXPECT_EQ(client.text("DEBUG.MAZE.VARIATION"), variations);
  // Where properties change the maze, that of the next start.
  write(client, "params.mazeWidth", "13");
  EXPECT_EQ(read(client, "func.entityLayer.7").size(), 11U * 14);
  EXPECT_EQ(reading(client, "func.entityLayer.seven"), PropertyResult::kNotFound);
  EXPECT_EQ(client.error(), "func.entityLayer of 'seven': expected a seed, a whole number");
  EXPECT_EQ(reading(client, "func.entityLayer."), PropertyResult::kNotFound);
  EXPECT_EQ(read(Client(tag()), "func.entityLayer.7"), "") << "an arena is no maze";
}

}  // namespace
}  // namespace chrysalis::dmlab
