#include <algorithm>

#include "binding.h"
#include "chrysalis/core/worker_team.h"
#include "chrysalis/env/make_environment.h"
#include "chrysalis/rollout/action_set.h"
#include "chrysalis/rollout/evaluation.h"
#include "chrysalis/rollout/network_policy.h"
#include "chrysalis/rollout/sample.h"
#include "chrysalis/train/saved_agent.h"
#include "chrysalis/train/saved_run_test.h"

namespace chrysalis::python {
namespace {

// The fields of a config as a dict, by their names without the table.
class FieldDict : public FieldVisitor {
 public:
  nb::dict values;
  void field(const FieldSpec& spec, std::int64_t& value) override { add(spec, nb::int_(value)); }
  void field(const FieldSpec& spec, double& value) override { add(spec, nb::float_(value)); }
  void field(const FieldSpec& spec, bool& value) override { add(spec, nb::bool_(value)); }
  void field(const FieldSpec& spec, std::string& value) override { add(spec, nb::str(value.c_str())); }

 private:
  void add(const FieldSpec& spec, const nb::object& value) {
    values[nb::str(spec.name.data(), spec.name.size())] = value;
  }
};

// What an agent remembers of each of N environments; written by step().
struct Memory {
  Array<float, nb::ndim<2>> core_states;          // [N, core_state_size]
  Array<std::int32_t, nb::ndim<1>> last_actions;  // [N]
  Array<std::uint64_t, nb::ndim<1>> seeds;        // [N], of the draws.
  Array<std::int64_t, nb::ndim<1>> episodes;      // [N], -1 before the first.
  Array<std::uint64_t, nb::ndim<1>> draws;        // [N], in the episode.
};

class PyAgent {
 public:
  PyAgent(const SavedAgentOptions& options, int workers)
      : alpha_(options.alpha), team_(worker_count(workers)) {
    saved_ = made_or_raise([&] { return load_saved_agent(options); });
    const nb::gil_scoped_release release;
    const RunConfig& config = saved_.config;
    spec_ = agent_spec(config);
    const auto packed = std::make_shared<PackedNetworks>(config.agent, spec_, config.compute.operands());
    for (int worker = 0; worker < team_.workers(); ++worker) {
      policies_.push_back(make_network_policy(packed, alpha_));
      policies_.back()->load(saved_.weights);
    }
  }

  const SavedAgent& saved() const { return saved_; }
  const AgentSpec& spec() const { return spec_; }
  int core_state_size() const { return policies_.front()->core_state_size(); }
  double alpha() const { return alpha_.value_or(saved_.weights->alpha); }

  // Decides for N environments. False where the network gives numbers that are not finite: the action is then
  // 0, as evaluation has it.
  bool step(Array<const std::uint8_t, nb::ndim<4>> observations, Array<const float, nb::ndim<1>> rewards,
            Array<const std::uint8_t, nb::ndim<1>> starts, Memory memory,
            Array<std::int64_t, nb::ndim<1>> actions, Array<float, nb::ndim<2>> log_policy,
            Array<float, nb::ndim<1>> values) {
    const Turn turn(taken_);
    const std::size_t n = observations.shape(0);
    const auto count = static_cast<std::size_t>(spec_.action_count);
    const auto core = static_cast<std::size_t>(core_state_size());
    if (observations.size() != n * static_cast<std::size_t>(spec_.height) * spec_.width * 3)
      throw nb::value_error(fmt::format("observations of [{}, {}, {}]: expected [{}, {}, 3]",
                                        observations.shape(1), observations.shape(2), observations.shape(3),
                                        spec_.height, spec_.width)
                                .c_str());
    if (rewards.size() != n || starts.size() != n || memory.last_actions.size() != n ||
        memory.seeds.size() != n || memory.episodes.size() != n || memory.draws.size() != n ||
        memory.core_states.size() != n * core || actions.size() != n || log_policy.size() != n * count ||
        values.size() != n)
      throw nb::value_error(
          fmt::format("state or rewards of another number than {} environments", n).c_str());
    for (std::size_t i = 0; i < n; ++i)
      if (const int last = memory.last_actions.data()[i];
          starts.data()[i] == 0 && (last < -1 || last >= spec_.action_count))
        throw nb::value_error(fmt::format("last_action is {} in a state: expected -1 to {}, as the agent has "
                                          "{} actions",
                                          last, spec_.action_count - 1, spec_.action_count)
                                  .c_str());
    const std::size_t bytes = observations.size() / std::max<std::size_t>(n, 1);
    std::vector<const std::uint8_t*> pictures(n);
    std::vector<float> seen_rewards(rewards.data(), rewards.data() + n);
    std::atomic<bool> finite = true;
    const nb::gil_scoped_release release;
    // Each worker its own rows: what an agent decides does not depend on the others in its batch.
    const auto workers = static_cast<std::size_t>(team_.workers());
    team_.for_each(team_.workers(), [&](int part, int) {
      const std::size_t first = n * static_cast<std::size_t>(part) / workers;
      const std::size_t rows = n * (static_cast<std::size_t>(part) + 1) / workers - first;
      if (rows == 0) return;
      for (std::size_t i = first; i < first + rows; ++i) {
        pictures[i] = observations.data() + i * bytes;
        if (starts.data()[i] == 0) continue;
        seen_rewards[i] = 0;
        memory.last_actions.data()[i] = -1;
        memory.episodes.data()[i] += 1;
        memory.draws.data()[i] = 0;
      }
      const std::vector<std::int32_t> tasks(rows, saved_.task);
      policies_[static_cast<std::size_t>(part)]->step(
          {.batch = static_cast<int>(rows),
           .observations = std::span(pictures).subspan(first, rows),
           .last_actions = {memory.last_actions.data() + first, rows},
           .last_rewards = std::span<const float>(seen_rewards).subspan(first, rows),
           .episode_starts = {starts.data() + first, rows},
           .tasks = tasks},
          {.core_states = {memory.core_states.data() + first * core, rows * core},
           .log_policy = {log_policy.data() + first * count, rows * count},
           .values = {values.data() + first, rows}});
      for (std::size_t i = first; i < first + rows; ++i) {
        const std::span<const float> row(log_policy.data() + i * count, count);
        int action = 0;
        if (is_not_a_policy(row)) {
          finite = false;
        } else {
          RandomStream stream(evaluation_actions(memory.seeds.data()[i], memory.episodes.data()[i]).key(),
                              memory.draws.data()[i]);
          action = sample_action(row, stream);
          memory.draws.data()[i] = stream.count();
        }
        actions.data()[i] = memory.last_actions.data()[i] = action;
      }
    });
    return finite;
  }

