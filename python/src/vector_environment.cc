#include <mutex>

#include "binding.h"
#include "chrysalis/env/environment_pool.h"
#include "chrysalis/env/make_environment.h"

namespace chrysalis::python {
namespace {

// What one step of N environments gives, in memory that is used again as soon as no array refers to it: what
// Python holds never changes under its hands, and nothing is copied or allocated in the steady state.
struct StepArrays {
  StepArrays(std::size_t n, std::size_t observation_bytes)
      : rgb(new std::uint8_t[n * observation_bytes]),
        rewards(new double[n]),
        frames(new std::int64_t[n]),
        terminated(new bool[n]),
        truncated(new bool[n]) {}
  // Not initialised: pages are touched first by the thread that draws on them.
  std::unique_ptr<std::uint8_t[]> rgb;
  std::unique_ptr<double[]> rewards;
  std::unique_ptr<std::int64_t[]> frames;
  std::unique_ptr<bool[]> terminated, truncated;
};

// Any thread; shared with the arrays, which may outlive the environments.
class StepArraysPool {
 public:
  StepArraysPool(std::size_t n, std::size_t observation_bytes)
      : n_(n), observation_bytes_(observation_bytes) {}
  std::unique_ptr<StepArrays> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<StepArrays>(n_, observation_bytes_);
    auto arrays = std::move(free_.back());
    free_.pop_back();
    return arrays;
  }
  void give_back(std::unique_ptr<StepArrays> arrays) {
    const std::lock_guard lock(mutex_);
    if (free_.size() < kKept) free_.push_back(std::move(arrays));
  }

 private:
  // Steady use needs two: what was seen before a step and what is seen after it.
  static constexpr std::size_t kKept = 4;
  const std::size_t n_, observation_bytes_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<StepArrays>> free_;
};

// Owner of the arrays of one step, as Python counts references.
struct Loan {
  std::shared_ptr<StepArraysPool> pool;
  std::unique_ptr<StepArrays> arrays;
  ~Loan() { pool->give_back(std::move(arrays)); }
};

using Observations = nb::ndarray<nb::numpy, std::uint8_t, nb::shape<-1, -1, -1, 3>>;
template <typename T>
using Row = nb::ndarray<nb::numpy, T, nb::shape<-1>>;

class PyVectorEnvironment {
 public:
  PyVectorEnvironment(const std::string& level, int num_envs, int workers, bool same_step,
                      const std::string& actions, const nb::dict& settings)
      : actions_(actions) {
    if (num_envs < 1)
      throw nb::value_error(fmt::format("num_envs is {}: expected 1 or more", num_envs).c_str());
    const Settings of = settings_of(level, settings);
    std::vector<std::unique_ptr<Environment>> environments;
    for (int i = 0; i < num_envs; ++i)
      environments.push_back(
          made_or_raise([&] { return make_environment(of.level, of.environment, of.dmlab); }));
    pool_ = std::make_unique<EnvironmentPool>(same_step ? Autoreset::kSameStep : Autoreset::kNextStep,
                                              worker_count(workers), std::move(environments));
    raw_.resize(static_cast<std::size_t>(num_envs));
    arrays_ = std::make_shared<StepArraysPool>(raw_.size(), spec().observation_bytes());
  }

  const EnvironmentSpec& spec() const { return pool_->spec(); }
  int workers() const { return pool_->workers(); }
  bool has_begun() const { return pool_->has_begun(); }

  Observations reset(const std::vector<std::optional<std::uint64_t>>& seeds) {
    const Turn turn(taken_);
    if (seeds.size() != raw_.size())
      throw nb::value_error(
          fmt::format("{} seeds: expected one for each of {} environments", seeds.size(), raw_.size())
              .c_str());
    auto arrays = arrays_->take();
    {
      const nb::gil_scoped_release release;
      pool_->reset(seeds, pixels(*arrays));
    }
    raise_if_error(pool_->status());
    auto* loan = new Loan{arrays_, std::move(arrays)};
    return observations(*loan, owner_of(loan));
  }

