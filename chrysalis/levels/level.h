// The seam between tasks and environments: one Level object is one task being played by one agent. It owns
// the world, places the agent (player 0) and turns what happens into rewards. It does not know pixels, action
// repeat or agent steps, and it does not end episodes: whoever steps it counts frames up to
// spec().episode_frames.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "chrysalis/core/bytes.h"
#include "chrysalis/core/random.h"
#include "chrysalis/core/result.h"
#include "chrysalis/world/world.h"

namespace chrysalis {

struct LevelSpec {
  std::string name;
  std::string summary;       // One line, without a full stop.
  int episode_frames = 0;    // 60 a second.
  int frame_reward_min = 0;  // Bounds of what step() returns.
  int frame_reward_max = 0;
  // Fields of LevelConfig that it uses, beside name and episode_seconds; they outlive it.
  std::span<const std::string_view> settings = {};
};

// What a step did with the agent beside moving it.
enum class Placed : std::uint8_t {
  kNot,
  kAtSpawn,    // It died, or came back from that.
  kByRestart,  // The map began again.
};

// Belongs to one thread at a time. Levels that share a map share it read-only.
class Level {
 public:
  virtual ~Level() = default;
  virtual const LevelSpec& spec() const = 0;

  // Begins an episode. The key alone determines it, whatever was played before. Costs less than 0.2 ms.
  // After the first, allocates nothing but a map that is made for the episode.
  virtual void start(RandomKey episode_key) = 0;

  // One frame with this action; returns the reward. Restarts inside an episode (a goal reached, all apples
  // taken) happen here and put the agent elsewhere at once. Needs start() or restore(). Allocates nothing but
  // a map that is made anew for a restart.
  virtual int step(const RawAction& action) = 0;
  // Whether the last step() put the agent elsewhere; kNot after start() and restore().
  virtual Placed placed() const = 0;

  // The world as it stands; valid until the next start() or restore(). Needs one of them before.
  virtual const World& world() const = 0;

  // The whole state, random streams included. restore() works on any Level made from the same config and
  // gives an equal one; a state that is damaged or of another level is refused, and the level stays as it
  // was.
  virtual void save(ByteWriter& out) const = 0;
  virtual Status restore(ByteReader& in) = 0;
};

}  // namespace chrysalis
