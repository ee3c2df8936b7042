#include "chrysalis/world/gadget.h"

namespace chrysalis {

const GadgetType& gadget_type(Gadget gadget) {
  static constexpr std::array<GadgetType, kGadgetCount> kTypes = {{
      {.name = "impulse", .attack = Attack::kContact, .damage = 50, .reload_ms = 400, .range = 32.0f},
      // Strays by up to 3200 u over 131072 u to each side: 1.4 degrees.
      {.name = "rapid",
       .damage = 7,
       .reload_ms = 100,
       .rounds = 100,
       .range = 131072.0f,
       .spread = 3200.0f / 131072.0f},
      {.name = "orb",
       .attack = Attack::kProjectile,
       .damage = 100,
       .reload_ms = 800,
       .rounds = 10,
       .speed = 900.0f,
       .splash_radius = 120.0f,
       .splash_damage = 100,
       .life_ms = 15000,
       .head_start_ms = 50},
      {.name = "beam", .damage = 8, .reload_ms = 50, .rounds = 100, .range = 768.0f},
      {.name = "disc", .damage = 100, .reload_ms = 1500, .rounds = 10, .range = 8192.0f, .pierced = 4},
  }};
  return kTypes.at(static_cast<std::size_t>(gadget));
}

}  // namespace chrysalis
