// A checkpoint: a directory that is written once, named by the hash of what it holds, and never changed.
// docs/formats/checkpoint.md has the format field by field.
//
//   <name>/state.safetensors   the tensors, and in its metadata what they are of
//   <name>/checkpoint.json     the same for people, the size and hash of the state, and the hash of itself
//
// <name> is the first 16 digits of the SHA-256 of state.safetensors. It is written under a temporary name in
// the same directory, fsynced and renamed, so a name without a leading dot is always whole unless the disk
// damaged it; reading checks every byte against the hashes. One writer at a time for each directory; any
// number of readers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/core/tensor.h"
#include "chrysalis/store/safetensors.h"

namespace chrysalis {

inline constexpr std::int64_t kCheckpointFormat = 1;

// Where in its training a member is.
struct TrainingPosition {
  std::int64_t member = 0;
  std::int64_t update = 0;       // Updates done; the version of the weights.
  std::int64_t agent_steps = 0;  // Trained on so far.
  friend bool operator==(const TrainingPosition&, const TrainingPosition&) = default;
};

struct CheckpointInfo {
  TrainingPosition position;
  std::string created;           // "2026-01-31T12:00:00Z"; not part of the hash.
  std::int64_t state_bytes = 0;  // Size of state.safetensors.
  std::string state_sha256;      // 64 digits.

  std::string name() const { return state_sha256.substr(0, 16); }
  friend bool operator==(const CheckpointInfo&, const CheckpointInfo&) = default;
};

struct Checkpoint {
  CheckpointInfo info;
  std::vector<NamedTensor> tensors;
  TensorMetadata metadata;  // The caller's own.
};

// Writes checkpoints/<name>; it is on the disk when this returns. The same content again is the same
// checkpoint: what is there is kept if it verifies and replaced if it does not. A failure leaves nothing
// behind but, at worst, a temporary directory. Keys of `metadata` must not start with "chrysalis." (CHECK).
Result<CheckpointInfo> write_checkpoint(const std::filesystem::path& checkpoints,
                                        const TrainingPosition& position,
                                        std::span<const NamedTensor> tensors, const TensorMetadata& metadata);

// Reads and verifies one checkpoint's directory, wherever it lies and whatever it is called now. The error
// names the file at fault.
Result<Checkpoint> read_checkpoint(const std::filesystem::path& directory);

// Removes a checkpoint's directory by renaming it to a temporary name first, so that a kill leaves no half of
// it.
Status remove_checkpoint(const std::filesystem::path& directory);

// Removes the temporary directories that killed writers left. Only while no other process writes there.
Status remove_temporaries(const std::filesystem::path& checkpoints);

}  // namespace chrysalis
