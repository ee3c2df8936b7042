// Config fields. Each field of a config struct is declared once, in the struct's visit(): name, meaning,
// unit, range, whether a population may tune it; the default is the member's own initialiser. From that one
// place come the checks, TOML in and out, --set, --help and the table in docs/config.md.
//
//   struct LearnerConfig {
//     double learning_rate = 6e-4;
//     void visit(FieldVisitor& v) {
//       v.field({.name = "learning_rate", .help = "RMSProp step size", .min = 1e-8, .max = 1},
//               learning_rate);
//     }
//   };
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "chrysalis/core/result.h"

namespace chrysalis {

struct FieldSpec {
  std::string_view name;
  std::string_view help;                                  // One sentence without a full stop.
  std::string_view unit = {};                             // Empty where the field is a pure number or a name.
  double min = -std::numeric_limits<double>::infinity();  // Numbers only; both ends allowed.
  double max = std::numeric_limits<double>::infinity();
  std::vector<std::string_view> choices = {};  // Strings only; empty: any.
  bool tunable = false;                        // A population may change it while training.
};

class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;
  // Fields visited between the two belong to table `name`.
  void begin_table(std::string_view name) { prefix_ = std::string(name) + "."; }
  void end_table() { prefix_.clear(); }
  virtual void field(const FieldSpec& spec, std::int64_t& value) = 0;
  virtual void field(const FieldSpec& spec, double& value) = 0;
  virtual void field(const FieldSpec& spec, bool& value) = 0;
  virtual void field(const FieldSpec& spec, std::string& value) = 0;

 protected:
  std::string path(const FieldSpec& spec) const { return prefix_ + std::string(spec.name); }

 private:
  std::string prefix_;
};

// Something with fields: calls the visitor for each of them, always in the same order.
using VisitFields = std::function<void(FieldVisitor&)>;
template <typename Config>
VisitFields fields_of(Config& config) {
  return [&config](FieldVisitor& visitor) { config.visit(visitor); };
}

// The number in a field of numbers, and both ends of its range.
struct FieldNumber {
  double value = 0;
  double min = 0;
  double max = 0;
  bool whole = false;  // An integer field.
};

// A field as a person reads it.
struct FieldText {
  std::string path;   // "learner.learning_rate"
  std::string type;   // "integer", "number", "true or false", "text"
  std::string value;  // As TOML spells it.
  std::string range;  // "1 to 4096", "one of a, b", "" where anything goes.
  std::string help;
  std::string unit;
  bool tunable = false;
  std::optional<FieldNumber> number;  // None for text, and for true or false.
};
std::vector<FieldText> describe_fields(const VisitFields& fields);

// What a TOML file or --set says of a field, before it is known what the field wants.
using FieldValue = std::variant<std::int64_t, double, bool, std::string>;

// Sets the field at `path`. The error names the path, what was found, what was expected and, for an unknown
// path, the nearest one that exists; nothing is changed then. An integer is accepted where a number is
// wanted.
Status set_field(const VisitFields& fields, std::string_view path, const FieldValue& value);

// The same from text ("learner.learning_rate", "3e-4"), read as the field's own type.
Status set_field_text(const VisitFields& fields, std::string_view path, std::string_view text);

// Gives the tunable fields of `to` the values that they have in `from`, a config of the same type.
void copy_tunable_fields(const VisitFields& from, const VisitFields& to);

// The fields as TOML, tables in order, each key after a comment with its meaning, unit and range.
std::string to_toml(const VisitFields& fields, bool comments);

// The name nearest to `wanted` by edit distance, for "did you mean"; empty if nothing is near.
std::string_view nearest_name(std::string_view wanted, const std::vector<std::string>& names);
// ", did you mean 'x'?" or "".
std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names);

}  // namespace chrysalis
