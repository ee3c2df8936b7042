#include "chrysalis/core/stage_clock.h"

#include <chrono>

#include "chrysalis/core/check.h"

namespace chrysalis {

namespace {

constexpr std::array kStageNames = {
    "other",      "wait",       "schedule",   "snapshot", "pack",      "rollout", "world",      "bots",
    "reset",      "draw",       "sample",     "network",  "pixels",    "conv1",   "conv2",      "linear",
    "core input", "lstm",       "heads",      "learn",    "batch",     "loss",    "statistics", "optimizer",
    "publish",    "population", "evaluation", "store",    "checkpoint"};
static_assert(kStageNames.size() == kStageCount);

constexpr std::array kPassNames = {"", "act", "forward", "backward"};
static_assert(kPassNames.size() == kPassCount);

}  // namespace

const char* stage_name(Stage stage) {
  return kStageNames[static_cast<std::size_t>(stage)];
}

const char* pass_name(Pass pass) {
  return kPassNames[static_cast<std::size_t>(pass)];
}

StageClock::StageClock(int workers, Now now) {
  CHRYSALIS_CHECK(workers >= 1);
  for (int i = 0; i < workers; ++i) tables_.push_back(std::make_unique<StageTable>(now));
}

StageClock::~StageClock() = default;

std::int64_t StageClock::steady_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::vector<StageTotals> StageClock::read() const {
  std::vector<StageTotals> totals;
  for (const auto& table : tables_) totals.push_back(table->read());
  return totals;
}

StageClock::Attachment::Attachment(StageClock* clock, int worker) {
  if (clock == nullptr) return;
  CHRYSALIS_CHECK(worker >= 0 && worker < clock->workers(), "worker {} of {}", worker, clock->workers());
  CHRYSALIS_CHECK(stage_clock_internal::table == nullptr, "the thread is attached to a clock already");
  table_ = clock->tables_[worker].get();
  table_->attach();
  stage_clock_internal::table = table_;
}

StageClock::Attachment::~Attachment() {
  if (table_ == nullptr) return;
  stage_clock_internal::table = nullptr;
  table_->detach();
}

void StageTable::attach() {
  const int outer = run(0, 0.0);
  CHRYSALIS_CHECK(outer == kDetached, "two threads are attached as one worker");
}

// The writer's own loads need no order: nobody else stores.
int StageTable::run(int cell, double multiply_adds) {
  const std::int64_t now = now_();
  const int outer = running_.load(std::memory_order_relaxed);
  version_.store(version_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (outer != kDetached) {
    auto& ns = cells_[outer].ns;
    ns.store(ns.load(std::memory_order_relaxed) + now - since_.load(std::memory_order_relaxed),
             std::memory_order_release);
  }
  if (multiply_adds != 0.0) {
    auto& sum = cells_[cell].multiply_adds;
    sum.store(sum.load(std::memory_order_relaxed) + multiply_adds, std::memory_order_release);
  }
  since_.store(now, std::memory_order_release);
  running_.store(cell, std::memory_order_release);
  version_.store(version_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  return outer;
}

StageTotals StageTable::read() const {
  while (true) {
    const std::uint32_t version = version_.load(std::memory_order_acquire);
    StageTotals totals;
    for (int pass = 0; pass < kPassCount; ++pass)
      for (int stage = 0; stage < kStageCount; ++stage) {
        const Cell& cell = cells_[pass * kStageCount + stage];
        totals.cells[pass][stage] = {.ns = cell.ns.load(std::memory_order_acquire),
                                     .multiply_adds = cell.multiply_adds.load(std::memory_order_acquire)};
      }
    const int running = running_.load(std::memory_order_acquire);
    const std::int64_t since = since_.load(std::memory_order_acquire);
    if (version % 2 != 0 || version_.load(std::memory_order_relaxed) != version) continue;
    if (running != kDetached) totals.cells[running / kStageCount][running % kStageCount].ns += now_() - since;
    return totals;
  }
}

}  // namespace chrysalis
