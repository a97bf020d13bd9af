"""Days of the existing system's three summaries, checked row by row. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from typing import Any, Literal

from mai_core.days import parse_day
from mai_core.errors import BadValue
from mai_core.given import cost_given, count_given, text_given
from mai_core.money import exact_decimal, units_of

Facet = Literal["client", "user", "model"]

TABLES: dict[Facet, str] = {
    "client": "client_daily_usage",
    "user": "client_user_daily_usage",
    "model": "client_model_daily_usage",
}

_SHARED = (
    "id",
    "client_org_id",
    "usage_date",
    "total_tokens",
    "total_requests",
    "raw_cost",
    "markup_cost",
    "created_at",
    "updated_at",
)
COLUMNS: dict[Facet, tuple[str, ...]] = {
    "client": (*_SHARED, "primary_model", "unique_users"),
    "user": (*_SHARED, "user_id", "openrouter_user_id"),
    "model": (*_SHARED, "model_name", "provider"),
}

_EXACT = Context(prec=200)
"""Sums keep every digit: a float's shortest decimal may have 17 of them anywhere."""

Key = tuple[str, str, str, str, str, str, str]
"""facet, client, day, external user, model, provider, user: what makes a row of imported history one row."""


@dataclass(frozen=True, slots=True)
class HistoryDay:
    """One row of a summary. Costs are the shortest decimals of the floats that stood there."""

    facet: Facet
    client_org_id: str
    usage_date: str
    total_tokens: int
    total_requests: int
    raw_cost: Decimal
    markup_cost: Decimal
    created_at: int
    updated_at: int
    external_user: str = ""
    model: str = ""
    provider: str = ""
    user_id: str = ""
    primary_model: str | None = None
    unique_users: int | None = None

    @property
    def key(self) -> Key:
        return (
            self.facet,
            self.client_org_id,
            self.usage_date,
            self.external_user,
            self.model,
            self.provider,
            self.user_id,
        )

    @property
    def raw_pusd(self) -> int:
        return units_of(self.raw_cost, "raw_cost")

    @property
    def charged_pusd(self) -> int:
        return units_of(self.markup_cost, "markup_cost")

    def plus(self, other: HistoryDay) -> HistoryDay:
        """The same day from two rows (older ids `{client}_{date}`, newer `{client}:{date}`) is their sum."""
        larger = max(self, other, key=lambda day: day.total_tokens)
        return replace(
            larger,
            total_tokens=self.total_tokens + other.total_tokens,
            total_requests=self.total_requests + other.total_requests,
            raw_cost=_EXACT.add(self.raw_cost, other.raw_cost),
            markup_cost=_EXACT.add(self.markup_cost, other.markup_cost),
            created_at=min(self.created_at, other.created_at),
            updated_at=max(self.updated_at, other.updated_at),
            unique_users=max(self.unique_users or 0, other.unique_users or 0),
        )


@dataclass(frozen=True, slots=True)
class Sums:
    """What some rows add up to, to the last digit."""

    rows: int = 0
    tokens: int = 0
    requests: int = 0
    raw_cost: Decimal = Decimal(0)
    markup_cost: Decimal = Decimal(0)

    def plus(self, other: Sums) -> Sums:
        return Sums(
            self.rows + other.rows,
            self.tokens + other.tokens,
            self.requests + other.requests,
            _EXACT.add(self.raw_cost, other.raw_cost),
            _EXACT.add(self.markup_cost, other.markup_cost),
        )

    def minus(self, other: Sums) -> Sums:
        return Sums(
            self.rows - other.rows,
            self.tokens - other.tokens,
            self.requests - other.requests,
            _EXACT.subtract(self.raw_cost, other.raw_cost),
            _EXACT.subtract(self.markup_cost, other.markup_cost),
        )

    @property
    def amounts(self) -> tuple[int, int, Decimal, Decimal]:
        return self.tokens, self.requests, self.raw_cost, self.markup_cost


def sum_of(day: HistoryDay) -> Sums:
    return Sums(1, day.total_tokens, day.total_requests, day.raw_cost, day.markup_cost)


def sums_of(days: Iterable[HistoryDay]) -> Sums:
    result = Sums()
    for day in days:
        result = result.plus(sum_of(day))
    return result


def history_day(facet: Facet, row: Mapping[str, Any]) -> HistoryDay:
    """A row of the old table, or BadValue with the field that cannot be taken."""
    return HistoryDay(
        facet=facet,
        client_org_id=text_given("client_org_id", row["client_org_id"], required=True),
        usage_date=parse_day(row["usage_date"], "usage_date").isoformat(),
        total_tokens=count_given("total_tokens", row["total_tokens"]),
        total_requests=count_given("total_requests", row["total_requests"]),
        raw_cost=shortest_decimal("raw_cost", row["raw_cost"]),
        markup_cost=shortest_decimal("markup_cost", row["markup_cost"]),
        created_at=seconds(row["created_at"]),
        updated_at=seconds(row["updated_at"]),
        external_user=text_given("openrouter_user_id", row.get("openrouter_user_id")),
        model=text_given("model_name", row.get("model_name")),
        provider=text_given("provider", row.get("provider")),
        user_id=text_given("user_id", row.get("user_id")),
        primary_model=text_given("primary_model", row.get("primary_model")) or None,
        unique_users=None if row.get("unique_users") is None else count_given("unique_users", row["unique_users"]),
    )


def live_counter_day(row: Mapping[str, Any]) -> HistoryDay:
    """Today's counter of older installations, where its day was not written to the summary yet."""
    return history_day(
        "client",
        {
            "client_org_id": row["client_org_id"],
            "usage_date": row["current_date"],
            "total_tokens": row["today_tokens"],
            "total_requests": row["today_requests"],
            "raw_cost": row["today_raw_cost"],
            "markup_cost": row["today_markup_cost"],
            "created_at": row["last_updated"],
            "updated_at": row["last_updated"],
        },
    )


def shortest_decimal(field: str, value: Any) -> Decimal:
    if value is None:
        raise BadValue(field, "is missing")
    cost_given(field, value)
    return exact_decimal(value, field)


def seconds(value: Any) -> int:
    """Unix seconds; anything else was never shown to anybody and becomes 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12 else 0
