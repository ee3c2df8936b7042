#include "chrysalis/bots/bot.h"

namespace chrysalis {

Bot::Bot(int, double, std::shared_ptr<const NavigationGraph>, RandomKey) {}

void Bot::notice(const World&, int, std::span<const WorldEvent>) {}

RawAction Bot::act(const World&, int) {
  return {};
}

void Bot::save(ByteWriter&) const {}

Status Bot::restore(ByteReader&) {
  return {};
}

}  // namespace chrysalis
