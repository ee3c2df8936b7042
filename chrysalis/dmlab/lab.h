// What stands behind a context of DM Lab's C API: one of our levels, in the order of calls that the API
// demands. A call out of order, or with an argument that cannot be, is an error and changes nothing. Belongs
// to one thread at a time; any number may exist, and they share immutable maps and textures only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "chrysalis/core/result.h"
#include "chrysalis/dmlab/episode.h"
#include "chrysalis/dmlab/observations.h"
#include "chrysalis/dmlab/settings.h"
#include "chrysalis/env/dmlab_api.h"

namespace chrysalis::dmlab {

class Lab {
 public:
  Status setting(std::string_view key, std::string_view value);
  Status init();
  // `episode` has no meaning: every level draws its episode from the seed. A negative seed is the one that
  // DM Lab makes of it; the mixer seed of the settings makes another of each.
  Status start(int episode, int seed);

  // Properties: engine.fps, params.KEY for each setting of the level, func.entityLayer.SEED and
  // func.variationsLayer.SEED. What is written to params holds from the next start() on.
  struct PropertyAnswer {
    PropertyResult result = PropertyResult::kSuccess;
    std::string message;  // Where it is no success.
  };
  PropertyAnswer write_property(std::string_view key, std::string_view value);
  PropertyAnswer read_property(std::string_view key, std::string& value) const;
  using VisitProperty = std::function<void(const char* key, PropertyAttribute attributes)>;
  PropertyAnswer list_property(std::string_view key, const VisitProperty& visit) const;

  // Needs init(), as what follows; a spec is valid until the next call.
  Result<ObservationSpec> observation_spec(int index);
  // The observation is valid until the next call; before start() it is all zeros, and an error as well.
  Status observe(int index, Observation& observation);

  // Held from now on, also through start(). Of seven integers in the order of kRawActionParts: turns of up to
  // once around a frame, all others brought into their range.
  void act(std::span<const int, 7> parts);
  struct Advance {
    AdvanceStatus status = AdvanceStatus::kRunning;
    double reward = 0;
  };
  // `steps` of settings' frames_per_step frames each, 0 or more, fewer where the episode ends.
  Result<Advance> advance(int steps);

 private:
  // The level of `config` in an environment of the settings' size, and its settings as they really are.
  Result<std::unique_ptr<NativeEnvironment>> make(LevelConfig& config) const;
  const LevelSpec& spec() const { return episode_->environment().level().spec(); }  // Needs init().
  std::uint64_t mixed(int seed) const;
  Result<std::string> maze_of(std::string_view function, std::string_view seed) const;

  Settings settings_;
  // Since init().
  std::optional<Episode> episode_;
  std::optional<Observations> observations_;
  // Of the next start(): with what properties have changed, and the environment if they have.
  LevelConfig level_;
  std::unique_ptr<NativeEnvironment> next_environment_;

  RawAction action_;
};

}  // namespace chrysalis::dmlab
