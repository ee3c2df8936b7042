// Configs: lines "--set KEY=VALUE" are assignments, the rest is TOML. What is accepted says the same when it
// is written out and read again, and a trainer and a level can be made of it.
#include <filesystem>

#include "chrysalis/core/check.h"
#include "chrysalis/levels/catalog.h"
#include "chrysalis/train/run_config.h"
#include "fuzz.h"

namespace chrysalis {
namespace {

constexpr std::string_view kAssign = "--set ";

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds = {
      "seed = 3\n--set level.maze_width=13\n--set level.name=explore_object_locations_small\n",
      "--set population.size=3\n--set population.tune=learner.learning_rate log 1e-5 1e-2\n"};
  for (const char* directory : {"/configs", "/configs/small"})
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(CHRYSALIS_SOURCE_DIR) + directory))
      if (entry.is_regular_file()) seeds.push_back(file_text(entry.path()));
  RunConfig config;
  seeds.push_back(to_toml(fields_of(config), false));
  return seeds;
}

std::vector<std::string> fuzz_words() {
  std::vector<std::string> words = {"--set ", "[level]", "[", "]",     "\"",  "= true",   "inf",
                                    "nan",    "1e400",   "{", "[[a]]", "'''", "multitask"};
  RunConfig config;
  for (const FieldText& field : describe_fields(fields_of(config))) words.push_back(field.path);
  return words;
}

}  // namespace chrysalis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chrysalis;
  std::string toml;
  std::vector<std::string> assignments;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end);
    if (line.starts_with(kAssign)) {
      const std::size_t length = line.size() - (line.back() == '\n' ? 1 : 0) - kAssign.size();
      assignments.emplace_back(line.substr(kAssign.size(), length));
    } else {
      toml += line;
    }
  }
  const auto config = run_config_from_text(toml, "fuzz.toml", assignments);
  if (!config) return check_message(config.error()), 0;
  RunConfig written = *config;
  const std::string text = to_toml(fields_of(written), true);
  auto again = run_config_from_text(text, "again.toml", {});
  CHRYSALIS_CHECK(again.ok(), "{}", again.error().message);
  CHRYSALIS_CHECK(to_toml(fields_of(*again), true) == text, "written out and read again, it differs");
  (void)trainer_config(*config);
  if (config->level.name.starts_with("map:")) return 0;  // A file of the machine's.
  const auto level = make_level(config->level);
  if (!level) return check_message(level.error()), 0;
  (*level)->start(RandomKey(1));
  (*level)->step({});
  return 0;
}
