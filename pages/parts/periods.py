"""The periods a person can choose, and the days of each that it is fair to compare with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from mai_core.days import month_days, month_of
from mai_core.reports.periods import days_before, previous_period

CHOICES = ("month", "last_month", "7d", "30d", "90d", "year", "custom")
_LENGTHS = {"7d": 7, "30d": 30, "90d": 90}
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Period:
    choice: str
    """What stands in the URL: a choice, or a month such as 2026-10."""
    first: date
    last: date
    """Inclusive; never after today."""
    today: date

    @property
    def previous(self) -> tuple[date, date]:
        compared = days_before if self.choice in _LENGTHS else previous_period
        return compared(self.first, self.last)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_running(self) -> bool:
        return self.last == self.today

    @property
    def is_one_month(self) -> bool:
        return self.first.day == 1 and month_of(self.first) == month_of(self.last)

    @property
    def query(self) -> dict[str, str]:
        """What reproduces the period in a link."""
        if self.choice == "month":
            return {}
        if self.choice == "custom":
            return {"period": "custom", "from": self.first.isoformat(), "to": self.last.isoformat()}
        return {"period": self.choice}


def period_of(choice: str, today: date, first: date | None = None, last: date | None = None) -> Period:
    """Anything that is not a period means the running month."""
    if choice in _LENGTHS:
        return Period(choice, today - timedelta(days=_LENGTHS[choice] - 1), today, today)
    if choice == "year":
        return Period(choice, date(today.year, 1, 1), today, today)
    if choice == "last_month":
        start, end = month_days(month_of(today.replace(day=1) - timedelta(days=1)))
        return Period(choice, start, end, today)
    if _MONTH.fullmatch(choice) and choice <= month_of(today):
        start, end = month_days(choice)
        return Period(choice, start, min(end, today), today)
    if choice == "custom" and first is not None and last is not None:
        first, last = min(first, last), max(first, last)
        return Period(choice, min(first, today), min(last, today), today)
    return Period("month", today.replace(day=1), today, today)
