"""Money is exact, rounded by name, never mixed."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mai_core.errors import BadValue
from mai_core.money import (
    LARGEST_STORED_UNITS,
    UNITS_PER_GROSZ,
    CurrencyMismatch,
    Money,
    allocate_largest_remainder,
    decimal_text,
    divide_half_up,
    exact_decimal,
    multiply,
    plain_text,
    round_half_up,
    shortest_text,
    total,
    units_of,
)

UNITS = st.integers(-(10**21), 10**21)
FACTORS = st.decimals(0, 1000, places=6)


def exactly(value: Decimal) -> int:
    with localcontext() as context:
        context.prec = 200
        return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("written", "units"),
    [
        ("0.00106674", 1_066_740_000),
        ("7.4E-7", 740_000),
        (0.1, 100_000_000_000),
        (0.00001674, 16_740_000),
        (2, 2 * 10**12),
        (Decimal("-0.5"), -(10**12) // 2),
        ("0.0000000000005", 1),
        ("-0.0000000000005", -1),
        ("0.00000000000049", 0),
    ],
)
def test_an_amount_is_the_decimal_that_was_written(written: str | float | Decimal, units: int) -> None:
    assert units_of(written) == units


@pytest.mark.parametrize(
    "nonsense", ["", "abc", "NaN", "Infinity", "-inf", float("nan"), None, True, [], "1,5", "1e999999999"]
)
def test_what_is_not_a_number_is_refused(nonsense: object) -> None:
    with pytest.raises(BadValue, match="cost: "):
        exact_decimal(nonsense, "cost")  # type: ignore[arg-type]


def test_more_than_the_ledger_holds_is_refused() -> None:
    assert units_of("9223372.036854775807") == LARGEST_STORED_UNITS
    with pytest.raises(BadValue, match=r"9\.2 million"):
        units_of("9223372.036854775808")


def test_ten_cents_at_1_3_are_thirteen_and_a_half_goes_up() -> None:
    assert multiply(units_of("0.10"), Decimal("1.3")) == units_of("0.13")
    assert multiply(1, Decimal("1.5")) == 2
    assert multiply(-1, Decimal("1.5")) == -2
    assert multiply(3, Decimal("0.5")) == 2
    assert multiply(7, Decimal("1E+2")) == 700


@given(UNITS, FACTORS)
def test_a_product_is_the_exact_one_rounded_once(units: int, factor: Decimal) -> None:
    with localcontext() as context:
        context.prec = 200
        product = Decimal(units) * factor
    assert multiply(units, factor) == exactly(product)


@given(UNITS, st.integers(1, 10**15))
def test_dividing_rounds_halves_away_from_zero(numerator: int, denominator: int) -> None:
    with localcontext() as context:
        context.prec = 200
        quotient = Decimal(numerator) / Decimal(denominator)
    assert divide_half_up(numerator, denominator) == exactly(quotient)
    assert divide_half_up(-numerator, denominator) == -divide_half_up(numerator, denominator)


def test_dividing_by_nothing_is_refused() -> None:
    with pytest.raises(ValueError):
        divide_half_up(1, 0)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=4))
def test_rounding_half_up_by_name(value: Decimal) -> None:
    assert round_half_up(value) == exactly(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_a_plain_text_is_the_same_number_and_as_short_as_can_be(value: Decimal) -> None:
    text = plain_text(value)
    assert Decimal(text) == value
    assert "E" not in text
    assert not ("." in text and text.endswith(("0", ".")))


@given(st.integers(-LARGEST_STORED_UNITS, LARGEST_STORED_UNITS))
def test_text_and_units_are_one_amount(units: int) -> None:
    assert units_of(decimal_text(units)) == units
    assert units_of(shortest_text(units)) == units


@pytest.mark.parametrize(
    ("units", "places", "text"),
    [
        (1_066_740_000, 12, "0.001066740000"),
        (5_000_000_000, 2, "0.01"),
        (4_999_999_999, 2, "0.00"),
        (-5_000_000_000, 2, "-0.01"),
        (10**12, 0, "1"),
        (-4_999_999_999, 2, "0.00"),
    ],
)
def test_text_with_places(units: int, places: int, text: str) -> None:
    assert decimal_text(units, places) == text


def test_more_than_twelve_places_are_not_there() -> None:
    with pytest.raises(ValueError):
        decimal_text(1, 13)


@given(st.lists(st.integers(-(10**16), 10**16), min_size=1, max_size=40))
def test_the_grosze_of_the_lines_add_up_to_the_rounded_sum(exact: list[int]) -> None:
    grosze = allocate_largest_remainder(exact)
    assert sum(grosze) == divide_half_up(sum(exact), UNITS_PER_GROSZ)
    assert all(0 <= (part * UNITS_PER_GROSZ - amount) + UNITS_PER_GROSZ < 2 * UNITS_PER_GROSZ
               for part, amount in zip(grosze, exact, strict=True))  # fmt: skip


def test_equal_remainders_favour_the_earlier_line() -> None:
    half = UNITS_PER_GROSZ // 2
    assert allocate_largest_remainder([half, half, half]) == [1, 1, 0]
    assert allocate_largest_remainder([]) == []


def test_two_currencies_do_not_mix() -> None:
    dollar, zloty = Money.usd(1), Money.pln(1)
    for mixing in (lambda: dollar + zloty, lambda: dollar - zloty, lambda: dollar < zloty):
        with pytest.raises(CurrencyMismatch):
            mixing()
    assert dollar != zloty
    with pytest.raises(TypeError):
        dollar + 1  # type: ignore[operator]
    with pytest.raises(CurrencyMismatch):
        total([dollar], "PLN")


def test_money_in_words() -> None:
    amount = Money.usd("0.10").times(Decimal("1.3"))
    assert (str(amount), str(-amount), amount.cents) == ("0.13 USD", "-0.13 USD", 13)
    assert amount.converted(Decimal("3.6543"), "PLN") == Money.pln("0.475059")
    assert total([amount, amount], "USD") == Money.usd("0.26")
    assert not total([], "PLN")
    assert sorted([Money.usd(2), Money.usd(1)])[0] == Money.usd(1)
    assert len({Money.usd(1), Money.usd("1.0")}) == 1
