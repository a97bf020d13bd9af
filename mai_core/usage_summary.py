"""Summaries of a client's usage as the existing system's callers know them. Pure; amounts stay integers."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)


class UsageRow(NamedTuple):
    """A day's usage of one person, model and provider, or of one row of imported history."""

    usage_date: str
    external_user: str
    user_id: str
    model: str
    provider: str
    requests: int
    tokens: int
    raw_pusd: int
    charged_pusd: int
    last_at_ms: int | None
    imported_users: int = 0


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of some rows."""

    requests: int
    tokens: int
    raw_pusd: int
    charged_pusd: int
    days: int
    last_day: str
    last_at_ms: int | None


def total_of(rows: Iterable[UsageRow]) -> Total:
    rows = list(rows)
    return Total(
        requests=sum(row.requests for row in rows),
        tokens=sum(row.tokens for row in rows),
        raw_pusd=sum(row.raw_pusd for row in rows),
        charged_pusd=sum(row.charged_pusd for row in rows),
        days=len({row.usage_date for row in rows}),
        last_day=max((row.usage_date for row in rows), default=""),
        last_at_ms=max((row.last_at_ms for row in rows if row.last_at_ms is not None), default=None),
    )


def grouped(rows: Iterable[UsageRow], key: Callable[[UsageRow], K]) -> dict[K, list[UsageRow]]:
    groups: dict[K, list[UsageRow]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(groups)


def dearest_first(groups: dict[K, list[UsageRow]]) -> list[tuple[K, list[UsageRow], Total]]:
    """Groups with their sums, the largest charged amount first; equal ones by name."""
    summed = [(key, rows, total_of(rows)) for key, rows in groups.items()]
    return sorted(summed, key=lambda group: (-group[2].charged_pusd, str(group[0])))


def leading_model(rows: Sequence[UsageRow]) -> str | None:
    """The model with most tokens; equal ones by requests, then by name."""
    totals = {model: total_of(some) for model, some in grouped(rows, lambda row: row.model).items() if model}
    return min(totals, key=lambda model: (-totals[model].tokens, -totals[model].requests, model), default=None)


def people_count(rows: Iterable[UsageRow]) -> int:
    """People with usage: named ones, or, where history knows only their number, the largest number of a day."""
    rows = list(rows)
    return max(len({row.user_id for row in rows if row.user_id}), max((row.imported_users for row in rows), default=0))


def days_in_month(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]
