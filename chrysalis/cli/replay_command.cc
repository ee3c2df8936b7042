#include <array>
#include <charconv>
#include <fstream>

#include "chrysalis/cli/command.h"
#include "chrysalis/cli/output_path.h"
#include "chrysalis/levels/catalog.h"
#include "chrysalis/store/durable_file.h"
#include "chrysalis/train/run_config.h"
#include "chrysalis/world/action.h"

namespace chrysalis {
namespace {

struct Options {
  std::string level;
  std::uint64_t seed = 1;
  std::string actions;
  std::string out;
  std::vector<std::string> assignments;
};

// One line of seven integers, separated by commas; blanks around them do not matter.
Result<RawAction> parse_action(std::string_view line, const std::string& where) {
  std::array<int, kRawActionParts.size()> parts{};
  std::size_t count = 0;
  while (count < parts.size()) {
    const std::size_t comma = line.find(',');
    std::string_view cell = line.substr(0, comma);
    while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
    while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t' || cell.back() == '\r'))
      cell.remove_suffix(1);
    const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), parts[count]);
    if (code != std::errc() || end != cell.data() + cell.size())
      return invalid_input("{}: '{}' in place {}: expected a whole number for {}", where, cell, count + 1,
                           kRawActionParts[count].name);
    ++count;
    if (comma == std::string_view::npos) {
      line = {};
      break;
    }
    line.remove_prefix(comma + 1);
    if (count == parts.size()) return invalid_input("{}: more than seven numbers", where);
  }
  if (count != parts.size()) return invalid_input("{}: {} numbers: expected seven", where, count);
  Result<RawAction> action = make_raw_action(parts);
  if (!action.ok()) return invalid_input("{}: {}", where, action.error().message);
  return action;
}

Status run(const Options& options) {
  CHRYSALIS_RETURN_IF_ERROR(check_output_path(options.out, {}));
  CHRYSALIS_ASSIGN_OR_RETURN(
      const RunConfig config,
      default_run_config(with_options({{"level.name", options.level}}, options.assignments)));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto level, make_level(config.level));
  std::ifstream actions(options.actions);
  if (!actions)
    return invalid_input("cannot read {}: expected a file of raw actions, seven integers a line",
                         options.actions);

  // All of the input is read and checked before anything is written.
  level->start(RandomKey(options.seed));
  std::string text = "frame,x,y,z,yaw,pitch,vx,vy,vz,reward\n";
  std::string line;
  std::int64_t line_number = 0;
  std::int64_t frame = 0;
  while (std::getline(actions, line)) {
    ++line_number;
    if (line.empty() || line == "\r" || line.front() == '#') continue;
    if (frame == level->spec().episode_frames)
      return invalid_input("{}:{}: the episode of {} ends after {} frames", options.actions, line_number,
                           level->spec().name, frame);
    CHRYSALIS_ASSIGN_OR_RETURN(const RawAction action,
                               parse_action(line, fmt::format("{}:{}", options.actions, line_number)));
    const int reward = level->step(action);
    const Body& body = level->world().players()[0];
    text += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", ++frame, body.origin.x, body.origin.y,
                        body.origin.z, body.yaw_degrees, body.pitch_degrees, body.velocity.x, body.velocity.y,
                        body.velocity.z, reward);
  }
  if (actions.bad() || frame == 0)
    return invalid_input("no action in {}: expected a file of raw actions, seven integers a line",
                         options.actions);
  return replace_file(options.out, text);
}

}  // namespace

Action add_replay_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--level", options->level, "Level to play: a name of `chrysalis levels` or map:FILE")
      ->required();
  app.add_option("--seed", options->seed, "Names the episode")->check(CLI::NonNegativeNumber);
  app.add_option("--actions", options->actions,
                 "CSV: seven integers a frame; lines that begin with # are comments")
      ->required();
  app.add_option("--out", options->out,
                 "CSV to write, a line a frame: position in u, angles in degrees, velocity in u/s")
      ->required();
  app.add_option("--set", options->assignments, "KEY=VALUE, for example level.episode_seconds=60")
      ->allow_extra_args(false);
  return [options] { return run(*options); };
}

}  // namespace chrysalis
