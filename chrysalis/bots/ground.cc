#include "chrysalis/bots/ground.h"

#include <algorithm>

#include "chrysalis/world/body.h"

namespace chrysalis {
namespace {

// What stops a box this near is touched, not entered.
constexpr float kSkin = 0.0625f;

bool overlap_level(const Solid& solid, Vec3 low, Vec3 high) {
  return solid.min.x < high.x && solid.max.x > low.x && solid.min.y < high.y && solid.max.y > low.y;
}

}  // namespace

Footing footing_at(const Map& map, Vec3 feet) {
  const Vec3 low = feet - Vec3{kBoxHalfWidth, kBoxHalfWidth, kFloorDepth};
  const Vec3 high = feet + Vec3{kBoxHalfWidth, kBoxHalfWidth, kStride};
  Footing footing;
  map.solids_near(low, high, [&](const Solid& solid) {
    if (overlap_level(solid, low, high) && solid.max.z <= high.z)
      footing.drop = std::min(footing.drop, feet.z - solid.max.z);
  });
  const float floor = feet.z - footing.drop;
  for (const Solid& volume : map.kill_volumes)
    if (overlap_level(volume, low, high) && volume.max.z > floor && volume.min.z < high.z)
      footing.deadly = true;
  return footing;
}

bool kills(const Map& map, Vec3 feet) {
  const Vec3 low = feet - Vec3{kBoxHalfWidth, kBoxHalfWidth, 0};
  const Vec3 high = feet + Vec3{kBoxHalfWidth, kBoxHalfWidth, 0};
  for (const Solid& volume : map.kill_volumes)
    if (overlap_level(volume, low, high) && volume.min.z <= feet.z && volume.max.z >= feet.z) return true;
  return false;
}

bool has_room(const Map& map, Vec3 from, Vec3 to) {
  const float half = kBoxHalfWidth - kSkin;
  const Vec3 low{std::min(from.x, to.x) - half, std::min(from.y, to.y) - half,
                 std::max(from.z, to.z) + kSkin};
  const Vec3 high{std::max(from.x, to.x) + half, std::max(from.y, to.y) + half,
                  low.z + kOriginAboveFloor + kBoxAboveOrigin};
  bool free = true;
  map.solids_near(low, high, [&](const Solid&) { free = false; });
  return free;
}

}  // namespace chrysalis
