// What a program and the host process of one DM Lab say to each other. The host is started with four
// descriptors at fixed numbers; what has a name in the file system is the library's temporary folder alone.
//
//   program ──Launch, Commands──► engine: the process that has the library        ──pixels──► shared memory
//           ◄──────Replies──────
//           ◄──────Obituary────── keeper: the engine's parent, which has nothing to do but to survive it
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "chrysalis/core/bytes.h"
#include "chrysalis/core/result.h"

namespace chrysalis::dmlab {

inline constexpr const char* kHostProgram = "chrysalis-dmlab-host";
// Raised with every change of what follows: a host of another build is told from a right one.
inline constexpr std::uint32_t kProtocolVersion = 1;

// The host's descriptors.
inline constexpr int kCommandDescriptor = 3;  // SOCK_SEQPACKET: a Launch, then Commands; answered by Replies.
inline constexpr int kLifeDescriptor = 4;     // SOCK_SEQPACKET: ends with the program; carries the Obituary.
inline constexpr int kPixelDescriptor = 5;    // Memory of Launch::width * height * 3 bytes: [H, W, 3] RGB.
inline constexpr int kFolderDescriptor = 6;   // Holds Launch::temporary_folder.
inline constexpr std::size_t kMaxLaunchBytes = 64 << 10;

// All that a host must know, before anything else.
struct Launch {
  std::string library;
  std::string runfiles;
  bool hardware_renderer = false;
  std::string level;
  int width = 0;
  int height = 0;
  std::vector<std::pair<std::string, std::string>> settings = {};
  std::string level_cache = {};  // Empty: none.
  std::int64_t level_cache_bytes = 0;
  std::string temporary_folder = {};

  std::vector<std::uint8_t> bytes() const;
  // Error: of another version, or malformed.
  static Result<Launch> read(std::span<const std::uint8_t> bytes);
};

struct Command {
  enum class Kind : std::int32_t { kStart, kStep };
  Kind kind = Kind::kStart;
  std::int32_t episode = 0;  // kStart.
  std::int32_t seed = 0;     // kStart: 0 or more.
  std::int32_t frames = 0;   // kStep.
  std::array<std::int32_t, 7> action = {};
};

// One for the launch and one for each command. After kStarted and kStepped the pixels are those of now.
struct Reply {
  enum class Kind : std::int32_t { kLaunched, kStarted, kStepped, kRefused, kFailed };
  Kind kind = Kind::kFailed;
  bool ended = false;
  double reward = 0;
  double frames_left = -1;  // Of the episode; negative where the level does not tell.
  // kRefused: what is wrong with the installation or the settings; kFailed: what the library says. Ends with
  // 0.
  std::array<char, 1000> text = {};
};

// How the engine ended, and the last that it printed.
struct Obituary {
  std::int32_t wait_status = 0;
  std::array<char, 2000> last_output = {};  // Ends with 0.
};

}  // namespace chrysalis::dmlab
