// The hyperparameters that a population adapts: which, where they start, how they are explored. Pure
// functions. Values travel as one vector, in the order in which population.tune names them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chrysalis/core/field.h"
#include "chrysalis/core/random.h"
#include "chrysalis/core/result.h"

namespace chrysalis {

// One entry of population.tune:
//
//   entry    = PATH initial operator [within LOW HIGH]
//   initial  = loguniform LOW HIGH | uniform LOW HIGH | config
//   operator = multiply FACTOR FACTOR | add STEP | keep
//
// `config` starts where the config stands. Values never leave [low, high]: the field's own range, or what
// `within` leaves of it. Those of an integer field are rounded to the nearest whole number.
struct Tuned {
  enum class Initial { kConfig, kUniform, kLogUniform };
  enum class Operator { kKeep, kMultiply, kAdd };

  std::string path;  // "learner.learning_rate"
  bool whole = false;
  double config_value = 0;
  Initial initial = Initial::kConfig;
  double initial_low = 0;  // kUniform, kLogUniform.
  double initial_high = 0;
  Operator explore = Operator::kKeep;
  double factors[2] = {1, 1};  // kMultiply: one of the two, with equal chance.
  double step = 0;             // kAdd: more or less by this, with equal chance.
  double low = 0;
  double high = 0;
};

// Reads population.tune against the fields of a config. Empty entries are passed over, so an empty text is a
// population that only copies. The error is one line that names the entry's path, what was found and what was
// expected: a path that is unknown (with the nearest that may be tuned), of no number, not tunable or named
// twice; a word or number that the grammar does not have there; a range upside down; a logarithm of 0 or
// less; a start or limits outside the field's range.
Result<std::vector<Tuned>> parse_tuned(std::string_view text, const VisitFields& fields);

// A member's first values. Each path has a stream of its own, by (seed, Purpose::kHyperparameters, member,
// path): what one entry draws depends neither on the others nor on their order.
std::vector<double> initial_values(std::span<const Tuned> tuned, std::uint64_t seed, std::int64_t member);

// `values` after each entry's operator, truncated to the entry's limits. Streams are split off `key` as
// above, one a path. Values must lie within the limits.
std::vector<double> explore(std::span<const double> values, std::span<const Tuned> tuned, RandomKey key);

// Writes values into the fields of a config with the paths that parse_tuned() read; any other is our bug.
void set_values(std::span<const double> values, std::span<const Tuned> tuned, const VisitFields& fields);

}  // namespace chrysalis
