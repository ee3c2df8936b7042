// The gadgets that players tag each other with: figures alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chrysalis {

// In the order in which an empty one is replaced: by the last that has rounds.
enum class Gadget : std::uint8_t { kImpulse, kRapid, kOrb, kBeam, kDisc };
inline constexpr std::size_t kGadgetCount = 5;
inline constexpr int kRoundsMax = 200;  // Of each gadget.

enum class Attack : std::uint8_t {
  kContact,     // Whoever stands in reach, only when someone does.
  kHitScan,     // Along a line, at once.
  kProjectile,  // Something that flies and bursts.
};

// Times are engine ms, distances u.
struct GadgetType {
  std::string_view name;
  Attack attack = Attack::kHitScan;
  int damage = 0;
  int reload_ms = 0;
  int rounds = 0;  // At spawn or pick-up; 0: it needs none.
  float range = 0.0f;
  float spread = 0.0f;         // Largest tangent of a shot's deviation, to the side and up.
  int pierced = 1;             // Players that one shot can hit, one behind the other.
  float speed = 0.0f;          // Of the projectile, u a second.
  float splash_radius = 0.0f;  // Damage falls from splash_damage to 0 over it.
  int splash_damage = 0;
  int life_ms = 0;        // A projectile bursts after it.
  int head_start_ms = 0;  // A projectile begins this far along its way.
};
const GadgetType& gadget_type(Gadget gadget);

// The gadgets that a player has from the start, impulse always among them, and their rounds.
struct Loadout {
  std::uint8_t owned = 0b11;  // Bit g: has gadget g.
  std::array<std::int32_t, kGadgetCount> rounds{0, gadget_type(Gadget::kRapid).rounds};
  Gadget held = Gadget::kRapid;
};

inline constexpr int kLowerMs = 200;   // To put a gadget down.
inline constexpr int kRaiseMs = 250;   // To bring the next one up.
inline constexpr int kRunDryMs = 250;  // From an empty gadget's last reload to its being put down.

}  // namespace chrysalis
