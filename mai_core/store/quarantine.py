"""What arrived and could not be booked: kept until somebody replays or drops it."""

from __future__ import annotations

from typing import Any, Literal

from mai_core.errors import Conflict, NotFound
from mai_core.store.connection import Db, dicts, rows

State = Literal["waiting", "replayed", "dropped"]


def put(
    db: Db,
    now_ms: int,
    *,
    source: str,
    client_org_id: str | None,
    reason_code: str,
    reason: str,
    sha256: str,
    body: str | None = None,
    encrypted_body: bytes | None = None,
) -> None:
    """The same thing delivered again is counted, not kept twice. How long a body stays: cleanup.RETENTION."""
    db.execute(
        "INSERT INTO quarantine (received_at_ms, last_seen_at_ms, source, client_org_id, reason_code, reason, body,"
        " encrypted_body, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (source, sha256, reason_code) DO UPDATE SET"
        " last_seen_at_ms = excluded.last_seen_at_ms, times_seen = times_seen + 1",
        (now_ms, now_ms, source, client_org_id, reason_code, reason, body, encrypted_body, sha256),
    )


def entries(
    db: Db, *, state: State | None = "waiting", after_id: int = 0, most: int | None = None
) -> list[dict[str, Any]]:
    """Oldest first, without bodies."""
    return dicts(
        db,
        "SELECT id, received_at_ms, last_seen_at_ms, times_seen, source, client_org_id, reason_code, reason, state,"
        " resolved_at_ms, resolved_by FROM quarantine WHERE (?1 IS NULL OR state = ?1) AND id > ?2"
        " ORDER BY id LIMIT ?3",
        (state, after_id, -1 if most is None else most),
    )


def get(db: Db, entry_id: int) -> dict[str, Any]:
    found = dicts(db, "SELECT * FROM quarantine WHERE id = ?", (entry_id,))
    if not found:
        raise NotFound(f"quarantine holds no entry {entry_id}")
    return found[0]


def resolve(db: Db, now_ms: int, entry_id: int, state: State, by: str) -> None:
    entry = get(db, entry_id)
    if entry["state"] != "waiting":
        raise Conflict(f"quarantine entry {entry_id} was already {entry['state']}")
    db.execute(
        "UPDATE quarantine SET state = ?, resolved_at_ms = ?, resolved_by = ? WHERE id = ?",
        (state, now_ms, by, entry_id),
    )


def waiting_count(db: Db) -> int:
    return int(rows(db, "SELECT count(*) FROM quarantine WHERE state = 'waiting'")[0][0])
