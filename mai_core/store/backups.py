"""Copies of the ledger made while it is in use, and what became of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw

from mai_core.errors import MaiError
from mai_core.store.connection import Db, Store, dicts

PAGES_PER_STEP = 2_000


def copy_ledger(store: Store, target: Path) -> None:
    """One consistent copy by SQLite's own backup, while others go on writing."""
    target.unlink(missing_ok=True)
    with store.read() as source:
        copy = apsw.Connection(str(target))
        try:
            with copy.backup("main", source, "main") as backup:
                while not backup.done:
                    backup.step(PAGES_PER_STEP)
            copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            copy.close()


def integrity_problems(path: Path) -> list[str]:
    """What SQLite itself finds wrong with a file; empty when nothing is."""
    try:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    except apsw.Error as error:
        return [str(error)]
    try:
        found = [str(row[0]) for row in db.execute("PRAGMA integrity_check(10)")]
        found += [f"broken reference in {row[0]}" for row in db.execute("PRAGMA foreign_key_check")]
        return [line for line in found if line != "ok"]
    except apsw.Error as error:
        return [str(error)]
    finally:
        db.close()


def extent(path: Path) -> tuple[int, int]:
    """(number of events, time of the last change of one) in a copy."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        row = db.execute("SELECT count(*), coalesce(max(updated_at_ms), 0) FROM usage_events").fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)
    except apsw.Error as error:
        raise MaiError(f"{path.name} is not a ledger: {error}") from None
    finally:
        db.close()


def missing_from_copy(store: Store, copy: Path, client_org_id: str, day: str) -> int:
    """How many events of a day in the ledger the copy does not have exactly as they are."""
    db = apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READONLY)
    columns = "generation_id, raw_pusd, charged_pusd, updated_at_ms"
    question = f"SELECT {columns} FROM usage_events WHERE client_org_id = ? AND usage_date = ?"
    try:
        kept = set(db.execute(question, (client_org_id, day)))
    finally:
        db.close()
    with store.read() as ledger_db:
        return sum(row not in kept for row in ledger_db.execute(question, (client_org_id, day)))


def add(db: Db, file: str, made_at_ms: int, size: int, sha256: str, events: int, through_ms: int) -> None:
    db.execute(
        "INSERT INTO backups (file, made_at_ms, bytes, sha256, events, through_ms) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (file) DO UPDATE SET made_at_ms = excluded.made_at_ms, bytes = excluded.bytes,"
        " sha256 = excluded.sha256, events = excluded.events, through_ms = excluded.through_ms,"
        " verified_at_ms = NULL, removed_at_ms = NULL",
        (file, made_at_ms, size, sha256, events, through_ms),
    )


def mark_verified(db: Db, file: str, now_ms: int | None) -> None:
    db.execute("UPDATE backups SET verified_at_ms = ? WHERE file = ?", (now_ms, file))


def mark_removed(db: Db, file: str, now_ms: int) -> None:
    db.execute("UPDATE backups SET removed_at_ms = ? WHERE file = ?", (now_ms, file))


def present(db: Db) -> list[dict[str, Any]]:
    """Backups that were not rotated away, newest first."""
    return dicts(db, "SELECT * FROM backups WHERE removed_at_ms IS NULL ORDER BY made_at_ms DESC, file DESC")


def latest_verified(db: Db) -> dict[str, Any] | None:
    rows = [row for row in present(db) if row["verified_at_ms"] is not None]
    return rows[0] if rows else None
