"""The ledger's file: how it is opened, versioned and written. The only module that makes SQLite connections."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

import apsw

from mai_core.clock import Clock
from mai_core.errors import MaiError, StoreUnavailable, with_remedy
from mai_core.store.migrations import MIGRATIONS, Migration

OLDEST_SAFE_SQLITE = (3, 51, 3)
"""Older ones can lose commits when a write races a checkpoint."""

BUSY_TIMEOUT_MS = 10_000

Db = apsw.Connection

_UNAVAILABLE = (
    apsw.BusyError,
    apsw.LockedError,
    apsw.ProtocolError,
    apsw.FullError,
    apsw.ReadOnlyError,
    apsw.IOError,
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.NoMemError,
)


def sqlite_version() -> str:
    return apsw.sqlite_lib_version()


def require_safe_sqlite(version: str) -> None:
    if tuple(int(part) for part in version.split(".")[:3]) < OLDEST_SAFE_SQLITE:
        raise MaiError(
            f"SQLite {version} can lose committed data (fixed in 3.51.3). Install the pinned apsw: "
            "pip install -r requirements.txt"
        )


class Store:
    """One ledger file. Writes go through one connection, one at a time; each thread reads through its own."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        require_safe_sqlite(sqlite_version())
        self.path = path
        self.clock = clock or Clock()
        self._write_lock = threading.RLock()
        self._writing = False
        self._readers = threading.local()
        self._connections: WeakSet[Db] = WeakSet()
        """To be closed with the store; a thread that ends takes its own along."""
        self._connections_lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _make_for_the_owner(path)
            self._writer = self._connect()
            migrate(self._writer, self.clock)
        except _UNAVAILABLE as error:
            raise StoreUnavailable(f"the ledger {path} cannot be opened: {with_remedy(str(error))}") from error
        except apsw.NotADBError:
            raise MaiError(f"{path} is not a SQLite database; name the ledger with USAGE_SUMMARY_DB") from None

    def _connect(self) -> Db:
        db = apsw.Connection(str(self.path))
        db.set_busy_timeout(BUSY_TIMEOUT_MS)
        _switch_to_wal(db)
        db.execute(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
            "PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;"
            "PRAGMA recursive_triggers = ON"
        ).fetchall()  # a pragma that answers stops the rest until its answer is read
        with self._connections_lock:
            self._connections.add(db)
        return db

    @contextmanager
    def write(self) -> Iterator[Db]:
        """One transaction: all of it is committed and durable when the block ends, or nothing of it."""
        with self._write_lock:
            if self._writing:
                raise RuntimeError("a write transaction is already open in this thread")
            self._writing = True
            try:
                try:
                    self._writer.execute("BEGIN IMMEDIATE")
                    yield self._writer
                    self._writer.execute("COMMIT")
                except _UNAVAILABLE as error:
                    raise StoreUnavailable(
                        f"the ledger {self.path} cannot be written now: {with_remedy(str(error))}"
                    ) from error
                finally:
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
            finally:
                self._writing = False

    @contextmanager
    def read(self) -> Iterator[Db]:
        """One snapshot: every statement in the block sees the same state of the ledger."""
        db = getattr(self._readers, "db", None)
        if db is not None and db.in_transaction:
            yield db
            return
        try:
            if db is None:
                db = self._readers.db = self._connect()
            db.execute("BEGIN")
            yield db
        except _UNAVAILABLE as error:
            raise StoreUnavailable(f"the ledger {self.path} cannot be read now: {with_remedy(str(error))}") from error
        finally:
            if db is not None and db.in_transaction:
                db.execute("COMMIT")

    def prove_writable(self) -> None:
        """A real commit: a full disk lets a transaction begin and end as long as it writes nothing."""
        with self.write() as db:
            db.execute(
                "INSERT INTO change_counters VALUES ('ready', ?1) ON CONFLICT DO UPDATE SET value = ?1",
                (self.clock.now_ms(),),
            )

    def close(self) -> None:
        with self._write_lock, self._connections_lock:
            for db in self._connections:
                db.close()
            self._connections.clear()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _make_for_the_owner(path: Path) -> None:
    """A new ledger is nobody else's to read, and its log takes its mode. Linked to its place when it is closed: closing
    a file that SQLite has open in this process would end its locks. Where this fails, SQLite says why."""
    if path.exists():
        return
    with suppress(OSError):
        descriptor, draft = tempfile.mkstemp(prefix=path.name, dir=path.parent)
        os.close(descriptor)
        try:
            os.link(draft, path)
        finally:
            os.unlink(draft)


def _switch_to_wal(db: Db) -> None:
    """SQLite asks no busy timeout about this switch: of processes that make the file at once, the others try again."""
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except apsw.BusyError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


def migrate(db: Db, clock: Clock, migrations: tuple[tuple[str, Migration], ...] = MIGRATIONS) -> None:
    """Bring the file to the present schema. Killed anywhere, the next start goes on where it stopped."""
    if _is_current(db, migrations):
        return
    for name, apply in migrations:
        db.execute("BEGIN IMMEDIATE")
        try:
            if not _tables(db):
                db.execute(
                    "CREATE TABLE schema_migrations (name TEXT PRIMARY KEY, applied_at_ms INTEGER NOT NULL) STRICT"
                )
            if name not in _applied(db):
                apply(db)
                db.execute("INSERT INTO schema_migrations VALUES (?, ?)", (name, clock.now_ms()))
            db.execute("COMMIT")
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")


def _is_current(db: Db, migrations: tuple[tuple[str, Migration], ...]) -> bool:
    tables = _tables(db)
    if not tables:
        return False
    if "schema_migrations" not in tables:
        raise MaiError(
            f"{db.filename} is a database of another program (tables {', '.join(sorted(tables)[:3])}, ...). "
            "Name the ledger with USAGE_SUMMARY_DB; an existing mAI database is brought in with "
            "`python -m mai_core import-legacy`."
        )
    applied, known = _applied(db), {name for name, _ in migrations}
    if applied - known:
        raise MaiError(
            f"{db.filename} was written by a newer mAI Usage ({sorted(applied - known)[0]}): update this installation"
        )
    return applied == known


def _tables(db: Db) -> set[str]:
    return {str(name) for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _applied(db: Db) -> set[str]:
    return {str(name) for (name,) in db.execute("SELECT name FROM schema_migrations")}


@contextmanager
def savepoint(db: Db) -> Iterator[None]:
    """A part of the open transaction that fails alone: what it wrote is undone, the rest stands."""
    db.execute("SAVEPOINT part")
    try:
        yield
    except _UNAVAILABLE as error:
        raise StoreUnavailable(f"the ledger cannot be written now: {with_remedy(str(error))}") from error
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK TO part; RELEASE part")
        raise
    db.execute("RELEASE part")


def rows(db: Db, sql: str, bindings: Any = ()) -> list[tuple[Any, ...]]:
    """All rows of a statement, fetched before the next one runs."""
    return db.execute(sql, bindings).fetchall()


def dicts(db: Db, sql: str, bindings: Any = ()) -> list[dict[str, Any]]:
    """Rows with their column names, for reads that leave the store."""
    cursor = db.cursor()
    cursor.execute(sql, bindings)
    rows: list[dict[str, Any]] = []
    names: list[str] | None = None
    for row in cursor:
        if names is None:
            names = [column[0] for column in cursor.get_description()]
        rows.append(dict(zip(names, row, strict=True)))
    return rows
