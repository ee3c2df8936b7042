#include "chrysalis/core/field.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "chrysalis/core/check.h"
#include "chrysalis/core/utf8.h"

namespace chrysalis {
namespace {

std::string number_text(double value) {
  std::string text = fmt::format("{}", value);
  // TOML wants a float to look like one.
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04X}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string range_text(const FieldSpec& spec, bool whole) {
  const auto bound = [whole](double b) { return whole ? fmt::format("{:.0f}", b) : fmt::format("{}", b); };
  const bool has_min = std::isfinite(spec.min);
  const bool has_max = std::isfinite(spec.max);
  if (has_min && has_max) return fmt::format("{} to {}", bound(spec.min), bound(spec.max));
  if (has_min) return fmt::format("at least {}", bound(spec.min));
  if (has_max) return fmt::format("at most {}", bound(spec.max));
  return "";
}

std::string choices_text(const FieldSpec& spec) {
  return spec.choices.empty() ? "" : fmt::format("one of {}", fmt::join(spec.choices, ", "));
}

class Describer : public FieldVisitor {
 public:
  std::vector<FieldText> fields;
  void field(const FieldSpec& spec, std::int64_t& value) override {
    add(spec, "integer", fmt::format("{}", value), range_text(spec, true));
    fields.back().number = {static_cast<double>(value), spec.min, spec.max, true};
  }
  void field(const FieldSpec& spec, double& value) override {
    add(spec, "number", number_text(value), range_text(spec, false));
    fields.back().number = {value, spec.min, spec.max, false};
  }
  void field(const FieldSpec& spec, bool& value) override {
    add(spec, "true or false", value ? "true" : "false", "");
  }
  void field(const FieldSpec& spec, std::string& value) override {
    add(spec, "text", quoted(value), choices_text(spec));
  }