  // (return, agent steps, frames) of each episode.
  std::vector<std::tuple<double, std::int64_t, std::int64_t>> evaluate(std::int64_t episodes,
                                                                       std::uint64_t seed) {
    const Turn turn(taken_);
    if (episodes < 1)
      throw nb::value_error(fmt::format("episodes is {}: expected 1 or more", episodes).c_str());
    const std::int64_t workers = std::min<std::int64_t>(team_.workers(), episodes);
    const int side_by_side = environments_side_by_side(saved_.config.level);
    std::vector<Result<std::vector<EpisodeRecord>>> records(static_cast<std::size_t>(workers),
                                                            std::vector<EpisodeRecord>());
    std::atomic<bool> interrupted = false;
    {
      const nb::gil_scoped_release release;
      team_.for_each(static_cast<int>(workers), [&](int part, int worker) {
        const std::int64_t first = episodes * part / workers;
        std::vector<std::unique_ptr<Environment>> environments;
        while (static_cast<int>(environments.size()) < side_by_side) {
          auto world = make_world();
          if (!world) {
            records[static_cast<std::size_t>(part)] = world.error();
            return;
          }
          environments.push_back(std::move(world).value());
        }
        int decisions = 0;
        records[static_cast<std::size_t>(part)] =
            chrysalis::evaluate(*policies_[static_cast<std::size_t>(part)], environments,
                                {.seed = seed,
                                 .first_episode = first,
                                 .episodes = episodes * (part + 1) / workers - first,
                                 .actions = action_set(saved_.config.agent.actions).value(),
                                 .task = saved_.task},
                                [&](const EvaluationView&) {
                                  // Only the caller's thread may hear of a Ctrl-C.
                                  if (worker == 0 && ++decisions % kDecisionsBetweenSignals == 0) {
                                    const nb::gil_scoped_acquire acquire;
                                    if (PyErr_CheckSignals() != 0) interrupted = true;
                                  }
                                  return !interrupted;
                                });
      });
    }
    if (interrupted) throw nb::python_error();
    std::vector<std::tuple<double, std::int64_t, std::int64_t>> all;
    for (auto& of_worker : records)
      for (const EpisodeRecord& record : value_or_raise(std::move(of_worker)))
        all.emplace_back(record.episode_return, record.agent_steps, record.frames);
    return all;
  }

  // The raw actions of one episode, [agent steps, 7], as evaluation plays it: for tests.
  std::vector<std::array<int, 7>> evaluated_actions(std::uint64_t seed, std::int64_t episode,
                                                    std::int64_t agent_steps) {
    std::vector<std::unique_ptr<Environment>> environments;
    environments.push_back(value_or_raise(make_world()));
    std::vector<std::array<int, 7>> actions;
    value_or_raise(chrysalis::evaluate(*policies_.front(), environments,
                                       {.seed = seed,
                                        .first_episode = episode,
                                        .actions = action_set(saved_.config.agent.actions).value(),
                                        .task = saved_.task},
                                       [&](const EvaluationView& view) {
                                         actions.push_back(view.action->parts());
                                         return static_cast<std::int64_t>(actions.size()) < agent_steps;
                                       }));
    return actions;
  }

 private:
  Result<std::unique_ptr<Environment>> make_world() const {
    return make_environment(saved_.config.level, saved_.config.environment, saved_.config.dmlab);
  }

  static constexpr int kDecisionsBetweenSignals = 256;

