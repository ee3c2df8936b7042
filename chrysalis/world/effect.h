// What can be seen for a moment and touches nobody.
#pragma once

#include <cstdint>

#include "chrysalis/core/vec3.h"

namespace chrysalis {

struct Effect {
  // Values are part of saved states: append, never renumber.
  enum class Kind : std::uint8_t {
    kBeam,       // From the muzzle to where it ended, until the next one can be fired.
    kDisc,       // Likewise; the trail stays and fades.
    kRapid,      // A shot's flash where it struck.
    kImpulse,    // A blow, where it struck.
    kExplosion,  // Of an orb.
    kTeleport,   // A player died or came back.
  };
  Kind kind = Kind::kBeam;
  std::int32_t player = 0;  // Whose.
  Vec3 from{};              // Of what has one place, that place; then `to` is the same.
  Vec3 to{};
  std::int32_t age_ms = 0;  // 0 in the frame that made it.
};
inline constexpr int kEffectKindCount = 6;

// How long an effect is in the world: up to, not including, this age.
int effect_ms(Effect::Kind kind);

}  // namespace chrysalis
