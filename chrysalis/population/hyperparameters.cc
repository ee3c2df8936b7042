#include "chrysalis/population/hyperparameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "chrysalis/core/bytes.h"

namespace chrysalis {
namespace {

std::vector<std::string_view> split_words(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t begin; (begin = text.find_first_not_of(kSpace)) != std::string_view::npos;) {
    text.remove_prefix(begin);
    words.push_back(text.substr(0, text.find_first_of(kSpace)));
    text.remove_prefix(words.back().size());
  }
  return words;
}

std::vector<std::string> tunable_paths(const std::vector<FieldText>& fields) {
  std::vector<std::string> paths;
  for (const FieldText& field : fields)
    if (field.number && field.tunable) paths.push_back(field.path);
  return paths;
}

// Reads one entry, word by word.
class EntryParser {
 public:
  explicit EntryParser(std::vector<std::string_view> words) : words_(std::move(words)) {}

  Result<Tuned> parse(const std::vector<FieldText>& fields) {
    CHRYSALIS_RETURN_IF_ERROR(parse_path(fields));
    CHRYSALIS_RETURN_IF_ERROR(parse_initial());
    CHRYSALIS_RETURN_IF_ERROR(parse_operator());
    CHRYSALIS_RETURN_IF_ERROR(parse_limits());
    if (at_ < words_.size()) return unexpected("the end of the entry, ';' or a new line");
    CHRYSALIS_RETURN_IF_ERROR(check_initial());
    return tuned_;
  }

 private:
  Status parse_path(const std::vector<FieldText>& fields) {
    tuned_.path = words_[at_++];
    const std::vector<std::string> tunable = tunable_paths(fields);
    const auto field = std::ranges::find(fields, tuned_.path, &FieldText::path);
    if (field == fields.end())
      return invalid_input("population.tune: unknown key '{}'{}", tuned_.path,
                           did_you_mean(tuned_.path, tunable));
    const auto refused = [&](std::string_view what) {
      return invalid_input("population.tune: {} {}: expected one of {}", tuned_.path, what,
                           fmt::join(tunable, ", "));
    };
    if (!field->number) return refused(fmt::format("is {}, no number", field->type));
    if (!field->tunable) return refused("may not change while training");
    tuned_.whole = field->number->whole;
    tuned_.config_value = field->number->value;
    tuned_.low = field->number->min;
    tuned_.high = field->number->max;
    range_ = field->range;
    return {};
  }

  Status parse_initial() {
    if (accept("config")) return {};
    if (accept("uniform")) {
      tuned_.initial = Tuned::Initial::kUniform;
    } else if (accept("loguniform")) {
      tuned_.initial = Tuned::Initial::kLogUniform;
    } else {
      return unexpected("loguniform LOW HIGH, uniform LOW HIGH or config",
                        {"loguniform", "uniform", "config"});
    }
    const std::string_view name = words_[at_ - 1];
    CHRYSALIS_RETURN_IF_ERROR(parse_range(name, tuned_.initial_low, tuned_.initial_high));
    if (tuned_.initial == Tuned::Initial::kLogUniform && tuned_.initial_low <= 0)
      return invalid_input("population.tune: {} has loguniform from {}: expected a LOW greater than 0",
                           tuned_.path, tuned_.initial_low);
    return {};
  }

  Status parse_operator() {
    if (accept("keep")) return {};
    if (accept("multiply")) {
      tuned_.explore = Tuned::Operator::kMultiply;
      CHRYSALIS_RETURN_IF_ERROR(parse_positive("a FACTOR", tuned_.factors[0]));
      return parse_positive("a second FACTOR", tuned_.factors[1]);
    }
    if (accept("add")) {
      tuned_.explore = Tuned::Operator::kAdd;
      return parse_positive("a STEP", tuned_.step);
    }
    return unexpected("multiply FACTOR FACTOR, add STEP or keep", {"multiply", "add", "keep"});
  }

  Status parse_limits() {
    if (accept("within")) {
      double low = 0;
      double high = 0;
      CHRYSALIS_RETURN_IF_ERROR(parse_range("within", low, high));
      if (low < tuned_.low || high > tuned_.high) return outside("within", low, high, "the field's range");
      tuned_.low = low;
      tuned_.high = high;
      range_ = fmt::format("{} to {}", low, high);
    }
    if (!tuned_.whole) return {};
    tuned_.low = std::ceil(tuned_.low);
    tuned_.high = std::floor(tuned_.high);
    if (tuned_.low > tuned_.high)
      return invalid_input("population.tune: {} has limits {}: expected a whole number between them",
                           tuned_.path, range_);
    return {};
  }

  // Only now are the limits known.
  Status check_initial() const {
    if (tuned_.initial == Tuned::Initial::kConfig) {
      if (tuned_.config_value >= tuned_.low && tuned_.config_value <= tuned_.high) return {};
      return invalid_input("population.tune: {} starts at the config's {}: expected {}", tuned_.path,
                           tuned_.config_value, range_);
    }
    if (tuned_.initial_low >= tuned_.low && tuned_.initial_high <= tuned_.high) return {};
    return outside("a start from", tuned_.initial_low, tuned_.initial_high, "its limits");
  }

