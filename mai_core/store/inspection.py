"""A look at a file before it is trusted as the ledger: nothing is created, nothing migrated."""

from __future__ import annotations

from pathlib import Path

import apsw

from mai_core.errors import MaiError, NotFound, StoreUnavailable

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
    if not path.is_file():
        raise NotFound(f"database not found: {path.absolute()}. Create it with --init-database, or name another one")
    try:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            db.set_busy_timeout(_PATIENCE_MS)
            names = {
                str(name) for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
            }
            db.execute("BEGIN IMMEDIATE; ROLLBACK")
        finally:
            db.close()
    except apsw.NotADBError:
        raise MaiError(f"{path.absolute()} is not a SQLite database") from None
    except apsw.Error as error:
        raise StoreUnavailable(
            f"no connection to the database {path.absolute()}: {error}. Does this user own file and folder, "
            "and does no other program hold it?"
        ) from None
    return set(EXPECTED - names)
