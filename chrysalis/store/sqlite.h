// A thin layer over SQLite: connections and statements that close themselves, and errors that name the file,
// what was tried and what went wrong (disk full, read-only, locked, damaged). Nothing here knows a table. One
// thread at a time for each connection, its statements included.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "chrysalis/core/result.h"

namespace chrysalis {

// One prepared statement. bind() then step() until there are no more rows; bind() starts over.
class SqliteStatement {
 public:
  // Values for ?1, ?2, …: integers, doubles (NaN becomes NULL), text.
  template <typename... Values>
  SqliteStatement& bind(const Values&... values) {
    reset();
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }
  // True: a row is there. False: done, and the statement holds no lock any more.
  Result<bool> step();
  // For statements without rows.
  Status run();

  // Of the row that step() found. NULL reads as 0, NaN and "".
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;

 private:
  friend class Sqlite;
  SqliteStatement(sqlite3_stmt* statement, std::string trying)
      : statement_(statement, &sqlite3_finalize), trying_(std::move(trying)) {}
  void reset();
  void bind_one(int index, std::int64_t value);
  void bind_one(int index, int value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, bool value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, double value);
  void bind_one(int index, std::string_view value);

  std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement_;
  std::string trying_;
};

class Sqlite {
 public:
  enum class Access { kReadWrite, kReadOnly };
  // kReadWrite creates the file if it is not there. `busy_timeout_ms`: how long to wait for another's lock.
  static Result<Sqlite> open(const std::filesystem::path& file, Access access, int busy_timeout_ms);

  // `trying` completes "<file>: cannot …".
  Result<SqliteStatement> prepare(std::string_view sql, std::string_view trying);
  // One or more statements without values or rows.
  Status execute(const std::string& sql, std::string_view trying);
  // The first column of the first row, which must be there.
  Result<std::int64_t> integer(std::string_view sql, std::string_view trying);

 private:
  explicit Sqlite(sqlite3* handle) : handle_(handle, &sqlite3_close_v2) {}
  std::unique_ptr<sqlite3, decltype(&sqlite3_close_v2)> handle_;
};

// All or nothing: rolls back unless commit() succeeded. The connection must outlive it.
class SqliteTransaction {
 public:
  static Result<SqliteTransaction> begin(Sqlite& sqlite, std::string_view trying);
  SqliteTransaction(SqliteTransaction&& other) noexcept
      : sqlite_(std::exchange(other.sqlite_, nullptr)), trying_(std::move(other.trying_)) {}
  ~SqliteTransaction();
  Status commit();

 private:
  SqliteTransaction(Sqlite* sqlite, std::string_view trying) : sqlite_(sqlite), trying_(trying) {}
  Sqlite* sqlite_;
  std::string trying_;
};

}  // namespace chrysalis
