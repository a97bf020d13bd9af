"""What days and months of a client add up to, exactly: SQLite's own integers end at 9.2 million."""

from __future__ import annotations

from collections.abc import Sequence
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


def charged_by_day(
    db: Db, client_org_id: str, days: Sequence[date], external_user: str | None = None
) -> dict[date, int]:
    """Charged 10^-12 USD per day, of a person or (None) of everybody, imported history included. Days are named one by
    one, so that a person is found by the key; sums are made in two halves, because SQLite's SUM overflows."""
    person = "" if external_user is None else " AND external_user = ?"
    facet = "client" if external_user is None else "user"
    named = [day.isoformat() for day in days]
    bindings = [client_org_id, *named, *([] if external_user is None else [external_user])]
    sums: dict[date, int] = {}
    for table in ("usage_daily WHERE", f"imported_days WHERE facet = '{facet}' AND"):
        for day, millions, units in rows(
            db,
            f"SELECT usage_date, SUM(charged_pusd / 1000000), SUM(charged_pusd % 1000000) FROM {table}"
            f" client_org_id = ? AND usage_date IN ({', '.join('?' * len(named))}){person} GROUP BY usage_date",
            bindings,
        ):
            at = date.fromisoformat(day)
            sums[at] = sums.get(at, 0) + millions * 1_000_000 + units
    return sums
