#include "chrysalis/bots/goals.h"

#include <algorithm>
#include <cmath>

namespace chrysalis {
namespace {

constexpr int kPoorHealth = 60;
constexpr int kFairHealth = 80, kFairArmour = 40;
constexpr int kStrongOrbs = 5, kStrongDiscs = 5, kStrongBeams = 50;
constexpr float kSpeed = 320.0f;
constexpr float kReached = 32.0f;          // Of a node to go to.
constexpr int kPatienceMs = 8000;          // A goal not reached by then is given up.
constexpr float kGatheringSeconds = 1.0f;  // Counts beside the way: what is near is not worth everything.
constexpr float kWhim = 1.0f / 3;
constexpr int kRoamDraws = 3;
constexpr double kCampShare = 0.3;  // Of its chances that even a born camper takes.
constexpr int kCampMsMin = 500, kCampMsMax = 2000;

int rounds_of(const Fighter& fighter, Gadget gadget) {
  return fighter.owns(gadget) ? fighter.rounds[static_cast<std::size_t>(gadget)] : 0;
}

// Of a gadget that is worth `full` to who has none of it, and little to who has enough.
float gadget_worth(const Fighter& fighter, Gadget gadget, int enough, float full) {
  const int rounds = rounds_of(fighter, gadget);
  return rounds > enough ? 0.1f * full : full;
}

}  // namespace

bool is_strong(const Fighter& fighter) {
  return rounds_of(fighter, Gadget::kOrb) > kStrongOrbs || rounds_of(fighter, Gadget::kDisc) > kStrongDiscs ||
         rounds_of(fighter, Gadget::kBeam) > kStrongBeams;
}

bool wants_to_retreat(const Fighter& fighter) {
  if (fighter.health < kPoorHealth) return true;
  if (fighter.health < kFairHealth && fighter.armour < kFairArmour) return true;
  return !is_strong(fighter);
}

float worth(ItemKind kind, const Fighter& fighter) {
  switch (kind) {
    case ItemKind::kOrb:
      return gadget_worth(fighter, Gadget::kOrb, kStrongOrbs, 100);
    case ItemKind::kDisc:
      return gadget_worth(fighter, Gadget::kDisc, kStrongDiscs, 80);
    case ItemKind::kBeam:
      return gadget_worth(fighter, Gadget::kBeam, kStrongBeams, 90);
    case ItemKind::kArmour:
      return fighter.armour < kArmourMax ? 60.0f : 0.0f;
    case ItemKind::kHealth:
      return static_cast<float>(std::max(0, kFullHealth - fighter.health)) * 2;
    case ItemKind::kApple:
    case ItemKind::kGoal:
      break;
  }
  return 0;
}

void Goals::update(const World& world, const NavigationGraph& graph, int self, int here,
                   const BotProfile& profile, RandomStream& random) {
  camp_ms_ = std::max(0, camp_ms_ - profile.think_ms);
  age_ms_ += profile.think_ms;
  if (!goal_.none() && !over(world, self)) return;
  const bool arrived = goal_.item < 0 && goal_.node != kNowhere && age_ms_ < kPatienceMs;
  choose(world, graph, self, here, profile.daring, random);
  if (goal_.item < 0 && arrived && random.chance(kCampShare * profile.camper))
    camp_ms_ = random.between(kCampMsMin, kCampMsMax);
}

bool Goals::over(const World& world, int self) const {
  if (age_ms_ >= kPatienceMs) return true;
  if (goal_.item < 0) {
    const Vec3 offset = world.players()[static_cast<std::size_t>(self)].origin - goal_.position;
    return std::hypot(offset.x, offset.y) < kReached;
  }
  const auto index = static_cast<std::size_t>(goal_.item);
  // What players drop changes its place in the world's order.
  return index >= world.items().size() || world.items()[index].position != goal_.position ||
         !world.items()[index].present;
}

void Goals::choose(const World& world, const NavigationGraph& graph, int self, int here, float daring,
                   RandomStream& random) {
  goal_ = {};
  age_ms_ = 0;
  if (here == kNowhere) return;
  const Fighter& fighter = world.fighters()[static_cast<std::size_t>(self)];
  float best = 0;
  const bool dares = random.chance(daring);
  for (std::size_t i = 0; i < world.items().size(); ++i) {
    const Item& item = world.items()[i];
    if (!item.present) continue;
    const float value = worth(item.kind, fighter);
    if (value <= 0) continue;
    Access access;
    if (i < graph.access().size()) {
      access = graph.access()[i];
    } else {
      access.node = graph.beneath(item.position);
    }
    Goal goal{.item = static_cast<int>(i), .node = access.node, .leap = kNowhere, .position = item.position};
    int way = access.node == kNowhere ? NavigationGraph::kFar : graph.distance(here, access.node);
    for (const int leap : access.leaps) {
      if (leap == kNowhere) continue;
      const int there = graph.distance(here, graph.leaps()[static_cast<std::size_t>(leap)].from);
      if (there < way) way = there, goal.leap = leap;
    }
    if (way == NavigationGraph::kFar || (goal.leap != kNowhere && !dares)) continue;
    const float seconds = static_cast<float>(way) / kSpeed + kGatheringSeconds;
    const float score = value / seconds * static_cast<float>(random.uniform(1 - kWhim, 1 + kWhim));
    if (score > best) best = score, goal_ = goal;
  }
  if (!goal_.none() || graph.spawn_nodes().empty()) return;
  int node = kNowhere;
  for (int i = 0; i < kRoamDraws; ++i) {
    const int other = graph.spawn_nodes()[random.below(graph.spawn_nodes().size())];
    if (other == kNowhere) continue;
    if (node == kNowhere || graph.distance(here, other) < graph.distance(here, node)) node = other;
  }
  if (node != kNowhere && graph.distance(here, node) != NavigationGraph::kFar)
    goal_ = {.item = -1, .node = node, .leap = kNowhere, .position = graph.position(node)};
}

void Goals::save(ByteWriter& out) const {
  out.number<std::int32_t>(goal_.item);
  out.number<std::int32_t>(goal_.node);
  out.number<std::int32_t>(goal_.leap);
  save_vector(out, goal_.position);
  out.number<std::int32_t>(age_ms_);
  out.number<std::int32_t>(camp_ms_);
}

void Goals::restore(BoundedReader& in, const NavigationGraph& graph) {
  goal_.item = in.number<std::int32_t>("goal's item", -1, 1 << 20);
  goal_.node = in.number<std::int32_t>("goal's place", kNowhere, graph.node_count() - 1);
  goal_.leap = in.number<std::int32_t>("goal's leap", kNowhere, static_cast<int>(graph.leaps().size()) - 1);
  goal_.position = in.vector("goal's position");
  age_ms_ = in.number<std::int32_t>("goal's age", 0, 1 << 20);
  camp_ms_ = in.number<std::int32_t>("time to stay", 0, kCampMsMax);
}

}  // namespace chrysalis