  nb::tuple step(Array<const std::int64_t> numbers) {
    const Turn turn(taken_);
    if (!pool_->has_begun()) throw std::runtime_error("step() before reset()");
    if (numbers.size() != raw_.size() * static_cast<std::size_t>(actions_.integers_per_action()))
      throw nb::value_error(fmt::format("{} integers for actions: expected {} for each of {} environments",
                                        numbers.size(), actions_.integers_per_action(), raw_.size())
                                .c_str());
    actions_.decode({numbers.data(), numbers.size()}, raw_);
    auto arrays = arrays_->take();
    {
      const nb::gil_scoped_release release;
      pool_->step(raw_, pixels(*arrays));
    }
    raise_if_error(pool_->status());
    bool any_ended = false;
    for (std::size_t i = 0; i < raw_.size(); ++i) {
      const StepResult& result = pool_->results()[i];
      arrays->rewards[i] = result.reward;
      arrays->frames[i] = result.frames;
      arrays->terminated[i] = terminated(result);
      arrays->truncated[i] = truncated(result);
      any_ended = any_ended || result.ended;
    }
    auto* loan = new Loan{arrays_, std::move(arrays)};
    const nb::capsule owner = owner_of(loan);
    const StepArrays& of = *loan->arrays;
    return nb::make_tuple(observations(*loan, owner), row(of.rewards.get(), owner),
                          row(of.terminated.get(), owner), row(of.truncated.get(), owner),
                          row(of.frames.get(), owner), any_ended);
  }

  std::tuple<double, std::int64_t, std::int64_t, bool> ended_episode(int i) const {
    const EnvironmentGroup::Episode& episode = pool_->ended_episode(checked(i));
    return {episode.episode_return, episode.agent_steps, episode.frames,
            pool_->results()[static_cast<std::size_t>(i)].lost};
  }

  void final_observation(int i, Array<std::uint8_t> rgb) const {
    const auto last = pool_->final_observation(checked(i));
    if (rgb.size() != last.size()) throw nb::value_error("the array for an observation has another size");
    std::ranges::copy(last, rgb.data());
  }

 private:
  int checked(int i) const {
    if (i < 0 || i >= pool_->size() || !pool_->results()[static_cast<std::size_t>(i)].ended)
      throw nb::index_error("no episode of that environment ended in the last step");
    return i;
  }
  std::span<std::uint8_t> pixels(StepArrays& arrays) const {
    return {arrays.rgb.get(), raw_.size() * spec().observation_bytes()};
  }
  static nb::capsule owner_of(Loan* loan) {
    return nb::capsule(loan, [](void* pointer) noexcept { delete static_cast<Loan*>(pointer); });
  }
  Observations observations(const Loan& loan, const nb::capsule& owner) const {
    const std::size_t shape[] = {raw_.size(), static_cast<std::size_t>(spec().height),
                                 static_cast<std::size_t>(spec().width), 3};
    return Observations(loan.arrays->rgb.get(), 4, shape, owner);
  }
  template <typename T>
  Row<T> row(T* values, const nb::capsule& owner) const {
    const std::size_t shape[] = {raw_.size()};
    return Row<T>(values, 1, shape, owner);
  }

  Actions actions_;
  std::unique_ptr<EnvironmentPool> pool_;
  std::vector<RawAction> raw_;  // [N]
  std::shared_ptr<StepArraysPool> arrays_;
  std::atomic_flag taken_;
};

}  // namespace

void bind_vector_environment(nb::module_& module) {
  nb::class_<PyVectorEnvironment>(module, "VectorEnvironment")
      .def(nb::init<const std::string&, int, int, bool, const std::string&, const nb::dict&>(),
           nb::arg("level"), nb::arg("num_envs"), nb::arg("workers"), nb::arg("same_step"),
           nb::arg("actions"), nb::arg("settings"),
           nb::sig(
               "def __init__(self, level: str, num_envs: int, workers: int, same_step: bool, actions: str, "
               "settings: dict[str, object]) -> None"))
      .def_prop_ro("spec", &PyVectorEnvironment::spec, nb::rv_policy::reference_internal)
      .def_prop_ro("workers", &PyVectorEnvironment::workers)
      .def_prop_ro("has_begun", &PyVectorEnvironment::has_begun)
      .def("reset", &PyVectorEnvironment::reset, nb::arg("seeds"),
           "Begins an episode in each environment: the first of its seed, or the next. What they see.")
      .def("step", &PyVectorEnvironment::step, nb::arg("actions"),
           nb::sig("def step(self, actions: numpy.typing.NDArray[numpy.int64]) -> "
                   "tuple[numpy.typing.NDArray[numpy.uint8], numpy.typing.NDArray[numpy.float64], "
                   "numpy.typing.NDArray[numpy.bool_], numpy.typing.NDArray[numpy.bool_], "
                   "numpy.typing.NDArray[numpy.int64], bool]"),
           "One agent step of each. Observations, rewards, terminated, truncated, frames, and whether any "
           "episode ended.")
      .def("ended_episode", &PyVectorEnvironment::ended_episode, nb::arg("i"),
           "Return, agent steps and frames of the episode that environment i ended in the last step, and "
           "whether it was lost.")
      .def("final_observation", &PyVectorEnvironment::final_observation, nb::arg("i"),
           nb::arg("rgb").noconvert(), "Its last observation, written to rgb.");
}

}  // namespace chrysalis::python
