// A client of the built library, as one of DM Lab's: loads it, connects, calls through the table of
// functions.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chrysalis/core/random.h"
#include "chrysalis/env/dmlab_api.h"
#include "chrysalis/levels/catalog.h"

namespace chrysalis::dmlab {

inline std::vector<std::string> level_names() {
  std::vector<std::string> names;
  for (const LevelEntry& entry : level_catalog()) names.emplace_back(entry.name);
  return names;
}

inline ConnectFunction connect_function() {
  static void* library = dlopen(CHRYSALIS_SHARED_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    ADD_FAILURE() << dlerror();
    std::abort();
  }
  return reinterpret_cast<ConnectFunction>(dlsym(library, kConnectSymbol));
}

class Client {
 public:
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  explicit Client(ConnectFunction connect = connect_function()) {
    LaunchParams params{};
    params.runfiles_path = "anywhere";
    EXPECT_EQ(connect(&params, &api, &context), 0);
  }
  // Set, and up to init().
  explicit Client(const Pairs& settings, ConnectFunction connect = connect_function()) : Client(connect) {
    for (const auto& [key, value] : settings)
      EXPECT_EQ(api.setting(context, key.c_str(), value.c_str()), 0) << error();
    EXPECT_EQ(api.init(context), 0) << error();
  }
  ~Client() { api.release_context(context); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  std::string error() const { return api.error_message(context); }

  int index_of(std::string_view observation) const {
    for (int i = 0; i < api.observation_count(context); ++i)
      if (api.observation_name(context, i) == observation) return i;
    ADD_FAILURE() << "no observation " << observation;
    return 0;
  }
  Observation observe(std::string_view name) const {
    Observation given;
    api.observation(context, index_of(name), &given);
    return given;
  }
  static std::vector<int> shape(const ObservationSpec& spec) { return {spec.shape, spec.shape + spec.dims}; }
  std::vector<int> shape(std::string_view name) const { return shape(observe(name).spec); }
  std::vector<double> doubles(std::string_view name) const {
    const Observation given = observe(name);
    EXPECT_EQ(given.spec.type, ObservationType::kDoubles) << name;
    return {given.payload.doubles, given.payload.doubles + elements(given.spec)};
  }
  std::vector<std::uint8_t> bytes(std::string_view name) const {
    const Observation given = observe(name);
    EXPECT_EQ(given.spec.type, ObservationType::kBytes) << name;
    return {given.payload.bytes, given.payload.bytes + elements(given.spec)};
  }
  std::string text(std::string_view name) const {
    const Observation given = observe(name);
    EXPECT_EQ(given.spec.type, ObservationType::kString) << name;
    return {given.payload.string, static_cast<std::size_t>(given.spec.shape[0])};
  }

  void act(const std::array<int, 7>& parts) const { api.act_discrete(context, parts.data()); }
  struct Advance {
    AdvanceStatus status;
    double reward;
  };
  Advance advance(int steps) const {
    Advance advanced{};
    advanced.status = api.advance(context, steps, &advanced.reward);
    return advanced;
  }

  EnvCApi api{};
  void* context = nullptr;

 private:
  static std::size_t elements(const ObservationSpec& spec) {
    std::size_t count = 1;
    for (int i = 0; i < spec.dims; ++i) count *= static_cast<std::size_t>(spec.shape[i]);
    return count;
  }
};

inline std::array<int, 7> random_parts(RandomStream& stream) {
  return {stream.between(-60, 60), stream.between(-10, 10), stream.between(-1, 1), stream.between(-1, 1),
          stream.between(0, 1),    stream.between(0, 1),    stream.between(0, 1)};
}

}  // namespace chrysalis::dmlab
