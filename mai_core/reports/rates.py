"""The rate of every open usage day: fixed in `day_rates`, else by the tables known so far, provisional or final."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mai_core.conversion import KnownRates, NoRate, RateTable, rate_of_day
from mai_core.days import month_of
from mai_core.money import units_of
from mai_core.reports.engine import literal, literals
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
_KNOWN = {"rate_date": DAY, "rate": TEXT, "rate_table": TEXT, "state": TEXT}


@dataclass(frozen=True, slots=True)
class DayRates:
    table: pa.Table
    """RATE_COLUMNS; (client, day) pairs without any known rate are absent."""

    def beside(self, rows: pa.Table) -> pa.Table:
        """Each row with the rate of its client's day, or nothing. DuckDB takes milliseconds to plan such a join."""
        place = pc.index_in(_client_days(rows), value_set=_client_days(self.table))
        found = self.table.select(["rate", "rate_units", "rate_table", "provisional"]).take(place)
        for name in found.column_names:
            rows = rows.append_column(name, found[name])
        return rows


def _client_days(table: pa.Table) -> pa.Array:
    days = table["day"].cast(pa.int32()).cast(pa.string())
    return pc.binary_join_element_wise(table["client_org_id"], days, "\0").combine_chunks()


def read_rates(query: Query, clients: pa.Table, open_rows: pa.Table) -> DayRates:
    """Rates of the (client, day) pairs of the open rows."""
    pairs = open_rows.select(["client_org_id", "day"]).group_by(["client_org_id", "day"]).aggregate([]).to_pylist()
    return rates_of_days(query, clients, [(pair["client_org_id"], pair["day"]) for pair in pairs])


def rates_of_days(query: Query, clients: pa.Table, pairs: Sequence[tuple[str, date]]) -> DayRates:
    if not pairs:
        return DayRates(_table([]))
    only = {client for client, _ in pairs}
    fixed = fixed_rates(query, min(day for _, day in pairs), max(day for _, day in pairs), only)
    known = known_rates(query)
    agreed = {row["client_org_id"]: row["fx_policy"] for row in clients.to_pylist()}
    open_days = [day for client, day in pairs if (client, day) not in fixed]
    of_month = policies_of_months(query, min(open_days), max(open_days)) if open_days else {}
    rows = []
    for client, day in pairs:
        policy = of_month.get((client, month_of(day))) or agreed.get(client, "daily")
        row = fixed.get((client, day)) or _not_fixed(client, day, policy, known)
        if row is not None:
            rows.append(row)
    return DayRates(_table(rows))


def _not_fixed(client: str, day: date, policy: Any, known: KnownRates) -> dict[str, Any] | None:
    try:
        rate = rate_of_day(day, policy, known)
    except NoRate:
        return None
    return {
        "client_org_id": client,
        "day": day,
        "rate": format(rate.rate, "f"),
        "rate_table": rate.table_no,
        "rate_date": rate.effective_date,
        "provisional": rate.provisional,
    }


def known_rates(query: Query) -> KnownRates:
    tables = query(
        "SELECT effective_date, rate, table_no, state FROM exchange_rates WHERE currency = 'USD'", _KNOWN
    ).to_pylist()
    answers = query(
        "SELECT from_date, through_date FROM rate_answers WHERE currency = 'USD'", {"since": DAY, "through": DAY}
    ).to_pylist()
    answered = answers[0] if answers else {"since": None, "through": None}
    return KnownRates.of(
        (
            RateTable(row["rate_date"], Decimal(row["rate"]), row["rate_table"])
            for row in tables
            if row["state"] == "used"
        ),
        answered["since"],
        answered["through"],
        (row["rate_date"] for row in tables if row["state"] == "held"),
    )


def policies_of_months(query: Query, first: date, last: date) -> dict[tuple[str, str], str]:
    """By client and month the policy of its first fixed day, which is that of all its days."""
    between = f"{literal(f'{month_of(first)}-01')} AND {literal(f'{month_of(last)}-31')}"
    firsts = query(
        "SELECT client_org_id, substr(usage_date, 1, 7), min(usage_date || policy) FROM day_rates "
        f"WHERE usage_date BETWEEN {between} GROUP BY 1, 2",
        {"client_org_id": TEXT, "month": TEXT, "first": TEXT},
    )
    return {(row["client_org_id"], row["month"]): row["first"][10:] for row in firsts.to_pylist()}


def fixed_rates(
    query: Query, first: date, last: date, clients: Collection[str]
) -> dict[tuple[str, date], dict[str, Any]]:
    """Rates that never move any more, by client and day."""
    rows = query(
        "SELECT client_org_id, usage_date, rate, table_no, effective_date FROM day_rates "
        f"WHERE client_org_id IN ({literals(clients)}) AND usage_date BETWEEN {literal(first)} AND {literal(last)}",
        _FIXED,
    )
    return {(row["client_org_id"], row["day"]): {**row, "provisional": False} for row in rows.to_pylist()}


def _table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    full = [{**row, "rate_units": units_of(row["rate"], "rate")} for row in rows]
    return pa.Table.from_pylist(full, schema=pa.schema(list(RATE_COLUMNS.items())))
