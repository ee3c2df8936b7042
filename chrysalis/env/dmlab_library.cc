#include "chrysalis/env/dmlab_library.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "chrysalis/world/action.h"

namespace chrysalis::dmlab {
namespace {

constexpr std::string_view kPixels = "RGB_INTERLEAVED";
constexpr std::string_view kFramesLeft = "FRAMES_REMAINING_AT_60";

bool fetch_level(void* context, const char* const paths[], int count, const char* key, const char* to) {
  return static_cast<LevelCache*>(context)->fetch(key, {paths, static_cast<std::size_t>(count)}, to);
}

void store_level(void* context, const char* const paths[], int count, const char* key, const char* from) {
  static_cast<LevelCache*>(context)->store(key, {paths, static_cast<std::size_t>(count)}, from);
}

const char* connect_fault(int code) {
  switch (code) {
    case 1:
      return "it is connected already, or has no memory";
    case 2:
      return "it has no memory";
    case 3:
      return "it takes other parameters";
    case 4:
      return "the runfiles are missing";
    default:
      return "nobody knows why";
  }
}

// dlerror() begins with the path, which the message has already.
std::string load_fault(std::string_view library) {
  const char* said = dlerror();
  std::string_view reason = said == nullptr ? "no reason given" : said;
  if (reason.starts_with(library)) reason.remove_prefix(library.size());
  if (reason.starts_with(": ")) reason.remove_prefix(2);
  return std::string(reason);
}

}  // namespace

Result<std::unique_ptr<Library>> Library::open(const Launch& launch) {
  std::unique_ptr<Library> library(new Library());
  library->width_ = launch.width;
  library->height_ = launch.height;
  CHRYSALIS_RETURN_IF_ERROR(library->connect(launch));
  CHRYSALIS_RETURN_IF_ERROR(library->initialise(launch));
  CHRYSALIS_RETURN_IF_ERROR(library->find_actions());
  CHRYSALIS_RETURN_IF_ERROR(library->find_observations(launch));
  library->is_ready_ = true;
  return library;
}

Library::~Library() {
  if (is_ready_) api_.release_context(context_);
}

Status Library::connect(const Launch& launch) {
  void* library = dlopen(launch.library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return invalid_input("dmlab.library {} cannot be loaded: {}", launch.library, load_fault(launch.library));
  const auto connect = reinterpret_cast<ConnectFunction>(dlsym(library, kConnectSymbol));
  if (connect == nullptr)
    return invalid_input("dmlab.library {} has no {}: expected DM Lab's shared library", launch.library,
                         kConnectSymbol);
  if (!launch.level_cache.empty()) {
    CHRYSALIS_ASSIGN_OR_RETURN(cache_, LevelCache::open(launch.level_cache, launch.level_cache_bytes));
    params_.level_cache = {.fetch = fetch_level, .write = store_level, .context = &*cache_};
  }
  params_.runfiles_path = launch.runfiles.c_str();
  params_.renderer = launch.hardware_renderer ? RendererKind::kHardware : RendererKind::kSoftware;
  params_.optional_temp_folder = launch.temporary_folder.c_str();

  // Room for an API that has grown, to tell it from ours.
  constexpr std::size_t kCount = sizeof(EnvCApi) / sizeof(void*);
  std::array<void*, 2 * kCount> functions = {};
  const int answer = connect(&params_, reinterpret_cast<EnvCApi*>(functions.data()), &context_);
  if (answer != 0)
    return invalid_input("dmlab.library {} does not connect with dmlab.runfiles {}: {} ({})", launch.library,
                         launch.runfiles, connect_fault(answer), answer);
  const auto there = static_cast<std::size_t>(std::ranges::find(functions, nullptr) - functions.begin());
  if (there != kCount || std::ranges::any_of(functions.begin() + kCount, functions.end(),
                                             [](const void* more) { return more != nullptr; }))
    return invalid_input("dmlab.library {} has an API of another layout: {} functions, expected {}",
                         launch.library, there, kCount);
  std::memcpy(&api_, functions.data(), sizeof api_);
  return {};
}

std::string Library::reason() const {
  const char* said = api_.error_message(context_);
  return said == nullptr || *said == '\0' ? "it does not say why" : said;
}

Status Library::initialise(const Launch& launch) {
  std::vector<std::pair<std::string, std::string>> settings = {
      {"levelName", launch.level},
      {"width", std::to_string(launch.width)},
      {"height", std::to_string(launch.height)},
      {"fps", "60"},  // Unset it means the clock on the wall.
  };
  settings.insert(settings.end(), launch.settings.begin(), launch.settings.end());
  for (const auto& [key, value] : settings)
    if (api_.setting(context_, key.c_str(), value.c_str()) != 0)
      return invalid_input("DM Lab refuses the setting {} = \"{}\": {}", key, value, reason());
  if (api_.init(context_) != 0)
    return invalid_input("DM Lab cannot make level {} ready: {}", launch.level, reason());
  return {};
}

Status Library::find_actions() {
  std::vector<std::string> names;
  for (int i = 0; i < api_.action_discrete_count(context_); ++i)
    names.emplace_back(api_.action_discrete_name(context_, i));
  action_.resize(names.size());
  for (std::size_t part = 0; part < kRawActionParts.size(); ++part) {
    const auto found = std::ranges::find(names, kRawActionParts[part].name);
    if (found == names.end())
      return invalid_input("DM Lab has no action {} in this level: its actions are {}",
                           kRawActionParts[part].name, fmt::join(names, ", "));
    action_at_[part] = static_cast<int>(found - names.begin());
  }
  return {};
}

Status Library::find_observations(const Launch& launch) {
  for (int i = 0; i < api_.observation_count(context_); ++i) {
    const std::string_view name = api_.observation_name(context_, i);
    if (name == kPixels) pixels_at_ = i;
    if (name == kFramesLeft) frames_left_at_ = i;
  }
  if (pixels_at_ < 0) return invalid_input("DM Lab has no observation {} in this level", kPixels);
  ObservationSpec spec = {};
  api_.observation_spec(context_, pixels_at_, &spec);
  if (spec.type != ObservationType::kBytes || spec.dims != 3 || spec.shape == nullptr ||
      spec.shape[0] != launch.height || spec.shape[1] != launch.width || spec.shape[2] != 3)
    return invalid_input(
        "DM Lab's observation {} is not of bytes [{}, {}, 3]: its library has another layout", kPixels,
        launch.height, launch.width);
  return {};
}

double Library::frames_left() {
  if (frames_left_at_ < 0) return -1;
  Observation observation = {};
  api_.observation(context_, frames_left_at_, &observation);
  const bool is_number = observation.spec.type == ObservationType::kDoubles && observation.spec.dims == 1 &&
                         observation.spec.shape[0] == 1 && observation.payload.doubles != nullptr;
  return is_number ? std::max(0.0, observation.payload.doubles[0]) : -1;
}

Result<double> Library::start(int episode, int seed) {
  if (api_.start(context_, episode, seed) != 0)
    return io_error("DM Lab cannot start an episode with seed {}: {}", seed, reason());
  return frames_left();
}

Result<Library::Step> Library::step(const std::array<std::int32_t, 7>& action, int frames) {
  for (std::size_t part = 0; part < action.size(); ++part)
    action_[static_cast<std::size_t>(action_at_[part])] = action[part];
  api_.act_discrete(context_, action_.data());
  Step step;
  switch (const AdvanceStatus status = api_.advance(context_, frames, &step.reward); status) {
    case AdvanceStatus::kRunning:
      break;
    case AdvanceStatus::kTerminated:
      step.ended = true;
      break;
    case AdvanceStatus::kInterrupted:
    case AdvanceStatus::kError:
      return io_error("DM Lab stopped in the midst of an episode ({}): {}",
                      status == AdvanceStatus::kError ? "error" : "interrupted", reason());
    default:
      return io_error("DM Lab answers {} to a step: its library has another layout",
                      static_cast<int>(status));
  }
  step.frames_left = frames_left();
  return step;
}

Status Library::observe(std::span<std::uint8_t> rgb) {
  Observation seen = {};
  api_.observation(context_, pixels_at_, &seen);
  const ObservationSpec& spec = seen.spec;
  if (spec.dims != 3 || spec.shape[0] != height_ || spec.shape[1] != width_ || spec.shape[2] != 3 ||
      seen.payload.bytes == nullptr)
    return io_error("DM Lab's picture is not [{}, {}, 3] any more", height_, width_);
  // The library draws every observation of pixels into the same memory.
  std::memcpy(rgb.data(), seen.payload.bytes, rgb.size());
  return {};
}

}  // namespace chrysalis::dmlab
