"""What a run recorded, as pandas frames."""

import json
import sqlite3
import tomllib
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from chrysalis import _native

if TYPE_CHECKING:
    import pandas

_APPLICATION_ID = 0x43485259
_JSON_COLUMNS = ("own_returns", "partner_returns", "changes", "returns")


class Run:
    """The directory of a run, read-only, also while the run goes on: each call sees what is recorded then.

    Frames have the columns of docs/formats/run.md, which says what each means; columns that hold lists there
    are lists here, times are seconds since 1970, what is not there is NaN, NA or None. Needs pandas.

    path: the directory. ValueError if it is no run, or one of other tables; OSError if it cannot be read.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        if not (self.path / "run.sqlite").is_file():
            raise ValueError(f"{self.path}: not a run: expected a directory with run.sqlite")
        with closing(self._connect()) as database:
            try:
                application = database.execute("PRAGMA application_id").fetchone()[0]
                version = database.execute("PRAGMA user_version").fetchone()[0]
            except sqlite3.DatabaseError as error:
                raise ValueError(f"{self.path}/run.sqlite: {error}") from None
        if application != _APPLICATION_ID:
            raise ValueError(f"{self.path}/run.sqlite: not the database of a run")
        if version != _native.TABLES_VERSION:
            raise ValueError(
                f"{self.path}/run.sqlite: its tables have version {version}: expected "
                f"{_native.TABLES_VERSION}; resuming the run with `chrysalis train` brings older ones up"
            )

    def config(self) -> dict[str, Any]:
        """The resolved configuration, as tables by name. Empty before the run's first write."""
        with closing(self._connect()) as database:
            row = database.execute("SELECT value FROM run WHERE key = 'config'").fetchone()
        return tomllib.loads(row[0]) if row else {}

    def members(self) -> "pandas.DataFrame":
        """One row for each member."""
        return self._frame("members", "member", None)

    def updates(self, member: int | None = None) -> "pandas.DataFrame":
        """One row for each update, by member and update_number. member: only of this one."""
        return self._frame("updates", "member, update_number", member)

    def episodes(self, member: int | None = None) -> "pandas.DataFrame":
        """One row for each finished episode, by member, then in the order in which they ended."""
        return self._frame("episodes", "member, ended_at_update, environment, episode", member)

    def decisions(self, member: int | None = None) -> "pandas.DataFrame":
        """One row for each decision of the population, by member and number."""
        return self._frame("decisions", "member, decision_number", member)

    def scores(self, member: int | None = None) -> "pandas.DataFrame":
        """One row for each round of evaluation, by member and update_number."""
        return self._frame("scores", "member, update_number", member)

    def checkpoints(self, member: int | None = None) -> "pandas.DataFrame":
        """One row for each checkpoint, oldest first, in all states. Those that are "kept" open with
        `safetensors`: run.path / path / "state.safetensors"."""
        return self._frame("checkpoints", "member, update_number, time", member)

    def evaluations(self) -> "pandas.DataFrame":
        """One row for each `chrysalis eval`, oldest first."""
        return self._frame("evaluations", "id", None)

    def _frame(self, table: str, order: str, member: int | None) -> "pandas.DataFrame":
        import pandas

        where, arguments = ("", ()) if member is None else (" WHERE member = ?", (member,))
        with closing(self._connect()) as database:
            types = dict(database.execute(f"SELECT name, type FROM pragma_table_info('{table}')"))
            frame = pandas.read_sql_query(
                f"SELECT * FROM {table}{where} ORDER BY {order}", database, params=arguments
            )
        for column, kind in types.items():
            # Whatever the rows: without any, or with NULL in all, pandas would take them for objects.
            if kind == "REAL":
                frame[column] = frame[column].astype("float64")
            elif kind == "INTEGER":
                frame[column] = frame[column].astype("Int64" if frame[column].isna().any() else "int64")
        for column in _JSON_COLUMNS:
            if column in frame.columns:
                frame[column] = [json.loads(text) for text in frame[column]]
        return frame

    def _connect(self) -> sqlite3.Connection:
        file = quote(str((self.path / "run.sqlite").absolute()))
        # Without the log's files a reader would have to make them: where the directory does not let it,
        # nobody writes there either. A log that is there holds what the file alone does not tell.
        modes = ["mode=ro"]
        if not (self.path / "run.sqlite-wal").exists():
            modes.append("immutable=1")
        for mode in modes:
            database = None
            try:
                database = sqlite3.connect(f"file:{file}?{mode}", uri=True)
                database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                return database
            except sqlite3.DatabaseError as error:
                if database is not None:
                    database.close()
                if not isinstance(error, sqlite3.OperationalError):
                    raise ValueError(f"{self.path}/run.sqlite: {error}") from None
                if mode == modes[-1]:
                    raise OSError(f"{self.path}/run.sqlite: {error}") from None
        raise AssertionError

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"
