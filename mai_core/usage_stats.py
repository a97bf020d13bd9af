"""The month so far in the shape of the existing system's usage summary. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from mai_core.days import from_ms, zone
from mai_core.money import UNITS_PER_ONE, allocate_largest_remainder, divide_half_up
from mai_core.usage_summary import (
    UsageRow,
    days_in_month,
    dearest_first,
    grouped,
    leading_model,
    people_count,
    total_of,
)

_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH_NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
TOP_MODELS = 5

PlnOf = Callable[[UsageRow], int]
"""A row's exact amount in units of 10^-12 PLN."""


@dataclass(frozen=True, slots=True)
class MonthRows:
    """A month's rows, once per facet: imported history differs between them, the ledger's own days do not."""

    client: Sequence[UsageRow]
    user: Sequence[UsageRow]
    model: Sequence[UsageRow]


def usd(units: int) -> float:
    """The nearest float, whose shortest decimal is the exact amount. For answers only, never for a bill."""
    return units / UNITS_PER_ONE


def zlote(grosze: int) -> float:
    return grosze / 100


def list_in_zlote(groups: Sequence[Sequence[UsageRow]], pln_of: PlnOf | None) -> list[float | None]:
    """What each group of rows costs in whole grosze, so that the list adds up to its exact sum, rounded once."""
    if pln_of is None:
        return [None] * len(groups)
    exact = [sum(pln_of(row) for row in rows) for rows in groups]
    return [zlote(grosze) for grosze in allocate_largest_remainder(exact)]


def usage_stats(month: MonthRows, today: date, zone_name: str, pln_of: PlnOf | None = None) -> dict[str, Any]:
    """`current_month`, `daily_breakdown` and `monthly_summary`; with `pln_of` amounts in złoty too."""
    total = total_of(month.client)
    days = sorted(grouped(month.client, lambda row: row.usage_date).items())
    in_zlote = list_in_zlote([rows for _, rows in days], pln_of)
    all_days = days_in_month(today)
    return {
        "current_month": {
            "month": f"{_MONTH_NAMES[today.month - 1]} {today.year}",
            "total_tokens": total.tokens,
            "total_cost": usd(total.charged_pusd),
            "total_cost_pln": list_in_zlote([month.client], pln_of)[0],
            "total_requests": total.requests,
            "days_with_usage": total.days,
            "days_in_month": all_days,
            "usage_percentage": round(100 * total.days / all_days, 1),
        },
        "daily_breakdown": [
            _day(day, rows, cost_pln, zone_name) for (day, rows), cost_pln in zip(days, in_zlote, strict=True)
        ],
        "monthly_summary": _summary(month, today),
    }


def _day(day: str, rows: list[UsageRow], cost_pln: float | None, zone_name: str) -> dict[str, Any]:
    total = total_of(rows)
    return {
        "date": day,
        "day_name": _DAY_NAMES[date.fromisoformat(day).weekday()],
        "tokens": total.tokens,
        "cost": usd(total.charged_pusd),
        "cost_pln": cost_pln,
        "requests": total.requests,
        "primary_model": leading_model(rows),
        "last_activity": local_instant(total.last_at_ms, zone_name) or day,
    }


def _summary(month: MonthRows, today: date) -> dict[str, Any]:
    total = total_of(month.client)
    days = {day: total_of(rows) for day, rows in grouped(month.client, lambda row: row.usage_date).items()}
    models = {name: total_of(rows).tokens for name, rows in grouped(month.model, lambda row: row.model).items() if name}
    top = sorted(models, key=lambda name: (-models[name], name))[:TOP_MODELS]
    return {
        "average_daily_tokens": divide_half_up(total.tokens, today.day),
        "average_daily_cost": usd(divide_half_up(total.charged_pusd, today.day)),
        "average_usage_day_tokens": divide_half_up(total.tokens, total.days) if total.days else 0,
        "busiest_day": min(days, key=lambda day: (-days[day].tokens, day), default=None),
        "highest_cost_day": min(days, key=lambda day: (-days[day].charged_pusd, day), default=None),
        "top_models": [{"model_name": name, "total_tokens": models[name]} for name in top],
        "total_unique_users": max(people_count(month.client), people_count(month.user)),
    }


def by_user(rows: Sequence[UsageRow]) -> list[dict[str, Any]]:
    """One entry per person, the dearest first."""
    return [
        {
            "user_id": user_id,
            "openrouter_user_id": max(row.external_user for row in some),
            "total_tokens": total.tokens,
            "total_requests": total.requests,
            "raw_cost": usd(total.raw_pusd),
            "markup_cost": usd(total.charged_pusd),
            "days_active": total.days,
        }
        for user_id, some, total in dearest_first(grouped(rows, lambda row: row.user_id))
    ]


def by_model(rows: Sequence[UsageRow]) -> list[dict[str, Any]]:
    """One entry per model and provider, the dearest first."""
    return [
        {
            "model_name": model,
            "provider": provider,
            "total_tokens": total.tokens,
            "total_requests": total.requests,
            "raw_cost": usd(total.raw_pusd),
            "markup_cost": usd(total.charged_pusd),
            "days_used": total.days,
        }
        for (model, provider), _, total in dearest_first(grouped(rows, lambda row: (row.model, row.provider)))
    ]


def local_instant(at_ms: int | None, zone_name: str) -> str | None:
    """An instant on the client's clock: '2026-11-21T14:05:09+01:00'."""
    if at_ms is None:
        return None
    return from_ms(at_ms).astimezone(zone(zone_name)).isoformat(timespec="seconds")


def first_of_month(day: date) -> date:
    return day.replace(day=1)
