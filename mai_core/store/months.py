"""What a month of a client adds up to; summed outside SQLite, whose integers end at 9.2 million."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mai_core.days import month_days
from mai_core.store.connection import Db, rows


@dataclass(frozen=True, slots=True)
class MonthTotal:
    days: int
    requests: int
    raw_pusd: int
    charged_pusd: int


def totals(db: Db, client_org_id: str, month: str) -> MonthTotal:
    """Imported history included, once: what the pages show of the month."""
    first, last = month_days(month)
    days = rows(
        db,
        "SELECT usage_date, requests, raw_pusd, charged_pusd FROM usage_daily"
        " WHERE client_org_id = ?1 AND usage_date BETWEEN ?2 AND ?3"
        " UNION ALL SELECT usage_date, total_requests, raw_pusd, charged_pusd FROM imported_days"
        " WHERE facet = 'client' AND client_org_id = ?1 AND usage_date BETWEEN ?2 AND ?3",
        (client_org_id, first.isoformat(), last.isoformat()),
    )
    return MonthTotal(
        days=len({row[0] for row in days}),
        requests=sum(row[1] for row in days),
        raw_pusd=sum(row[2] for row in days),
        charged_pusd=sum(row[3] for row in days),
    )


def charged_by_day(db: Db, client_org_id: str, first: date, last: date) -> dict[date, int]:
    """Charged amounts of a client's days, imported history included."""
    amounts: dict[date, int] = {}
    for day, charged in rows(
        db,
        "SELECT usage_date, charged_pusd FROM usage_daily WHERE client_org_id = ?1 AND usage_date BETWEEN ?2 AND ?3"
        " UNION ALL SELECT usage_date, charged_pusd FROM imported_days"
        " WHERE facet = 'client' AND client_org_id = ?1 AND usage_date BETWEEN ?2 AND ?3",
        (client_org_id, first.isoformat(), last.isoformat()),
    ):
        amounts[date.fromisoformat(day)] = amounts.get(date.fromisoformat(day), 0) + charged
    return amounts
