#include "chrysalis/rollout/evaluation.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "chrysalis/core/check.h"
#include "chrysalis/core/log.h"
#include "chrysalis/rollout/sample.h"

namespace chrysalis {
namespace {

// One environment and the episode that it plays; a finished lane keeps its place so that batches keep their
// size.
struct Lane {
  bool playing = false;
  bool begins = false;  // Its episode was announced to the environment and has yet to begin.
  int action = 0;       // Of the step that runs.
  EpisodeRecord record;
  RandomStream actions{0, 0};
};

class Evaluation {
 public:
  Evaluation(Policy& policy, std::span<const std::unique_ptr<Environment>> environments,
             const EvaluationConfig& config)
      : policy_(policy), environments_(environments), config_(config), lanes_(environments.size()) {
    const std::size_t n = environments.size();
    const std::size_t bytes = environments.front()->spec().observation_bytes();
    pixels_.resize(n * bytes);
    for (std::size_t i = 0; i < n; ++i) observations_.push_back(pixels_.data() + i * bytes);
    core_states_.resize(n * policy.core_state_size());
    last_actions_.assign(n, -1);
    last_rewards_.resize(n);
    episode_starts_.assign(n, 1);
    tasks_.assign(n, config.task);
    log_policy_.resize(n * policy.action_count());
    values_.resize(n);
    for (std::size_t i = 0; i < n; ++i) begin_next(i);
    for (std::size_t i = 0; i < n; ++i)
      if (lanes_[i].playing) begin(i);
  }

  Result<std::vector<EpisodeRecord>> run(const EvaluationWatcher& watcher) {
    while (std::ranges::any_of(lanes_, &Lane::playing)) {
      policy_.step({.batch = static_cast<int>(lanes_.size()),
                    .observations = observations_,
                    .last_actions = last_actions_,
                    .last_rewards = last_rewards_,
                    .episode_starts = episode_starts_,
                    .tasks = tasks_},
                   {.core_states = core_states_, .log_policy = log_policy_, .values = values_});
      for (std::size_t i = 0; i < lanes_.size(); ++i)
        if (lanes_[i].playing && !choose(i, watcher)) return in_order();
      for (std::size_t i = 0; i < lanes_.size(); ++i)
        if (lanes_[i].playing) CHRYSALIS_RETURN_IF_ERROR(step(i));
      for (std::size_t i = 0; i < lanes_.size(); ++i)
        if (lanes_[i].playing && lanes_[i].begins) begin(i);
    }
    return in_order();
  }

 private:
  // A checkpoint may be of a run that was about to diverge.
  static constexpr const char* kNotANumber =
      "the agent's network gives numbers that are not finite: it plays its first action";

  // False: the watcher has seen enough.
  bool choose(std::size_t i, const EvaluationWatcher& watcher) {
    Lane& lane = lanes_[i];
    const std::size_t count = config_.actions->size();
    const std::span<const float> log_policy(log_policy_.data() + i * count, count);
    const bool finite = !is_not_a_policy(log_policy);
    if (!finite && !warned_) log_warning(kNotANumber);
    warned_ = warned_ || !finite;
    lane.action = finite ? sample_action(log_policy, lane.actions) : 0;
    const RawAction& raw = (*config_.actions)[lane.action];
    if (watcher && !watcher({.episode = lane.record.episode,
                             .agent_step = lane.record.agent_steps,
                             .observation = observations_[i],
                             .action = &raw,
                             .episode_return = lane.record.episode_return}))
      return false;
    environments_[i]->begin_step(raw);
    return true;
  }

  Status step(std::size_t i) {
    Lane& lane = lanes_[i];
    const StepResult result = environments_[i]->step((*config_.actions)[lane.action]);
    if (result.lost) {
      CHRYSALIS_RETURN_IF_ERROR(environments_[i]->status());
      announce(i, lane.record.episode);
      return {};
    }
    lane.record.episode_return += result.reward;
    lane.record.agent_steps += 1;
    lane.record.frames += result.frames;
    lane.record.truncated = result.truncated;
    last_actions_[i] = lane.action;
    last_rewards_[i] = result.reward;
    episode_starts_[i] = 0;
    if (result.ended) {
      done_.push_back(lane.record);
      begin_next(i);
    } else {
      observe(i);
    }
    return {};
  }

  void begin_next(std::size_t i) {
    Lane& lane = lanes_[i];
    lane.playing = begun_ < config_.episodes;
    if (!lane.playing) return;
    announce(i, config_.first_episode + begun_++);
  }

  void announce(std::size_t i, std::int64_t episode) {
    lanes_[i].record = {.environment = static_cast<int>(i), .task = config_.task, .episode = episode};
    lanes_[i].begins = true;
    environments_[i]->begin_reset(evaluation_seed(config_.seed, episode));
  }

  void begin(std::size_t i) {
    Lane& lane = lanes_[i];
    lane.begins = false;
    lane.actions = evaluation_actions(config_.seed, lane.record.episode);
    environments_[i]->reset(evaluation_seed(config_.seed, lane.record.episode));
    last_actions_[i] = -1;
    last_rewards_[i] = 0.0f;
    episode_starts_[i] = 1;
    observe(i);
  }

  void observe(std::size_t i) {
    const std::size_t bytes = environments_[i]->spec().observation_bytes();
    environments_[i]->observe({pixels_.data() + i * bytes, bytes});
  }

  std::vector<EpisodeRecord> in_order() {
    std::ranges::sort(done_, {}, &EpisodeRecord::episode);
    return std::move(done_);
  }

  Policy& policy_;
  std::span<const std::unique_ptr<Environment>> environments_;
  const EvaluationConfig& config_;
  bool warned_ = false;  // That once is enough.
  std::vector<Lane> lanes_;
  std::int64_t begun_ = 0;
  std::vector<EpisodeRecord> done_;
  std::vector<std::uint8_t> pixels_;  // [N, H, W, 3]
  std::vector<const std::uint8_t*> observations_;
  std::vector<float> core_states_;
  std::vector<std::int32_t> last_actions_;
  std::vector<float> last_rewards_;
  std::vector<std::uint8_t> episode_starts_;
  std::vector<std::int32_t> tasks_;
  std::vector<float> log_policy_;
  std::vector<float> values_;
};

}  // namespace

RandomStream evaluation_actions(std::uint64_t seed, std::int64_t episode) {
  return RandomStream(RandomKey(seed, Purpose::kEvaluation, {static_cast<std::uint64_t>(episode)}).split(1));
}

Result<std::vector<EpisodeRecord>> evaluate(Policy& policy,
                                            std::span<const std::unique_ptr<Environment>> environments,
                                            const EvaluationConfig& config,
                                            const EvaluationWatcher& watcher) {
  CHRYSALIS_CHECK(!environments.empty() && config.episodes >= 1 && config.actions != nullptr);
  CHRYSALIS_CHECK_EQ(policy.action_count(), static_cast<int>(config.actions->size()));
  return Evaluation(policy, environments, config).run(watcher);
}

MeanInterval mean_interval(std::span<const double> samples) {
  const auto n = static_cast<double>(samples.size());
  if (samples.empty()) return {};
  double sum = 0;
  for (const double x : samples) sum += x;
  const double mean = sum / n;
  if (samples.size() < 2) return {mean, mean, mean};
  double squares = 0;
  for (const double x : samples) squares += (x - mean) * (x - mean);
  const double standard_error = std::sqrt(squares / (n - 1) / n);
  const double t = boost::math::quantile(boost::math::students_t(n - 1), 0.975);
  return {mean, mean - t * standard_error, mean + t * standard_error};
}

}  // namespace chrysalis
