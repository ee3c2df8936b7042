#include "chrysalis/cli/level_tour.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "chrysalis/world/trace.h"

namespace chrysalis {
namespace {

constexpr int kAgent = 0;
constexpr float kSees = 1000.0f;    // u that a wanderer looks ahead,
constexpr float kTurnsAt = 120.0f;  // and how near a wall may come.
constexpr int kWays = 8;            // Of which it takes the freest, as chance weighs them.
constexpr int kTurnMax = 40;        // Look units.

}  // namespace

LevelTour::LevelTour(Level& level, RandomKey episode_key) : level_(level), random_(episode_key.split(0)) {
  level.start(episode_key);
  const World& world = level.world();
  wander_yaw_degrees_ = world.players()[kAgent].yaw_degrees;
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
  if (free_way(wander_yaw_degrees_) < kTurnsAt) {
    double best = -1;
    const auto first = static_cast<float>(random_.uniform(0, 360));
    for (int i = 0; i < kWays; ++i) {
      const float yaw = first + 360.0f / kWays * static_cast<float>(i);
      const double worth = free_way(yaw) * random_.uniform();
      if (worth > best) wander_yaw_degrees_ = yaw;
      best = std::max(best, worth);
    }
  }
  const Body& body = level_.world().players()[kAgent];
  const float off = std::remainder(wander_yaw_degrees_ - body.yaw_degrees, 360.0f);
  const auto units = static_cast<int>(std::lround(off / kDegreesPerLookUnit));
  return {.look_right = std::clamp(-units, -kTurnMax, kTurnMax), .move_forward = std::abs(off) < 30 ? 1 : 0};
}

// How far a body could go that way.
float LevelTour::free_way(float yaw_degrees) const {
  const Body& body = level_.world().players()[kAgent];
  const float yaw = yaw_degrees * (std::numbers::pi_v<float> / 180.0f);
  const Vec3 ahead{std::cos(yaw), std::sin(yaw), 0};
  float free = kSees;
  for (const float side : {-kBoxHalfWidth, kBoxHalfWidth}) {
    const Vec3 from = body.origin + Vec3{ahead.y, -ahead.x, 0} * side;
    free = std::min(free, length(trace_line(level_.world().map(), from, from + ahead * kSees).end - from));
  }
  return free;
}

}  // namespace chrysalis
