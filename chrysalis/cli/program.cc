#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>

#include "chrysalis/cli/command.h"
#include "chrysalis/cli/tell.h"
#include "chrysalis/core/field.h"
#include "chrysalis/core/memory.h"
#include "chrysalis/kernels/target.h"

#ifndef CHRYSALIS_VERSION
#error "the build defines CHRYSALIS_VERSION"
#endif

namespace chrysalis {
namespace {

struct Verb {
  const char* name;
  const char* summary;
  const char* examples;
  Action (*add)(CLI::App&);
};

constexpr std::array kVerbs = {
    Verb{"levels", "List the levels", "chrysalis levels --json", add_levels_command},
    Verb{"train", "Train an agent, or go on training it",
         "chrysalis train configs/seek_apples.toml\n"
         "  chrysalis train configs/seek_apples.toml --set learner.learning_rate=3e-4 --run runs/slow\n"
         "  The same command again resumes; Ctrl-C once stops with a checkpoint.",
         add_train_command},
    Verb{"eval", "Play episodes and report the mean return",
         "chrysalis eval runs/seek_apples --episodes 100\n"
         "  chrysalis eval --policy random --level seek_apples --episodes 100 --json",
         add_eval_command},
    Verb{"record", "Film an agent (.mp4) or lay its episode out as a contact sheet (.png)",
         "chrysalis record runs/seek_apples --out agent.mp4\n"
         "  chrysalis record --policy random --level nav_maze_static_01 --out random.png",
         add_record_command},
    Verb{"render", "Draw one observation of a level, or a contact sheet of an episode",
         "chrysalis render --level seek_apples --seed 3 --out seek.png --size 320x240\n"
         "  chrysalis render --level lt_chasm --sheet 24 --out chasm.png\n"
         "  chrysalis render --level explore_object_locations_small --top-down --out map.png",
         add_render_command},
    Verb{"play", "Play a level yourself, in a window",
         "chrysalis play seek_apples --seed 3\n"
         "  chrysalis play nav_maze_static_01 --record mine.csv && chrysalis replay --actions mine.csv\n"
         "  Mouse: look. W A S D or arrows: move. Left button: fire. Space: jump. Ctrl or C: crouch.\n"
         "  P: pause. Esc: end.",
         add_play_command},
    Verb{"replay", "Run recorded raw actions, frame by frame",
         "chrysalis replay --level seek_apples --seed 3 --actions in.csv --out out.csv\n"
         "  chrysalis replay --actions mine.csv\n"
         "  in: seven integers a frame (look right, look down, strafe, move, fire, jump, crouch); a "
         "recording\n"
         "  of `chrysalis play` names its level, seed and settings too, and the hashes that prove a replay\n"
         "  out: frame,x,y,z,yaw,pitch,vx,vy,vz,reward",
         add_replay_command},
    Verb{"inspect", "Show a run: members, decisions, checkpoints, learning curve",
         "chrysalis inspect runs/seek_apples\n  chrysalis inspect runs/seek_apples --json --curve 20\n"
         "  chrysalis inspect runs/action_space --member 3",
         add_inspect_command},
    Verb{"lineage", "Tell and draw who came from whom in a population, with alpha as colour",
         "chrysalis lineage runs/action_space\n  chrysalis lineage runs/action_space --out lineage.svg",
         add_lineage_command},
    Verb{"compare", "Compare runs: final returns and areas under the curve, over seeds",
         "chrysalis compare runs/a1 runs/a2 runs/a3 runs/b1 runs/b2 runs/b3 --out curves.svg\n"
         "  chrysalis compare runs/a1 runs/a2 --over time --line random=1.4 --out time.svg\n"
         "  chrysalis compare runs/mixed runs/plain --label mixture --label plain --json",
         add_compare_command},
    Verb{"bench", "Measure speed, beside the SGEMM rate of the same run",
         "chrysalis bench\n  chrysalis bench render --json\n"
         "  chrysalis bench profile --set level.name=nav_maze_static_01\n"
         "  chrysalis bench scaling --axes environments,cores --out scaling.svg",
         add_bench_command},
    Verb{"doctor", "Check compiler, CPU, BLAS, LibTorch, cores and disk", "chrysalis doctor",
         add_doctor_command},
    Verb{"config", "Print every setting with its meaning, unit, range and value",
         "chrysalis config configs/seek_apples.toml --set seed=7\n  chrysalis config --markdown > "
         "docs/config.md",
         add_config_command},
};

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

// What a shell makes of a variable that is not set: nobody asks for a default by naming its option.
Status no_empty_values(const CLI::App& verb) {
  for (const CLI::Option* option : verb.get_options())
    for (const std::string& value : option->results())
      if (value.empty())
        return invalid_input("chrysalis {}: {} is empty: expected a value, or nothing at all for its default",
                             verb.get_name(), option->get_name());
  return {};
}

// One line for what CLI11 refused, with the nearest name where a name was wrong.
std::string explain(const CLI::App& program, const CLI::ParseError& error, int argc, char** argv) {
  const auto used = program.get_subcommands();
  std::string line = error.what();
  std::replace(line.begin(), line.end(), '\n', ' ');
  if (used.empty()) {
    if (argc < 2) return "no verb given; chrysalis --help lists them";
    std::vector<std::string> verbs;
    for (const Verb& verb : kVerbs) verbs.emplace_back(verb.name);
    return fmt::format("unknown verb '{}'{}; chrysalis --help lists them", argv[1],
                       did_you_mean(argv[1], verbs));
  }
  const CLI::App& verb = *used.front();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    for (const std::string& extra : verb.remaining()) {
      const std::string name = extra.substr(0, extra.find('='));
      return fmt::format("chrysalis {} does not take '{}'{}; chrysalis {} --help lists its options",
                         verb.get_name(), extra, did_you_mean(name, option_names(verb)), verb.get_name());
    }
  }
  return fmt::format("chrysalis {}: {}; see chrysalis {} --help", verb.get_name(), line, verb.get_name());
}

}  // namespace