 private:
  void add(const FieldSpec& spec, std::string type, std::string value, std::string range) {
    fields.push_back({.path = path(spec),
                      .type = std::move(type),
                      .value = std::move(value),
                      .range = std::move(range),
                      .help = std::string(spec.help),
                      .unit = std::string(spec.unit),
                      .tunable = spec.tunable,
                      .number = {}});
  }
};

std::string spelled(const FieldValue& value) {
  struct Spell {
    std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
    std::string operator()(double v) const { return number_text(v); }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(const std::string& v) const { return quoted(v); }
  };
  return std::visit(Spell{}, value);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = utf8_character(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

// Finds one field and sets it, from a typed value or from text.
class Setter : public FieldVisitor {
 public:
  Setter(std::string_view wanted, const FieldValue* value, std::string_view text)
      : wanted_(wanted), value_(value), text_(text) {}

  void field(const FieldSpec& spec, std::int64_t& target) override {
    if (!matches(spec)) return;
    std::int64_t parsed = 0;
    if (value_ != nullptr) {
      const auto* whole = std::get_if<std::int64_t>(value_);
      if (whole == nullptr) return wrong(spec, "a whole number", true);
      parsed = *whole;
    } else if (!parse(parsed)) {
      return wrong(spec, "a whole number", true);
    }
    if (static_cast<double>(parsed) < spec.min || static_cast<double>(parsed) > spec.max)
      return wrong(spec, "a whole number", true);
    target = parsed;
  }
  void field(const FieldSpec& spec, double& target) override {
    if (!matches(spec)) return;
    double parsed = 0;
    if (value_ != nullptr) {
      if (const auto* number = std::get_if<double>(value_)) {
        parsed = *number;
      } else if (const auto* whole = std::get_if<std::int64_t>(value_)) {
        parsed = static_cast<double>(*whole);
      } else {
        return wrong(spec, "a number", false);
      }
    } else if (!parse(parsed)) {
      return wrong(spec, "a number", false);
    }
    if (!(parsed >= spec.min && parsed <= spec.max)) return wrong(spec, "a number", false);
    target = parsed;
  }
  void field(const FieldSpec& spec, bool& target) override {
    if (!matches(spec)) return;
    if (value_ != nullptr) {
      const auto* flag = std::get_if<bool>(value_);
      if (flag == nullptr) return wrong(spec, "true or false", false);
      target = *flag;
    } else if (text_ == "true" || text_ == "false") {
      target = text_ == "true";
    } else {
      wrong(spec, "true or false", false);
    }
  }
  void field(const FieldSpec& spec, std::string& target) override {
    if (!matches(spec)) return;
    std::string parsed(text_);
    if (value_ != nullptr) {
      const auto* text = std::get_if<std::string>(value_);
      if (text == nullptr) return wrong(spec, "text in quotes", false);
      parsed = *text;
    }
    // TOML is UTF-8: anything else could not be written out and read again.
    if (!is_utf8(parsed)) return wrong(spec, "UTF-8 text", false);
    if (!spec.choices.empty() && std::ranges::find(spec.choices, parsed) == spec.choices.end()) {
      std::vector<std::string> names(spec.choices.begin(), spec.choices.end());
      error_ = invalid_input("{} is {}: expected {}{}", wanted_, quoted(parsed), choices_text(spec),
                             did_you_mean(parsed, names));
      return;
    }
    target = parsed;
  }

  Status status() const {
    if (error_) return *error_;
    if (!found_) return invalid_input("unknown key '{}'{}", wanted_, did_you_mean(wanted_, paths_));
    return {};
  }

 private:
  bool matches(const FieldSpec& spec) {
    paths_.push_back(path(spec));
    if (paths_.back() != wanted_) return false;
    found_ = true;
    return true;
  }
  template <typename T>
  bool parse(T& out) const {
    const auto [end, code] = std::from_chars(text_.data(), text_.data() + text_.size(), out);
    return code == std::errc() && end == text_.data() + text_.size();
  }
  void wrong(const FieldSpec& spec, std::string_view kind, bool whole) {
    const std::string range = range_text(spec, whole);
    error_ = invalid_input(
        "{} is {}: expected {}{}{}", wanted_, value_ != nullptr ? spelled(*value_) : quoted(text_), kind,
        range.empty() ? "" : ", " + range, spec.unit.empty() ? "" : fmt::format(" ({})", spec.unit));
  }

  std::string_view wanted_;
  const FieldValue* value_;
  std::string_view text_;
  bool found_ = false;
  std::vector<std::string> paths_;
  std::optional<Error> error_;
};

// The values of tunable fields in the order of visits, taken or given.
class Tunables : public FieldVisitor {
 public:
  enum class Way { kTake, kGive };
  void go(const VisitFields& fields, Way way) {
    way_ = way;
    at_ = 0;
    fields(*this);
    CHRYSALIS_CHECK_EQ(at_, values_.size());
  }
  void field(const FieldSpec& spec, std::int64_t& value) override { copy(spec, value); }
  void field(const FieldSpec& spec, double& value) override { copy(spec, value); }
  void field(const FieldSpec& spec, bool& value) override { copy(spec, value); }
  void field(const FieldSpec& spec, std::string& value) override { copy(spec, value); }

 private:
  template <typename T>
  void copy(const FieldSpec& spec, T& value) {
    if (!spec.tunable) return;
    if (way_ == Way::kTake) {
      values_.emplace_back(value);
    } else {
      CHRYSALIS_CHECK(at_ < values_.size() && std::holds_alternative<T>(values_[at_]),
                      "{} is a field of one config only", path(spec));
      value = std::get<T>(values_[at_]);
    }
    ++at_;
  }
  Way way_ = Way::kTake;
  std::size_t at_ = 0;
  std::vector<FieldValue> values_;
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<FieldText> describe_fields(const VisitFields& fields) {
  Describer describer;
  fields(describer);
  return std::move(describer.fields);
}

Status set_field(const VisitFields& fields, std::string_view path, const FieldValue& value) {
  Setter setter(path, &value, {});
  fields(setter);
  return setter.status();
}

Status set_field_text(const VisitFields& fields, std::string_view path, std::string_view text) {
  Setter setter(path, nullptr, text);
  fields(setter);
  return setter.status();
}

void copy_tunable_fields(const VisitFields& from, const VisitFields& to) {
  Tunables tunables;
  tunables.go(from, Tunables::Way::kTake);
  tunables.go(to, Tunables::Way::kGive);
}

std::string to_toml(const VisitFields& fields, bool comments) {
  std::string out;
  std::string table;
  for (const FieldText& field : describe_fields(fields)) {
    const std::size_t dot = field.path.find('.');
    const std::string in = dot == std::string::npos ? "" : field.path.substr(0, dot);
    const std::string key = dot == std::string::npos ? field.path : field.path.substr(dot + 1);
    if (in != table) {
      CHRYSALIS_CHECK(!in.empty(), "field {} after a table: TOML would read it as the table's", field.path);
      out += fmt::format("\n[{}]\n", in);
      table = in;
    }
    if (comments) {
      std::string note = field.help;
      if (!field.unit.empty()) note += ", " + field.unit;
      if (!field.range.empty()) note += "; " + field.range;
      out += fmt::format("# {}\n", note);
    }
    out += fmt::format("{} = {}\n", key, field.value);
  }
  return out;
}

std::string_view nearest_name(std::string_view wanted, const std::vector<std::string>& names) {
  std::string_view best;
  // Farther than this is no misspelling.
  std::size_t best_distance = std::max<std::size_t>(2, wanted.size() / 2);
  const auto last_part = [](std::string_view name) { return name.substr(name.rfind('.') + 1); };
  for (const std::string& name : names) {
    std::size_t distance = edit_distance(wanted, name);
    // The right key in the wrong table, or without one.
    distance = std::min(distance, 1 + edit_distance(last_part(wanted), last_part(name)));
    if (distance < best_distance || (distance == best_distance && best.empty())) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names) {
  const std::string_view near = nearest_name(wanted, names);
  return near.empty() ? "" : fmt::format(", did you mean '{}'?", near);
}

}  // namespace chrysalis
