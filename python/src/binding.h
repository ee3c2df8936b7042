// What the files of chrysalis._native share. Python calls into it with the GIL; it is let go for whatever
// takes longer than a few microseconds.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <atomic>
#include <span>
#include <string>
#include <utility>

#include "chrysalis/core/result.h"
#include "chrysalis/env/dmlab_config.h"
#include "chrysalis/env/environment.h"
#include "chrysalis/env/environment_config.h"
#include "chrysalis/levels/level_config.h"
#include "chrysalis/world/action.h"

namespace chrysalis::python {

namespace nb = nanobind;

// What the user wrote is a ValueError, what the machine answers an OSError; the text is the error's one line.
[[noreturn]] void raise(const Error& error);
inline void raise_if_error(const Status& status) {
  if (!status.ok()) raise(status.error());
}
template <typename T>
T value_or_raise(Result<T> result) {
  if (!result.ok()) raise(result.error());
  return std::move(result).value();
}

// The value of the Result that `make` gives without Python's lock.
template <typename Make>
auto made_or_raise(Make&& make) {
  auto result = [&] {
    const nb::gil_scoped_release release;
    return make();
  }();
  return value_or_raise(std::move(result));
}

// A level, how it is seen, and where DM Lab is for one of its levels.
struct Settings {
  LevelConfig level;
  EnvironmentConfig environment;
  DmlabConfig dmlab;

  // What Python names without a table.
  void visit(FieldVisitor& v) {
    level.visit(v);
    environment.visit(v);
  }
};
// keywords: settings of the level and of how it is seen, by their names in a config without the table;
// "dmlab": a dict of those of that table. Raises TypeError for a name that is none, with the nearest;
// ValueError for a value that the setting does not take, and for "dmlab" beside a native level.
Settings settings_of(const std::string& level, const nb::dict& keywords);

// Actions as a Python space has them.
class Actions {
 public:
  // name: "small", "big", or "raw" for the seven integers themselves.
  explicit Actions(const std::string& name);

  int integers_per_action() const { return set_ == nullptr ? static_cast<int>(kRawActionParts.size()) : 1; }
  // Of integers_per_action() numbers each. Raises ValueError for one that is out of its range.
  void decode(std::span<const std::int64_t> numbers, std::span<RawAction> actions) const;

 private:
  const std::vector<RawAction>* set_ = nullptr;  // Null: raw.
};

// How Gymnasium tells of an end: an episode that is lost was cut.
inline bool truncated(const StepResult& result) {
  return result.truncated || result.lost;
}
inline bool terminated(const StepResult& result) {
  return result.ended && !truncated(result);
}

// Holds an object for one call at a time, because another thread may call while the GIL is let go.
class Turn {
 public:
  explicit Turn(std::atomic_flag& taken) : taken_(taken) {
    if (taken_.test_and_set(std::memory_order_acquire))
      throw std::runtime_error("another thread is in a call of this object: expected one at a time");
  }
  ~Turn() { taken_.clear(std::memory_order_release); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::atomic_flag& taken_;
};

// Threads for `wanted`: itself, or the cores of this process where it is 0. Raises ValueError below 0.
int worker_count(int wanted);

// A NumPy array in C order, of one type.
template <typename T, typename... Shape>
using Array = nb::ndarray<T, nb::c_contig, nb::device::cpu, Shape...>;

void bind_environment(nb::module_& module);
void bind_vector_environment(nb::module_& module);
void bind_agent(nb::module_& module);

}  // namespace chrysalis::python
