// An episode that a person played, as text that `chrysalis replay` reads: the raw action of each frame, and
// comments that say which episode it was and what the world's hash was on the way. docs/formats/recording.md
// has the format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/levels/level_config.h"
#include "chrysalis/store/durable_file.h"
#include "chrysalis/world/action.h"
#include "chrysalis/world/world.h"

namespace chrysalis {

// The level's settings as --set takes them, {"level.name", "seek_apples"} first.
using LevelSettings = std::vector<std::pair<std::string, std::string>>;
LevelSettings level_settings(LevelConfig config);
// "level.maze_width=21", for each setting that is not its default, the name left out.
std::vector<std::string> level_assignments(const LevelConfig& config);

// What a file of raw actions says. Without a header it says actions alone.
struct Recording {
  struct Frame {
    RawAction action;
    std::int64_t line = 0;
  };
  struct Hash {
    std::int64_t frame = 0;  // As many frames were played.
    std::uint64_t hash = 0;
    std::int64_t line = 0;
  };
  std::optional<std::string> level;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> assignments;  // KEY=VALUE
  std::vector<Frame> frames;
  std::vector<Hash> hashes;  // In the order of frames.
};

// Errors name `source`, line, what was found and what was expected. A stream that cannot be read gives no
// frames.
Result<Recording> read_recording(std::istream& in, const std::string& source);

// Writes the episode of a world that is at its frame 0 while it is played: under PATH.part, once a second, so
// that a process that is killed leaves all but the last second there, and under PATH when it is complete.
// What lay at PATH stays until then.
class RecordingWriter {
 public:
  // An error also where PATH.part is there: it may be all that is left of an episode.
  static Result<std::unique_ptr<RecordingWriter>> create(const std::filesystem::path& path,
                                                         const LevelConfig& level, std::uint64_t seed,
                                                         const World& world);
  RecordingWriter(const RecordingWriter&) = delete;
  // One that was not finished stays as PATH.part, unless it has no frame.
  ~RecordingWriter();

  // The action that brought the world to where it is. After an error PATH.part ends with a whole second, and
  // the frames since then are still here: a later call tries again.
  Status add(const RawAction& action, const World& world);
  // PATH is on the disk when this returns; of an episode without a frame nothing is.
  Status finish(const World& world);

 private:
  RecordingWriter(const std::filesystem::path& path, FileDescriptor file);
  void add_hash(const World& world);
  Status write();
  void remove();

  std::filesystem::path path_;
  std::filesystem::path part_;
  FileDescriptor file_;
  std::string pending_;
  std::int64_t bytes_ = 0;  // Of PATH.part, without what a failed write left behind.
  std::int64_t frames_ = 0;
  std::int64_t hashed_frame_ = -1;
};

}  // namespace chrysalis