std::vector<std::string> with_options(std::initializer_list<std::pair<const char*, std::string>> options,
                                      const std::vector<std::string>& assignments) {
  std::vector<std::string> all;
  for (const auto& [key, value] : options)
    if (!value.empty()) all.push_back(fmt::format("{}={}", key, value));
  all.insert(all.end(), assignments.begin(), assignments.end());
  return all;
}

int run_program(int argc, char** argv, const Learning* learning) {
  set_learning(learning, argc, argv);
  keep_freed_memory();
  // A limit on the size of files is then an error of the write, told like a full disk, and not a death.
  std::signal(SIGXFSZ, SIG_IGN);
  CLI::App program("Chrysalis trains agents with curricula of agents in first-person worlds.", "chrysalis");
  program.set_version_flag("--version", CHRYSALIS_VERSION);
  program.require_subcommand(1);
  std::vector<std::pair<CLI::App*, Action>> actions;
  for (const Verb& verb : kVerbs) {
    CLI::App* sub = program.add_subcommand(verb.name, verb.summary);
    sub->footer(std::string("Examples:\n  ") + verb.examples);
    sub->allow_extras(false);
    actions.emplace_back(sub, verb.add(*sub));
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help and --version.
    return program.exit(asked);
  } catch (const CLI::ParseError& error) {
    tell("error: {}\n", explain(program, error, argc, argv));
    return 2;
  }
  for (const auto& [sub, action] : actions) {
    if (!sub->parsed()) continue;
    Status status = no_empty_values(*sub);
    try {
      const char* simd = std::getenv("CHRYSALIS_SIMD");
      if (const Status simd_status = simd == nullptr ? Status() : use_simd(simd); !simd_status.ok())
        status = invalid_input("CHRYSALIS_SIMD: {}", simd_status.error().message);
      if (status.ok()) status = action();
    } catch (const std::exception& exception) {
      status = io_error("{}: {}", sub->get_name(), exception.what());
    }
    if (status.ok() && std::fflush(stdout) != 0)
      status = io_error("cannot write to standard output: {}", std::strerror(errno));
    if (status.ok()) return 0;
    tell("error: {}\n", status.error().message);
    return status.error().exit_code();
  }
  return 2;
}

}  // namespace chrysalis
