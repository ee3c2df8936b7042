#include "chrysalis/store/sqlite.h"

#include <cstring>
#include <limits>

namespace chrysalis {
namespace {

namespace fs = std::filesystem;

Error sqlite_error(sqlite3* handle, std::string_view file, std::string_view trying) {
  const int code = sqlite3_errcode(handle) & 0xFF;
  const char* said = sqlite3_errmsg(handle);
  switch (code) {
    case SQLITE_FULL:
      return io_error("{}: cannot {}: the disk is full", file, trying);
    case SQLITE_READONLY:
      return io_error("{}: cannot {}: the file or its directory is read-only", file, trying);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return io_error("{}: cannot {}: locked by another process or connection", file, trying);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return invalid_input("{}: cannot {}: the file is damaged or no database ({})", file, trying, said);
    default:
      break;
  }
  const int system = code == SQLITE_IOERR || code == SQLITE_CANTOPEN ? sqlite3_system_errno(handle) : 0;
  return io_error("{}: cannot {}: {}{}{}", file, trying, said, system != 0 ? ": " : "",
                  system != 0 ? std::strerror(system) : "");
}

// The file behind a statement; "" never happens for the databases opened here.
std::string_view file_of(sqlite3* handle) {
  const char* name = sqlite3_db_filename(handle, "main");
  return name != nullptr ? name : "";
}

// A URI escapes what has a meaning in one.
std::string immutable_uri(const fs::path& file) {
  std::string uri = "file:";
  for (const char c : fs::absolute(file).string()) {
    if (c == '?' || c == '#' || c == '%') {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

Result<bool> SqliteStatement::step() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      sqlite3_reset(statement_.get());
      return false;
    default:
      break;
  }
  sqlite3* handle = sqlite3_db_handle(statement_.get());
  Error error = sqlite_error(handle, file_of(handle), trying_);
  sqlite3_reset(statement_.get());
  return error;
}

Status SqliteStatement::run() {
  CHRYSALIS_ASSIGN_OR_RETURN(const bool row, step());
  CHRYSALIS_CHECK(!row, "{}: a row where none was expected", trying_);
  return {};
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_.get());
}

// Binding fails only for an index that is not in the statement or for want of memory.
void SqliteStatement::bind_one(int index, std::int64_t value) {
  CHRYSALIS_CHECK_EQ(sqlite3_bind_int64(statement_.get(), index, value), SQLITE_OK);
}
void SqliteStatement::bind_one(int index, double value) {
  CHRYSALIS_CHECK_EQ(sqlite3_bind_double(statement_.get(), index, value), SQLITE_OK);
}
void SqliteStatement::bind_one(int index, std::string_view value) {
  CHRYSALIS_CHECK_EQ(
      sqlite3_bind_text64(statement_.get(), index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8),
      SQLITE_OK);
}

std::int64_t SqliteStatement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}
double SqliteStatement::real(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL)
    return std::numeric_limits<double>::quiet_NaN();
  return sqlite3_column_double(statement_.get(), column);
}
std::string SqliteStatement::text(int column) const {
  const auto* chars = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (chars == nullptr) return "";
  return {chars, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Result<Sqlite> Sqlite::open(const fs::path& file, Access access, int busy_timeout_ms) {
  sqlite3* handle = nullptr;
  const int flags =
      (access == Access::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  int opened = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
  Sqlite sqlite(handle);
  CHRYSALIS_CHECK(handle != nullptr, "no memory for a database connection");
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  // Opening reads nothing yet; this does, so that a file that is no database is told here.
  if (opened == SQLITE_OK)
    opened = sqlite3_exec(handle, "SELECT count(*) FROM sqlite_schema", nullptr, nullptr, nullptr);
  if (opened == SQLITE_OK) return sqlite;

  // A reader makes the write-ahead log's index file, which a read-only directory does not let it. Without a
  // log there is no writer, and the database can be read as a file that does not change.
  fs::path log = file;
  log += "-wal";
  std::error_code ignored;
  const bool refused = (opened & 0xFF) == SQLITE_CANTOPEN || (opened & 0xFF) == SQLITE_READONLY;
  if (access == Access::kReadOnly && refused && fs::exists(file, ignored) && !fs::exists(log, ignored)) {
    sqlite3* fixed = nullptr;
    opened = sqlite3_open_v2(immutable_uri(file).c_str(), &fixed, flags | SQLITE_OPEN_URI, nullptr);
    Sqlite immutable(fixed);
    if (opened == SQLITE_OK &&
        sqlite3_exec(fixed, "SELECT count(*) FROM sqlite_schema", nullptr, nullptr, nullptr) == SQLITE_OK)
      return immutable;
  }
  return sqlite_error(handle, file.string(), "open the database");
}

Result<SqliteStatement> Sqlite::prepare(std::string_view sql, std::string_view trying) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement, nullptr) != SQLITE_OK)
    return sqlite_error(handle_.get(), file_of(handle_.get()), trying);
  return SqliteStatement(statement, std::string(trying));
}

Status Sqlite::execute(const std::string& sql, std::string_view trying) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return sqlite_error(handle_.get(), file_of(handle_.get()), trying);
  return {};
}

Result<std::int64_t> Sqlite::integer(std::string_view sql, std::string_view trying) {
  CHRYSALIS_ASSIGN_OR_RETURN(SqliteStatement statement, prepare(sql, trying));
  CHRYSALIS_ASSIGN_OR_RETURN(const bool row, statement.step());
  CHRYSALIS_CHECK(row, "{}", sql);
  return statement.integer(0);
}

Result<SqliteTransaction> SqliteTransaction::begin(Sqlite& sqlite, std::string_view trying) {
  // IMMEDIATE takes the write lock now, where waiting for it is still possible.
  CHRYSALIS_RETURN_IF_ERROR(sqlite.execute("BEGIN IMMEDIATE", trying));
  return SqliteTransaction(&sqlite, trying);
}

SqliteTransaction::~SqliteTransaction() {
  if (sqlite_ == nullptr) return;
  // Some errors (a full disk) have rolled back already; then this says so, and that is what is wanted.
  const Status ignored = sqlite_->execute("ROLLBACK", trying_);
  static_cast<void>(ignored);
}

Status SqliteTransaction::commit() {
  CHRYSALIS_RETURN_IF_ERROR(sqlite_->execute("COMMIT", trying_));
  sqlite_ = nullptr;
  return {};
}

}  // namespace chrysalis
