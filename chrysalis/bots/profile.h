// Who a bot is: how fast it reacts and turns, how well it aims, how it moves. Figures alone.
#pragma once

#include <array>

#include "chrysalis/world/gadget.h"

namespace chrysalis {

inline constexpr int kBotProfileCount = 4;
// A player that stands in for a good one: no wait, no stray, no cap on turning, everything once a frame.
inline constexpr int kExpertProfile = kBotProfileCount;
inline constexpr double kBotSkillMin = 1.0, kBotSkillMax = 5.0;

// Times are engine ms; what is no time and no speed is a share or a chance, 0 to 1.
struct BotProfile {
  int reaction_ms = 0;          // From first seeing somebody to the first shot.
  float turn_degrees_s = 0.0f;  // An engine second, at most.
  float view_factor = 0.0f;     // Of what is left to turn, in each act.
  std::array<float, kGadgetCount> accuracy{};
  float hop = 0.0f;       // Chance to jump in a fight when the last jump is a second ago.
  float crouch = 0.0f;    // Likewise to crouch, for so many times 5 s.
  float throttle = 0.0f;  // Chance to shoot freely, for a second less so many; else it pauses for so many.
  float camper = 0.0f;    // Chance to stay where it is when there is nothing to fetch.
  float balance = 0.0f;   // Chance to leap over a gap with a proper run-up, and where the floor ends.
  float daring = 0.0f;    // Chance to go for what hangs over a gap, each time that it looks for something.
  int think_ms = 100;
  int act_ms = 50;
};

// profile: 0 up to kBotProfileCount - 1, or kExpertProfile; skill: kBotSkillMin to kBotSkillMax.
//
// At skill 4 these are the profile's own figures. A skill s below takes 1 + (4 - s) / 2 times as long to
// react; its accuracies, its balance, its daring and its turning are 1 - (4 - s) / 5 of the profile's. A
// skill s above takes 1 - (s - 4) / 2 of the time, falls short of 1 in these by 1 - (s - 4) / 2 as much, and
// turns 1 + (s - 4) / 2 times as fast. What is taste (hop, crouch, throttle, camper) stays.
BotProfile bot_profile(int profile, double skill);

}  // namespace chrysalis
