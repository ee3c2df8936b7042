#include "binding.h"
#include "chrysalis/env/environment_group.h"
#include "chrysalis/env/make_environment.h"

namespace chrysalis::python {
namespace {

// One environment, and the guards that keep Python from misusing it.
class PyEnvironment {
 public:
  PyEnvironment(const std::string& level, const std::string& actions, const nb::dict& settings)
      : actions_(actions) {
    const Settings of = settings_of(level, settings);
    environment_ = made_or_raise([&] { return make_environment(of.level, of.environment, of.dmlab); });
  }

  const EnvironmentSpec& spec() const { return environment_->spec(); }

  void reset(std::uint64_t seed, std::int64_t episode, Array<std::uint8_t> rgb) {
    const Turn turn(taken_);
    const auto pixels = checked(rgb);
    {
      const nb::gil_scoped_release release;
      environment_->reset(evaluation_seed(seed, episode));
      environment_->observe(pixels);
    }
    raise_if_error(environment_->status());
    playing_ = true;
  }

  std::tuple<double, int, bool, bool, bool> step(const std::vector<std::int64_t>& numbers,
                                                 Array<std::uint8_t> rgb) {
    const Turn turn(taken_);
    if (!playing_) throw std::runtime_error("step() without a running episode: expected reset() before");
    if (static_cast<int>(numbers.size()) != actions_.integers_per_action())
      throw nb::value_error(
          fmt::format("an action of {} integers: expected {}", numbers.size(), actions_.integers_per_action())
              .c_str());
    const auto pixels = checked(rgb);
    RawAction action;
    actions_.decode(numbers, {&action, 1});
    StepResult result;
    {
      const nb::gil_scoped_release release;
      result = environment_->step(action);
      environment_->observe(pixels);
    }
    playing_ = !result.ended;
    raise_if_error(environment_->status());
    return {result.reward, result.frames, terminated(result), truncated(result), result.lost};
  }

 private:
  std::span<std::uint8_t> checked(const Array<std::uint8_t>& rgb) const {
    if (rgb.size() != spec().observation_bytes())
      throw nb::value_error("the array for an observation has another size");
    return {rgb.data(), rgb.size()};
  }

  Actions actions_;
  std::unique_ptr<Environment> environment_;
  bool playing_ = false;
  std::atomic_flag taken_;
};

}  // namespace

void bind_environment(nb::module_& module) {
  nb::class_<EnvironmentSpec>(module, "EnvironmentSpec", "What does not change about an environment.")
      .def_ro("level", &EnvironmentSpec::level)
      .def_ro("width", &EnvironmentSpec::width, "Pixels.")
      .def_ro("height", &EnvironmentSpec::height, "Pixels.")
      .def_ro("action_repeat", &EnvironmentSpec::action_repeat, "Frames an agent step.")
      .def_ro("frames_per_second", &EnvironmentSpec::frames_per_second)
      .def_ro("episode_frames", &EnvironmentSpec::episode_frames, "Time limit.");
  nb::class_<PyEnvironment>(module, "Environment")
      .def(nb::init<const std::string&, const std::string&, const nb::dict&>(), nb::arg("level"),
           nb::arg("actions"), nb::arg("settings"),
           nb::sig("def __init__(self, level: str, actions: str, settings: dict[str, object]) -> None"))
      .def_prop_ro("spec", &PyEnvironment::spec, nb::rv_policy::reference_internal)
      .def("reset", &PyEnvironment::reset, nb::arg("seed"), nb::arg("episode"), nb::arg("rgb").noconvert(),
           "Begins an episode and writes what is seen to rgb, uint8 [height, width, 3].")
      .def("step", &PyEnvironment::step, nb::arg("action"), nb::arg("rgb").noconvert(),
           "One agent step. Reward, frames, whether it was terminated, truncated, and lost.");
}

}  // namespace chrysalis::python
