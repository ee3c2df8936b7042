#include "chrysalis/levels/seek_apples.h"

namespace chrysalis {
namespace {

// Lower-case letters are the corridor's: a is an apple in it, c a place in it.
constexpr std::string_view kText = R"(chrysalis map 1
name = seek_apples
episode_seconds = 30
wall = room_wall
floor = room_floor
cell c = spawn wall:corridor_wall floor:corridor_floor
cell a = apple wall:corridor_wall floor:corridor_floor
picture = 2 2 north 3
picture = 2 4 south 28
picture = 6 3 east 47
picture = 5 6 south 61
picture = 3 6 west 70
grid
#######
#ASA###
#SSScc#
#ASA#a#
##c##c#
##cacc#
#######
)";

}  // namespace

const TextMap& seek_apples_map() {
  static const TextMap map = parse_text_map(kText, "seek_apples").value();
  return map;
}

}  // namespace chrysalis
