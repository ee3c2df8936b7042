// The tables of run.sqlite, and how a file gets them.
#pragma once

#include "chrysalis/core/result.h"
#include "chrysalis/store/sqlite.h"

namespace chrysalis {

// Makes the tables in an empty database, or checks that they are those of this program: its application id,
// and a version that it knows. `file` is only for errors. One transaction: a kill leaves an empty database or
// a whole one.
Status prepare_schema(Sqlite& sqlite, Sqlite::Access access, std::string_view file);

}  // namespace chrysalis
