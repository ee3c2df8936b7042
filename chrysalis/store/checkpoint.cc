#include "chrysalis/store/checkpoint.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>

#include "chrysalis/store/durable_file.h"
#include "chrysalis/store/sha256.h"

namespace chrysalis {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kStateFile = "state.safetensors";
constexpr std::string_view kInfoFile = "checkpoint.json";
constexpr std::string_view kOwnKeys = "chrysalis.";
constexpr std::string_view kTemporary = ".tmp-";

fs::path temporary_name(const fs::path& checkpoints) {
  static std::atomic<std::uint64_t> count{0};
  return checkpoints / fmt::format("{}{}-{}", kTemporary, ::getpid(), count++);
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string own_key(std::string_view name) {
  return fmt::format("{}{}", kOwnKeys, name);
}

// What the state says that it is of, so that the hash covers it.
TensorMetadata own_metadata(const TrainingPosition& position) {
  return {{own_key("format"), fmt::format("{}", kCheckpointFormat)},
          {own_key("member"), fmt::format("{}", position.member)},
          {own_key("update"), fmt::format("{}", position.update)},
          {own_key("agent_steps"), fmt::format("{}", position.agent_steps)}};
}

// checkpoint.json, byte for byte a function of the info: whatever differs from this text was not written
// here.
std::string info_text(const CheckpointInfo& info) {
  Json json = {{"format", kCheckpointFormat},      {"member", info.position.member},
               {"update", info.position.update},   {"agent_steps", info.position.agent_steps},
               {"created", info.created},          {"state_bytes", info.state_bytes},
               {"state_sha256", info.state_sha256}};
  json["self_sha256"] = sha256_hex(json.dump(2));
  return json.dump(2) + "\n";
}

std::optional<std::int64_t> whole_number(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_integer()) return {};
  return found->get<std::int64_t>();
}

std::optional<std::string> text(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) return {};
  return found->get<std::string>();
}

Result<CheckpointInfo> read_info(const fs::path& path) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto bytes, read_file(path));
  const Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (json.is_discarded() || !json.is_object())
    return invalid_input("{}: damaged or cut short: not a JSON object", path.string());
  const auto format = whole_number(json, "format");
  if (format && *format != kCheckpointFormat)
    return invalid_input("{}: checkpoint format {}, this program reads format {}", path.string(), *format,
                         kCheckpointFormat);
  const auto member = whole_number(json, "member");
  const auto update = whole_number(json, "update");
  const auto agent_steps = whole_number(json, "agent_steps");
  const auto state_bytes = whole_number(json, "state_bytes");
  auto created = text(json, "created");
  auto state_sha256 = text(json, "state_sha256");
  if (!format || !member || !update || !agent_steps || !state_bytes || !created || !state_sha256)
    return invalid_input("{}: damaged: a field is missing or of another type", path.string());
  CheckpointInfo info{.position = {*member, *update, *agent_steps},
                      .created = std::move(*created),
                      .state_bytes = *state_bytes,
                      .state_sha256 = std::move(*state_sha256)};
  const std::string_view found(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (info_text(info) != found)
    return invalid_input("{}: damaged: it does not match its own hash", path.string());
  return info;
}

Status write_parts(const fs::path& directory, const CheckpointInfo& info,
                   std::span<const std::uint8_t> state) {
  CHRYSALIS_RETURN_IF_ERROR(make_directory(directory));
  CHRYSALIS_RETURN_IF_ERROR(write_file(directory / kStateFile, state));
  const std::string json = info_text(info);
  CHRYSALIS_RETURN_IF_ERROR(write_file(
      directory / kInfoFile, std::span(reinterpret_cast<const std::uint8_t*>(json.data()), json.size())));
  return sync_directory(directory);
}

}  // namespace

Result<CheckpointInfo> write_checkpoint(const fs::path& checkpoints, const TrainingPosition& position,
                                        std::span<const NamedTensor> tensors,
                                        const TensorMetadata& metadata) {
  TensorMetadata all = own_metadata(position);
  for (const auto& [key, value] : metadata) {
    CHRYSALIS_CHECK(!key.starts_with(kOwnKeys), "metadata key '{}' is reserved", key);
    all[key] = value;
  }
  const std::vector<std::uint8_t> state = encode_safetensors(tensors, all);
  const CheckpointInfo info{.position = position,
                            .created = utc_now(),
                            .state_bytes = static_cast<std::int64_t>(state.size()),
                            .state_sha256 = sha256_hex(state)};
  const fs::path target = checkpoints / info.name();
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(target, ignored))) {
    const auto there = read_checkpoint(target);
    if (there.ok() && there->info.state_sha256 == info.state_sha256) {
      // A writer killed right after its rename may not have made the name durable.
      CHRYSALIS_RETURN_IF_ERROR(sync_directory(checkpoints));
      return there->info;
    }
    CHRYSALIS_RETURN_IF_ERROR(remove_checkpoint(target));
  }
  const fs::path aside = temporary_name(checkpoints);
  Status status = write_parts(aside, info, state);
  if (status.ok()) status = rename_path(aside, target);
  if (!status.ok()) {
    fs::remove_all(aside, ignored);
    return status.error();
  }
  CHRYSALIS_RETURN_IF_ERROR(sync_directory(checkpoints));
  return info;
}

Result<Checkpoint> read_checkpoint(const fs::path& directory) {
  CHRYSALIS_ASSIGN_OR_RETURN(CheckpointInfo info, read_info(directory / kInfoFile));
  const fs::path state_path = directory / kStateFile;
  CHRYSALIS_ASSIGN_OR_RETURN(const auto state, read_file(state_path));
  if (static_cast<std::int64_t>(state.size()) != info.state_bytes)
    return invalid_input(
        "{}: {}: {} bytes, expected {}", state_path.string(),
        static_cast<std::int64_t>(state.size()) < info.state_bytes ? "cut short" : "too long", state.size(),
        info.state_bytes);
  if (sha256_hex(state) != info.state_sha256)
    return invalid_input("{}: damaged: its bytes do not match their hash {}", state_path.string(),
                         info.name());
  CHRYSALIS_ASSIGN_OR_RETURN(TensorFile file, decode_safetensors(state, state_path.string()));

  for (const auto& [key, value] : own_metadata(info.position)) {
    const auto found = file.metadata.find(key);
    if (found == file.metadata.end() || found->second != value)
      return invalid_input("{}: it is not of what {} says: '{}' is '{}' there", state_path.string(),
                           kInfoFile, key, value);
    file.metadata.erase(found);
  }
  return Checkpoint{
      .info = std::move(info), .tensors = std::move(file.tensors), .metadata = std::move(file.metadata)};
}

Status remove_checkpoint(const fs::path& directory) {
  const fs::path aside = temporary_name(directory.parent_path());
  CHRYSALIS_RETURN_IF_ERROR(rename_path(directory, aside));
  return remove_tree(aside);
}

Status remove_temporaries(const fs::path& checkpoints) {
  std::error_code code;
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(checkpoints, code), end; !code && entry != end; entry.increment(code))
    if (entry->path().filename().string().starts_with(kTemporary)) found.push_back(entry->path());
  if (code) return file_error(checkpoints, "list the directory", code.value());
  for (const fs::path& path : found) CHRYSALIS_RETURN_IF_ERROR(remove_tree(path));
  return {};
}

}  // namespace chrysalis
