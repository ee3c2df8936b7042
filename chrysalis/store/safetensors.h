// Tensors in a file, in the public safetensors format (https://huggingface.co/docs/safetensors), so that
// Python reads them: 8 bytes header length, little-endian; a JSON header; the tensors' bytes. Here F32, F64,
// I64 and U8 only.
//
// The reader is strict: it accepts a file only if every byte is accounted for, and otherwise answers with an
// error that names the file and the fault. Pure. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/core/tensor.h"

namespace chrysalis {

// Text by key, the "__metadata__" of the header.
using TensorMetadata = std::map<std::string, std::string, std::less<>>;

struct TensorFile {
  std::vector<NamedTensor> tensors;  // In the order of the header.
  TensorMetadata metadata;
  friend bool operator==(const TensorFile&, const TensorFile&) = default;
};

// The largest header that is read, as in the reference implementation.
inline constexpr std::uint64_t kMaxSafetensorsHeaderBytes = 100'000'000;

// The same tensors and metadata always give the same bytes. The header lists the tensors in their order;
// their data lies by falling size of number, so that each is aligned for its type. CHECK-fails on a name that
// comes twice, on the name "__metadata__" and on bytes that do not fit the shape. Text that is not UTF-8 has
// its bad bytes replaced.
std::vector<std::uint8_t> encode_safetensors(std::span<const NamedTensor> tensors,
                                             const TensorMetadata& metadata);

// `file` is only for errors, all of them kInvalidInput.
Result<TensorFile> decode_safetensors(std::span<const std::uint8_t> bytes, std::string_view file);

}  // namespace chrysalis
