#include "chrysalis/bots/profile.h"

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

// Of the gadgets in their order: impulse, rapid, orb, beam, disc.
using Accuracy = std::array<float, kGadgetCount>;

constexpr float kBotTurn = 240.0f;
constexpr float kBotViewFactor = 0.9f;
// DM Lab's bots fall into its chasm more often than they cross it, and seldom hold what hangs over it. These
// two make ours fall and hold as much as they do.
constexpr float kBotBalance = 0.1f;
constexpr float kBotDaring = 0.05f;

constexpr std::array<BotProfile, kBotProfileCount + 1> kProfiles = {{
    {.reaction_ms = 1000,
     .turn_degrees_s = kBotTurn,
     .view_factor = kBotViewFactor,
     .accuracy = Accuracy{1.0f, 0.7f, 0.9f, 0.7f, 1.0f},
     .hop = 1.0f,
     .crouch = 0.3f,
     .throttle = 0.5f,
     .camper = 0.3f,
     .balance = kBotBalance,
     .daring = kBotDaring},
    {.reaction_ms = 1250,
     .turn_degrees_s = kBotTurn,
     .view_factor = kBotViewFactor,
     .accuracy = Accuracy{1.0f, 0.9f, 0.9f, 0.9f, 0.9f},
     .hop = 1.0f,
     .crouch = 0.1f,
     .throttle = 0.9f,
     .camper = 0.5f,
     .balance = kBotBalance,
     .daring = kBotDaring},
    {.reaction_ms = 1750,
     .turn_degrees_s = kBotTurn,
     .view_factor = kBotViewFactor,
     .accuracy = Accuracy{1.0f, 0.5f, 0.75f, 0.75f, 0.75f},
     .hop = 1.0f,
     .crouch = 0.1f,
     .throttle = 1.0f,
     .camper = 0.5f,
     .balance = kBotBalance,
     .daring = kBotDaring},
    {.reaction_ms = 1750,
     .turn_degrees_s = kBotTurn,
     .view_factor = kBotViewFactor,
     .accuracy = Accuracy{1.0f, 0.5f, 0.9f, 0.9f, 0.9f},
     .hop = 0.1f,
     .crouch = 0.2f,
     .throttle = 1.0f,
     .camper = 1.0f,
     .balance = kBotBalance,
     .daring = kBotDaring},
    {.reaction_ms = 0,
     .turn_degrees_s = 3600.0f,
     .view_factor = 1.0f,
     .accuracy = Accuracy{1.0f, 1.0f, 1.0f, 1.0f, 1.0f},
     .hop = 0.0f,
     .crouch = 0.0f,
     .throttle = 1.0f,
     .camper = 0.0f,
     .balance = 1.0f,
     .daring = 1.0f,
     .think_ms = 16,
     .act_ms = 16},
}};

}  // namespace

BotProfile bot_profile(int profile, double skill) {
  CHRYSALIS_CHECK(profile >= 0 && profile <= kExpertProfile, "no profile {}", profile);
  CHRYSALIS_CHECK(skill >= kBotSkillMin && skill <= kBotSkillMax, "no skill {}", skill);
  BotProfile figures = kProfiles[static_cast<std::size_t>(profile)];
  const auto below = static_cast<float>(skill < 4 ? 4 - skill : 0);
  const auto above = static_cast<float>(skill > 4 ? skill - 4 : 0);
  const auto skilled = [&](float share) { return 1 - (1 - share * (1 - below / 5)) * (1 - above / 2); };
  figures.reaction_ms =
      static_cast<int>(static_cast<float>(figures.reaction_ms) * (1 + below / 2) * (1 - above / 2));
  figures.turn_degrees_s *= (1 - below / 5) * (1 + above / 2);
  figures.balance = skilled(figures.balance);
  figures.daring = skilled(figures.daring);
  for (float& accuracy : figures.accuracy) accuracy = skilled(accuracy);
  return figures;
}

}  // namespace chrysalis
