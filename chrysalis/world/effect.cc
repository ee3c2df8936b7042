#include "chrysalis/world/effect.h"

#include <array>
#include <cstddef>

namespace chrysalis {

int effect_ms(Effect::Kind kind) {
  static constexpr std::array<int, kEffectKindCount> kMs = {50, 400, 100, 200, 500, 500};
  return kMs.at(static_cast<std::size_t>(kind));
}

}  // namespace chrysalis
