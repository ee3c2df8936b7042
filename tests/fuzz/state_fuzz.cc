// Saved levels. The first byte says of which level, the rest is a state: what is restored is played on.
#include "chrysalis/core/check.h"
#include "chrysalis/levels/catalog.h"
#include "fuzz.h"

namespace chrysalis {
namespace {

std::vector<std::unique_ptr<Level>>& levels() {
  static auto all = [] {
    std::vector<std::unique_ptr<Level>> made;
    for (const LevelEntry& entry : level_catalog())
      made.push_back(make_level({.name = std::string(entry.name)}).value());
    return made;
  }();
  return all;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (std::size_t i = 0; i < levels().size(); ++i) {
    Level& level = *levels()[i];
    level.start(RandomKey(1));
    for (const int frames : {0, 200}) {
      for (int frame = 0; frame < frames; ++frame)
        level.step({.look_right = 20, .move_forward = 1, .fire = 1, .jump = frame / 10 % 2});
      ByteWriter out;
      level.save(out);
      seeds.push_back(std::string(1, static_cast<char>(i)) +
                      std::string(out.bytes().begin(), out.bytes().end()));
    }
  }
  return seeds;
}

std::vector<std::string> fuzz_words() {
  return {};
}

}  // namespace chrysalis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chrysalis;
  if (size == 0) return 0;
  Level& level = *levels()[data[0] % levels().size()];
  level.start(RandomKey(1));
  ByteReader in({data + 1, size - 1});
  const Status status = level.restore(in);
  if (!status.ok()) check_message(status.error());
  play_a_little(level);
  return 0;
}
