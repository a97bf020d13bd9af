"""The forecast on days that a person can check by hand."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mai_core import forecast
from mai_core.forecast import LEAST_DAYS_FOR_SEASON, day_of_reaching, landing, pace

ONE = 10**12
FRIDAY = date(2026, 11, 20)


def past(days: int, amount: object = 10, today: date = FRIDAY) -> dict[date, int]:
    """`amount` per day (or a function of the day) for so many whole days before today."""
    value = amount if callable(amount) else lambda day: amount
    return {day: round(value(day) * ONE) for day in (today - timedelta(days=n) for n in range(1, days + 1))}


def test_the_same_every_day_stays_the_same_with_no_error() -> None:
    ahead = forecast.forecast(past(60), FRIDAY, 10)
    assert ahead.method == "seasonal"
    assert ahead.error is not None
    assert ahead.error < 0.001
    assert all(abs(day.expected - 10 * ONE) < ONE // 100 for day in ahead.days)
    assert all(day.low <= day.expected <= day.high for day in ahead.days)
    assert ahead.days[0].day == FRIDAY


def test_weekends_stay_low() -> None:
    ahead = forecast.forecast(past(70, lambda day: 20 if day.weekday() < 5 else 2), FRIDAY, 7)
    by_weekday = {day.day.weekday(): day.expected / ONE for day in ahead.days}
    assert by_weekday[0] > 15
    assert by_weekday[5] < 6


def test_a_rise_goes_on_but_fades() -> None:
    ahead = forecast.forecast(past(60, lambda day: 10 + (day - FRIDAY).days / 10 + 6), FRIDAY, 90)
    assert ahead.days[0].expected > 14 * ONE
    assert ahead.days[89].expected < 40 * ONE


def test_the_month_lands_on_what_is_spent_and_the_rest() -> None:
    days = {**past(60), FRIDAY: 4 * ONE}
    found = landing(days, FRIDAY, date(2026, 11, 1), date(2026, 11, 30))
    assert found.spent == 194 * ONE
    assert abs(found.expected - 300 * ONE) < ONE
    assert found.spent <= found.low <= found.expected <= found.high


def test_a_day_that_is_already_dearer_than_expected_is_not_expected_again() -> None:
    days = {**past(60), FRIDAY: 50 * ONE}
    found = landing(days, FRIDAY, FRIDAY, FRIDAY)
    assert found.expected == 50 * ONE


def test_a_month_that_is_over_is_what_it_was() -> None:
    found = landing(past(60), FRIDAY, date(2026, 10, 1), date(2026, 10, 31))
    assert (found.spent, found.expected, found.low, found.high) == (310 * ONE,) * 4


def test_few_days_give_a_plain_average_and_none_give_nothing() -> None:
    short = forecast.forecast(past(LEAST_DAYS_FOR_SEASON - 1), FRIDAY, 3)
    assert short.method == "mean"
    assert short.error is None
    assert short.days[0].expected == 10 * ONE
    nothing = forecast.forecast({}, FRIDAY, 3)
    assert nothing.method == "none"
    assert [day.expected for day in nothing.days] == [0, 0, 0]
    assert landing({}, FRIDAY, FRIDAY, FRIDAY).high == 0


def test_the_day_of_the_limit() -> None:
    """Ten a day; the limit of this month's days was reached when they added up to it, not when somebody looks."""
    days = {**past(60), FRIDAY: 0}
    last = date(2026, 11, 30)
    assert day_of_reaching(190 * ONE, 190 * ONE, days, FRIDAY, last) == date(2026, 11, 19)
    assert day_of_reaching(100 * ONE, 190 * ONE, days, FRIDAY, last) == date(2026, 11, 10)
    assert day_of_reaching(105 * ONE, 190 * ONE, days, FRIDAY, last) == date(2026, 11, 11)
    assert day_of_reaching(195 * ONE, 195 * ONE, {**days, FRIDAY: 5 * ONE}, FRIDAY, last) == FRIDAY
    assert day_of_reaching(215 * ONE, 190 * ONE, days, FRIDAY, last) == date(2026, 11, 22)
    assert day_of_reaching(900 * ONE, 190 * ONE, days, FRIDAY, last) is None


def test_pace_is_one_when_money_and_time_go_together() -> None:
    assert pace(50, 0.5, 100) == 1.0
    assert pace(75, 0.5, 100) == 1.5
    assert pace(75, 0.5, None) is None
    assert pace(75, 0.0, 100) is None


def test_the_band_is_as_wide_as_the_method_was_wrong() -> None:
    calm = landing(past(90, lambda day: 10 + day.day % 2), FRIDAY, FRIDAY, FRIDAY + timedelta(days=9))
    wild = landing(past(90, lambda day: 10 + 9 * (day.day % 3)), FRIDAY, FRIDAY, FRIDAY + timedelta(days=9))
    assert wild.high - wild.low > calm.high - calm.low
    assert wild.error is not None
    assert calm.error is not None
    assert wild.error > calm.error


@given(st.lists(st.integers(min_value=0, max_value=10**15), max_size=60), st.integers(min_value=1, max_value=40))
def test_a_forecast_is_never_negative_and_its_band_holds_it(amounts: list[int], horizon: int) -> None:
    days = {FRIDAY - timedelta(days=n + 1): amount for n, amount in enumerate(amounts)}
    ahead = forecast.forecast(days, FRIDAY, horizon)
    assert len(ahead.days) == horizon
    assert all(0 <= day.low <= day.expected <= day.high for day in ahead.days)
    found = landing(days, FRIDAY, FRIDAY.replace(day=1), FRIDAY + timedelta(days=horizon))
    assert found.spent <= found.low <= found.expected <= found.high
