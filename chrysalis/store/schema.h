// The tables of run.sqlite, and how a file gets them.
#pragma once

#include "chrysalis/core/result.h"
#include "chrysalis/store/sqlite.h"

namespace chrysalis {

// Makes the tables in an empty database, or checks that they are those of this program: its application id,
// and a version that it knows. Older tables are brought up for a writer; a reader gets, on its connection
// alone, what they lack: columns that are NULL and tables without rows. `file` is only for errors. One
// transaction: a kill leaves the database as it was or whole.
Status prepare_schema(Sqlite& sqlite, Sqlite::Access access, std::string_view file);

}  // namespace chrysalis
