"""Whose is what comes with the operator's credential: external users and API key names that a person assigned."""

from __future__ import annotations

from typing import Any, Literal

from mai_core.errors import NotFound
from mai_core.store import audit
from mai_core.store.connection import Db, dicts, rows

Kind = Literal["external_user", "api_key_name"]


def listed(db: Db) -> list[dict[str, Any]]:
    return dicts(db, "SELECT kind, value, client_org_id, created_at_ms FROM routes ORDER BY kind, value")


def put(db: Db, now_ms: int, actor: str, kind: Kind, value: str, client_org_id: str) -> dict[str, Any]:
    before = find(db, kind, value)
    db.execute(
        "INSERT INTO routes (kind, value, client_org_id, created_at_ms) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (kind, value) DO UPDATE SET client_org_id = excluded.client_org_id",
        (kind, value, client_org_id, now_ms),
    )
    after = find(db, kind, value)
    assert after is not None
    audit.write(db, now_ms, actor, "route.set", f"{kind} {value}", client_org_id, before, after)
    return after


def remove(db: Db, now_ms: int, actor: str, kind: Kind, value: str) -> None:
    """What is booked stays with its client; only later events are affected."""
    before = find(db, kind, value)
    if before is None:
        raise NotFound("there is no such route")
    db.execute("DELETE FROM routes WHERE kind = ? AND value = ?", (kind, value))
    audit.write(db, now_ms, actor, "route.remove", f"{kind} {value}", before["client_org_id"], before)


def find(db: Db, kind: Kind, value: str) -> dict[str, Any] | None:
    found = dicts(
        db, "SELECT kind, value, client_org_id, created_at_ms FROM routes WHERE kind = ? AND value = ?", (kind, value)
    )
    return found[0] if found else None


def unrouted(db: Db) -> list[dict[str, Any]]:
    """What waits in quarantine because nobody knows whose it is, by what it named."""
    return dicts(
        db,
        "SELECT body ->> '$.observation.external_user' AS external_user,"
        " body ->> '$.observation.api_key_name' AS api_key_name, count(*) AS events,"
        " max(last_seen_at_ms) AS last_seen_at_ms FROM quarantine"
        " WHERE state = 'waiting' AND reason_code = 'unrouted' AND body IS NOT NULL"
        " GROUP BY 1, 2 ORDER BY last_seen_at_ms DESC",
    )


def waiting_for(db: Db, kind: Kind, value: str) -> list[int]:
    """Quarantine entries that a new route may send on their way."""
    found = rows(
        db,
        f"SELECT id FROM quarantine WHERE state = 'waiting' AND reason_code = 'unrouted'"
        f" AND body ->> '$.observation.{kind}' = ? ORDER BY id",
        (value,),
    )
    return [int(entry) for (entry,) in found]
