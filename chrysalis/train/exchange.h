// What the members of a population show one another: published checkpoints, nothing else. A member decides by
// what others have published, so it never waits for their work and never sees half of it.
//
// With `deterministic`, what a member sees after its update u is what the other published at the last
// multiple of `every` before u, whenever that was on the clock: a decision then depends on updates alone.
// A view that is not there yet is waited for; since it lies strictly before u, no two members wait for each
// other. Otherwise it is the newest.
//
// Plain data; the trainer calls it under its lock.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "chrysalis/population/decision.h"

namespace chrysalis {

class Exchange {
 public:
  // every: updates between two publications that deterministic members see.
  Exchange(int members, std::int64_t every, bool deterministic)
      : every_(every), deterministic_(deterministic), published_(static_cast<std::size_t>(members)) {}

  // Whether a member must publish after this update.
  bool due(std::int64_t update) const { return update % every_ == 0; }
  // In rising order of a member's updates; the same update again replaces it.
  void publish(Published publication);
  // What a decision after `update` (at least 1) sees of a member, or null: not published yet.
  const Published* view(std::int64_t member, std::int64_t update) const;
  // No member will decide before its update `done[member]` + 1 again: what no view can ask for goes.
  void forget(std::span<const std::int64_t> done);
  // Publications from this update on must stay in the store where every member has a checkpoint at `saved` or
  // later: a resume from there asks for them again. Where only the newest are seen, those must stay.
  std::int64_t needed_from(std::int64_t saved) const;

 private:
  // The update that a decision after `update` looks for.
  std::int64_t wanted(std::int64_t update) const { return (update - 1) / every_ * every_; }

  std::int64_t every_;
  bool deterministic_;
  std::vector<std::deque<Published>> published_;  // Of each member, by rising update.
};

}  // namespace chrysalis
