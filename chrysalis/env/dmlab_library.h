// DM Lab's shared library, loaded into this process and held to what its API promises. What the library does
// besides (exit, abort, hang) is for the process around it; see dmlab_host.h. One for each process: the
// original has globals.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "chrysalis/core/result.h"
#include "chrysalis/env/dmlab_api.h"
#include "chrysalis/env/dmlab_protocol.h"
#include "chrysalis/env/level_cache.h"

namespace chrysalis::dmlab {

class Library {
 public:
  struct Step {
    double reward = 0;
    bool ended = false;
    double frames_left = -1;  // As Reply::frames_left.
  };

  // Loads, connects, sets, initialises. Errors, each a line that says what is missing: no such library, no
  // dmlab_connect in it, an API of another layout, a setting or level that it refuses, missing assets, and
  // observations or actions that are not those of the API.
  static Result<std::unique_ptr<Library>> open(const Launch& launch);
  // Releases the library's context. A process that ends anyway has no need of it, and may hang in it.
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  // Begins an episode. Answers the frames left. Error: what the library says.
  Result<double> start(int episode, int seed);
  // Holds the action for so many frames, or to the episode's end.
  Result<Step> step(const std::array<std::int32_t, 7>& action, int frames);
  // What the agent sees now: [height, width, 3] RGB. Error: a picture of another shape.
  Status observe(std::span<std::uint8_t> rgb);

 private:
  Library() = default;
  Status connect(const Launch& launch);
  Status initialise(const Launch& launch);
  Status find_actions();
  Status find_observations(const Launch& launch);
  double frames_left();
  std::string reason() const;

  LaunchParams params_ = {};
  std::optional<LevelCache> cache_;  // Behind params_.level_cache.
  EnvCApi api_ = {};
  void* context_ = nullptr;
  bool is_ready_ = false;  // What failed half-way is not asked for anything more.
  int width_ = 0;
  int height_ = 0;
  std::array<int, 7> action_at_ = {};  // Where our seven stand among the library's.
  std::vector<int> action_;            // [action_discrete_count]
  int pixels_at_ = -1;
  int frames_left_at_ = -1;  // -1: the level does not tell.
};

}  // namespace chrysalis::dmlab
