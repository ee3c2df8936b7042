// A stand-in for DM Lab's shared library, for tests of what drives it: a few numbers in place of a world,
// whose pixels and rewards are a hash of them, and every fault that the original is known for. What it does
// is said by the name of the level, the last part of the runfiles' path, and the settings:
//
//   level          plain, or a fault below, at the frame fault_frame where it is one of advance()
//   episode_frames length of an episode; frame_us: pause of each frame; fault_once: a file, which is made
//   with
//                  the first fault, after which there are no more
//
// Calls out of order end the process, as the original's do.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "chrysalis/core/random.h"
#include "chrysalis/env/dmlab_api.h"

namespace chrysalis::dmlab {
namespace {

constexpr std::array<const char*, 7> kActions = {"LOOK_LEFT_RIGHT_PIXELS_PER_FRAME",
                                                 "LOOK_DOWN_UP_PIXELS_PER_FRAME",
                                                 "STRAFE_LEFT_RIGHT",
                                                 "MOVE_BACK_FORWARD",
                                                 "FIRE",
                                                 "JUMP",
                                                 "CROUCH"};
constexpr std::array<const char*, 3> kObservations = {"DEBUG.POS.TRANS", "RGB_INTERLEAVED",
                                                      "FRAMES_REMAINING_AT_60"};

struct Peer {
  std::map<std::string, std::string> settings;
  std::string runfiles;
  std::string temporary_folder;
  LevelCacheParams cache = {};
  std::string error;
  bool initialised = false;
  bool started = false;
  std::array<int, 3> shape = {};
  std::vector<unsigned char> pixels;
  std::array<double, 3> numbers = {};
  std::array<int, 7> action = {};
  std::uint64_t state = 0;
  int frame = 0;
  double bonus = 0;  // On the first reward: 1000 where the level came from the cache.

