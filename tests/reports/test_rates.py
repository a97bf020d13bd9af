"""One month, one way of converting it, in reports and in the usage API alike."""

from __future__ import annotations

from decimal import Decimal

from mai_core.days import parse_instant_ms
from mai_core.installation import Installation
from mai_core.money import multiply, units_of
from mai_core.reports import Reporting
from mai_core.reports.engine import open_reader
from mai_core.store import clients
from mai_core.usage_reading import this_month, usage_summary
from tests.builders import CLIENT
from tests.reports.conftest import MANAGER, OCTOBER, add_table

LAST_OF_OCTOBER = parse_instant_ms("2026-10-31T10:00:00Z")


def test_a_month_begun_by_days_is_not_half_converted_at_its_end(reporting: Reporting, house: Installation) -> None:
    """14 October stands at its own rate already. What is agreed afterwards does not take 15 October to the 30th's."""
    add_table(house.store, "2026-10-15", "3.7000", "200/A/NBP/2026")
    add_table(house.store, "2026-10-30", "3.9000", "211/A/NBP/2026")
    with house.store.write() as db:
        clients.update(db, LAST_OF_OCTOBER, CLIENT, {"fx_policy": "period_end"})
    days = {row["day"].day: row for row in reporting.rows("statement_days", MANAGER, *OCTOBER)}
    assert [(day, row["rate"], row["rate_table"]) for day, row in days.items()] == [
        (14, "3.6543", "199/A/NBP/2026"),
        (15, "3.7000", "200/A/NBP/2026"),
    ]
    assert days[15]["charged_ppln"] == units_of("9.62") + 4  # 2.60 at 3.70, and a unit of USD that is 4 of PLN
    with house.store.read() as db:
        summary = usage_summary(db, this_month(db, clients.require(db, CLIENT), LAST_OF_OCTOBER))
    assert [day["cost_pln"] for day in summary["daily_breakdown"]] == [5.12, 9.62]
    assert summary["current_month"]["exchange_rate_info"]["fx_policy"] == "daily"


def test_an_amount_is_converted_alike_with_narrow_and_with_wide_numbers() -> None:
    """DuckDB's fast way holds up to a bound; on both sides of it the result is that of exact integers."""
    amounts = [sign * (10**power + step) for sign in (-1, 1) for power in range(19) for step in (-1, 0, 1)]
    rates = [1, 999_999, 1_000_001, 10**12, 3_654_300_000_000, 10**14 - 1, 10**14, 10**14 + 1]
    with open_reader() as reader:
        found = reader.execute(
            "SELECT a, r, in_pln(a, r) FROM (SELECT unnest(?::BIGINT[]) AS a), (SELECT unnest(?::BIGINT[]) AS r)",
            [amounts, rates],
        ).fetchall()
        assert len(found) == len(amounts) * len(rates)
        for amount, rate, converted in found:
            assert converted == multiply(amount, Decimal(rate).scaleb(-12)), (amount, rate)
        assert reader.execute("SELECT in_pln(1, NULL::BIGINT), in_pln(NULL::BIGINT, 1)").fetchall() == [(None, None)]
