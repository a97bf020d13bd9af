"""Where open days come from: the ledger's file through instance L, or the store, in one snapshot either way."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from mai_core.errors import StoreUnavailable, with_remedy
from mai_core.reports.engine import Connection, DuckDBError, literal, open_ledger_reader

if TYPE_CHECKING:
    from mai_core.store import Db, Store

PATIENCE_MS = 5_000
"""So long the pages wait for another program that holds the ledger's file."""

Columns = Mapping[str, pa.DataType]
Query = Callable[[str, Columns], pa.Table]
"""(SQLite SELECT, its columns in order) -> Arrow."""

TEXT, WHOLE, DAY, YES_NO = pa.string(), pa.int64(), pa.date32(), pa.bool_()
_DUCKDB_TYPES = {TEXT: "VARCHAR", WHOLE: "BIGINT", DAY: "DATE", YES_NO: "BOOLEAN"}


class Source(Protocol):
    def snapshot(self) -> AbstractContextManager[Query]:
        """Every query in the block sees the same state of the ledger."""


class StoreSource:
    """For api, jobs, command line and tests: the store reads, Arrow carries."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @contextmanager
    def snapshot(self) -> Iterator[Query]:
        with self._store.read() as db:
            yield query_of(db)


def query_of(db: Db) -> Query:
    """Questions to the snapshot of an open transaction of the store."""
    return lambda sql, columns: arrow_table(db.execute(sql), columns)


def arrow_table(rows: Any, columns: Columns) -> pa.Table:
    by_column = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [_array(values, kind) for values, kind in zip(by_column, columns.values(), strict=True)]
    return pa.table(arrays, names=list(columns))


def empty_table(columns: Columns) -> pa.Table:
    return pa.table({name: pa.array([], kind) for name, kind in columns.items()})


def _array(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    if kind == DAY:
        return pa.array([None if value is None else date.fromisoformat(value) for value in values], kind)
    if kind == YES_NO:
        return pa.array([None if value is None else bool(value) for value in values], kind)
    return pa.array(values, kind)


class LedgerFile:
    """For the pages' process: the file attached read-only to instance L, attached anew when it was replaced."""

    def __init__(self, path: Path, patience_ms: int = PATIENCE_MS) -> None:
        self._path = path
        self._patience_ms = patience_ms
        self._connection: Connection = open_ledger_reader()
        self._attached: tuple[int, int] | None = None
        self._name = ""
        self._lock = threading.Lock()

    @contextmanager
    def snapshot(self) -> Iterator[Query]:
        cursor = self._cursor()
        try:
            cursor.execute("BEGIN")
            yield lambda sql, columns: self._read(cursor, sql, columns)
        except DuckDBError as error:
            raise StoreUnavailable(
                f"the ledger {self._path} cannot be read now: {with_remedy(_first_line(error))}"
            ) from error
        finally:
            cursor.close()

    def _read(self, cursor: Connection, sql: str, columns: Columns) -> pa.Table:
        casts = ", ".join(f'CAST("{name}" AS {_DUCKDB_TYPES[kind]}) AS "{name}"' for name, kind in columns.items())
        names = ", ".join(f'"{name}"' for name in columns)
        return cursor.execute(
            f"SELECT {casts} FROM sqlite_query({literal(self._name)}, {literal(sql)}) AS ledger ({names})"
        ).to_arrow_table()

    def _cursor(self) -> Connection:
        with self._lock:
            try:
                found = os.stat(self._path)
            except OSError:
                raise StoreUnavailable(
                    f"there is no ledger at {self._path} yet: start the API, or set USAGE_SUMMARY_DB"
                ) from None
            if self._attached != (found.st_dev, found.st_ino):
                self._attach()
                self._attached = (found.st_dev, found.st_ino)
            return self._connection.cursor()

    def _attach(self) -> None:
        # Readers of the replaced file may still be at it, so the new one gets a new name.
        name = f"ledger_{os.stat(self._path).st_ino}"
        try:
            self._connection.execute(
                f"ATTACH IF NOT EXISTS {literal(str(self._path))} AS {name} "
                f"(TYPE sqlite, READ_ONLY, BUSY_TIMEOUT {self._patience_ms})"
            )
        except DuckDBError as error:
            raise StoreUnavailable(
                f"the ledger {self._path} cannot be opened: {with_remedy(_first_line(error))}"
            ) from error
        self._name = name


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
