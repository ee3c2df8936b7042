// Where a player's gadget points.
#pragma once

#include "chrysalis/world/body.h"

namespace chrysalis {

// Unit vectors of the direction in which a body looks.
struct Axes {
  Vec3 forward;
  Vec3 right;
  Vec3 up;
};
Axes axes_of(const Body& body);

// Where shots begin: ahead of the eye.
Vec3 muzzle_of(const Body& body, const Axes& axes);

}  // namespace chrysalis
