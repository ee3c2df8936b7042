// Where DM Lab is installed and how its processes are run: table "dmlab" of a config, for levels whose name
// begins with dmlab:. docs/dmlab_adapter.md says more.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chrysalis/core/field.h"
#include "chrysalis/core/result.h"

namespace chrysalis {

struct DmlabConfig {
  std::string library;
  std::string runfiles;
  std::string renderer = "software";
  std::string settings;
  std::string level_cache;
  std::int64_t level_cache_mib = 2048;
  std::string temporary_folder;
  std::string host;
  double start_seconds = 300;
  double step_seconds = 60;
  std::int64_t faults_in_a_row = 5;

  void visit(FieldVisitor& v) {
    v.begin_table("dmlab");
    v.field({.name = "library", .help = "DM Lab's shared library, for levels named dmlab:LEVEL"}, library);
    v.field({.name = "runfiles", .help = "Folder of DM Lab's assets; empty: that of the library"}, runfiles);
    v.field({.name = "renderer",
             .help = "What DM Lab draws with: software runs anywhere, hardware wants a GPU with EGL",
             .choices = {"software", "hardware"}},
            renderer);
    v.field({.name = "settings",
             .help = "Further settings of the level, \"key=value; key=value\", as DM Lab spells them"},
            settings);
    v.field({.name = "level_cache",
             .help = "Folder for compiled maps, shared by any number of processes; empty: none"},
            level_cache);
    v.field({.name = "level_cache_mib",
             .help = "Size of that folder; what was used longest ago goes first",
             .unit = "MiB",
             .min = 1,
             .max = 1 << 20},
            level_cache_mib);
    v.field({.name = "temporary_folder",
             .help = "Where each process has its own temporary folder; empty: TMPDIR, or /tmp"},
            temporary_folder);
    v.field({.name = "host",
             .help = "The program that loads the library; empty: chrysalis-dmlab-host beside this program"},
            host);
    v.field({.name = "start_seconds",
             .help = "A process that takes longer to begin an episode hangs, and is replaced",
             .unit = "s",
             .min = 0.1,
             .max = 86400},
            start_seconds);
    v.field(
        {.name = "step_seconds", .help = "The same for an agent step", .unit = "s", .min = 0.1, .max = 86400},
        step_seconds);
    v.field({.name = "faults_in_a_row",
             .help = "Processes that an environment may lose without an episode played to its end between; "
                     "then the run stops",
             .min = 1,
             .max = 1000},
            faults_in_a_row);
    v.end_table();
  }
};

inline constexpr std::string_view kDmlabPrefix = "dmlab:";
// Whether a level's name begins with dmlab:; what follows is DM Lab's own name of it.
bool is_dmlab_level(std::string_view name);

// dmlab.settings, in its order. Errors: an entry that is no key=value, a key twice, one that Chrysalis sets.
Result<std::vector<std::pair<std::string, std::string>>> parse_dmlab_settings(std::string_view text);

}  // namespace chrysalis
