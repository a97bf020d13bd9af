"""The period that a period is compared with."""

from __future__ import annotations

from datetime import date, timedelta

from mai_core.days import month_days, month_of


def previous_period(start: date, end: date) -> tuple[date, date]:
    """Whole months against the whole months before; month to date against the same days of last month;
    anything else against as many days just before."""
    day_before = start - timedelta(days=1)
    if start.day == 1:
        if month_of(start) == month_of(end) and end != month_days(month_of(end))[1]:
            first, last = month_days(month_of(day_before))
            return first, min(first + (end - start), last)
        if end == month_days(month_of(end))[1]:
            months = (end.year - start.year) * 12 + end.month - start.month + 1
            month_index = start.year * 12 + start.month - 1 - months
            return date(month_index // 12, month_index % 12 + 1, 1), day_before
    return start - (end - start) - timedelta(days=1), day_before
