#include "fuzz.h"

#include <fstream>
#include <sstream>

#include "chrysalis/core/check.h"
#include "chrysalis/render/renderer.h"
#include "chrysalis/world/view.h"

namespace chrysalis {
namespace {

constexpr int kFrames = 100;
constexpr std::size_t kMessageMax = 4000;

std::vector<std::uint8_t> saved(const Level& level) {
  ByteWriter out;
  level.save(out);
  return out.take();
}

}  // namespace

void check_message(const Error& error) {
  CHRYSALIS_CHECK(!error.message.empty() && error.message.size() < kMessageMax, "{} bytes",
                  error.message.size());
  for (const char c : error.message)
    CHRYSALIS_CHECK(static_cast<unsigned char>(c) >= ' ' && c != '\x7f', "byte {} in: {}",
                    static_cast<int>(c), error.message);
}

void play_a_little(Level& level) {
  static Renderer renderer(48, 36);
  static std::vector<std::uint8_t> rgb(renderer.picture_bytes());
  RandomStream random{RandomKey(1)};
  RawAction action;
  for (int frame = 0; frame < kFrames; ++frame) {
    if (frame % 10 == 0)
      action = {.look_right = random.between(-512, 512),
                .look_down = random.between(-100, 100),
                .strafe_right = random.between(-1, 1),
                .move_forward = random.between(-1, 1),
                .fire = random.between(0, 1),
                .jump = random.between(0, 1),
                .crouch = random.between(0, 1)};
    const int reward = level.step(action);
    CHRYSALIS_CHECK(reward >= level.spec().frame_reward_min && reward <= level.spec().frame_reward_max,
                    "reward {}", reward);
    level.world().check_invariants();
  }
  const std::vector<std::uint8_t> state = saved(level);
  ByteReader in(state);
  const Status status = level.restore(in);
  CHRYSALIS_CHECK(status.ok(), "{}", status.error().message);
  CHRYSALIS_CHECK(saved(level) == state, "restored to another state");
  renderer.render(level.world(), view_of(level.world(), 0), rgb, 0);
}

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  CHRYSALIS_CHECK(file.good(), "cannot read {}", path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace chrysalis
