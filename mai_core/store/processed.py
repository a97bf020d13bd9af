"""The dedupe memory as the existing system's callers see it: asked, marked, counted, forgotten after 60 days."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from mai_core.errors import BadValue
from mai_core.store import ledger
from mai_core.store.connection import Db, rows

DAYS_OF_MEMORY = 60
"""Ways in quarantine what is older than 59 days, so nothing that was forgotten can be billed again."""

_FORGETTABLE = (
    "FROM processed_generations AS p WHERE p.generation_date < ? AND NOT EXISTS"
    " (SELECT 1 FROM usage_events AS e WHERE e.client_org_id = p.client_org_id AND e.generation_id = p.id)"
)


def mark(db: Db, now_ms: int, client_org_id: str, generation_id: str, day: date, cost: str, tokens: int) -> bool:
    """Remember a generation that another program counted; True when it was not known before."""
    if not generation_id:
        raise BadValue("generation_id", "is empty")
    if ledger.is_known(db, client_org_id, generation_id):
        return False
    return ledger.remember(db, generation_id, client_org_id, day.isoformat(), now_ms, cost, tokens)


def counted(db: Db, client_org_id: str, first: date, last: date) -> list[dict[str, Any]]:
    """Per day: how many generations are remembered, their tokens and exact cost."""
    days: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for day, cost, tokens in db.execute(
        "SELECT generation_date, total_cost, total_tokens FROM processed_generations"
        " WHERE client_org_id = ? AND generation_date BETWEEN ? AND ? ORDER BY generation_date",
        (client_org_id, first.isoformat(), last.isoformat()),
    ):
        days[day].append((cost, tokens))
    return [
        {
            "date": day,
            "generations": len(rows),
            "total_cost": sum((Decimal(cost) for cost, _ in rows), Decimal(0)),
            "total_tokens": sum(tokens for _, tokens in rows),
        }
        for day, rows in days.items()
    ]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a clean-up took out of the memory."""

    cutoff: date
    before: int
    deleted: int
    tokens: int
    cost: Decimal
    bytes: int
    by_client: Counter[str]

    @property
    def remaining(self) -> int:
        return self.before - self.deleted


def forget(db: Db, today: date, days_to_keep: int = DAYS_OF_MEMORY) -> Forgotten:
    """Forget what is older than the kept days. A generation whose event is still in the ledger is kept with it."""
    if isinstance(days_to_keep, bool) or not isinstance(days_to_keep, int) or days_to_keep < DAYS_OF_MEMORY:
        raise BadValue("days_to_keep", f"must be {DAYS_OF_MEMORY} or more: a shorter memory could bill twice")
    try:
        cutoff = today - timedelta(days=days_to_keep)
    except OverflowError:
        raise BadValue("days_to_keep", "is out of range") from None
    before = int(rows(db, "SELECT count(*) FROM processed_generations")[0][0])
    by_client: Counter[str] = Counter()
    cost, tokens, size = Decimal(0), 0, 0
    for client, row_cost, row_tokens, row_bytes in db.execute(
        "SELECT p.client_org_id, p.total_cost, p.total_tokens, length(p.id) + length(p.client_org_id)"
        f" + length(p.generation_date) + length(p.total_cost) + 16 {_FORGETTABLE}",
        (cutoff.isoformat(),),
    ):
        by_client[client] += 1
        cost += Decimal(row_cost)
        tokens += row_tokens
        size += row_bytes
    db.execute(
        f"DELETE FROM processed_generations WHERE (client_org_id, id) IN (SELECT p.client_org_id, p.id {_FORGETTABLE})",
        (cutoff.isoformat(),),
    )
    return Forgotten(cutoff, before, sum(by_client.values()), tokens, cost, size, by_client)


def log_cleanup(db: Db, now_ms: int, today: date, days_to_keep: int, forgotten: Forgotten, seconds: float) -> None:
    db.execute(
        "INSERT INTO processed_generation_cleanup_log (cleanup_date, cutoff_date, days_retained, records_before,"
        " records_deleted, records_remaining, old_tokens_removed, old_cost_removed, storage_saved_kb,"
        " cleanup_duration_seconds, success, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
        (
            today.isoformat(),
            forgotten.cutoff.isoformat(),
            days_to_keep,
            forgotten.before,
            forgotten.deleted,
            forgotten.remaining,
            forgotten.tokens,
            format(forgotten.cost, "f"),
            forgotten.bytes / 1024,
            seconds,
            now_ms // 1000,
        ),
    )
