"""Subscription by head: the tier's price counts for all people; who joined this month pays the remaining days. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from mai_core.money import divide_half_up
from mai_core.usage_summary import days_in_month


@dataclass(frozen=True, slots=True)
class Tier:
    first: int
    """The smallest number of people that it is for."""
    price_grosze: int
    """Per person and month."""
    range: str


TIERS = (Tier(1, 79_00, "1-3"), Tier(4, 69_00, "4-9"), Tier(10, 59_00, "10-19"), Tier(20, 54_00, "20+"))


@dataclass(frozen=True, slots=True)
class Seat:
    """One person's month."""

    user_id: str
    joined: date
    days: int
    of_days: int
    grosze: int


def tier_for(people: int) -> Tier:
    """Nobody yet: the first tier."""
    return max((tier for tier in TIERS if tier.first <= people), key=lambda tier: tier.first, default=TIERS[0])


def seats(joined: Iterable[tuple[str, date]], today: date) -> list[Seat]:
    """Everybody's part of this month, rounded per person to whole grosze. The day of joining counts."""
    people = [(user_id, day) for user_id, day in joined if day <= today]
    price = tier_for(len(people)).price_grosze
    of_days = days_in_month(today)
    month = today.replace(day=1)
    return [
        Seat(user_id, day, days, of_days, divide_half_up(price * days, of_days))
        for user_id, day in people
        for days in (of_days if day < month else of_days - day.day + 1,)
    ]
