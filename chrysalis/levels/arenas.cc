#include "chrysalis/levels/arenas.h"

#include "chrysalis/levels/text_map.h"

namespace chrysalis {
namespace {

// Spawns and pads of one half, then their mirror images in the other.
constexpr std::string_view kHorseshoe = R"(chrysalis map 2
name = lt_horseshoe_color
rules = laser_tag
bots = 6
wall_height = 192
wall = arena_blue
floor = arena_orange_floor
room 0 0 1536 384
room 0 384 576 768
room 0 768 1536 1152
block -32 384 0 768 wall:arena_yellow
block 1536 0 1568 384 wall:arena_purple
block 1536 768 1568 1152 wall:arena_red
spawn 96 104  96 1048  336 268  336 884  560 88  560 1064  736 300  736 852  912 120  912 1032
spawn 1088 272  1088 880  1264 84  1264 1068  1440 312  1440 840  1440 192  1440 960  168 484  168 668
item orb 384 576  640 200  1344 200
item disc 992 200
item orb 640 952  1344 952
item disc 992 952
)";

// The banks' far walls tell them apart.
constexpr std::string_view kChasm = R"(chrysalis map 2
name = lt_chasm
rules = laser_tag
bots = 4
bot_outfit = faf0e6 1ea0f0 e6288c
wall_height = 192
wall = arena_blue
floor = floor_stone_slate_bright
room 0 0 640 640
room 0 256 640 384 floor:lava wall:metal height:-48
kill 0 256 -32 640 384 -16
block 0 -32 640 0 wall:arena_purple
block 0 640 640 672 wall:arena_yellow
spawn 64 64  320 64  576 64  64 576  320 576  576 576
item beam 320 320  z:72
item armour 222 320  z:72
item beam 138 320  z:72
item health 70 320  z:72
item armour 418 320  z:72
item beam 502 320  z:72
item health 570 320  z:72
)";

Arena arena_of(std::string_view text, std::string_view name) {
  return std::move(parse_text_map(text, name).value().arena).value();
}

}  // namespace

const Arena& lt_horseshoe_color_arena() {
  static const Arena arena = arena_of(kHorseshoe, "lt_horseshoe_color");
  return arena;
}

const Arena& lt_chasm_arena() {
  static const Arena arena = arena_of(kChasm, "lt_chasm");
  return arena;
}

}  // namespace chrysalis
