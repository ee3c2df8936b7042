// Who came from whom in a run, out of its decisions and updates: pure, for `chrysalis lineage`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chrysalis/media/lane_chart.h"
#include "chrysalis/store/run_rows.h"

namespace chrysalis {

// One member as the store has it, oldest first. Members are expected in the order of their ids.
struct MemberHistory {
  std::int64_t member = 0;
  std::vector<UpdateRow> updates;
  std::vector<DecisionRow> decisions;
};

// Agent steps of a member at one of its updates: those of the newest row not after it, 0 before the first.
std::int64_t agent_steps_at(const MemberHistory& history, std::int64_t update);

// Lanes of members over their own agent steps, coloured by alpha; an arrow for each copy, from the source at
// the update that was copied to the member at its decision; marks where hyperparameters were explored.
LaneChart lineage_chart(const std::vector<MemberHistory>& members, const std::string& title);

// The same as lines for a terminal: what each decision that changed something did, in order of agent steps,
// then for each member whence its weights came, newest source first and at most six of them. No newlines.
std::vector<std::string> lineage_lines(const std::vector<MemberHistory>& members);

// "4 members, 23 decisions: 5 copied, 17 kept, 0 not ready, 1 replaced; 8 explored".
std::string decisions_summary(std::size_t members, const std::vector<DecisionRow>& decisions);

}  // namespace chrysalis