  Status parse_range(std::string_view name, double& low, double& high) {
    CHRYSALIS_RETURN_IF_ERROR(parse_number(fmt::format("a LOW of {}", name), low));
    CHRYSALIS_RETURN_IF_ERROR(parse_number(fmt::format("a HIGH of {}", name), high));
    if (low <= high) return {};
    return invalid_input("population.tune: {} has {} {} {}: expected LOW before HIGH", tuned_.path, name, low,
                         high);
  }

  Status parse_positive(std::string_view expected, double& value) {
    const std::string wanted = fmt::format("{} greater than 0", expected);
    CHRYSALIS_RETURN_IF_ERROR(parse_number(wanted, value));
    if (value > 0) return {};
    --at_;
    return unexpected(wanted);
  }

  Status parse_number(std::string_view expected, double& value) {
    if (at_ == words_.size()) return unexpected(expected);
    const std::string_view word = words_[at_];
    const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (code != std::errc() || end != word.data() + word.size() || !std::isfinite(value))
      return unexpected(expected);
    ++at_;
    return {};
  }

  bool accept(std::string_view word) {
    if (at_ == words_.size() || words_[at_] != word) return false;
    ++at_;
    return true;
  }

  Error unexpected(std::string_view expected, const std::vector<std::string>& names = {}) const {
    const bool ended = at_ == words_.size();
    const std::string found = ended ? fmt::format("nothing after '{}'", words_.back())
                                    : fmt::format("'{}' after '{}'", words_[at_], words_[at_ - 1]);
    return invalid_input("population.tune: {} has {}: expected {}{}", tuned_.path, found, expected,
                         ended ? "" : did_you_mean(words_[at_], names));
  }
  Error outside(std::string_view what, double low, double high, std::string_view of) const {
    return invalid_input("population.tune: {} has {} {} to {}: expected it inside {}, {}", tuned_.path, what,
                         low, high, of, range_);
  }

  std::vector<std::string_view> words_;
  std::size_t at_ = 0;  // The next word.
  Tuned tuned_;
  std::string range_;  // The limits as a person reads them.
};

double into_limits(double value, const Tuned& tuned) {
  return std::clamp(tuned.whole ? std::round(value) : value, tuned.low, tuned.high);
}

RandomStream stream_of(const Tuned& tuned, RandomKey key) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(tuned.path.data());
  return RandomStream(key.split(hash64({bytes, tuned.path.size()})));
}

}  // namespace

Result<std::vector<Tuned>> parse_tuned(std::string_view text, const VisitFields& fields) {
  const std::vector<FieldText> described = describe_fields(fields);
  std::vector<Tuned> all;
  while (!text.empty()) {
    const std::string_view entry = text.substr(0, text.find_first_of(";\n"));
    text.remove_prefix(std::min(entry.size() + 1, text.size()));
    std::vector<std::string_view> words = split_words(entry);
    if (words.empty()) continue;
    CHRYSALIS_ASSIGN_OR_RETURN(Tuned tuned, EntryParser(std::move(words)).parse(described));
    if (std::ranges::find(all, tuned.path, &Tuned::path) != all.end())
      return invalid_input("population.tune: {} stands twice: expected one entry for each key", tuned.path);
    all.push_back(std::move(tuned));
  }
  return all;
}

std::vector<double> initial_values(std::span<const Tuned> tuned, std::uint64_t seed, std::int64_t member) {
  const RandomKey key(seed, Purpose::kHyperparameters, {static_cast<std::uint64_t>(member)});
  std::vector<double> values;
  for (const Tuned& one : tuned) {
    RandomStream stream = stream_of(one, key);
    double value = one.config_value;
    if (one.initial == Tuned::Initial::kUniform) {
      value = stream.uniform(one.initial_low, one.initial_high);
    } else if (one.initial == Tuned::Initial::kLogUniform) {
      // exp(log(x)) may lie an ulp outside.
      value = std::clamp(stream.log_uniform(one.initial_low, one.initial_high), one.initial_low,
                         one.initial_high);
    }
    values.push_back(into_limits(value, one));
  }
  return values;
}

std::vector<double> explore(std::span<const double> values, std::span<const Tuned> tuned, RandomKey key) {
  CHRYSALIS_CHECK_EQ(values.size(), tuned.size());
  std::vector<double> explored;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Tuned& one = tuned[i];
    CHRYSALIS_CHECK(values[i] >= one.low && values[i] <= one.high, "{} is {}", one.path, values[i]);
    const bool second = stream_of(one, key).below(2) == 1;
    double value = values[i];
    if (one.explore == Tuned::Operator::kMultiply) value *= one.factors[second ? 1 : 0];
    if (one.explore == Tuned::Operator::kAdd) value += second ? -one.step : one.step;
    explored.push_back(into_limits(value, one));
  }
  return explored;
}

void set_values(std::span<const double> values, std::span<const Tuned> tuned, const VisitFields& fields) {
  CHRYSALIS_CHECK_EQ(values.size(), tuned.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    FieldValue value = values[i];
    if (tuned[i].whole) value = static_cast<std::int64_t>(values[i]);
    const Status status = set_field(fields, tuned[i].path, value);
    CHRYSALIS_CHECK(status.ok(), "{}", status.error().message);
  }
}

}  // namespace chrysalis
