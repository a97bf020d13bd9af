"""Which NBP rate a usage day is converted at, and whether that is final. No calendar of holidays: the tables decide.

`daily`: the table with the greatest effective date not after the day. `period_end`: the table with the greatest
effective date before the month's last day, for every day of the month (the VAT rate). The second is the first,
asked for the day before the month's last one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Literal

from mai_core.days import from_ms, month_days, month_of, usage_day, zone
from mai_core.errors import NotFound
from mai_core.money import multiply

FxPolicy = Literal["daily", "period_end"]

PUBLISHED_BY = time(12, 30)
"""NBP publishes table A between 11:45 and 12:15 Warsaw; an answer after this time is complete for its day."""

IMPLAUSIBLE = Decimal("0.15")
"""A table this far from the one before waits for a person."""

WARSAW = "Europe/Warsaw"

ALWAYS_A_TABLE_WITHIN = timedelta(days=14)
"""Before any day: the longest pause in NBP's history is shorter."""

SATURDAY = 5
"""`date.weekday()`; NBP publishes nothing at the weekend."""


class NoRate(NotFound):
    """No table is known at all: the amount in PLN cannot be told, and is never the amount in USD."""


@dataclass(frozen=True, slots=True, order=True)
class RateTable:
    """One currency's line of one NBP table A."""

    effective_date: date
    rate: Decimal
    """PLN for one unit of the currency."""
    table_no: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What NBP told, and the days for which that is complete (none when `through` lies before `since`)."""

    tables: tuple[RateTable, ...]
    since: date
    through: date


@dataclass(frozen=True, slots=True)
class DayRate:
    """The rate of a usage day. A provisional one uses the last known table and settles once."""

    rate: Decimal
    table_no: str
    effective_date: date
    provisional: bool

    def pln(self, usd_units: int) -> int:
        """10^-12 PLN of an amount in 10^-12 USD, rounded half up once."""
        return multiply(usd_units, self.rate)


@dataclass(frozen=True)
class KnownRates:
    """The tables in use, the days for which NBP's silence is an answer too, and the days that wait for a person."""

    tables: tuple[RateTable, ...] = ()
    """By effective date."""
    answered_from: date | None = None
    answered_through: date | None = None
    held: frozenset[date] = frozenset()

    @classmethod
    def of(
        cls,
        tables: Iterable[RateTable],
        answered_from: date | None = None,
        answered_through: date | None = None,
        held: Iterable[date] = (),
    ) -> KnownRates:
        return cls(tuple(sorted(tables)), answered_from, answered_through, frozenset(held))

    @cached_property
    def _dates(self) -> list[date]:
        return [table.effective_date for table in self.tables]

    def latest(self) -> RateTable | None:
        return self.tables[-1] if self.tables else None

    def not_after(self, day: date) -> RateTable | None:
        place = bisect_right(self._dates, day)
        return self.tables[place - 1] if place else None

    def knows_through(self, table: RateTable, day: date) -> bool:
        """No other table can appear between this one and the day, the day included."""
        if table.effective_date == day:
            return True
        if self.answered_from is None or self.answered_from > table.effective_date:
            return False
        if any(table.effective_date < held <= day for held in self.held):
            return False
        if self.answered_through is not None and self.answered_through >= day:
            return True
        return self._only_a_weekend_lies_before_the_next(table)

    def _only_a_weekend_lies_before_the_next(self, table: RateTable) -> bool:
        """The next table is known, and none can be missing before it: an answer with a hole proves nothing."""
        place = bisect_right(self._dates, table.effective_date)
        if place == len(self._dates):
            return False
        day = max(table.effective_date, self.answered_through or table.effective_date) + timedelta(days=1)
        while day < self._dates[place] and day.weekday() >= SATURDAY:
            day += timedelta(days=1)
        return day >= self._dates[place]


def governing_day(day: date, policy: FxPolicy) -> date:
    """The day whose table converts this one."""
    if policy == "daily":
        return day
    return month_days(month_of(day))[1] - timedelta(days=1)


def rate_of_day(day: date, policy: FxPolicy, known: KnownRates) -> DayRate:
    """The rate of a usage day, final or provisional. Raises NoRate when no table is known."""
    if not known.tables:
        raise NoRate(
            "no NBP exchange rate is known, so amounts in PLN cannot be shown: `python -m mai_core rates fetch`"
        )
    asked = governing_day(day, policy)
    table = known.not_after(asked)
    if table is None:
        return _day_rate(known.tables[0], provisional=True)
    return _day_rate(table, provisional=not known.knows_through(table, asked))


def _day_rate(table: RateTable, *, provisional: bool) -> DayRate:
    return DayRate(table.rate, table.table_no, table.effective_date, provisional)


def answered_through(asked_through: date, now_ms: int) -> date:
    """The last day for which an answer given now is complete: today only after the table must have appeared."""
    now = from_ms(now_ms).astimezone(zone(WARSAW))
    complete = now.date() if now.time() >= PUBLISHED_BY else now.date() - timedelta(days=1)
    return min(asked_through, complete)


def warsaw_today(now_ms: int) -> date:
    return usage_day(now_ms, WARSAW)


def is_implausible(rate: Decimal, before: Decimal | None) -> bool:
    return before is not None and abs(rate - before) > before * IMPLAUSIBLE


def joined(known: tuple[date, date] | None, since: date, through: date) -> tuple[date, date] | None:
    """The answered days as one piece: what was known, with what is new where the two touch."""
    if through < since:
        return known
    if known is None:
        return since, through
    day = timedelta(days=1)
    if since > known[1] + day or through < known[0] - day:
        return known
    return min(known[0], since), max(known[1], through)
