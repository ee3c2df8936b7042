// Training's results into a run directory.
#pragma once

#include <string>
#include <vector>

#include "chrysalis/store/run_directory.h"
#include "chrysalis/train/trainer.h"

namespace chrysalis {

// "member 2: " before what the log says of it; nothing where there is one.
std::string log_prefix(int member, int members);

class RunSink : public TrainingSink {
 public:
  // run: must outlive *this. levels: of each task. tuned: the paths of the members' hyperparameters.
  RunSink(RunDirectory& run, int members, std::vector<std::string> levels, std::vector<Tuned> tuned = {})
      : run_(run), members_(members), levels_(std::move(levels)), tuned_(std::move(tuned)) {}

  Status update(int member, const UpdateReport& report, std::span<const EpisodeRecord> episodes,
                std::int64_t agent_steps, double seconds) override;
  Status score(const MemberMoment& moment, std::span<const double> returns, double score) override;
  Result<std::string> checkpoint(const MemberMoment& moment, std::span<const NamedTensor> state) override;
  Result<std::string> decision(const MemberMoment& moment, const Decision& decision,
                               std::span<const NamedTensor> state) override;
  Result<std::vector<NamedTensor>> load(const std::string& checkpoint) override;
  void keep_from(std::int64_t update) override { run_.keep_from_update(update); }

 private:
  void log_warnings();

  RunDirectory& run_;
  int members_;
  std::vector<std::string> levels_;
  std::vector<Tuned> tuned_;
};

}  // namespace chrysalis
