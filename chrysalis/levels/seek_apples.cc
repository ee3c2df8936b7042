#include "chrysalis/levels/seek_apples.h"

namespace chrysalis {
namespace {

// All apples lie in the room, where each is seen from each; the corridor is where an episode or a round may
// begin, and leads back. Apples in the corridor teach an agent to circle in the room: four out of six are had
// without looking.
constexpr std::string_view kText = R"(chrysalis map 1
name = seek_apples
episode_seconds = 30
wall = room_wall
floor = room_floor
cell c = spawn wall:corridor_wall floor:corridor_floor
picture = 2 2 north 3
picture = 2 4 south 28
picture = 6 3 east 47
picture = 5 6 south 61
picture = 3 6 west 70
grid
#######
#ASA###
#SSScc#
#ASA#c#
##c##c#
##cccc#
#######
)";

}  // namespace

const TextMap& seek_apples_map() {
  static const TextMap map = parse_text_map(kText, "seek_apples").value();
  return map;
}

}  // namespace chrysalis
