"""The rate of every open usage day: fixed in `day_rates`, else the last known table, marked provisional."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from mai_core.days import month_days, month_of
from mai_core.money import units_of
from mai_core.reports.engine import literal
from mai_core.reports.source import DAY, TEXT, WHOLE, YES_NO, Query

RATE_COLUMNS: dict[str, pa.DataType] = {
    "client_org_id": TEXT,
    "day": DAY,
    "rate": TEXT,
    "rate_units": WHOLE,
    "rate_table": TEXT,
    "rate_date": DAY,
    "provisional": YES_NO,
}
_FIXED = {"client_org_id": TEXT, "day": DAY, "rate": TEXT, "rate_table": TEXT, "rate_date": DAY}
_KNOWN = {"rate_date": DAY, "rate": TEXT, "rate_table": TEXT}


@dataclass(frozen=True, slots=True)
class DayRates:
    table: pa.Table
    """RATE_COLUMNS; (client, day) pairs without any known rate are absent."""


def read_rates(query: Query, clients: pa.Table, open_rows: pa.Table) -> DayRates:
    """Rates of the (client, day) pairs of the open rows."""
    pairs = open_rows.select(["client_org_id", "day"]).group_by(["client_org_id", "day"]).aggregate([]).to_pylist()
    if not pairs:
        return DayRates(rate_table([]))
    first, last = min(pair["day"] for pair in pairs), max(pair["day"] for pair in pairs)
    fixed = {(row["client_org_id"], row["day"]): row for row in _fixed(query, first, last)}
    known = query(
        "SELECT effective_date, rate, table_no FROM exchange_rates WHERE currency = 'USD' AND state = 'used' "
        "ORDER BY effective_date",
        _KNOWN,
    ).to_pylist()
    policies = {row["client_org_id"]: row["fx_policy"] for row in clients.to_pylist()}
    rows = []
    for pair in pairs:
        client, day = pair["client_org_id"], pair["day"]
        if row := fixed.get((client, day)):
            rows.append({**row, "provisional": False})
        elif table := provisional_rate(known, day, policies.get(client, "daily")):
            rows.append({"client_org_id": client, "day": day, **table, "provisional": True})
    return DayRates(rate_table(rows))


def provisional_rate(known: Sequence[dict[str, Any]], day: date, policy: str) -> dict[str, Any] | None:
    """The last known table not after the day (of the month, under period_end); before the first table: the first."""
    until = day if policy == "daily" else month_days(month_of(day))[1] - timedelta(days=1)
    place = bisect_right([row["rate_date"] for row in known], until)
    return known[max(place - 1, 0)] if known else None


def rate_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    full = [{**row, "rate_units": units_of(row["rate"], "rate")} for row in rows]
    return pa.Table.from_pylist(full, schema=pa.schema(list(RATE_COLUMNS.items())))


def _fixed(query: Query, first: date, last: date) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = query(
        "SELECT client_org_id, usage_date, rate, table_no, effective_date FROM day_rates "
        f"WHERE usage_date BETWEEN {literal(first)} AND {literal(last)}",
        _FIXED,
    ).to_pylist()
    return rows
