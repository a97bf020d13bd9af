"""Fields about which sources of one rank disagree: the smaller value stands until a person decides."""

from __future__ import annotations

import json
from typing import Any

from mai_core.errors import Conflict, NotFound
from mai_core.store import audit
from mai_core.store.connection import Db, dicts, rows


def open_conflicts(db: Db, client_org_id: str | None = None) -> list[dict[str, Any]]:
    return dicts(
        db,
        "SELECT * FROM conflicts WHERE state = 'open' AND (?1 IS NULL OR client_org_id = ?1)"
        " ORDER BY created_at_ms, id",
        (client_org_id,),
    )


def open_count(db: Db) -> int:
    return int(rows(db, "SELECT count(*) FROM conflicts WHERE state = 'open'")[0][0])


def decide(db: Db, now_ms: int, conflict_id: int, by: str) -> dict[str, Any]:
    """Close a conflict as seen; another value than the standing one is booked by hand, as an operator's record."""
    found = dicts(db, "SELECT * FROM conflicts WHERE id = ?", (conflict_id,))
    if not found:
        raise NotFound(f"there is no conflict {conflict_id}")
    conflict = found[0]
    if conflict["state"] != "open":
        raise Conflict(f"conflict {conflict_id} is already {conflict['state']}")
    db.execute(
        "UPDATE conflicts SET state = 'decided', decided_by = ?, updated_at_ms = ? WHERE id = ?",
        (by, now_ms, conflict_id),
    )
    audit.write(
        db, now_ms, by, "conflict.decide", str(conflict_id), conflict["client_org_id"], before=conflict["seen_values"]
    )
    return {**conflict, "state": "decided", "decided_by": by}


def note_disagreement(
    db: Db, now_ms: int, client_org_id: str, generation_id: str, field: str, rank: int, values: list[str]
) -> None:
    """One row per field and rank, with every value seen so far: the same row in whatever order they came."""
    known = rows(
        db,
        "SELECT seen_values FROM conflicts WHERE client_org_id = ? AND generation_id = ? AND field = ? AND rank = ?",
        (client_org_id, generation_id, field, rank),
    )
    seen = sorted({*values, *(json.loads(known[0][0]) if known else ())})
    db.execute(
        "INSERT INTO conflicts (client_org_id, generation_id, field, rank, seen_values, created_at_ms, updated_at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (client_org_id, generation_id, field, rank) DO UPDATE SET"
        " seen_values = excluded.seen_values, updated_at_ms = excluded.updated_at_ms",
        (client_org_id, generation_id, field, rank, json.dumps(seen, ensure_ascii=False), now_ms, now_ms),
    )


def supersede_disagreements(db: Db, now_ms: int, client_org_id: str, generation_id: str, field: str, rank: int) -> None:
    """A higher-ranked source told the field: what lower ones disagreed about no longer matters."""
    db.execute(
        "UPDATE conflicts SET state = 'superseded', updated_at_ms = ? WHERE client_org_id = ? AND generation_id = ?"
        " AND field = ? AND rank < ? AND state = 'open'",
        (now_ms, client_org_id, generation_id, field, rank),
    )
