"""Which NBP table converts a day, and whether that is final."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mai_core.conversion import (
    DayRate,
    FxPolicy,
    KnownRates,
    NoRate,
    RateTable,
    answered_through,
    governing_day,
    is_implausible,
    joined,
    rate_of_day,
    warsaw_today,
)
from mai_core.days import parse_day, parse_instant_ms
from mai_core.money import units_of


def table(day: str, rate: str = "3.6543") -> RateTable:
    return RateTable(parse_day(day), Decimal(rate), f"001/A/NBP/{day[:4]}")


def known(*days: str, through: str | None = None, since: str = "2026-01-01", held: tuple[str, ...] = ()) -> KnownRates:
    return KnownRates.of(
        [table(day) for day in days],
        None if through is None else parse_day(since),
        None if through is None else parse_day(through),
        [parse_day(day) for day in held],
    )


def chosen(day: str, rates: KnownRates, policy: FxPolicy = "daily") -> tuple[str, str]:
    found = rate_of_day(parse_day(day), policy, rates)
    return found.effective_date.isoformat(), "provisional" if found.provisional else "final"


FRIDAY, SATURDAY, SUNDAY, MONDAY = "2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02"


@pytest.mark.parametrize(
    ("words", "day", "rates", "expected"),
    [
        ("the day has a table", FRIDAY, known(FRIDAY), (FRIDAY, "final")),
        ("Saturday takes Friday's", SATURDAY, known(FRIDAY, through=SATURDAY), (FRIDAY, "final")),
        ("Saturday not yet asked for", SATURDAY, known(FRIDAY, through=FRIDAY), (FRIDAY, "provisional")),
        ("Sunday, once Monday's is known", SUNDAY, known(FRIDAY, MONDAY, through=FRIDAY), (FRIDAY, "final")),
        ("today before its table", MONDAY, known(FRIDAY, through=SUNDAY), (FRIDAY, "provisional")),
        ("a holiday, NBP was silent", MONDAY, known(FRIDAY, through=MONDAY), (FRIDAY, "final")),
        ("a day to come", "2026-12-24", known(FRIDAY, through=MONDAY), (FRIDAY, "provisional")),
        ("before the first table", "2026-10-01", known(FRIDAY, through=MONDAY), (FRIDAY, "provisional")),
        (
            "a gap that nobody asked for may hide a table",
            SATURDAY,
            known("2026-03-02", through=MONDAY, since=SATURDAY),
            ("2026-03-02", "provisional"),
        ),
        (
            "a later table is known, but not what lies between",
            "2026-10-20",
            known("2026-10-16", FRIDAY, through="2026-10-18"),
            ("2026-10-16", "provisional"),
        ),
        ("a table between is held", SUNDAY, known(FRIDAY, through=MONDAY, held=(SATURDAY,)), (FRIDAY, "provisional")),
        ("a table after is held", SATURDAY, known(FRIDAY, through=MONDAY, held=(MONDAY,)), (FRIDAY, "final")),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_daily(words: str, day: str, rates: KnownRates, expected: tuple[str, str]) -> None:
    assert chosen(day, rates) == expected


@pytest.mark.parametrize(
    ("day", "rates", "expected"),
    [
        ("2026-10-01", known(FRIDAY, MONDAY, through=MONDAY), (FRIDAY, "final")),
        ("2026-10-31", known(FRIDAY, MONDAY, through=MONDAY), (FRIDAY, "final")),
        ("2026-11-05", known("2026-11-05", through="2026-11-05"), ("2026-11-05", "provisional")),
        ("2026-11-05", known("2026-11-27", "2026-11-30", through="2026-11-30"), ("2026-11-27", "final")),
        ("2026-12-31", known("2026-12-30", "2026-12-31", through="2026-12-31"), ("2026-12-30", "final")),
    ],
    ids=[
        "31 October 2026 is a Saturday: Friday's",
        "the whole month has one rate",
        "an open month: the last known",
        "30 November 2026 is a Monday: still the Friday before",
        "31 December 2026 is a Thursday: Wednesday's",
    ],
)
def test_period_end_is_the_vat_rate(day: str, rates: KnownRates, expected: tuple[str, str]) -> None:
    assert chosen(day, rates, "period_end") == expected


def test_no_table_at_all_is_an_error_and_never_one() -> None:
    with pytest.raises(NoRate, match="no NBP exchange rate is known"):
        rate_of_day(parse_day(FRIDAY), "daily", KnownRates())
    assert KnownRates().latest() is None


def test_an_amount_in_zloty_is_rounded_once() -> None:
    rate = DayRate(Decimal("3.6543"), "213/A/NBP/2026", parse_day(FRIDAY), provisional=False)
    assert rate.pln(units_of("0.13")) == units_of("0.475059")
    assert rate.pln(-units_of("0.13")) == -units_of("0.475059")
    assert rate.pln(1) == 4


@pytest.mark.parametrize(
    ("now", "asked", "complete"),
    [
        ("2026-11-20T11:29:59Z", "2026-11-20", "2026-11-19"),
        ("2026-11-20T11:30:00Z", "2026-11-20", "2026-11-20"),
        ("2026-07-20T10:29:59Z", "2026-07-20", "2026-07-19"),
        ("2026-07-20T10:30:00Z", "2026-07-20", "2026-07-20"),
        ("2026-11-20T20:00:00Z", "2026-11-10", "2026-11-10"),
        ("2026-11-20T23:30:00Z", "2026-11-25", "2026-11-20"),
    ],
)
def test_silence_counts_for_a_day_only_after_half_past_twelve_in_warsaw(now: str, asked: str, complete: str) -> None:
    assert answered_through(parse_day(asked), parse_instant_ms(now)).isoformat() == complete


def test_today_is_warsaws() -> None:
    assert warsaw_today(parse_instant_ms("2026-11-20T23:30:00Z")) == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("rate", "before", "held"),
    [
        ("4.20", "3.65", True),
        ("4.1975", "3.65", False),
        ("3.1025", "3.65", False),
        ("3.10", "3.65", True),
        ("36", None, False),
    ],
)
def test_a_rate_15_percent_off_the_one_before_is_implausible(rate: str, before: str | None, held: bool) -> None:
    assert is_implausible(Decimal(rate), None if before is None else Decimal(before)) is held


@pytest.mark.parametrize(
    ("before", "asked", "after"),
    [
        (None, (10, 20), (10, 20)),
        ((10, 20), (21, 30), (10, 30)),
        ((10, 20), (1, 9), (1, 20)),
        ((10, 20), (15, 17), (10, 20)),
        ((10, 20), (22, 30), (10, 20)),
        ((10, 20), (1, 8), (10, 20)),
        ((10, 20), (21, 20), (10, 20)),
    ],
    ids=["first", "goes on", "goes back", "inside", "a hole after", "a hole before", "nothing"],
)
def test_answered_days_stay_one_piece(
    before: tuple[int, int] | None, asked: tuple[int, int], after: tuple[int, int]
) -> None:
    def day(number: int) -> date:
        return date(2026, 1, number)

    standing = None if before is None else (day(before[0]), day(before[1]))
    assert joined(standing, day(asked[0]), day(asked[1])) == (day(after[0]), day(after[1]))


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@given(st.sets(DAYS, min_size=1, max_size=60), DAYS, DAYS, st.sampled_from(["daily", "period_end"]))
def test_a_final_rate_stays_whatever_nbp_publishes_later(
    published: set[date], today: date, day: date, policy: FxPolicy
) -> None:
    """What is known today, and what is known at the end of the year: where the first is final, both are the same."""
    tables = [RateTable(each, Decimal(each.toordinal()), str(each)) for each in sorted(published)]
    seen = [each for each in tables if each.effective_date <= today]
    if not seen:
        return
    now = rate_of_day(day, policy, KnownRates.of(seen, date(2026, 1, 1), today))
    later = rate_of_day(day, policy, KnownRates.of(tables, date(2026, 1, 1), date(2027, 1, 1)))
    if not now.provisional:
        assert now == later
    asked = governing_day(day, policy)
    assert later.provisional == (asked < tables[0].effective_date)
    if asked <= today and asked >= seen[0].effective_date:
        assert not now.provisional


def test_the_governing_day() -> None:
    assert governing_day(date(2028, 2, 3), "period_end") == date(2028, 2, 28)
    assert governing_day(date(2028, 2, 3), "daily") == date(2028, 2, 3)
    assert governing_day(date(2026, 2, 28), "period_end") + timedelta(days=1) == date(2026, 2, 28)
