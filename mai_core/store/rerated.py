"""What re-rating reads and leaves: the days in question, and proposals for days that stand on an invoice."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from mai_core.store import ledger, sealing
from mai_core.store.connection import Db, rows


def days(db: Db, client_org_id: str, first: date, last: date) -> list[str]:
    """The client's days in [first, last] that have events, in the ledger or in the archive."""
    archived = {
        str(day)
        for (day,) in rows(
            db,
            "SELECT usage_date FROM archives WHERE client_org_id = ? AND events_removed_at_ms IS NOT NULL",
            (client_org_id,),
        )
    }
    known = archived | sealing.distinct_days(db, "usage_events", client_org_id)
    return sorted(day for day in known if first.isoformat() <= day <= last.isoformat())


def unpriced_days(db: Db, since: str) -> list[tuple[str, str]]:
    """(client, day) from a day on with something that no price was known for, on invoiced days as a correction."""
    found = rows(
        db,
        "SELECT client_org_id, usage_date FROM usage_daily WHERE usage_date >= ?1 AND unpriced_requests > 0"
        " UNION ALL SELECT client_org_id, usage_date FROM corrections WHERE usage_date >= ?1 AND state = 'waiting'"
        " AND json_extract(after, '$.cost_basis') = 'unpriced'",
        (since,),
    )
    return sorted(set(found))


def last_proposal(db: Db, client_org_id: str, generation_id: str) -> str | None:
    """How a generation on an invoiced day stands after its corrections, waiting or invoiced ones."""
    found = rows(
        db,
        "SELECT after FROM corrections WHERE client_org_id = ? AND generation_id = ? AND state <> 'dropped'"
        " ORDER BY state = 'waiting' DESC, id DESC LIMIT 1",
        (client_org_id, generation_id),
    )
    return str(found[0][0]) if found else None


def last_invoiced(db: Db, client_org_id: str, generation_id: str) -> dict[str, Any] | None:
    """The generation as the last correction left it that stands on an invoice."""
    found = rows(
        db,
        "SELECT after FROM corrections WHERE client_org_id = ? AND generation_id = ? AND state = 'invoiced'"
        " ORDER BY id DESC LIMIT 1",
        (client_org_id, generation_id),
    )
    return dict(json.loads(found[0][0])) if found else None


def propose(db: Db, now_ms: int, booked: dict[str, Any], after: dict[str, Any], reason: str) -> None:
    """A correction of what stands on invoices: the event as booked, or as the last invoiced correction left it."""
    client, generation = after["client_org_id"], after["generation_id"]
    before = last_invoiced(db, client, generation) or (None if booked["held"] else booked)
    ledger.put_correction(
        db,
        now_ms,
        after,
        reason,
        json.dumps(before, sort_keys=True),
        json.dumps(after, sort_keys=True),
        after["raw_pusd"] - (before["raw_pusd"] if before else 0),
        after["charged_pusd"] - (before["charged_pusd"] if before else 0),
    )
