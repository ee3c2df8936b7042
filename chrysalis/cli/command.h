// The verbs of the program: one file each, listed in the table of program.cc. A verb adds its options to the
// parser and leaves an action behind; program.cc parses, runs the action and turns its Status into a message
// and an exit code.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <string>
#include <vector>

#include "chrysalis/cli/learning.h"
#include "chrysalis/core/result.h"

namespace chrysalis {

using Action = std::function<Status()>;

// What each verb's file offers: options on `app` (its own sub-command), and what to do once they are parsed.
Action add_levels_command(CLI::App& app);
Action add_train_command(CLI::App& app);
Action add_eval_command(CLI::App& app);
Action add_record_command(CLI::App& app);
Action add_render_command(CLI::App& app);
Action add_play_command(CLI::App& app);
Action add_replay_command(CLI::App& app);
Action add_inspect_command(CLI::App& app);
Action add_lineage_command(CLI::App& app);
Action add_compare_command(CLI::App& app);
Action add_bench_command(CLI::App& app);
Action add_doctor_command(CLI::App& app);
Action add_config_command(CLI::App& app);

// A verb's assignments to the config: those options that have a value, as {key, value}, then those of --set,
// which may overrule them.
std::vector<std::string> with_options(std::initializer_list<std::pair<const char*, std::string>> options,
                                      const std::vector<std::string>& assignments);

// The whole program: parses, runs, reports errors as one line on standard error. Returns the exit code: 0
// done, 1 the machine's fault, 2 the input's. learning: null where LibTorch is not in the process; it may
// then be taken over, see need_learning().
int run_program(int argc, char** argv, const Learning* learning);

}  // namespace chrysalis
