// Training's results into a run directory.
#pragma once

#include <string>

#include "chrysalis/store/run_directory.h"
#include "chrysalis/train/trainer.h"

namespace chrysalis {

class RunSink : public TrainingSink {
 public:
  // run: must outlive *this.
  RunSink(RunDirectory& run, int member, std::string level)
      : run_(run), member_(member), level_(std::move(level)) {}

  Status update(const UpdateReport& report, std::span<const EpisodeRecord> episodes, std::int64_t agent_steps,
                double seconds) override;
  Status checkpoint(std::int64_t updates, std::int64_t agent_steps,
                    std::span<const NamedTensor> state) override;

 private:
  RunDirectory& run_;
  int member_;
  std::string level_;
};

}  // namespace chrysalis
