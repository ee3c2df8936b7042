#include "chrysalis/cli/play_title.h"

#include <gtest/gtest.h>

namespace chrysalis {
namespace {

TEST(PlayTitle, TellsTimeLeftAndReturn) {
  EXPECT_EQ(play_title({.level = "seek_apples", .frames_left = 1800, .episode_return = 0}),
            "seek_apples   0:30 left   return 0");
  EXPECT_EQ(play_title({.level = "a", .frames_left = 36'000, .episode_return = -2}),
            "a   10:00 left   return -2");
  // A second that has begun counts, so that 0:00 is the end.
  EXPECT_EQ(play_title({.level = "a", .frames_left = 3661}), "a   1:02 left   return 0");
  EXPECT_EQ(play_title({.level = "a", .frames_left = 1}), "a   0:01 left   return 0");
  EXPECT_EQ(play_title({.level = "a", .frames_left = 0}), "a   0:00 left   return 0");
}

TEST(PlayTitle, TellsWhatAFighterHas) {
  Fighter fighter;
  fighter.health = 117;
  fighter.armour = 50;
  fighter.held = Gadget::kOrb;
  fighter.rounds[static_cast<std::size_t>(Gadget::kOrb)] = 9;
  EXPECT_EQ(play_title({.level = "a", .frames_left = 60, .episode_return = 3, .fighter = &fighter}),
            "a   0:01 left   return 3   health 117   armour 50   orb 9");
  fighter.held = Gadget::kImpulse;
  EXPECT_EQ(play_title({.level = "a", .frames_left = 60, .episode_return = 3, .fighter = &fighter}),
            "a   0:01 left   return 3   health 117   armour 50   impulse");
}

TEST(PlayTitle, TellsTheTaggedWhatTheyCanDo) {
  Fighter fighter;
  fighter.alive = false;
  fighter.health = -20;
  fighter.dead_ms = kRespawnMs - 1;
  const PlayTitle title{.level = "a", .frames_left = 60, .fighter = &fighter};
  EXPECT_EQ(play_title(title), "a   0:01 left   return 0   tagged: wait");
  fighter.dead_ms = kRespawnMs;
  EXPECT_EQ(play_title(title), "a   0:01 left   return 0   tagged: the left button brings you back");
}

TEST(PlayTitle, TellsThatItIsPausedAndHowToGoOn) {
  EXPECT_EQ(play_title({.level = "a", .frames_left = 60, .paused = true}),
            "a   0:01 left   return 0   paused: P goes on");
}

}  // namespace
}  // namespace chrysalis
