"""Counts that the alert rules look at."""

from __future__ import annotations

from collections import defaultdict

from mai_core.store.connection import Db, rows


def unexplained_by_day(db: Db) -> list[tuple[str, int]]:
    """(UTC day, by how much OpenRouter's books and ours differ and nothing explains it), days with such a line only.
    What one client's ledger has too much does not make up for what another's lacks."""
    differences: dict[tuple[str, str | None], int] = defaultdict(int)
    for day, client, billed, recorded in rows(
        db,
        "SELECT utc_date, client_org_id, billed_pusd, recorded_pusd FROM residuals WHERE resolved_at_ms IS NULL"
        " AND class IN ('missing_generation', 'unrouted', 'not_explained')",
    ):
        differences[day, client] += billed - recorded
    amounts: dict[str, int] = defaultdict(int)
    for (day, _), difference in differences.items():
        amounts[day] += abs(difference)
    return sorted(amounts.items())


def waiting_in_quarantine(db: Db) -> tuple[int, int]:
    """(how many, since when the oldest waits)."""
    found = rows(db, "SELECT count(*), coalesce(min(received_at_ms), 0) FROM quarantine WHERE state = 'waiting'")
    return int(found[0][0]), int(found[0][1])


def unpriced_models(db: Db, since_day: str) -> list[tuple[str, str, int]]:
    return [
        (str(client), str(model), int(requests))
        for client, model, requests in rows(
            db,
            "SELECT client_org_id, model, sum(unpriced_requests) FROM usage_daily"
            " WHERE usage_date >= ? AND unpriced_requests > 0 GROUP BY client_org_id, model",
            (since_day,),
        )
    ]
