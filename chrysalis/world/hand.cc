#include "chrysalis/world/hand.h"

#include "chrysalis/world/body.h"

namespace chrysalis {
namespace {

Gadget best_loaded(const Fighter& fighter) {
  for (std::size_t i = kGadgetCount; i-- > 0;)
    if (fighter.can_shoot(static_cast<Gadget>(i))) return static_cast<Gadget>(i);
  return Gadget::kImpulse;
}

void lower(Fighter& fighter) {
  fighter.hand = Hand::kLowering;
  fighter.hand_ms += kLowerMs;
}

}  // namespace

bool ready_to_shoot(Fighter& fighter, bool fire) {
  if (fighter.trigger_locked) {
    if (fire) return false;
    fighter.trigger_locked = false;
  }
  if (fighter.hand_ms > 0) fighter.hand_ms -= kFrameMilliseconds;
  // A change waits for the reload and for the end of running dry, not for a gadget that is coming up.
  const bool may_lower = fighter.hand == Hand::kRaising || fighter.hand_ms <= 0;
  if (fighter.wanted != fighter.held && fighter.hand != Hand::kLowering && may_lower) lower(fighter);
  if (fighter.hand_ms > 0) return false;

  switch (fighter.hand) {
    case Hand::kReady:
      if (!fighter.can_shoot(fighter.held)) {
        fighter.hand = Hand::kDry;
        fighter.hand_ms += kRunDryMs;
        return false;
      }
      if (!fire) fighter.hand_ms = 0;
      return fire;
    case Hand::kDry:
      fighter.hand = Hand::kReady;
      fighter.wanted = best_loaded(fighter);
      if (fighter.wanted != fighter.held) lower(fighter);
      return false;
    case Hand::kLowering:
      fighter.held = fighter.wanted;
      fighter.hand = Hand::kRaising;
      fighter.hand_ms += kRaiseMs;
      return false;
    case Hand::kRaising:
      fighter.hand = Hand::kReady;
      return false;
  }
  return false;
}

void reload(Fighter& fighter) {
  const GadgetType& type = gadget_type(fighter.held);
  if (type.rounds > 0) --fighter.rounds[static_cast<std::size_t>(fighter.held)];
  fighter.hand_ms += type.reload_ms;
}

}  // namespace chrysalis
