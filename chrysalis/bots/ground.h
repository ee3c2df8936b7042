// What a body that stands or comes down somewhere finds under its feet. Pure questions to a map, also for
// places that no graph has.
#pragma once

#include "chrysalis/world/map.h"

namespace chrysalis {

inline constexpr float kStride = 18.0f;       // A floor up to this much higher or lower is walked onto.
inline constexpr float kFloorDepth = 512.0f;  // What lies deeper below the feet is no floor.

struct Footing {
  float drop = kFloorDepth;  // From the feet down to the highest floor under the box, u; below 0: a step up.
  bool deadly = false;       // A volume that kills lies above that floor.

  bool firm() const { return !deadly && drop <= kStride; }
};
// Under the box of a body whose feet are at `feet`.
Footing footing_at(const Map& map, Vec3 feet);

// Whether a volume kills a body whose feet are at `feet`.
bool kills(const Map& map, Vec3 feet);

// Whether a standing body fits between the floors at `from` and at `to`, and all the way from one to the
// other where they differ; its feet up to kStride apart in height.
bool has_room(const Map& map, Vec3 from, Vec3 to);

}  // namespace chrysalis
