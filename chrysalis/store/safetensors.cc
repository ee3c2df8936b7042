#include "chrysalis/store/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMetadataKey = "__metadata__";
constexpr std::size_t kLengthBytes = 8;

struct DTypeName {
  DType dtype;
  std::string_view name;
};
constexpr std::array<DTypeName, 4> kDTypeNames{
    {{DType::kF32, "F32"}, {DType::kF64, "F64"}, {DType::kI64, "I64"}, {DType::kU8, "U8"}}};

std::string_view dtype_name(DType dtype) {
  return std::ranges::find(kDTypeNames, dtype, &DTypeName::dtype)->name;
}

// A tensor as the header describes it, before its bytes are looked at.
struct Entry {
  NamedTensor tensor;
  std::uint64_t begin = 0;  // In bytes, from the end of the header.
  std::uint64_t end = 0;
};

// product(shape) * size of a number, or nothing where that does not fit 64 bits.
std::optional<std::uint64_t> bytes_of(DType dtype, std::span<const std::int64_t> shape) {
  // A zero anywhere makes the whole zero, however large the rest.
  if (std::ranges::find(shape, 0) != shape.end()) return 0;
  std::uint64_t bytes = dtype_bytes(dtype);
  for (const std::int64_t size : shape) {
    if (bytes > std::numeric_limits<std::uint64_t>::max() / static_cast<std::uint64_t>(size)) return {};
    bytes *= static_cast<std::uint64_t>(size);
  }
  return bytes;
}

// A whole number from 0 to 2^63 - 1.
std::optional<std::int64_t> whole_number(const Json& value) {
  if (!value.is_number_unsigned()) return {};
  const auto number = value.get<std::uint64_t>();
  if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return {};
  return static_cast<std::int64_t>(number);
}

// Reads one file's header and data; every error starts with the file's name.
class Decoder {
 public:
  Decoder(std::span<const std::uint8_t> bytes, std::string_view file) : bytes_(bytes), file_(file) {}

  Result<TensorFile> decode() {
    CHRYSALIS_ASSIGN_OR_RETURN(const Json header, header_json());
    TensorFile out;
    std::vector<Entry> entries;
    for (const auto& [name, value] : header.items()) {
      if (name == kMetadataKey) {
        CHRYSALIS_RETURN_IF_ERROR(read_metadata(value, out.metadata));
      } else {
        CHRYSALIS_ASSIGN_OR_RETURN(Entry entry, read_entry(name, value));
        entries.push_back(std::move(entry));
      }
    }
    CHRYSALIS_RETURN_IF_ERROR(check_layout(entries));
    for (Entry& entry : entries) {
      const auto data = data_.subspan(entry.begin, entry.end - entry.begin);
      entry.tensor.bytes.assign(data.begin(), data.end());
      out.tensors.push_back(std::move(entry.tensor));
    }
    return out;
  }

 private:
  template <typename... Args>
  Error fault(fmt::format_string<Args...> format, Args&&... args) const {
    return invalid_input("{}: not a valid safetensors file: {}", file_,
                         fmt::format(format, std::forward<Args>(args)...));
  }

