#include <sched.h>

#include <algorithm>

#include "binding.h"
#include "chrysalis/levels/catalog.h"
#include "chrysalis/rollout/action_set.h"
#include "chrysalis/store/database.h"

namespace chrysalis::python {

void raise(const Error& error) {
  if (error.code == ErrorCode::kInvalidInput) throw nb::value_error(error.message.c_str());
  PyErr_SetString(PyExc_OSError, error.message.c_str());
  throw nb::python_error();
}

namespace {

FieldValue field_value(const std::string& name, nb::handle value) {
  // In this order: True is an integer to Python, and numbers of NumPy's are none of its own types.
  if (PyBool_Check(value.ptr()) || nb::hasattr(value, "dtype")) {
    // NumPy's scalars become Python's.
    nb::object plain = nb::hasattr(value, "item") ? value.attr("item")() : nb::borrow(value);
    if (PyBool_Check(plain.ptr())) return plain.is(nb::handle(Py_True));
    // A long double stays NumPy's own.
    if (!nb::hasattr(plain, "dtype")) return field_value(name, plain);
  }
  if (nb::isinstance<nb::int_>(value)) {
    std::int64_t whole = 0;
    if (nb::try_cast(value, whole)) return whole;
    throw nb::value_error(
        fmt::format("{} is {}: expected a smaller number", name, nb::cast<std::string>(nb::str(value)))
            .c_str());
  }
  if (nb::isinstance<nb::float_>(value)) return nb::cast<double>(value);
  if (nb::isinstance<nb::str>(value)) return nb::cast<std::string>(value);
  throw nb::type_error(fmt::format("{} is {}: expected a number, True or False, or text", name,
                                   nb::cast<std::string>(nb::repr(value)))
                           .c_str());
}

// The fields of tables, whose names are told apart without their table.
struct Named {
  // beside: what else may be told, for who misspells it.
  explicit Named(const VisitFields& of, std::vector<std::string> beside = {})
      : fields(of), known(std::move(beside)) {
    for (const FieldText& field : describe_fields(fields)) {
      if (field.path == "level.name") continue;  // An argument of its own.
      paths.push_back(field.path);
      names.push_back(field.path.substr(field.path.find('.') + 1));
    }
    known.insert(known.end(), names.begin(), names.end());
  }
  // what: "setting", for the error.
  void set(const char* what, const std::string& name, nb::handle value) const {
    const auto found = std::ranges::find(names, name);
    if (found == names.end())
      throw nb::type_error(fmt::format("unknown {} '{}'{}", what, name, did_you_mean(name, known)).c_str());
    const std::string& path = paths[static_cast<std::size_t>(found - names.begin())];
    raise_if_error(set_field(fields, path, field_value(name, value)));
  }
  VisitFields fields;
  std::vector<std::string> names, paths, known;
};

void set_dmlab(DmlabConfig& dmlab, const std::string& level, nb::handle value) {
  nb::dict keywords;
  if (!nb::try_cast(value, keywords))
    throw nb::type_error(fmt::format("dmlab is {}: expected a dict of the settings of that table",
                                     nb::cast<std::string>(nb::repr(value)))
                             .c_str());
  if (!is_dmlab_level(level))
    throw nb::value_error(
        fmt::format("dmlab is for levels named dmlab:LEVEL, and this one is '{}'", level).c_str());
  const Named fields(fields_of(dmlab));
  for (const auto& [key, setting] : keywords)
    fields.set("setting of dmlab", nb::cast<std::string>(nb::str(key)), setting);
}

}  // namespace

Settings settings_of(const std::string& level, const nb::dict& keywords) {
  Settings settings;
  settings.level.name = level;
  const Named fields(fields_of(settings), {"dmlab"});
  for (const auto& [key, value] : keywords) {
    const auto name = nb::cast<std::string>(key);
    if (name == "dmlab") {
      set_dmlab(settings.dmlab, level, value);
    } else {
      fields.set("setting", name, value);
    }
  }
  return settings;
}

Actions::Actions(const std::string& name) {
  if (name == "raw") return;
  const auto set = action_set(name);
  if (!set.ok())
    throw nb::value_error(fmt::format("unknown actions '{}': expected one of small, big, raw{}", name,
                                      did_you_mean(name, {"small", "big", "raw"}))
                              .c_str());
  set_ = *set;
}

void Actions::decode(std::span<const std::int64_t> numbers, std::span<RawAction> actions) const {
  const auto parts = static_cast<std::size_t>(integers_per_action());
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const auto action = numbers.subspan(i * parts, parts);
    if (set_ != nullptr) {
      const auto count = static_cast<std::int64_t>(set_->size());
      if (action[0] < 0 || action[0] >= count)
        throw nb::value_error(
            fmt::format("action {} is {}: expected 0 to {}", i, action[0], count - 1).c_str());
      actions[i] = (*set_)[static_cast<std::size_t>(action[0])];
      continue;
    }
    std::array<int, kRawActionParts.size()> integers{};
    for (std::size_t part = 0; part < parts; ++part)
      // What no int holds is out of every range as well.
      integers[part] = static_cast<int>(std::clamp<std::int64_t>(action[part], -100'000, 100'000));
    actions[i] = value_or_raise(make_raw_action(integers));
  }
}

int worker_count(int wanted) {
  if (wanted < 0) throw nb::value_error(fmt::format("workers is {}: expected 0 or more", wanted).c_str());
  if (wanted > 0) return wanted;
  // Those that a container or taskset leaves, not all that the machine has.
  cpu_set_t cores;
  return sched_getaffinity(0, sizeof cores, &cores) == 0 ? std::max(1, CPU_COUNT(&cores)) : 1;
}

}  // namespace chrysalis::python

NB_MODULE(_native, module) {
  using namespace chrysalis::python;
  module.doc() = "The compiled part of chrysalis. Use the package, not this.";
  module.def(
      "levels",
      [] {
        std::vector<std::tuple<std::string, std::string>> levels;
        for (const auto& entry : chrysalis::level_catalog()) levels.emplace_back(entry.name, entry.summary);
        return levels;
      },
      "Name and one line about each level of the catalog.");
  module.def(
      "raw_action_parts",
      [] {
        std::vector<std::tuple<std::string, int, int>> parts;
        for (const auto& part : chrysalis::kRawActionParts) parts.emplace_back(part.name, part.min, part.max);
        return parts;
      },
      "Name, least and greatest value of each integer of a raw action.");
  module.def(
      "action_count",
      [](const std::string& name) { return value_or_raise(chrysalis::action_set(name))->size(); },
      nanobind::arg("actions"), "Actions of the set of that name: 'small' or 'big'.");
  module.attr("TABLES_VERSION") = chrysalis::kSchemaVersion;
  bind_environment(module);
  bind_vector_environment(module);
  bind_agent(module);
}
