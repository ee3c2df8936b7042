// How a bot moves: along the graph's ways, over gaps, around an enemy, and not off an edge.
#pragma once

#include "chrysalis/bots/bounded_reader.h"
#include "chrysalis/bots/navigation.h"
#include "chrysalis/bots/profile.h"
#include "chrysalis/core/random.h"
#include "chrysalis/world/body.h"
#include "chrysalis/world/map.h"

namespace chrysalis {

// Where a bot's feet are.
struct Stand {
  const Map& map;
  const NavigationGraph& graph;
  const Body& body;
  int node = kNowhere;  // The nearest one.
};
Stand stand_of(const Map& map, const NavigationGraph& graph, const Body& body);

class Footwork {
 public:
  // What the legs are to do until the next act.
  struct Wish {
    Vec3 heading{};  // Level, of length 1, or zero to stand.
    bool jump = false;
    bool crouch = false;
  };

  // Each is called once a thought, and says what to do until the next one. A leap that has begun is finished
  // first: while leaps() is true they change nothing.
  void stand();
  void go_to(const Stand& stand, int node, Vec3 position, float balance, RandomStream& random);
  void leap(const Stand& stand, int leap, float balance, RandomStream& random);
  // At 100 to 180 u around somebody, to one side and at times to the other, with hops and crouches.
  void circle(const Stand& stand, Vec3 enemy, const BotProfile& profile, RandomStream& random);
  // Passes time, once a thought.
  void pass(int passed_ms);
  bool leaps() const { return phase_ != Phase::kNone && phase_ != Phase::kApproach; }
  // The way it goes, as far as it is known; zero while standing.
  Vec3 heading() const { return wish_.heading; }

  // Once an act that lasts `act_ms`: the wish, turned so that no step leads where the body would fall. A
  // leap's steps are its own.
  Wish step(const Stand& stand, int act_ms);
  void wake();

  void save(ByteWriter& out) const;
  void restore(BoundedReader& in, const NavigationGraph& graph);

 private:
  enum class Phase : std::uint8_t { kNone, kApproach, kRun, kFly };

  void begin_leap(int leap, float balance, RandomStream& random);
  Wish step_of_leap(const Stand& stand, int act_ms);

  Wish wish_;
  bool strafes_right_ = false;
  int strafe_ms_ = 0;  // Since it last changed sides, and when it may again.
  int strafe_least_ms_ = 0;
  int hop_ms_ = 0;      // Until it may hop again.
  Vec3 hop_heading_{};  // While it flies: where it was sure to land.
  int crouch_ms_ = 0;   // Left of a crouch, then of the second in which it does not.
  // The leap that is being made.
  Phase phase_ = Phase::kNone;
  int leap_ = kNowhere;
  int leap_ms_ = 0;
  bool careful_ = true;  // Runs up, and jumps where the floor ends; else
  bool late_ = false;    // runs off the edge, or
  float early_ = 0.0f;   // jumps so far before it, u, however slow it is.
};

}  // namespace chrysalis
