#include "chrysalis/cli/command.h"
#include "chrysalis/cli/lineage.h"
#include "chrysalis/cli/output_path.h"
#include "chrysalis/store/durable_file.h"
#include "chrysalis/store/run_directory.h"

namespace chrysalis {
namespace {

struct LineageOptions {
  std::string run;
  std::string out;
};

Status run_lineage(const LineageOptions& options) {
  if (!options.out.empty()) CHRYSALIS_RETURN_IF_ERROR(check_output_path(options.out, {".svg"}));
  CHRYSALIS_ASSIGN_OR_RETURN(RunDirectory run, RunDirectory::open(options.run, OpenMode::kReadOnly));
  std::vector<MemberHistory> members;
  CHRYSALIS_ASSIGN_OR_RETURN(const auto rows, run.database().members());
  for (const MemberRow& row : rows) {
    MemberHistory history{.member = row.member, .updates = {}, .decisions = {}};
    CHRYSALIS_ASSIGN_OR_RETURN(history.updates, run.database().updates(row.member));
    CHRYSALIS_ASSIGN_OR_RETURN(history.decisions, run.database().decisions(row.member));
    members.push_back(std::move(history));
  }
  if (members.empty() || std::ranges::all_of(members, [](const auto& m) { return m.updates.empty(); }))
    return invalid_input("{} has no updates yet: train first", options.run);
  CHRYSALIS_ASSIGN_OR_RETURN(const auto decisions, run.database().decisions());
  if (!options.out.empty())
    CHRYSALIS_RETURN_IF_ERROR(replace_file(options.out, lane_chart_svg(lineage_chart(members, options.run))));
  if (members.size() == 1 && decisions.empty()) {
    fmt::print("{}: one member, no population: nobody came from anybody\n", options.run);
  } else {
    fmt::print("{}: {}\n", options.run, decisions_summary(members.size(), decisions));
    for (const std::string& line : lineage_lines(members)) fmt::print("{}\n", line);
  }
  if (!options.out.empty()) fmt::print("{}\n", options.out);
  return {};
}

}  // namespace

Action add_lineage_command(CLI::App& app) {
  auto options = std::make_shared<LineageOptions>();
  app.add_option("run", options->run, "Directory of a run")->required();
  app.add_option("--out", options->out, "Draw it too: a name that ends in .svg");
  return [options] { return run_lineage(*options); };
}

}  // namespace chrysalis
