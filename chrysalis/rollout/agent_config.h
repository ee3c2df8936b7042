// What an agent's network looks like. Torch-free, so that whoever acts or reads a checkpoint can know it.
#pragma once

#include <string>

#include "chrysalis/core/field.h"

namespace chrysalis {

struct AgentConfig {
  std::string actions = "small";  // Which action_set().

  void visit(FieldVisitor& v) {
    v.begin_table("agent");
    v.field({.name = "actions",
             .help = "Action set: the 9 of IMPALA or the 756 of Mix & Match",
             .choices = {"small", "big"}},
            actions);
    v.end_table();
  }
};

}  // namespace chrysalis
