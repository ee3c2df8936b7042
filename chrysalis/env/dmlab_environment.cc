#include "chrysalis/env/dmlab_environment.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "chrysalis/core/check.h"
#include "chrysalis/core/log.h"

namespace chrysalis {
namespace {

namespace fs = std::filesystem;
using dmlab::Command;
using dmlab::Reply;

// DM Lab takes an int.
int start_seed(std::uint64_t seed) {
  return static_cast<int>(seed & 0x7FFFFFFF);
}

// Settings of table "level" are those of the native levels.
Status check_level(const LevelConfig& level) {
  LevelConfig given = level;
  LevelConfig untouched;
  untouched.name = level.name;
  untouched.episode_seconds = level.episode_seconds;
  const auto now = describe_fields(fields_of(given));
  const auto before = describe_fields(fields_of(untouched));
  for (std::size_t i = 0; i < now.size(); ++i)
    if (now[i].value != before[i].value)
      return invalid_input("{} is {} and level.name is {}: expected DM Lab's own settings in dmlab.settings",
                           now[i].path, now[i].value, level.name);
  return {};
}

Result<fs::path> find_library(const DmlabConfig& dmlab) {
  if (dmlab.library.empty())
    return invalid_input("dmlab.library is not set: expected the path of DM Lab's shared library");
  std::error_code code;
  if (!fs::exists(dmlab.library, code))
    return invalid_input("dmlab.library {} is not there: expected DM Lab's shared library", dmlab.library);
  return fs::absolute(dmlab.library);
}

Result<fs::path> find_runfiles(const DmlabConfig& dmlab, const fs::path& library) {
  if (dmlab.runfiles.empty()) return library.parent_path();
  std::error_code code;
  if (!fs::is_directory(dmlab.runfiles, code))
    return invalid_input("dmlab.runfiles {} is no folder: expected that of DM Lab's assets", dmlab.runfiles);
  return fs::absolute(dmlab.runfiles);
}

}  // namespace

Result<std::unique_ptr<DmlabEnvironment>> DmlabEnvironment::create(const LevelConfig& level,
                                                                   const DmlabConfig& dmlab,
                                                                   const EnvironmentConfig& config) {
  DmlabProcess::Settings settings;
  dmlab::Launch& launch = settings.launch;
  CHRYSALIS_CHECK(is_dmlab_level(level.name));
  launch.level = level.name.substr(kDmlabPrefix.size());
  if (launch.level.empty())
    return invalid_input("level.name is {}: expected dmlab: and the name of a level of DM Lab's", level.name);
  CHRYSALIS_RETURN_IF_ERROR(check_level(level));
  for (const auto& [name, pixels] : {std::pair{"width", config.width}, {"height", config.height}})
    if (pixels % 4 != 0) return invalid_input("environment.{} is {}: expected a multiple of 4", name, pixels);
  CHRYSALIS_ASSIGN_OR_RETURN(const fs::path library, find_library(dmlab));
  CHRYSALIS_ASSIGN_OR_RETURN(const fs::path runfiles, find_runfiles(dmlab, library));
  CHRYSALIS_ASSIGN_OR_RETURN(launch.settings, parse_dmlab_settings(dmlab.settings));
  CHRYSALIS_ASSIGN_OR_RETURN(settings.host, find_dmlab_host(dmlab.host));
  if (level.episode_seconds > 0) {
    const std::pair<std::string, std::string> limit = {"episodeLengthSeconds",
                                                       fmt::format("{}", level.episode_seconds)};
    if (std::ranges::find(launch.settings, limit.first, &decltype(limit)::first) != launch.settings.end())
      return invalid_input("dmlab.settings sets {}, and so does level.episode_seconds: expected one of them",
                           limit.first);
    launch.settings.push_back(limit);
  }
  launch.library = library.string();
  launch.runfiles = runfiles.string();
  launch.hardware_renderer = dmlab.renderer == "hardware";
  launch.width = static_cast<int>(config.width);
  launch.height = static_cast<int>(config.height);
  launch.level_cache = dmlab.level_cache.empty() ? "" : fs::absolute(dmlab.level_cache).string();
  launch.level_cache_bytes = dmlab.level_cache_mib << 20;
  settings.temporary_folder = dmlab.temporary_folder;
  std::unique_ptr<DmlabEnvironment> environment(new DmlabEnvironment(std::move(settings), dmlab));
  environment->spec_ = {.level = level.name,
                        .width = static_cast<int>(config.width),
                        .height = static_cast<int>(config.height),
                        .action_repeat = static_cast<int>(config.action_repeat),
                        .episode_frames = level.episode_seconds * 60,
                        .reward_min = -std::numeric_limits<float>::infinity(),
                        .reward_max = std::numeric_limits<float>::infinity()};
  return environment;
}

DmlabEnvironment::DmlabEnvironment(DmlabProcess::Settings settings, const DmlabConfig& dmlab)
    : settings_(std::move(settings)),
      start_seconds_(dmlab.start_seconds),
      step_seconds_(dmlab.step_seconds),
      faults_in_a_row_max_(dmlab.faults_in_a_row) {}

void DmlabEnvironment::note_fault(const Error& error) {
  process_.reset();
  awaited_ = Awaited::kNothing;
  playing_ = false;
  ++faults_;
  ++faults_in_a_row_;
  // What it refuses it will refuse again.
  if (error.code == ErrorCode::kInvalidInput || faults_in_a_row_max_ == 1) {
    status_ = error;
  } else if (faults_in_a_row_ >= faults_in_a_row_max_) {
    status_ =
        Error{error.code, fmt::format("{}: {} processes fell in a row (dmlab.faults_in_a_row), the last: {}",
                                      spec_.level, faults_in_a_row_, error.message)};
  } else {
    log_warning("{}: an episode is lost, its process is replaced: {}", spec_.level, error.message);
  }
}

Result<Reply> DmlabEnvironment::await_reply(Reply::Kind kind, double seconds) {
  CHRYSALIS_ASSIGN_OR_RETURN(const Reply reply, process_->receive(seconds));
  if (reply.kind != kind) return io_error("process {} of DM Lab answers what nobody asked", process_->pid());
  return reply;
}

void DmlabEnvironment::begin_reset(std::uint64_t seed) {
  if (!status_.ok()) return;
  // A step that was announced and not taken: its answer would come first.
  if (awaited_ == Awaited::kStep) step({});
  CHRYSALIS_CHECK(awaited_ == Awaited::kNothing, "begin_reset() twice");
  seed_ = seed;
  playing_ = false;
  start_error_.reset();
  if (process_ == nullptr) {
    auto started = DmlabProcess::start(settings_);
    if (!started.ok()) {
      start_error_ = started.error();
    } else {
      process_ = std::move(started).value();
      launched_ = false;
      episodes_begun_ = 0;
    }
  }
  awaited_ = Awaited::kReset;
  if (process_ == nullptr) return;
  process_->send({.kind = Command::Kind::kStart, .episode = episodes_begun_, .seed = start_seed(seed)});
  ++episodes_begun_;
}

Status DmlabEnvironment::try_reset() {
  if (start_error_) return *start_error_;
  if (!launched_) CHRYSALIS_RETURN_IF_ERROR(await_reply(Reply::Kind::kLaunched, start_seconds_));
  launched_ = true;
  CHRYSALIS_ASSIGN_OR_RETURN(const Reply reply, await_reply(Reply::Kind::kStarted, start_seconds_));
  frames_left_ = reply.frames_left;
  if (spec_.episode_frames == 0 && frames_left_ > 0) spec_.episode_frames = std::lround(frames_left_);
  return {};
}

void DmlabEnvironment::reset(std::uint64_t seed) {
  while (status_.ok()) {
    if (awaited_ != Awaited::kReset) begin_reset(seed);
    CHRYSALIS_CHECK_EQ(seed, seed_);
    awaited_ = Awaited::kNothing;
    const Status begun = try_reset();
    if (begun.ok()) {
      playing_ = true;
      return;
    }
    note_fault(begun.error());
  }
}

void DmlabEnvironment::begin_step(const RawAction& action) {
  if (!status_.ok()) return;
  CHRYSALIS_CHECK(playing_ && awaited_ == Awaited::kNothing,
                  "a step before reset() or after the episode's end");
  const std::array<int, 7> parts = action.parts();
  Command command{.kind = Command::Kind::kStep, .frames = spec_.action_repeat};
  std::ranges::copy(parts, command.action.begin());
  process_->send(command);
  awaited_ = Awaited::kStep;
}

StepResult DmlabEnvironment::step(const RawAction& action) {
  if (!status_.ok()) return {.ended = true, .lost = true};
  if (awaited_ != Awaited::kStep) begin_step(action);
  awaited_ = Awaited::kNothing;
  const auto reply = await_reply(Reply::Kind::kStepped, step_seconds_);
  if (!reply.ok()) {
    note_fault(reply.error());
    return {.ended = true, .lost = true};
  }
  StepResult result{.reward = static_cast<float>(reply->reward), .frames = spec_.action_repeat};
  if (reply->ended) {
    playing_ = false;
    faults_in_a_row_ = 0;
    result.ended = true;
    result.truncated = reply->frames_left == 0;
    // DM Lab stops in the midst of a repeat.
    if (reply->frames_left >= 0 && frames_left_ > reply->frames_left)
      result.frames =
          std::min(result.frames, static_cast<int>(std::lround(frames_left_ - reply->frames_left)));
  }
  frames_left_ = reply->frames_left;
  return result;
}

void DmlabEnvironment::observe(std::span<std::uint8_t> rgb) {
  CHRYSALIS_CHECK_EQ(rgb.size(), spec_.observation_bytes());
  if (process_ == nullptr) {
    std::ranges::fill(rgb, std::uint8_t{0});  // Of an episode that was lost.
  } else {
    std::ranges::copy(process_->pixels(), rgb.begin());
  }
}

}  // namespace chrysalis
