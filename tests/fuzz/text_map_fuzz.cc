// Text maps: a map that is read is played and drawn.
#include <filesystem>

#include "chrysalis/core/check.h"
#include "chrysalis/levels/catalog.h"
#include "chrysalis/world/gadget.h"
#include "chrysalis/world/material.h"
#include "fuzz.h"

namespace chrysalis {

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds = {
      "chrysalis map 1\nwalls = thin\ncell h = apple spawn height:8\npanel r = maze_red\n"
      "picture = 2 2 north 4\nceiling = ceiling_light_blue\ngrid\n+-+-+\n|S.h|\n+.+r+\n|A|G|\n+-+-+\n",
      "chrysalis map 2\nrules = laser_tag\nbots = 1\ncell o = orb respawn:3\nkill 200 200 0 300 300 20\n"
      "door 200 140 300 160 headroom:60\ngrid\n######\n#S#.S#\n#.#o.#\n#....#\n######\n",
      "chrysalis map 2\nspawn 150 150\ngrid\n###\n###\n###\n"};
  for (const auto& entry : std::filesystem::directory_iterator(CHRYSALIS_SOURCE_DIR "/examples/maps"))
    seeds.push_back(file_text(entry.path()));
  return seeds;
}

std::vector<std::string> fuzz_words() {
  return {"room",
          "door",
          "block",
          "stairs",
          "lava",
          "box",
          "kill",
          "spawn",
          "item",
          "picture",
          "cell",
          "panel",
          "grid",
          "floor:",
          "wall:",
          "ceiling:",
          "height:",
          "headroom:",
          "z:",
          "facing:",
          "respawn:",
          "rounds:",
          "from:",
          "to:",
          "depth:",
          "rules = laser_tag",
          "bots = 3",
          "apple",
          "goal",
          "orb",
          "health",
          "rules = forage",
          "wall_height = 64",
          "ceiling = metal",
          "walls = thin",
          "floor_height = 9"};
}

}  // namespace chrysalis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chrysalis;
  const auto map = parse_text_map({reinterpret_cast<const char*>(data), size}, "fuzz.map");
  if (!map) {
    check_message(map.error());
    CHRYSALIS_CHECK(map.error().message.find("fuzz.map") != std::string::npos);
    return 0;
  }
  const auto level = make_level(*map, {.name = "map:fuzz.map"});
  CHRYSALIS_CHECK(level.ok(), "{}", level.error().message);
  (*level)->start(RandomKey(size));
  play_a_little(**level);
  return 0;
}
