"""What the coming days will cost: weekday pattern times a level with a damped trend, and how wrong that has been.

The band is not assumed: the same method is run on the past, from many days in turn ("rolling origin"), and the
distances between what it said and what came are the band. Its mean error is returned, so that a page can show it.
Amounts are units of 10^-12; a forecast is never billed, so floats do the arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Literal

LEVEL_GAIN = 0.25
TREND_GAIN = 0.04
DAMPING = 0.88
LEAST_DAYS_FOR_SEASON = 14
LEAST_DAYS = 3
HISTORY_DAYS = 182
ORIGINS = 42
"""Backtest from at most so many past days."""
BAND = 0.8
"""In the backtest this share of the outcomes fell inside the band."""

Method = Literal["seasonal", "mean", "none"]


@dataclass(frozen=True, slots=True)
class ForecastDay:
    day: date
    expected: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Forecast:
    method: Method
    history_days: int
    error: float | None
    """Mean absolute error of a day in the backtest as a share of the mean day; None: too little history to know."""
    days: tuple[ForecastDay, ...]


@dataclass(frozen=True, slots=True)
class Landing:
    """Where the period ends: spent so far and the rest as expected."""

    spent: int
    expected: int
    low: int
    high: int
    error: float | None
    method: Method


def daily_series(amounts: Mapping[date, int], today: date) -> list[float]:
    """Whole days from the first one with usage until yesterday, days without usage as zero; today is not whole."""
    past = [day for day in amounts if day < today and amounts[day]]
    if not past:
        return []
    first = max(min(past), today - timedelta(days=HISTORY_DAYS))
    return [float(amounts.get(first + timedelta(days=n), 0)) for n in range((today - first).days)]


def forecast(amounts: Mapping[date, int], today: date, horizon: int) -> Forecast:
    """Expected amounts of `horizon` whole days, today being the first."""
    series = daily_series(amounts, today)
    method = _method(len(series))
    weekday = today.weekday()
    expected = _expect(series, weekday, horizon)
    errors = _backtest(series, weekday, min(horizon, 28))
    days = []
    for step, value in enumerate(expected):
        spread = _day_spread(errors, series, step)
        days.append(_day(today + timedelta(days=step), value, spread))
    return Forecast(method, len(series), _mean_error(errors, series), tuple(days))


def landing(amounts: Mapping[date, int], today: date, first: date, last: date) -> Landing:
    """The total of [first, last] when it is over; days before today are as they are."""
    spent = sum(amount for day, amount in amounts.items() if first <= day <= min(last, today))
    if last < today:
        return Landing(spent, spent, spent, spent, None, "none")
    series = daily_series(amounts, today)
    steps = (last - today).days + 1
    rest = _expect(series, today.weekday(), steps)
    so_far = float(amounts.get(today, 0))
    if rest:
        rest[0] = max(rest[0] - so_far, 0.0)
    still = sum(rest)
    errors = _backtest(series, today.weekday(), min(steps, 28))
    spread = _sum_spread(errors, series, steps)
    return Landing(
        spent,
        round(spent + still),
        round(spent + max(still - spread, 0.0)),
        round(spent + still + spread),
        _mean_error(errors, series),
        _method(len(series)),
    )


def day_of_reaching(limit: int, spent: int, amounts: Mapping[date, int], today: date, last: date) -> date | None:
    """The day of the month on which the limit was reached, else the first on which its expected total reaches it."""
    if spent >= limit:
        return _day_reached(limit, amounts, today)
    reached = float(spent)
    so_far = float(amounts.get(today, 0))
    for day in forecast(amounts, today, (last - today).days + 1).days:
        reached += max(day.expected - so_far, 0.0)
        so_far = 0.0
        if reached >= limit:
            return day.day
    return None


def _day_reached(limit: int, amounts: Mapping[date, int], today: date) -> date:
    days = [today.replace(day=number) for number in range(1, today.day + 1)]
    sums = accumulate(amounts.get(day, 0) for day in days)
    return next((day for day, whole in zip(days, sums, strict=True) if whole >= limit), today)


def pace(spent: int, now_share: float, limit: int | None) -> float | None:
    """Spent share of the limit against the share of the period that is over: 1.0 is exactly on it."""
    if not limit or now_share <= 0:
        return None
    return (spent / limit) / now_share


def _method(days: int) -> Method:
    return "seasonal" if days >= LEAST_DAYS_FOR_SEASON else "mean" if days >= LEAST_DAYS else "none"


def _expect(series: Sequence[float], first_weekday: int, steps: int) -> list[float]:
    """`first_weekday` is the weekday of the first expected day."""
    if len(series) < LEAST_DAYS_FOR_SEASON:
        return [sum(series) / len(series) if series else 0.0] * steps
    season = _season(series, first_weekday)
    level, trend = _level_and_trend(series, season, first_weekday)
    expected, slope = [], 0.0
    for step in range(steps):
        slope += trend * DAMPING ** (step + 1)
        expected.append(max(level + slope, 0.0) * season[(first_weekday + step) % 7])
    return expected


def _season(series: Sequence[float], weekday_after: int) -> list[float]:
    """How many mean days a Monday, a Tuesday, ... is worth, from the last eight weeks, drawn a little towards 1."""
    recent = series[-56:]
    mean = sum(recent) / len(recent)
    if mean <= 0:
        return [1.0] * 7
    factors = []
    for weekday in range(7):
        offset = (weekday_after - weekday) % 7 or 7
        days = recent[-offset::-7]
        factors.append((sum(days) + mean) / (mean * (len(days) + 1)))
    scale = 7 / sum(factors)
    return [factor * scale for factor in factors]


def _level_and_trend(series: Sequence[float], season: Sequence[float], weekday_after: int) -> tuple[float, float]:
    """Holt's two smoothings over days with the weekday taken out."""
    length = len(series)
    start = series[:7]
    level, trend = sum(start) / len(start), 0.0
    for place, value in enumerate(series):
        factor = season[(weekday_after - (length - place)) % 7]
        flat = value / factor if factor > 0.05 else level
        before = level
        level = LEVEL_GAIN * flat + (1 - LEVEL_GAIN) * (level + DAMPING * trend)
        trend = TREND_GAIN * (level - before) + (1 - TREND_GAIN) * DAMPING * trend
    return level, trend


