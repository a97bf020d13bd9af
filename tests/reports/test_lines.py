"""Lists in grosze, and the same usage at other prices."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mai_core.money import UNITS_PER_GROSZ, divide_half_up, units_of
from mai_core.reports.lines import shown_total, to_the_grosz, with_grosze
from mai_core.reports.what_if import Prices, at_prices


def test_three_thirds_make_one_zloty() -> None:
    rows = with_grosze(
        [{"charged_ppln": 333_333_333_333}, {"charged_ppln": 333_333_333_333}, {"charged_ppln": 333_333_333_334}]
    )
    assert [row["grosze"] for row in rows] == [33, 33, 34]


@given(st.lists(st.integers(-(10**15), 10**15)))
def test_lines_add_up_to_the_sum_rounded_once(amounts: list[int]) -> None:
    rows = with_grosze([{"charged_ppln": amount} for amount in amounts])
    assert sum(row["grosze"] for row in rows) == divide_half_up(sum(amounts), UNITS_PER_GROSZ)
    assert all(abs(row["grosze"] * UNITS_PER_GROSZ - row["charged_ppln"]) < UNITS_PER_GROSZ for row in rows)


def test_an_unknown_amount_is_not_a_smaller_total() -> None:
    assert [row["grosze"] for row in with_grosze([{"charged_ppln": None}, {"charged_ppln": 10**12}])] == [None, None]


def test_what_a_list_shows_adds_up_to_what_its_total_shows() -> None:
    """Three times 0.333 zł are 1.00 zł, and never 0.33 three times under 1.00."""
    shown = to_the_grosz([{"charged_ppln": 333_333_333_333}] * 3)
    assert [row["shown_ppln"] for row in shown] == [units_of("0.34"), units_of("0.33"), units_of("0.33")]
    assert shown_total(shown) == units_of("1.00")
    assert shown_total(to_the_grosz([{"charged_ppln": None}, {"charged_ppln": 10**12}])) is None


def test_usage_at_another_models_price() -> None:
    row = {"requests": 2, "input_tokens": 1_000_000, "output_tokens": 500_000, "cached_tokens": 250_000}
    prices = Prices(Decimal("2"), Decimal("8"), Decimal("0.5"), Decimal("0.01"))
    assert at_prices([row], prices) == units_of("5.645")
    assert at_prices([row], prices.times(Decimal("1.3"))) == units_of("7.3385")
    assert at_prices([row], Prices(Decimal("2"), Decimal("8"))) == units_of("6")
