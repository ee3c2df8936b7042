#include "chrysalis/bots/bot.h"

#include <algorithm>
#include <cmath>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

constexpr int kChaseMs = 10000;        // How long somebody is looked for who is out of sight,
constexpr int kRetreatMs = 4000;       // and by who would rather not find him.
constexpr int kWatchMs = 1000;         // How long it looks to where somebody went out of sight.
constexpr float kFoundNobody = 40.0f;  // Of where somebody was last seen.
constexpr float kFightDistance = 180.0f;
constexpr int kRespawnMsMin = 1000, kRespawnMsMax = 2000;

// The raw action's legs that come nearest to a level heading: eight ways to go.
void set_legs(RawAction& action, Vec3 heading, float yaw_degrees) {
  if (heading.x == 0 && heading.y == 0) return;
  const float aside = turned(look_along(heading).yaw_degrees - yaw_degrees);
  const float size = std::abs(aside);
  action.move_forward = size < 67.5f ? 1 : size > 112.5f ? -1 : 0;
  action.strafe_right = size > 22.5f && size < 157.5f ? (aside > 0 ? -1 : 1) : 0;
}

int look_units(float degrees_a_frame) {
  constexpr auto kLook = kRawActionParts[0];
  return std::clamp(static_cast<int>(std::lround(degrees_a_frame / kDegreesPerLookUnit)), kLook.min,
                    kLook.max);
}

}  // namespace

Bot::Bot(int profile, double skill, std::shared_ptr<const NavigationGraph> graph, RandomKey key)
    : graph_(std::move(graph)), profile_(bot_profile(profile, skill)), random_(key) {
  // Bots of one world do not all think in the same frame.
  think_left_ms_ = random_.between(0, profile_.think_ms - 1);
  act_left_ms_ = think_left_ms_ % profile_.act_ms;
}

void Bot::notice(const World& world, int self, std::span<const WorldEvent> events) {
  perception_.notice(self, world.players().size(), events);
}

RawAction Bot::act(const World& world, int self) {
  CHRYSALIS_CHECK(world.armed(), "bots play in armed worlds");
  think_left_ms_ -= kFrameMilliseconds;
  act_left_ms_ -= kFrameMilliseconds;
  if (act_left_ms_ > 0) return action_;
  while (act_left_ms_ <= 0) act_left_ms_ += profile_.act_ms;
  const Fighter& fighter = world.fighters()[static_cast<std::size_t>(self)];
  if (!fighter.alive) {
    action_ = wait_for_respawn(fighter);
    return action_;
  }
  dead_ = false;
  if (think_left_ms_ <= 0) {
    while (think_left_ms_ <= 0) think_left_ms_ += profile_.think_ms;
    think(world, self);
  }
  action_ = make_action(world, self);
  return action_;
}

RawAction Bot::wait_for_respawn(const Fighter& fighter) {
  while (think_left_ms_ <= 0) think_left_ms_ += profile_.think_ms;
  if (!dead_) {
    dead_ = true;
    respawn_ms_ = random_.between(kRespawnMsMin, kRespawnMsMax);
    perception_.wake();
    goals_.drop();
    footwork_.wake();
    shoots_ = false;
  }
  // Not before its time is over, so that FIRE is not held when it comes back.
  return {.fire = fighter.dead_ms >= std::max(respawn_ms_, kRespawnMs) ? 1 : 0};
}

void Bot::think(const World& world, int self) {
  perception_.look(world, self, profile_.think_ms);
  footwork_.pass(profile_.think_ms);
  trigger_.pass(profile_.think_ms);
  move(world, self);
  if (footwork_.heading() != Vec3{}) wanted_look_ = look_along(footwork_.heading());
  shoots_ = false;
  if (perception_.enemy() != kNobody) fight(world, self);
}

void Bot::move(const World& world, int self) {
  const auto index = static_cast<std::size_t>(self);
  const Body& body = world.players()[index];
  const Fighter& fighter = world.fighters()[index];
  const Stand stand = stand_of(world.map(), *graph_, body);
  const bool retreats = wants_to_retreat(fighter);

  if (perception_.enemy() != kNobody) {
    const Sighting& enemy = perception_.sighting();
    const Vec3 there = enemy.position;
    const Vec3 offset = there - body.origin;
    const bool arrived = !enemy.visible && std::hypot(offset.x, offset.y) < kFoundNobody;
    if (arrived || enemy.unseen_ms > (retreats ? kRetreatMs : kChaseMs)) {
      perception_.forget();
    } else if (!retreats) {
      const int node = graph_->nearest(there - Vec3{0, 0, kOriginAboveFloor});
      const bool beside = node != kNowhere && stand.node != kNowhere && graph_->straight(stand.node, node);
      if (enemy.visible && (beside || length(offset) < kFightDistance)) {
        footwork_.circle(stand, there, profile_, random_);
      } else {
        footwork_.go_to(stand, node, there, profile_.balance, random_);
      }
      return;
    }
  }
  goals_.update(world, *graph_, self, stand.node, profile_, random_);
  const Goal& goal = goals_.current();
  if (goal.none() || goals_.camps()) {
    footwork_.stand();
  } else if (goal.leap != kNowhere) {
    footwork_.leap(stand, goal.leap, profile_.balance, random_);
  } else {
    footwork_.go_to(stand, goal.node, goal.position, profile_.balance, random_);
  }
}

