#include "chrysalis/cli/command.h"
#include "chrysalis/train/run_config.h"

namespace chrysalis {
namespace {

struct ConfigOptions {
  std::string config;
  std::vector<std::string> assignments;
  bool markdown = false;
};

void print_markdown(RunConfig& config) {
  fmt::print(
      "# Settings\n\nWritten by `chrysalis config --markdown`. A config file is TOML: `learner.unroll` is "
      "key "
      "`unroll` of table `[learner]`.\n`--set KEY=VALUE` sets one on any verb that makes a level or an "
      "agent.\n\n"
      "| key | default | range | unit | meaning |\n|---|---|---|---|---|\n");
  for (const FieldText& field : describe_fields(fields_of(config)))
    fmt::print("| `{}` | `{}` | {} | {} | {}{} |\n", field.path, field.value,
               field.range.empty() ? field.type : field.range, field.unit, field.help,
               field.tunable ? " (tunable by a population)" : "");
}

Status run(const ConfigOptions& options) {
  Result<RunConfig> config = options.config.empty() ? default_run_config(options.assignments)
                                                    : load_run_config(options.config, options.assignments);
  if (!config.ok()) return config.error();
  if (options.markdown) {
    print_markdown(*config);
  } else {
    fmt::print("{}", to_toml(fields_of(*config), /*comments=*/true));
  }
  return {};
}

}  // namespace

Action add_config_command(CLI::App& app) {
  auto options = std::make_shared<ConfigOptions>();
  app.add_option("config", options->config, "A config to resolve; default: the defaults");
  app.add_option("--set", options->assignments, "KEY=VALUE over it")->allow_extra_args(false);
  app.add_flag("--markdown", options->markdown, "The table of docs/config.md");
  return [options] { return run(*options); };
}

}  // namespace chrysalis
