// What a user may set about a run's directory.
#pragma once

#include "chrysalis/core/field.h"

namespace chrysalis {

struct StoreConfig {
  double checkpoint_seconds = 60;
  std::int64_t keep_checkpoints = 3;

  void visit(FieldVisitor& v) {
    v.begin_table("store");
    v.field({.name = "checkpoint_seconds",
             .help = "Time between two checkpoints of a member",
             .unit = "seconds",
             .min = 0.1,
             .max = 86400},
            checkpoint_seconds);
    v.field({.name = "keep_checkpoints",
             .help = "Newest checkpoints of each member that are kept; older ones go but for those of "
                     "`inspect --pin`",
             .min = 1,
             .max = 1000000},
            keep_checkpoints);
    v.end_table();
  }
};

}  // namespace chrysalis
