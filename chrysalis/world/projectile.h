// An orb on its way.
#pragma once

#include <cstdint>

#include "chrysalis/core/vec3.h"
#include "chrysalis/world/gadget.h"

namespace chrysalis {

struct Projectile {
  Gadget gadget = Gadget::kOrb;
  std::int32_t owner = 0;
  Vec3 position;
  Vec3 velocity;             // u per engine second.
  std::int32_t left_ms = 0;  // Of its life; all of it until it first flies.
};

}  // namespace chrysalis