  Result<Json> header_json() {
    if (bytes_.size() < kLengthBytes)
      return fault("cut short: {} bytes, and the header's length alone takes {}", bytes_.size(),
                   kLengthBytes);
    std::uint64_t length = 0;
    std::memcpy(&length, bytes_.data(), kLengthBytes);
    if (length > kMaxSafetensorsHeaderBytes)
      return fault("header of {} bytes, expected at most {}", length, kMaxSafetensorsHeaderBytes);
    if (length > bytes_.size() - kLengthBytes)
      return fault("cut short: header of {} bytes in a file of {}", length, bytes_.size());
    const auto text = bytes_.subspan(kLengthBytes, length);
    data_ = bytes_.subspan(kLengthBytes + length);
    if (text.empty() || text.front() != '{') return fault("the header does not start with '{{'");

    // The parser keeps the last of two equal keys; two tensors of one name are a fault here.
    std::set<std::string> names;
    std::optional<std::string> twice;
    const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
      if (event == Json::parse_event_t::key && depth == 1) {
        const auto& name = parsed.get_ref<const std::string&>();
        if (!names.insert(name).second) twice = name;
      }
      return true;
    };
    Json header = Json::parse(text.begin(), text.end(), watch, false);
    if (header.is_discarded() || !header.is_object()) return fault("the header is not a JSON object");
    if (twice) return fault("'{}' comes twice in the header", *twice);
    return header;
  }

  Status read_metadata(const Json& value, TensorMetadata& metadata) const {
    if (!value.is_object()) return fault("{} is not an object", kMetadataKey);
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) return fault("{} '{}' is not text", kMetadataKey, key);
      metadata[key] = text.get<std::string>();
    }
    return {};
  }

  Result<Entry> read_entry(const std::string& name, const Json& value) const {
    Entry entry;
    entry.tensor.name = name;
    if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
        !value.contains("data_offsets"))
      return fault("tensor '{}': expected dtype, shape and data_offsets", name);

    const Json& dtype = value["dtype"];
    const auto* known = std::ranges::find_if(kDTypeNames, [&](const DTypeName& d) {
      return dtype.is_string() && dtype.get_ref<const std::string&>() == d.name;
    });
    if (known == kDTypeNames.end())
      return fault("tensor '{}': dtype {}, expected F32, F64, I64 or U8", name, spelled(dtype));
    entry.tensor.dtype = known->dtype;

    const Json& shape = value["shape"];
    if (!shape.is_array()) return fault("tensor '{}': shape is not a list", name);
    for (const Json& size : shape) {
      const auto number = whole_number(size);
      if (!number)
        return fault("tensor '{}': size {} in shape, expected a whole number", name, spelled(size));
      entry.tensor.shape.push_back(*number);
    }

    const Json& offsets = value["data_offsets"];
    const auto begin = offsets.is_array() && offsets.size() == 2 ? whole_number(offsets[0]) : std::nullopt;
    const auto end = begin ? whole_number(offsets[1]) : std::nullopt;
    if (!end)
      return fault("tensor '{}': data_offsets {}, expected two whole numbers", name, spelled(offsets));
    entry.begin = static_cast<std::uint64_t>(*begin);
    entry.end = static_cast<std::uint64_t>(*end);
    if (entry.begin > entry.end) return fault("tensor '{}': data ends before it begins", name);
    if (entry.end > data_.size())
      return fault("cut short: tensor '{}' ends at byte {} of {} bytes of data", name, entry.end,
                   data_.size());
    const auto expected = bytes_of(entry.tensor.dtype, entry.tensor.shape);
    if (!expected || *expected != entry.end - entry.begin)
      return fault("tensor '{}': {} bytes of data do not fit its shape", name, entry.end - entry.begin);
    return entry;
  }

  // Every byte of the data belongs to exactly one tensor.
  Status check_layout(const std::vector<Entry>& entries) const {
    std::vector<const Entry*> order;
    for (const Entry& entry : entries) order.push_back(&entry);
    std::ranges::sort(order, {}, [](const Entry* e) { return std::pair(e->begin, e->end); });
    std::uint64_t at = 0;
    for (const Entry* entry : order) {
      if (entry->begin < at) return fault("tensor '{}' overlaps the one before it", entry->tensor.name);
      if (entry->begin > at) return fault("a gap before tensor '{}'", entry->tensor.name);
      at = entry->end;
    }
    if (at != data_.size()) return fault("{} bytes after the last tensor", data_.size() - at);
    return {};
  }

  // A piece of the header for an error, short and printable whatever is in it.
  static std::string spelled(const Json& value) {
    std::string text = value.is_structured() && value.size() > 4
                           ? std::string(value.type_name())
                           : value.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (text.size() > 40) text = text.substr(0, 40) + "…";
    return text;
  }

  std::span<const std::uint8_t> bytes_;
  std::span<const std::uint8_t> data_;
  std::string_view file_;
};

}  // namespace

std::vector<std::uint8_t> encode_safetensors(std::span<const NamedTensor> tensors,
                                             const TensorMetadata& metadata) {
  std::vector<const NamedTensor*> order;
  for (const NamedTensor& tensor : tensors) order.push_back(&tensor);
  std::ranges::stable_sort(order, std::greater{}, [](const NamedTensor* t) { return dtype_bytes(t->dtype); });

  std::map<const NamedTensor*, std::uint64_t> begins;
  std::uint64_t data_bytes = 0;
  for (const NamedTensor* tensor : order) {
    begins[tensor] = data_bytes;
    data_bytes += tensor->bytes.size();
  }
  Json header = Json::object();
  if (!metadata.empty()) {
    Json& texts = header[std::string(kMetadataKey)] = Json::object();
    for (const auto& [key, text] : metadata) texts[key] = text;
  }
  std::set<std::string_view> names{kMetadataKey};
  for (const NamedTensor& tensor : tensors) {
    CHRYSALIS_CHECK(names.insert(tensor.name).second, "tensor name '{}' is taken", tensor.name);
    CHRYSALIS_CHECK(std::ranges::all_of(tensor.shape, [](std::int64_t size) { return size >= 0; }), "{}",
                    tensor.name);
    CHRYSALIS_CHECK(bytes_of(tensor.dtype, tensor.shape) == tensor.bytes.size(), "{}: {} bytes", tensor.name,
                    tensor.bytes.size());
    const std::uint64_t begin = begins[&tensor];
    header[tensor.name] = {{"dtype", dtype_name(tensor.dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {begin, begin + tensor.bytes.size()}}};
  }
  std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  // Spaces after the JSON are part of the format: they align the data.
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
  CHRYSALIS_CHECK(text.size() <= kMaxSafetensorsHeaderBytes, "header of {} bytes", text.size());

  const std::uint64_t length = text.size();
  std::vector<std::uint8_t> out(kLengthBytes);
  out.reserve(kLengthBytes + text.size() + data_bytes);
  std::memcpy(out.data(), &length, kLengthBytes);
  out.insert(out.end(), text.begin(), text.end());
  for (const NamedTensor* tensor : order) out.insert(out.end(), tensor->bytes.begin(), tensor->bytes.end());
  return out;
}

Result<TensorFile> decode_safetensors(std::span<const std::uint8_t> bytes, std::string_view file) {
  return Decoder(bytes, file).decode();
}

}  // namespace chrysalis
