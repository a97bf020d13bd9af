"""NBP tables that never were: a rate on every working day, in the form and rhythm of the real ones."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from mai_core.conversion import Answered, RateTable
from mai_core.days import from_ms, zone
from mai_core.demo.cast import DEMO_SEED
from mai_core.demo.rhythm import is_working_day

_FIRST_DAY = date(2025, 1, 2)
_PUBLISHED = time(12, 15)
_START, _LOWEST, _HIGHEST = 3.68, 3.48, 3.92


def demo_rates(since: date, now_ms: int) -> Answered:
    """Tables from `since` to now; every table's rate depends on its date alone."""
    now: datetime = from_ms(now_ms).astimezone(zone("Europe/Warsaw"))
    through = now.date() if now.time() >= _PUBLISHED else now.date() - timedelta(days=1)
    tables = [table for table in _tables_through(through) if table.effective_date >= since]
    return Answered(tuple(tables), since, through)


def _tables_through(last: date) -> list[RateTable]:
    random = Random(DEMO_SEED)
    tables, rate, number, day = [], _START, 0, _FIRST_DAY
    while day <= last:
        if day.timetuple().tm_yday <= 2:
            number = 0
        if is_working_day(day):
            number += 1
            rate = min(_HIGHEST, max(_LOWEST, rate + random.gauss(0, 0.014)))
            tables.append(RateTable(day, Decimal(f"{rate:.4f}"), f"{number:03d}/A/NBP/{day.year}"))
        day += timedelta(days=1)
    return tables