  std::optional<double> alpha_;
  SavedAgent saved_;
  AgentSpec spec_;
  std::vector<std::unique_ptr<Policy>> policies_;  // One a worker.
  WorkerTeam team_;
  std::atomic_flag taken_;
};

}  // namespace

void bind_agent(nb::module_& module) {
  nb::class_<PyAgent>(module, "Agent")
      .def(
          "__init__",
          [](PyAgent* self, const std::string& run, const std::string& checkpoint,
             std::optional<std::int64_t> member, std::optional<double> alpha, const std::string& level,
             int workers) {
            new (self) PyAgent(
                {.run = run, .checkpoint = checkpoint, .member = member, .alpha = alpha, .level = level},
                workers);
          },
          nb::arg("run"), nb::arg("checkpoint"), nb::arg("member").none(), nb::arg("alpha").none(),
          nb::arg("level"), nb::arg("workers"))
      .def_prop_ro("level", [](const PyAgent& agent) { return agent.saved().config.level.name; })
      .def_prop_ro("actions", [](const PyAgent& agent) { return agent.saved().config.agent.actions; })
      .def_prop_ro(
          "settings",
          [](const PyAgent& agent) {
            const RunConfig& config = agent.saved().config;
            Settings settings{config.level, config.environment, config.dmlab};
            FieldDict fields;
            settings.visit(fields);
            nb::del(fields.values["name"]);
            if (is_dmlab_level(config.level.name)) {
              FieldDict dmlab;
              settings.dmlab.visit(dmlab);
              fields.values["dmlab"] = dmlab.values;
            }
            return fields.values;
          },
          nb::sig("def settings(self) -> dict[str, object]"),
          "Of its environment, by their names in a config.")
      .def_prop_ro("checkpoint", [](const PyAgent& agent) { return agent.saved().checkpoint.name(); })
      .def_prop_ro("member", [](const PyAgent& agent) { return agent.saved().checkpoint.position.member; })
      .def_prop_ro("update", [](const PyAgent& agent) { return agent.saved().checkpoint.position.update; })
      .def_prop_ro("agent_steps",
                   [](const PyAgent& agent) { return agent.saved().checkpoint.position.agent_steps; })
      .def_prop_ro("alpha", &PyAgent::alpha)
      .def_prop_ro("height", [](const PyAgent& agent) { return agent.spec().height; })
      .def_prop_ro("width", [](const PyAgent& agent) { return agent.spec().width; })
      .def_prop_ro("action_count", [](const PyAgent& agent) { return agent.spec().action_count; })
      .def_prop_ro("core_state_size", &PyAgent::core_state_size)
      .def(
          "step",
          [](PyAgent& agent, Array<const std::uint8_t, nb::ndim<4>> observations,
             Array<const float, nb::ndim<1>> rewards, Array<const std::uint8_t, nb::ndim<1>> starts,
             Array<float, nb::ndim<2>> core_states, Array<std::int32_t, nb::ndim<1>> last_actions,
             Array<std::uint64_t, nb::ndim<1>> seeds, Array<std::int64_t, nb::ndim<1>> episodes,
             Array<std::uint64_t, nb::ndim<1>> draws, Array<std::int64_t, nb::ndim<1>> actions,
             Array<float, nb::ndim<2>> log_policy, Array<float, nb::ndim<1>> values) {
            return agent.step(observations, rewards, starts,
                              {core_states, last_actions, seeds, episodes, draws}, actions, log_policy,
                              values);
          },
          nb::arg("observations").noconvert(), nb::arg("rewards").noconvert(), nb::arg("starts").noconvert(),
          nb::arg("core_states").noconvert(), nb::arg("last_actions").noconvert(),
          nb::arg("seeds").noconvert(), nb::arg("episodes").noconvert(), nb::arg("draws").noconvert(),
          nb::arg("actions").noconvert(), nb::arg("log_policy").noconvert(), nb::arg("values").noconvert(),
          "Decides for N environments; the arrays from core_states on are written. False where the network's "
          "numbers are not finite.")
      .def("evaluate", &PyAgent::evaluate, nb::arg("episodes"), nb::arg("seed"),
           "Return, agent steps and frames of each episode.")
      .def(
          "evaluated_actions",
          [](PyAgent& agent, std::uint64_t seed, std::int64_t episode, std::int64_t agent_steps) {
            std::vector<std::vector<int>> actions;
            for (const auto& action : agent.evaluated_actions(seed, episode, agent_steps))
              actions.emplace_back(action.begin(), action.end());
            return actions;
          },
          nb::arg("seed"), nb::arg("episode"), nb::arg("agent_steps"),
          "Raw actions of an episode as `chrysalis eval` plays it: for tests.");
  module.def(
      "write_saved_run",
      [](const std::string& path, const std::string& config, int members) {
        write_saved_run(path, config, members);
      },
      nb::arg("path"), nb::arg("config"), nb::arg("members"),
      "Makes a run with first weights and a few rows: for tests.");
}

}  // namespace chrysalis::python
