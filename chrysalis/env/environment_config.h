// What an agent sees of a world and how often it acts.
#pragma once

#include <cstdint>

#include "chrysalis/core/field.h"

namespace chrysalis {

struct EnvironmentConfig {
  std::int64_t width = 96;
  std::int64_t height = 72;
  std::int64_t action_repeat = 4;

  void visit(FieldVisitor& v) {
    v.begin_table("environment");
    v.field({.name = "width",
             .help = "Width of an observation, a multiple of 4",
             .unit = "pixels",
             .min = 4,
             .max = 2048},
            width);
    v.field({.name = "height",
             .help = "Height of an observation, a multiple of 4",
             .unit = "pixels",
             .min = 4,
             .max = 2048},
            height);
    v.field({.name = "action_repeat",
             .help = "Frames that an action is held",
             .unit = "frames",
             .min = 1,
             .max = 60},
            action_repeat);
    v.end_table();
  }
};

}  // namespace chrysalis
