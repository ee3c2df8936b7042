// Where a bot aims, how far off, and when it pulls the trigger.
#pragma once

#include "chrysalis/bots/bounded_reader.h"
#include "chrysalis/bots/perception.h"
#include "chrysalis/core/random.h"
#include "chrysalis/world/world.h"

namespace chrysalis {

// Directions as bodies have them: yaw counter-clockwise, positive pitch looks down.
struct Look {
  float yaw_degrees = 0.0f;
  float pitch_degrees = 0.0f;
};
Look look_along(Vec3 way);
// Into [-180, 180).
float turned(float degrees);

struct Aim {
  Vec3 target;  // What is to be hit, aim error and all.
  Look look;    // How to look for it.
};
// From a body at somebody who was sighted, with a gadget that the bot is so accurate with, 0 to 1: at the
// middle of the box and 8 u up, or ahead of it and at the floor for what bursts, within 20 u to each side (10
// up and down) for each unit that accuracy is short of 1. A hit-scan accuracy counts for 0.6 close by and
// fully from 150 u on; under 0.8 the direction strays too.
Aim aim_at(const Map& map, const Body& body, const Sighting& target, Gadget gadget, float accuracy,
           RandomStream& random);

// Whether a shot along the look that the body has now may be wanted: it points at the target within 25
// degrees, within 60 if that is nearer than 100 u, nothing stands between, the gadget reaches so far, and no
// burst would come back.
bool may_shoot(const Map& map, const Body& body, Vec3 target, Gadget gadget);

// When to let go of the trigger for a while: a throttle f shoots freely for 1 - f s with chance f, else
// pauses for f s.
class Trigger {
 public:
  // Once a thought in which everything else says that it is time to shoot.
  bool pull(float throttle, RandomStream& random);
  void pass(int passed_ms);
  void save(ByteWriter& out) const;
  void restore(BoundedReader& in);

 private:
  int free_ms_ = 0;
  int pause_ms_ = 0;
};

}  // namespace chrysalis
