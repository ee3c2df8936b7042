// One of our levels being played, frame by frame, with what DM Lab's observations tell of it beyond the
// world: scores, the frames of the map, how fast the head turns. Belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "chrysalis/env/native_environment.h"

namespace chrysalis::dmlab {

inline constexpr std::size_t kAgent = 0;  // The player that observes and acts.

class Episode {
 public:
  // An environment with action repeat 1.
  explicit Episode(std::unique_ptr<NativeEnvironment> environment);

  // Begins: the seed alone determines what follows, as NativeEnvironment::reset().
  void start(std::uint64_t seed);
  bool started() const { return frames_left_ >= 0; }
  std::int64_t frames_left() const { return started() ? frames_left_ : 0; }
  // One frame, and its reward. CHECK-fails where none is left.
  float step(const RawAction& action);

  // Where it is: another number after each start() and step().
  std::uint64_t moment() const { return moment_; }
  // Since the map was begun, or restarted for a goal or for its last apple.
  std::int64_t map_frames() const { return map_frames_; }
  // Of the last frame: pitch, yaw, roll in degrees an engine second; 0 where the agent was put elsewhere.
  Vec3 angular_velocity() const { return angular_velocity_; }
  // Of each player, of this episode. A tag is worth 1 to whoever tagged, any other death -1 to whoever died;
  // where nobody can be tagged, the agent's is the sum of its rewards.
  std::span<const double> scores() const { return scores_; }
  const World& world() const { return environment().level().world(); }  // Needs start().

  NativeEnvironment& environment() { return *environment_; }
  const NativeEnvironment& environment() const { return *environment_; }

 private:
  void count(float reward);

  std::unique_ptr<NativeEnvironment> environment_;
  std::int64_t frames_left_ = -1;  // -1 before the first start().
  std::uint64_t moment_ = 0;
  std::int64_t map_frames_ = 0;
  Vec3 angular_velocity_;
  std::vector<double> scores_;
};

}  // namespace chrysalis::dmlab
