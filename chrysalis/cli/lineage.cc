#include "chrysalis/cli/lineage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "chrysalis/cli/progress_line.h"

namespace chrysalis {
namespace {

// Finer steps of alpha than a colour shows would only make the picture large.
constexpr double kAlphaStep = 1.0 / 128;
// In a line of ancestry; a long run's would fill the screen.
constexpr int kSourcesShown = 6;

bool is_copy(const DecisionRow& decision) {
  return decision.outcome == "copied" || decision.outcome == "replaced";
}

std::vector<LaneSpan> alpha_spans(const std::vector<UpdateRow>& updates) {
  std::vector<LaneSpan> spans;
  double begin = 0;
  for (const UpdateRow& update : updates) {
    const auto end = static_cast<double>(update.agent_steps);
    const bool same = !spans.empty() &&
                      (std::isnan(update.alpha) ? std::isnan(spans.back().value)
                                                : std::abs(update.alpha - spans.back().value) < kAlphaStep);
    if (same)
      spans.back().end = end;
    else
      spans.push_back({.begin = begin, .end = end, .value = update.alpha});
    begin = end;
  }
  return spans;
}

const MemberHistory* find_member(const std::vector<MemberHistory>& members, std::int64_t member) {
  const auto found = std::ranges::find(members, member, &MemberHistory::member);
  return found == members.end() ? nullptr : &*found;
}

std::vector<DecisionRow> all_decisions(const std::vector<MemberHistory>& members) {
  std::vector<DecisionRow> all;
  for (const MemberHistory& history : members)
    all.insert(all.end(), history.decisions.begin(), history.decisions.end());
  std::ranges::stable_sort(all, {}, &DecisionRow::agent_steps);
  return all;
}

std::string change_text(const HyperparameterChange& change) {
  // The last part of the path says enough in a line.
  const std::string name = change.path.substr(change.path.rfind('.') + 1);
  return fmt::format("{} {:.3g} -> {:.3g}", name, change.before, change.after);
}

std::string decision_line(const DecisionRow& decision) {
  std::string what = decision.outcome;
  if (is_copy(decision) && decision.partner) {
    what = fmt::format("{} member {}", decision.outcome == "copied" ? "copied" : "replaced by",
                       *decision.partner);
    if (decision.partner_update) what += fmt::format(" (update {})", *decision.partner_update);
  }
  if (std::isfinite(decision.p)) what += fmt::format(", p {:.3g}", decision.p);
  if (decision.explored) what += ", explored";
  for (const HyperparameterChange& change : decision.values) what += ", " + change_text(change);
  return fmt::format("{:>14}  member {:<3} {}", grouped_digits(decision.agent_steps), decision.member, what);
}

// "member 2 <- member 0 at 120,000 <- member 3 at 60,000": whose weights these were, and when they were
// taken.
std::string ancestry_line(const std::vector<MemberHistory>& members, const MemberHistory& history) {
  std::string line = fmt::format("member {}", history.member);
  const MemberHistory* at = &history;
  const DecisionRow* taken = nullptr;  // The copy that led from the one before to `at`.
  for (int sources = 0; at != nullptr; ++sources) {
    const auto copy = std::find_if(at->decisions.rbegin(), at->decisions.rend(), [&](const DecisionRow& d) {
      if (!is_copy(d) || !d.partner || !d.partner_update) return false;
      // What the source took after it was copied itself does not count.
      return taken == nullptr || d.update < *taken->partner_update ||
             (d.update == *taken->partner_update && d.checkpoint == taken->parent);
    });
    if (copy == at->decisions.rend()) break;
    if (sources == kSourcesShown) return line + " <- ...";
    line += fmt::format(" <- member {} at {}", *copy->partner, grouped_digits(copy->agent_steps));
    taken = &*copy;
    at = find_member(members, *copy->partner);
  }
  return line;
}

}  // namespace

std::int64_t agent_steps_at(const MemberHistory& history, std::int64_t update) {
  const auto after = std::ranges::upper_bound(history.updates, update, {}, &UpdateRow::update);
  return after == history.updates.begin() ? 0 : std::prev(after)->agent_steps;
}

LaneChart lineage_chart(const std::vector<MemberHistory>& members, const std::string& title) {
  LaneChart chart{.title = title,
                  .x_label = "agent steps of each member",
                  .value_label = "alpha",
                  .arrow_label = "copied",
                  .alarm_label = "replaced after divergence",
                  .mark_label = "explored",
                  .lanes = {},
                  .arrows = {}};
  for (const MemberHistory& history : members) {
    Lane lane{.name = fmt::format("member {}", history.member), .spans = alpha_spans(history.updates)};
    for (const DecisionRow& decision : history.decisions) {
      const auto at = static_cast<double>(decision.agent_steps);
      if (decision.explored) lane.marks.push_back(at);
      const MemberHistory* source = decision.partner ? find_member(members, *decision.partner) : nullptr;
      if (!is_copy(decision) || source == nullptr || source == &history || !decision.partner_update) continue;
      chart.arrows.push_back(
          {.from_lane = static_cast<std::size_t>(source - members.data()),
           .from_x = static_cast<double>(agent_steps_at(*source, *decision.partner_update)),
           .to_lane = chart.lanes.size(),
           .to_x = at,
           .alarming = decision.outcome == "replaced"});
    }
    chart.lanes.push_back(std::move(lane));
  }
  return chart;
}

std::vector<std::string> lineage_lines(const std::vector<MemberHistory>& members) {
  std::vector<std::string> lines;
  for (const DecisionRow& decision : all_decisions(members))
    if (is_copy(decision) || decision.explored) lines.push_back(decision_line(decision));
  for (const MemberHistory& history : members) lines.push_back(ancestry_line(members, history));
  return lines;
}

std::string decisions_summary(std::size_t members, const std::vector<DecisionRow>& decisions) {
  const auto outcomes = [&](std::string_view outcome) {
    return std::ranges::count(decisions, outcome, &DecisionRow::outcome);
  };
  return fmt::format("{} member{}, {} decisions: {} copied, {} kept, {} not ready, {} replaced; {} explored",
                     members, members == 1 ? "" : "s", decisions.size(), outcomes("copied"), outcomes("kept"),
                     outcomes("not_ready"), outcomes("replaced"),
                     std::ranges::count(decisions, true, &DecisionRow::explored));
}

}  // namespace chrysalis
