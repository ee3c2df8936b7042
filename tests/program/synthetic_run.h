// A run as a population leaves it, made up: for the verbs that only read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace chrysalis {

struct SyntheticRun {
  std::int64_t seed = 1;
  std::int64_t members = 4;
  std::int64_t updates = 120;           // Each of 3,200 agent steps, with two episodes.
  double gain = 20;                     // Return that members approach.
  std::vector<std::string> settings{};  // As of --set.
};

// Writes the run's database: returns that rise, alpha that wanders, and at every 20th update of each member
// but the first a decision, of which some copy, some explore and, with three members or more, one replaces
// member 2. The same every time.
void write_synthetic_run(const std::filesystem::path& directory, const SyntheticRun& run);

}  // namespace chrysalis
