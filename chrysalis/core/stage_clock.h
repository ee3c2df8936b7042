// Where the time of each core goes, by stage. A worker attaches its thread to a StageClock; code that is
// worth a line in the table opens a scope:
//
//   StageScope scope(Stage::kConv1, multiply_adds);
//
// Nested scopes count their own time only, and what is in no scope is Stage::kOther: so the stages of a
// worker sum to the time that it was attached. On a thread that is attached to no clock, a scope is one load
// and a branch. No clock may influence a result: nothing can read times back but StageClock::read(), for
// reports.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace chrysalis {

// The catalog, in the order of tables; stage_name() gives each its name. To add one: a line here, a line
// there.
enum class Stage : std::uint8_t {
  kOther,     // In no scope.
  kWait,      // No task may run: the learner waits for unrolls, or rollouts for weights.
  kSchedule,  // Deciding which task is next, and waiting for the lock to do so.
  kSnapshot,  // Saving an actor's state, to resume from.
  kPack,      // Taking new weights for acting.
  kRollout,   // Carrying results into unrolls.
  kWorld,     // Physics and rules.
  kBots,      // What bots perceive and decide.
  kReset,     // Beginning episodes.
  kDraw,      // Rendering observations.
  kSample,    // Drawing actions from the policy.
  kNetwork,   // The network beside its layers; backward also whatever autograd does in no layer.
  kPixels,    // Pixels from bytes to floats, where that is not part of conv1.
  kConv1,
  kConv2,
  kLinear,
  kCoreInput,  // The core's product with its input.
  kLstm,       // Its recurrence.
  kHeads,
  kLearn,  // The learner beside what follows.
  kBatch,  // Making a batch of unrolls.
  kLoss,
  kStatistics,  // Of the batch, for the report.
  kOptimizer,
  kPublish,     // Copying the new weights out.
  kPopulation,  // Decisions, beside the checkpoints that they read and write.
  kEvaluation,  // Rounds that members are scored by, beside network and world.
  kStore,       // Writing down updates and episodes.
  kCheckpoint,
};
inline constexpr int kStageCount = static_cast<int>(Stage::kCheckpoint) + 1;
const char* stage_name(Stage stage);  // "conv1"

// Which way the network is passed. A scope that opens a pass gives it to all scopes within, so the same layer
// counts apart when it acts and when it learns, and does not need to know which it does.
enum class Pass : std::uint8_t { kNone, kAct, kForward, kBackward };
inline constexpr int kPassCount = 4;
const char* pass_name(Pass pass);  // "act"; kNone: "".

struct StageTotal {
  std::int64_t ns = 0;
  double multiply_adds = 0;
};
// One worker's. Totals only grow: an interval is the difference of two readings.
struct StageTotals {
  std::array<std::array<StageTotal, kStageCount>, kPassCount> cells{};
  const StageTotal& at(Pass pass, Stage stage) const {
    return cells[static_cast<std::size_t>(pass)][static_cast<std::size_t>(stage)];
  }
};

// One worker's accumulator: written by its thread alone, read by any.
class StageTable;

class StageClock {
 public:
  using Now = std::int64_t (*)();  // Nanoseconds, never falling.
  explicit StageClock(int workers, Now now = steady_now);
  ~StageClock();

  int workers() const { return static_cast<int>(tables_.size()); }
  // Each worker's totals up to now, the running scope included; any thread, at any time.
  std::vector<StageTotals> read() const;

  // Attaches the calling thread as `worker` for its lifetime; one thread for each worker at a time, one clock
  // for each thread. A null clock attaches nothing.
  class Attachment {
   public:
    Attachment(StageClock* clock, int worker);
    ~Attachment();
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

   private:
    StageTable* table_ = nullptr;
  };

  static std::int64_t steady_now();

 private:
  std::vector<std::unique_ptr<StageTable>> tables_;
};

class StageTable {
 public:
  explicit StageTable(StageClock::Now now) : now_(now) {}

  void attach();
  void detach() { run(kDetached, 0.0); }
  // Goes over to a stage, of the pass that is running or of another; returns what leave() takes to go back.
  int enter(Stage stage, double multiply_adds) {
    const int pass = running_.load(std::memory_order_relaxed) / kStageCount;
    return run(pass * kStageCount + static_cast<int>(stage), multiply_adds);
  }
  int enter(Pass pass, Stage stage) {
    return run(static_cast<int>(pass) * kStageCount + static_cast<int>(stage), 0.0);
  }
  void leave(int outer) { run(outer, 0.0); }
  StageTotals read() const;

 private:
  static constexpr int kDetached = -1;
  int run(int cell, double multiply_adds);

  struct Cell {
    std::atomic<std::int64_t> ns{0};
    std::atomic<double> multiply_adds{0};
  };
  StageClock::Now now_;
  // A sequence lock: `version_` is odd while the writer is within. Data are stored with release and loaded
  // with acquire, so that a reader who saw any of a write also sees that the version changed.
  std::atomic<std::uint32_t> version_{0};
  std::atomic<int> running_{kDetached};  // Cell: pass * kStageCount + stage.
  std::atomic<std::int64_t> since_{0};   // When it began to run.
  std::array<Cell, kPassCount * kStageCount> cells_;
};

namespace stage_clock_internal {
// Of the calling thread; null: it is attached to no clock.
constinit inline thread_local StageTable* table = nullptr;
}  // namespace stage_clock_internal

// The calling thread is in `stage` for the scope's lifetime.
class StageScope {
 public:
  // multiply_adds: of the arithmetic within, nominal; 0 where there is none to compare with SGEMM.
  explicit StageScope(Stage stage, double multiply_adds = 0.0) : table_(stage_clock_internal::table) {
    if (table_ != nullptr) [[unlikely]]
      outer_ = table_->enter(stage, multiply_adds);
  }
  // Opens a pass for all scopes within.
  StageScope(Pass pass, Stage stage) : table_(stage_clock_internal::table) {
    if (table_ != nullptr) [[unlikely]]
      outer_ = table_->enter(pass, stage);
  }
  ~StageScope() {
    if (table_ != nullptr) [[unlikely]]
      table_->leave(outer_);
  }
  StageScope(const StageScope&) = delete;
  StageScope& operator=(const StageScope&) = delete;

 private:
  StageTable* table_;
  int outer_ = 0;
};

}  // namespace chrysalis