// Looks at the enemy and shoots.
void Bot::fight(const World& world, int self) {
  const auto index = static_cast<std::size_t>(self);
  const Body& body = world.players()[index];
  const Fighter& fighter = world.fighters()[index];
  const Sighting& enemy = perception_.sighting();
  if (!enemy.visible) {
    if (enemy.unseen_ms <= kWatchMs) wanted_look_ = look_along(enemy.position - body.origin);
    return;
  }
  const float accuracy = profile_.accuracy[static_cast<std::size_t>(fighter.held)];
  const Aim aim = aim_at(world.map(), body, enemy, fighter.held, accuracy, random_);
  wanted_look_ = aim.look;
  if (enemy.known_ms < profile_.reaction_ms) return;
  shoots_ =
      may_shoot(world.map(), body, aim.target, fighter.held) && trigger_.pull(profile_.throttle, random_);
}

RawAction Bot::make_action(const World& world, int self) {
  const auto index = static_cast<std::size_t>(self);
  const Body& body = world.players()[index];
  const Fighter& fighter = world.fighters()[index];
  const Stand stand = stand_of(world.map(), *graph_, body);

  RawAction action;
  const int frames = (act_left_ms_ + kFrameMilliseconds - 1) / kFrameMilliseconds;
  const float cap = profile_.turn_degrees_s * kFrameSeconds;  // A frame.
  const auto turn = [&](float missing) {
    return std::clamp(missing * profile_.view_factor / static_cast<float>(frames), -cap, cap);
  };
  const float yaw = turn(turned(wanted_look_.yaw_degrees - body.yaw_degrees));
  const float pitch = turn(wanted_look_.pitch_degrees - body.pitch_degrees);
  action.look_right = look_units(-yaw);
  action.look_down = look_units(pitch);

  const Footwork::Wish wish = footwork_.step(stand, profile_.act_ms);
  set_legs(action, wish.heading, turned(body.yaw_degrees + 0.5f * yaw * static_cast<float>(frames)));
  action.jump = wish.jump ? 1 : 0;
  action.crouch = wish.crouch && !wish.jump ? 1 : 0;
  action.fire = shoots_ && !fighter.trigger_locked ? 1 : 0;
  return action;
}

void Bot::save(ByteWriter& out) const {
  out.number(random_.key());
  out.number(random_.count());
  perception_.save(out);
  goals_.save(out);
  footwork_.save(out);
  trigger_.save(out);
  out.number(wanted_look_.yaw_degrees);
  out.number(wanted_look_.pitch_degrees);
  out.number(shoots_);
  out.number(dead_);
  out.number<std::int32_t>(respawn_ms_);
  out.number<std::int32_t>(think_left_ms_);
  out.number<std::int32_t>(act_left_ms_);
  for (const int part : action_.parts()) out.number<std::int32_t>(part);
}

Status Bot::restore(ByteReader& bytes) {
  BoundedReader in(bytes, "a bot's state");
  Bot bot = *this;
  const auto key = bytes.number<std::uint64_t>();
  bot.random_ = RandomStream(key, bytes.number<std::uint64_t>());
  bot.perception_.restore(in);
  bot.goals_.restore(in, *graph_);
  bot.footwork_.restore(in, *graph_);
  bot.trigger_.restore(in);
  bot.wanted_look_.yaw_degrees = in.number("yaw to look at", -180.0f, 180.0f);
  bot.wanted_look_.pitch_degrees = in.number("pitch to look at", -90.0f, 90.0f);
  bot.shoots_ = in.flag();
  bot.dead_ = in.flag();
  bot.respawn_ms_ = in.number<std::int32_t>("time to respawn", 0, kRespawnMsMax);
  bot.think_left_ms_ = in.number<std::int32_t>("time to think", -profile_.act_ms, profile_.think_ms);
  bot.act_left_ms_ = in.number<std::int32_t>("time to act", 0, profile_.act_ms);
  std::array<int, kRawActionParts.size()> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i)
    parts[i] =
        in.number<std::int32_t>(kRawActionParts[i].name, kRawActionParts[i].min, kRawActionParts[i].max);
  CHRYSALIS_RETURN_IF_ERROR(in.status());
  CHRYSALIS_ASSIGN_OR_RETURN(bot.action_, make_raw_action(parts));
  *this = std::move(bot);
  return {};
}

}  // namespace chrysalis
