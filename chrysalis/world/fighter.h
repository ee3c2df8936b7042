// A player of laser tag beside its body: health, armour, gadgets, colours, death.
#pragma once

#include <array>
#include <cstdint>

#include "chrysalis/core/vec3.h"
#include "chrysalis/world/gadget.h"
#include "chrysalis/world/material.h"

namespace chrysalis {

inline constexpr int kSpawnHealth = 125;
inline constexpr int kFullHealth = 100;  // Health above it decays, by 1 an engine second; so does armour.
inline constexpr int kArmourMax = 200;
inline constexpr int kKickMs = 500;      // Of the jolt of a hit.
inline constexpr int kRespawnMs = 1700;  // Engine ms from death to when FIRE brings a player back.
inline constexpr int kForcedRespawnMs = kRespawnMs + 20000;  // And to when it comes back without FIRE.

// The colours of a body's three regions: seen from ahead, from behind, and on top.
struct Outfit {
  std::array<Rgb, 3> regions{};
  friend constexpr bool operator==(const Outfit&, const Outfit&) = default;
};

// What a hand does with its gadget.
enum class Hand : std::uint8_t { kReady, kDry, kLowering, kRaising };

struct Fighter {
  bool alive = true;
  std::int32_t health = kSpawnHealth;
  std::int32_t armour = 0;
  std::int32_t decay_ms = 0;  // Towards the next point of decay.
  std::int32_t dead_ms = 0;   // Since death.
  std::array<std::int32_t, kGadgetCount> rounds{};
  std::uint8_t owned = 0;  // Bit g: has gadget g.
  Gadget held = Gadget::kRapid;
  Gadget wanted = Gadget::kRapid;  // What the hand changes to.
  Hand hand = Hand::kReady;
  // Until the next shot, or until the hand has done what it does; what is below 0 counts towards what it does
  // next.
  std::int32_t hand_ms = 0;
  bool trigger_locked = false;  // FIRE must be released before it shoots, or JUMP jumps: after a spawn.
  bool firing = false;          // Shot in this frame.
  // The jolt of being hit, for the view: how far it turns the eye at most, from where the hit came as seen by
  // the player. Pitch as a body's; a positive roll is for a hit from the left.
  float kick_pitch_degrees = 0.0f;
  float kick_roll_degrees = 0.0f;
  std::int32_t kick_ms = 0;  // Left of it.
  Outfit outfit;

  bool owns(Gadget gadget) const { return (owned >> static_cast<unsigned>(gadget) & 1) != 0; }
  bool can_shoot(Gadget gadget) const {
    return owns(gadget) && (gadget_type(gadget).rounds == 0 || rounds[static_cast<std::size_t>(gadget)] > 0);
  }
};

}  // namespace chrysalis
