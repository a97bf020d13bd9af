"""Fields about which sources of one rank disagree: the smaller value stands until a person decides."""

from __future__ import annotations

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
