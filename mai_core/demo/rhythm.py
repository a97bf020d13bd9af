"""When people work: weekdays, Polish holidays, holidays in summer, mornings and afternoons."""

from __future__ import annotations

import math
from datetime import date, timedelta
from random import Random

_FIXED_HOLIDAYS = {(1, 1), (1, 6), (5, 1), (5, 3), (8, 15), (11, 1), (11, 11), (12, 24), (12, 25), (12, 26)}

_HOUR_WEIGHTS = (
    *(0.2, 0.1, 0.05, 0.05, 0.05, 0.2, 1, 4),  # until 8
    *(10, 13, 14, 12, 8, 11, 13, 11),  # working hours, with a lunch
    *(8, 4, 2.5, 2, 2, 1.5, 1, 0.5),  # evening
)


def easter(year: int) -> date:
    """Sunday of Easter (Butcher's algorithm)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


def is_holiday(day: date) -> bool:
    sunday = easter(day.year)
    moving = {sunday, sunday + timedelta(days=1), sunday + timedelta(days=60)}
    return (day.month, day.day) in _FIXED_HOLIDAYS or day in moving


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and not is_holiday(day)


def intensity(day: date) -> float:
    """How busy a day is against a full working day."""
    if is_holiday(day):
        return 0.03
    if day.weekday() >= 5:
        return 0.09
    by_weekday = (1.0, 1.12, 1.1, 1.02, 0.82)[day.weekday()]
    summer = 0.78 if day.month in (7, 8) else 1.0
    between_years = 0.45 if (day.month, day.day) >= (12, 22) or (day.month, day.day) <= (1, 2) else 1.0
    return by_weekday * summer * between_years


def growth(days_before_end: int, months: int = 13) -> float:
    """Adoption: from 45 % at the start to 100 % at the end, along an S."""
    through = 1 - days_before_end / (months * 30.4)
    return 0.45 + 0.55 / (1 + math.exp(-6 * (through - 0.5)))


def second_of_day(random: Random, at_night: bool = False) -> int:
    if at_night:
        return random.randrange(1 * 3600, 4 * 3600)
    hour = random.choices(range(24), _HOUR_WEIGHTS)[0]
    return hour * 3600 + random.randrange(3600)


def poisson(random: Random, mean: float) -> int:
    """Knuth's method: our means are small."""
    limit, count, product = math.exp(-mean), 0, random.random()
    while product > limit:
        count += 1
        product *= random.random()
    return count
