#include "chrysalis/bots/profile.h"

#include <gtest/gtest.h>

namespace chrysalis {
namespace {

float accuracy(const BotProfile& profile, Gadget gadget) {
  return profile.accuracy[static_cast<std::size_t>(gadget)];
}

struct Row {
  int reaction_ms;
  float rapid, beam, orb, disc;
  float hop, crouch, throttle, camper;
};

TEST(Profile, HasTheFiguresOfTheOriginalAtSkillFour) {
  constexpr Row kRows[] = {{1000, 0.7f, 0.7f, 0.9f, 1.0f, 1.0f, 0.3f, 0.5f, 0.3f},
                           {1250, 0.9f, 0.9f, 0.9f, 0.9f, 1.0f, 0.1f, 0.9f, 0.5f},
                           {1750, 0.5f, 0.75f, 0.75f, 0.75f, 1.0f, 0.1f, 1.0f, 0.5f},
                           {1750, 0.5f, 0.9f, 0.9f, 0.9f, 0.1f, 0.2f, 1.0f, 1.0f}};
  static_assert(std::size(kRows) == kBotProfileCount);
  for (int i = 0; i < kBotProfileCount; ++i) {
    const BotProfile profile = bot_profile(i, 4);
    const Row& row = kRows[i];
    EXPECT_EQ(profile.reaction_ms, row.reaction_ms);
    EXPECT_EQ(profile.turn_degrees_s, 240);
    EXPECT_EQ(profile.view_factor, 0.9f);
    EXPECT_FLOAT_EQ(accuracy(profile, Gadget::kRapid), row.rapid);
    EXPECT_FLOAT_EQ(accuracy(profile, Gadget::kBeam), row.beam);
    EXPECT_FLOAT_EQ(accuracy(profile, Gadget::kOrb), row.orb);
    EXPECT_FLOAT_EQ(accuracy(profile, Gadget::kDisc), row.disc);
    EXPECT_EQ(profile.hop, row.hop);
    EXPECT_EQ(profile.crouch, row.crouch);
    EXPECT_EQ(profile.throttle, row.throttle);
    EXPECT_EQ(profile.camper, row.camper);
    EXPECT_EQ(profile.think_ms, 100);
    EXPECT_EQ(profile.act_ms, 50);
  }
}

TEST(Profile, ScalesWithSkillWhatIsSkillAndNothingElse) {
  const BotProfile beginner = bot_profile(2, 1), own = bot_profile(2, 4), master = bot_profile(2, 5);
  EXPECT_EQ(beginner.reaction_ms, 4375);
  EXPECT_EQ(master.reaction_ms, 875);
  EXPECT_FLOAT_EQ(accuracy(beginner, Gadget::kRapid), 0.2f);
  EXPECT_FLOAT_EQ(accuracy(master, Gadget::kRapid), 0.75f);
  EXPECT_FLOAT_EQ(beginner.turn_degrees_s, 96);
  EXPECT_FLOAT_EQ(master.turn_degrees_s, 360);
  EXPECT_LT(beginner.balance, own.balance);
  EXPECT_GT(master.balance, own.balance);
  EXPECT_LT(beginner.daring, own.daring);
  EXPECT_GT(master.daring, own.daring);
  for (const BotProfile& other : {beginner, master}) {
    EXPECT_EQ(other.hop, own.hop);
    EXPECT_EQ(other.crouch, own.crouch);
    EXPECT_EQ(other.throttle, own.throttle);
    EXPECT_EQ(other.camper, own.camper);
    EXPECT_EQ(other.view_factor, own.view_factor);
  }
  double last = 10000;
  for (double skill = kBotSkillMin; skill <= kBotSkillMax; skill += 0.25) {
    const BotProfile profile = bot_profile(3, skill);
    EXPECT_LT(profile.reaction_ms, last);
    last = profile.reaction_ms;
    for (const float share : profile.accuracy) {
      EXPECT_GE(share, 0);
      EXPECT_LE(share, 1);
    }
  }
}

TEST(Profile, TheExpertIsOffByNothingAndWaitsForNothing) {
  const BotProfile expert = bot_profile(kExpertProfile, 4);
  EXPECT_EQ(expert.reaction_ms, 0);
  for (const float share : expert.accuracy) EXPECT_EQ(share, 1);
  EXPECT_EQ(expert.balance, 1);
  EXPECT_EQ(expert.daring, 1);
  EXPECT_EQ(expert.act_ms, 16);
}

TEST(ProfileDeathTest, RefusesWhatThereIsNot) {
  EXPECT_DEATH(bot_profile(kExpertProfile + 1, 4), "no profile 5");
  EXPECT_DEATH(bot_profile(-1, 4), "no profile -1");
  EXPECT_DEATH(bot_profile(0, 5.5), "no skill 5.5");
  EXPECT_DEATH(bot_profile(0, 0.5), "no skill 0.5");
}

}  // namespace
}  // namespace chrysalis
