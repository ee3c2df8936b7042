#include "chrysalis/env/dmlab_config.h"

#include <gtest/gtest.h>

namespace chrysalis {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

std::string fault_of(std::string_view text) {
  const auto settings = parse_dmlab_settings(text);
  return settings.ok() ? "" : settings.error().message;
}

TEST(DmlabSettings, AreReadInTheirOrder) {
  EXPECT_EQ(parse_dmlab_settings("").value(), Settings());
  EXPECT_EQ(parse_dmlab_settings(" ; ").value(), Settings());
  EXPECT_EQ(parse_dmlab_settings("mixerSeed=7; logLevel = ERROR;\nempty=; formula=a=b").value(),
            (Settings{{"mixerSeed", "7"}, {"logLevel", "ERROR"}, {"empty", ""}, {"formula", "a=b"}}));
}

TEST(DmlabSettings, AreRefusedWhereNobodyCouldMeanThem) {
  EXPECT_EQ(fault_of("mixerSeed"),
            "dmlab.settings has \"mixerSeed\": expected key=value, entries parted by ';'");
  EXPECT_EQ(fault_of("a=1; =2"), "dmlab.settings has \"=2\": expected key=value, entries parted by ';'");
  EXPECT_EQ(fault_of("a=1; b=2; a=3"), "dmlab.settings has a twice: expected each key once");
  EXPECT_EQ(fault_of("width=320"), "dmlab.settings sets width: expected environment.width");
  EXPECT_EQ(fault_of("levelName=x"), "dmlab.settings sets levelName: expected level.name = \"dmlab:LEVEL\"");
}

TEST(DmlabLevels, AreKnownByTheirPrefix) {
  EXPECT_TRUE(is_dmlab_level("dmlab:lt_chasm"));
  EXPECT_TRUE(is_dmlab_level("dmlab:"));
  EXPECT_FALSE(is_dmlab_level("lt_chasm"));
  EXPECT_FALSE(is_dmlab_level("map:dmlab:"));
}

}  // namespace
}  // namespace chrysalis