  int number(const std::string& key, int otherwise) const {
    const auto found = settings.find(key);
    return found == settings.end() ? otherwise : std::atoi(found->second.c_str());
  }
  int episode_frames() const { return number("episode_frames", 30); }
  bool is(const char* level) const { return settings.at("levelName") == level; }
};

Peer& of(void* context) {
  return *static_cast<Peer*>(context);
}

[[noreturn]] void hang() {
  for (;;) pause();
}

void demand(bool in_order, const char* what) {
  if (in_order) return;
  std::fprintf(stderr, "called out of order: %s\n", what);
  std::abort();
}

// Whether a fault is to happen now.
bool is_due(const Peer& peer) {
  const auto once = peer.settings.find("fault_once");
  if (once == peer.settings.end()) return true;
  FILE* made = std::fopen(once->second.c_str(), "wx");
  if (made == nullptr) return false;
  std::fclose(made);
  return true;
}

// The faults that may come in init(), start() and advance().
void fall(const Peer& peer, const std::string& when) {
  const std::string& level = peer.settings.at("levelName");
  if (!level.ends_with("_in_" + when) || level.starts_with("error") || !is_due(peer)) return;
  if (level.starts_with("hang")) hang();
  if (level.starts_with("exit")) {
    std::printf("opening the level\n");
    std::fprintf(stderr, "ERROR: could not open baselab/vm/game.qvm\n");
    std::exit(3);
  }
  if (level.starts_with("abort")) std::abort();
  if (level.starts_with("crash")) {
    signal(SIGSEGV, SIG_DFL);  // A sanitizer has its own.
    raise(SIGSEGV);
  }
}

int setting(void* context, const char* key, const char* value) {
  Peer& peer = of(context);
  if (peer.initialised) return 1;
  const std::string name = key;
  if ((name == "width" || name == "height") && (std::atoi(value) <= 0 || std::atoi(value) % 4 != 0)) {
    peer.error = "Invalid value for '" + name + "'";
    return 1;
  }
  if (name == "refused") {
    peer.error = "Invalid value for 'refused'";
    return 1;
  }
  demand(peer.settings.emplace(name, value).second, "setting() with the same key twice");
  return 0;
}

int initialise(void* context) {
  Peer& peer = of(context);
  if (peer.initialised) return 1;
  demand(peer.settings.contains("levelName") && peer.settings["fps"] == "60", "init() without settings");
  if (peer.settings.contains("nonsense")) {
    peer.error = "Invalid setting 'nonsense'";
    return 1;
  }
  if (peer.is("missing")) {
    peer.error = "Level not found: missing";
    return 1;
  }
  if (peer.is("silent")) return 1;
  fall(peer, "init");
  // Whoever leaves no temporary folder leaves this neither.
  FILE* scratch = std::fopen((peer.temporary_folder + "/scratch").c_str(), "w");
  demand(scratch != nullptr, "a temporary folder that is not there");
  std::fclose(scratch);
  if (peer.is("cached")) {
    const std::string source = peer.runfiles + "/cached.map", map = peer.temporary_folder + "/cached.pk3";
    const char* const paths[] = {source.c_str()};
    demand(peer.cache.fetch != nullptr && peer.cache.write != nullptr, "a level cache that is not there");
    if (peer.cache.fetch(peer.cache.context, paths, 1, "cached", map.c_str())) {
      peer.bonus = 1000;
    } else {
      FILE* compiled = std::fopen(map.c_str(), "w");
      std::fputs("compiled", compiled);
      std::fclose(compiled);
      peer.cache.write(peer.cache.context, paths, 1, "cached", map.c_str());
    }
  }
  if (peer.is("parent") && fork() == 0) hang();
  peer.shape = {peer.number("height", 240), peer.number("width", 320), 3};
  peer.pixels.resize(static_cast<std::size_t>(peer.shape[0]) * peer.shape[1] * 3);
  peer.initialised = true;
  return 0;
}

int start(void* context, int episode, int seed) {
  Peer& peer = of(context);
  if (!peer.initialised) return 1;
  fall(peer, "start");
  if (peer.is("error_in_start") && is_due(peer)) {
    peer.error = "[string \"level.lua\"]:7: attempt to index a nil value";
    return 1;
  }
  peer.started = true;
  peer.frame = 0;
  // An episode is not the seed's alone, as with the original.
  peer.state = mix64(static_cast<std::uint64_t>(seed) + (static_cast<std::uint64_t>(episode) << 32));
  return 0;
}

AdvanceStatus advance(void* context, int frames, double* reward) {
  Peer& peer = of(context);
  demand(peer.started, "advance() before start()");
  *reward = std::exchange(peer.bonus, 0);
  const int length = peer.is("by_rule") ? peer.episode_frames() / 2 : peer.episode_frames();
  for (int i = 0; i < frames && peer.frame < length; ++i) {
    if (peer.frame == peer.number("fault_frame", 10)) {
      fall(peer, "advance");
      if (peer.is("error_in_advance") && is_due(peer)) {
        peer.error = "[string \"level.lua\"]:9: attempt to call a nil value";
        return AdvanceStatus::kError;
      }
      if (peer.is("interrupted")) return AdvanceStatus::kInterrupted;
      if (peer.is("odd_status")) return static_cast<AdvanceStatus>(7);
    }
    for (const int part : peer.action)
      peer.state = mix64(peer.state + static_cast<std::uint64_t>(part + 1000));
    *reward += peer.state % 4 == 0 ? 1 : 0;
    ++peer.frame;
    if (const int pause_us = peer.number("frame_us", 0); pause_us > 0)
      usleep(static_cast<unsigned>(pause_us));
  }
  return peer.frame == length ? AdvanceStatus::kTerminated : AdvanceStatus::kRunning;
}

void observation_spec(void* context, int index, ObservationSpec* spec) {
  Peer& peer = of(context);
  static const int kThree = 3, kOne = 1;
  if (index != 1) {
    *spec = {ObservationType::kDoubles, 1, index == 0 ? &kThree : &kOne};
    return;
  }
  if (peer.is("other_shape")) peer.shape[2] = 4;
  *spec = {ObservationType::kBytes, 3, peer.shape.data()};
}

void observation(void* context, int index, Observation* seen) {
  Peer& peer = of(context);
  demand(peer.started, "observation() before start()");
  observation_spec(context, index, &seen->spec);
  if (index != 1) {
    peer.numbers[0] = peer.episode_frames() - peer.frame;
    seen->payload.doubles = peer.numbers.data();
    return;
  }
  if (peer.is("shrinking") && peer.frame > 0) peer.shape[0] = 4;
  RandomStream stream(peer.state, 0);
  for (unsigned char& byte : peer.pixels) byte = static_cast<unsigned char>(stream.next());
  seen->payload.bytes = peer.pixels.data();
}

const char* error_message(void* context) {
  return of(context).error.c_str();
}
int action_discrete_count(void* context) {
  return of(context).is("few_actions") ? 5 : 7;
}
const char* action_discrete_name(void*, int index) {
  return kActions[static_cast<std::size_t>(index)];
}
void action_discrete_bounds(void*, int index, int* min, int* max) {
  *max = index < 2 ? 512 : 1;
  *min = index < 4 ? -*max : 0;
}
int observation_count(void* context) {
  return of(context).is("no_picture") ? 1 : of(context).is("no_clock") ? 2 : 3;
}
const char* observation_name(void*, int index) {
  return kObservations[static_cast<std::size_t>(index)];
}
void act_discrete(void* context, const int actions[]) {
  std::copy_n(actions, 7, of(context).action.begin());
}

int connect(const LaunchParams* params, EnvCApi* api, void** context) {
  if (params == nullptr) return 3;
  Peer peer;
  peer.runfiles = params->runfiles_path;
  const std::string kind = peer.runfiles.substr(peer.runfiles.rfind('/') + 1);
  if (kind == "empty") return 4;
  if (kind == "nobody_knows") return 99;
  peer.temporary_folder = params->optional_temp_folder;
  peer.cache = params->level_cache;
  *context = new Peer(std::move(peer));
  const auto none = [](void*) { return 0; };
  const auto nameless = [](void*, int) { return ""; };
  *api = {};
  api->setting = setting;
  api->init = initialise;
  api->start = start;
  api->release_context = [](void* c) { delete static_cast<Peer*>(c); };
  api->error_message = error_message;
  api->write_property = [](void*, const char*, const char*) { return PropertyResult::kNotFound; };
  api->read_property = [](void*, const char*, const char**) { return PropertyResult::kNotFound; };
  api->list_property = [](void*, void*, const char*, PropertyCallback) { return PropertyResult::kNotFound; };
  api->environment_name = [](void*) { return "peer"; };
  api->action_discrete_count = action_discrete_count;
  api->action_continuous_count = none;
  api->action_text_count = none;
  api->action_discrete_name = action_discrete_name;
  api->action_continuous_name = nameless;
  api->action_text_name = nameless;
  api->action_discrete_bounds = action_discrete_bounds;
  api->action_continuous_bounds = [](void*, int, double*, double*) {};
  api->observation_count = observation_count;
  api->observation_name = observation_name;
  api->observation_spec = observation_spec;
  api->event_type_count = none;
  api->event_type_name = nameless;
  api->observation = observation;
  api->event_count = none;
  api->event = [](void*, int, Event*) {};
  api->act_discrete = act_discrete;
  api->act_continuous = [](void*, const double*) {};
  api->act_text = [](void*, const TextAction*) {};
  api->advance = advance;
  if (kind == "short_layout") api->advance = nullptr;
  // One that has grown by a function.
  if (kind == "long_layout") std::memcpy(api + 1, api, sizeof(void*));
  return 0;
}

}  // namespace
}  // namespace chrysalis::dmlab

extern "C" __attribute__((visibility("default"))) int dmlab_connect(
    const chrysalis::dmlab::LaunchParams* params, chrysalis::dmlab::EnvCApi* api, void** context) {
  return chrysalis::dmlab::connect(params, api, context);
}
