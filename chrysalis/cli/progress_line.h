// Progress of a training run as a line of text: redrawn on a terminal, one plain line every ten seconds
// elsewhere.
#pragma once

#include <chrono>
#include <string>

#include "chrysalis/train/trainer.h"

namespace chrysalis {

// "1,234,567"
std::string grouped_digits(std::int64_t number);
// "45s", "3m07s", "2h05m"
std::string duration_text(double seconds);
// Agent steps and frames, rate, return, loss, lag, ETA.
std::string progress_text(const Progress& progress, int action_repeat);

class ProgressLine {
 public:
  explicit ProgressLine(int action_repeat);
  // Shows it if it is time to.
  void update(const Progress& progress);
  // Shows the last state for good and leaves the line.
  void finish(const Progress& progress);

 private:
  void draw(const std::string& text, bool last);

  int action_repeat_;
  bool terminal_;
  bool colour_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace chrysalis
