#include "chrysalis/cli/level_tour.h"

#include <cmath>

namespace chrysalis {
namespace {

constexpr int kAgent = 0;
constexpr float kGetsOnAt = 200.0f;  // u a second: who is slower pushes into something.

}  // namespace

LevelTour::LevelTour(Level& level, RandomKey episode_key) : level_(level), random_(episode_key.split(0)) {
  level.start(episode_key);
  const World& world = level.world();
  if (!world.armed()) return;
  bot_.emplace(kExpertProfile, kBotSkillMax, std::make_shared<const NavigationGraph>(world.map()),
               episode_key.split(1));
}

void LevelTour::play(std::int64_t frames) {
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    level_.step(bot_ ? bot_->act(level_.world(), kAgent) : wander());
    if (bot_) bot_->notice(level_.world(), kAgent, level_.world().events());
  }
}

RawAction LevelTour::wander() {
  if (held_frames_-- > 0) return action_;
  const Vec3 velocity = level_.world().players()[kAgent].velocity;
  const bool gets_on = std::hypot(velocity.x, velocity.y) > kGetsOnAt;
  held_frames_ = random_.between(10, 30);
  const int turn = gets_on ? random_.between(-10, 10) : random_.chance(0.5) ? 40 : -40;
  action_ = {.look_right = turn, .move_forward = 1};
  return action_;
}

}  // namespace chrysalis