def _backtest(series: Sequence[float], weekday_after: int, steps: int) -> list[list[float]]:
    """actual - expected of each step, one list per past day that the method is run from."""
    length = len(series)
    least = LEAST_DAYS_FOR_SEASON + 7
    errors = []
    for origin in range(max(least, length - ORIGINS), length):
        ahead = min(steps, length - origin)
        weekday = (weekday_after - (length - origin)) % 7
        said = _expect(series[:origin], weekday, ahead)
        errors.append([series[origin + step] - said[step] for step in range(ahead)])
    return errors


def _mean_error(errors: Sequence[Sequence[float]], series: Sequence[float]) -> float | None:
    flat = [abs(error) for run in errors for error in run]
    recent = series[-ORIGINS:]
    mean = sum(recent) / len(recent) if recent else 0.0
    return sum(flat) / len(flat) / mean if flat and mean > 0 else None


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def _day_spread(errors: Sequence[Sequence[float]], series: Sequence[float], step: int) -> float:
    near = [abs(run[index]) for run in errors for index in range(max(0, step - 3), min(step + 4, len(run)))]
    if len(near) >= 8:
        return _quantile(near, BAND)
    flat = [abs(error) for run in errors for error in run]
    growth = math.sqrt(1 + step / 14)
    return (_quantile(flat, BAND) if len(flat) >= 8 else 1.28 * _deviation(series)) * growth


def _sum_spread(errors: Sequence[Sequence[float]], series: Sequence[float], steps: int) -> float:
    """The band of a sum of days: what sums of that length missed by; a short past is stretched by the root of time."""
    for length in range(min(steps, 28), 0, -1):
        missed = [abs(sum(run[:length])) for run in errors if len(run) >= length]
        if len(missed) >= 8:
            return _quantile(missed, BAND) * math.sqrt(steps / length)
    return 1.28 * _deviation(series) * math.sqrt(steps)


def _deviation(series: Sequence[float]) -> float:
    if len(series) < 2:
        return 0.5 * sum(series)
    mean = sum(series) / len(series)
    return math.sqrt(sum((value - mean) ** 2 for value in series) / (len(series) - 1))


def _day(day: date, expected: float, spread: float) -> ForecastDay:
    return ForecastDay(day, round(expected), round(max(expected - spread, 0.0)), round(expected + spread))
