// A level of DM Lab's as an Environment: its shared library in a process of its own, which is replaced where
// it falls, hangs or says that it cannot. The episode that it was in is lost.
//
// The process is started with the first episode. Episodes depend on those before them in the same process, as
// DM Lab's do, so seeds do not bring them back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "chrysalis/core/result.h"
#include "chrysalis/env/dmlab_config.h"
#include "chrysalis/env/dmlab_process.h"
#include "chrysalis/env/environment.h"
#include "chrysalis/env/environment_config.h"
#include "chrysalis/levels/level_config.h"

namespace chrysalis {

class DmlabEnvironment : public Environment {
 public:
  // level.name: dmlab:LEVEL (CHECK). Errors: what can be told without starting a process; a setting of
  // `level` that DM Lab does not have.
  static Result<std::unique_ptr<DmlabEnvironment>> create(const LevelConfig& level, const DmlabConfig& dmlab,
                                                          const EnvironmentConfig& config);

  const EnvironmentSpec& spec() const override { return spec_; }
  void begin_reset(std::uint64_t seed) override;
  void reset(std::uint64_t seed) override;
  void begin_step(const RawAction& action) override;
  StepResult step(const RawAction& action) override;
  void observe(std::span<std::uint8_t> rgb) override;
  Status status() const override { return status_; }
  bool can_save() const override { return false; }
  void save(ByteWriter&) const override {}
  Status restore(ByteReader&) override { return {}; }

  // Processes that fell, of this environment.
  std::int64_t faults() const { return faults_; }
  // Of the process; null before the first episode and where it has just fallen.
  const DmlabProcess* process() const { return process_.get(); }

 private:
  enum class Awaited { kNothing, kReset, kStep };

  DmlabEnvironment(DmlabProcess::Settings settings, const DmlabConfig& dmlab);
  Status try_reset();
  Result<dmlab::Reply> await_reply(dmlab::Reply::Kind kind, double seconds);
  // Ends the process. After too many in a row it is the environment's status.
  void note_fault(const Error& error);

  // Constant after construction.
  DmlabProcess::Settings settings_;
  double start_seconds_;
  double step_seconds_;
  std::int64_t faults_in_a_row_max_;
  EnvironmentSpec spec_;

  std::unique_ptr<DmlabProcess> process_;
  bool launched_ = false;   // The process has answered its launch.
  int episodes_begun_ = 0;  // In this process.
  Awaited awaited_ = Awaited::kNothing;
  std::optional<Error> start_error_;  // Of the process that begin_reset() could not start.
  std::uint64_t seed_ = 0;
  bool playing_ = false;
  double frames_left_ = -1;
  std::int64_t faults_ = 0;
  std::int64_t faults_in_a_row_ = 0;
  Status status_;
};

}  // namespace chrysalis
