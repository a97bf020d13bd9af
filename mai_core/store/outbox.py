"""Events that still have to reach InfluxDB: queued in the event's own transaction, taken out when a write succeeded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from mai_core.store.connection import Db, dicts, rows
from mai_core.store.ledger import EVENT_COLUMNS

_EVENT = ", ".join(f"e.{name}" for name in EVENT_COLUMNS)


def oldest(db: Db, limit: int) -> list[dict[str, Any]]:
    """Queued events as they stand now, oldest first; each with `queued_at_ms`, by which a later change is noticed."""
    return dicts(
        db,
        f"SELECT {_EVENT}, o.queued_at_ms FROM outbox AS o JOIN usage_events AS e USING (client_org_id, generation_id)"
        " WHERE o.refused IS NULL ORDER BY o.queued_at_ms LIMIT ?",
        (limit,),
    )


def taken(db: Db, sent: Iterable[dict[str, Any]]) -> None:
    """What was written leaves, unless it changed while it was on its way."""
    db.executemany(
        "DELETE FROM outbox WHERE client_org_id = ? AND generation_id = ? AND queued_at_ms = ?",
        [(event["client_org_id"], event["generation_id"], event["queued_at_ms"]) for event in sent],
    )


def refused(db: Db, event: dict[str, Any], reason: str) -> None:
    """InfluxDB will never take this point: it waits with the reason and holds nobody up."""
    db.execute(
        "UPDATE outbox SET refused = ? WHERE client_org_id = ? AND generation_id = ?",
        (reason[:1000], event["client_org_id"], event["generation_id"]),
    )


def forget_deleted(db: Db) -> None:
    """Events that cleanup has archived need not be sent any more."""
    db.execute(
        "DELETE FROM outbox WHERE NOT EXISTS (SELECT 1 FROM usage_events AS e"
        " WHERE e.client_org_id = outbox.client_org_id AND e.generation_id = outbox.generation_id)"
    )


def counts(db: Db) -> tuple[int, int]:
    """(waiting, refused)"""
    ((waiting, gone_wrong),) = rows(db, "SELECT count(*) - count(refused), count(refused) FROM outbox")
    return int(waiting), int(gone_wrong)


def queue_again(db: Db, client_org_id: str, generation_ids: Sequence[str], now_ms: int) -> None:
    db.executemany(
        "INSERT INTO outbox (client_org_id, generation_id, queued_at_ms) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET refused = NULL",
        [(client_org_id, generation_id, now_ms) for generation_id in generation_ids],
    )


def events_of_day(db: Db, client_org_id: str, day: date) -> list[dict[str, Any]]:
    """What InfluxDB is compared with."""
    return dicts(
        db,
        f"SELECT {_EVENT} FROM usage_events AS e WHERE client_org_id = ? AND usage_date = ?",
        (client_org_id, day.isoformat()),
    )
