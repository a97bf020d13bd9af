"""A look at a file before it is trusted as the ledger: nothing is created, nothing migrated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from mai_core.errors import MaiError, NotFound, StoreUnavailable
from mai_core.store.connection import Db
from mai_core.store.migrations import MIGRATIONS

EXPECTED = frozenset(
    {
        "global_settings",
        "client_organizations",
        "user_client_mapping",
        "processed_generations",
        "processed_generation_cleanup_log",
        "client_daily_usage",
        "client_user_daily_usage",
        "client_model_daily_usage",
        "usage_events",
        "usage_daily",
        "schema_migrations",
    }
)
"""Tables and views without which nothing works; the migrations make them and all others."""

_PATIENCE_MS = 2000


def missing_tables(path: Path) -> set[str]:
    """What a ledger must have and this file has not. Raises when there is no such file, or it cannot be written."""
    with _looked_into(path) as db:
        db.execute("BEGIN IMMEDIATE; ROLLBACK")
        return set(EXPECTED - _names(db))


def migrations_to_come(path: Path) -> list[str]:
    """What the next start would do to the file first: everything to an empty one, nothing to another program's."""
    with _looked_into(path) as db:
        names = _names(db)
        if names and "schema_migrations" not in names:
            return []
        applied = {str(name) for (name,) in db.execute("SELECT name FROM schema_migrations")} if names else set()
    return [name for name, _ in MIGRATIONS if name not in applied]


@contextmanager
def _looked_into(path: Path) -> Iterator[Db]:
    if not path.is_file():
        raise NotFound(f"database not found: {path.absolute()}. Create it with --init-database, or name another one")
    try:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            db.set_busy_timeout(_PATIENCE_MS)
            yield db
        finally:
            db.close()
    except apsw.NotADBError:
        raise MaiError(f"{path.absolute()} is not a SQLite database") from None
    except apsw.Error as error:
        raise StoreUnavailable(
            f"no connection to the database {path.absolute()}: {error}. Does this user own file and folder, "
            "and does no other program hold it?"
        ) from None


def _names(db: Db) -> set[str]:
    return {str(name) for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
