"""What the usage API of the existing system tells of a client, read from the ledger in one snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from mai_core import subscription
from mai_core.days import ZoneSince, usage_day
from mai_core.ids import anonymous_label
from mai_core.language import Words
from mai_core.model import Client
from mai_core.store import Db, clients, people, summaries
from mai_core.store.summaries import RatesOfDays
from mai_core.usage_stats import (
    MonthRows,
    PlnOf,
    first_of_month,
    list_in_zlote,
    local_instant,
    usage_stats,
    usd,
    zlote,
)
from mai_core.usage_summary import UsageRow, dearest_first, grouped, people_count, total_of


@dataclass(frozen=True, slots=True)
class Period:
    """A client's days up to today, and what they are converted at."""

    client: Client
    today: date
    zone_name: str
    rates: RatesOfDays

    @property
    def pln_of(self) -> PlnOf | None:
        """None while no exchange rate is known at all: an unknown amount is not shown as another one."""
        return self._row_in_pln if self.rates.known else None

    def _row_in_pln(self, row: UsageRow) -> int:
        return self.rates.of(row.usage_date).pln(row.charged_pusd)


def this_month(db: Db, client: Client, now_ms: int) -> Period:
    zone_name = clients.zone_now(db, client.id, now_ms)
    today = usage_day(now_ms, zone_name)
    return Period(client, today, zone_name, summaries.rates_of_days(db, client, first_of_month(today), today))


def month_rows(db: Db, client_org_id: str, today: date) -> MonthRows:
    first = first_of_month(today)
    return MonthRows(
        client=summaries.usage_rows(db, "client", client_org_id, first, today),
        user=summaries.usage_rows(db, "user", client_org_id, first, today),
        model=summaries.usage_rows(db, "model", client_org_id, first, today),
    )


def usage_summary(db: Db, period: Period) -> dict[str, Any]:
    rows = month_rows(db, period.client.id, period.today)
    stats = usage_stats(rows, period.today, period.zone_name, period.pln_of)
    stats["current_month"]["exchange_rate_info"] = _rate_info(period, {row.usage_date for row in rows.client})
    return {
        **stats,
        "client_org_name": period.client.name,
        "pln_conversion_available": period.rates.known,
    }


def rate_info(db: Db, period: Period) -> dict[str, Any] | None:
    """What a list of the month so far was converted at."""
    days = summaries.days_with_usage(db, period.client.id, first_of_month(period.today), period.today)
    return _rate_info(period, days)


def _rate_info(period: Period, days: set[str]) -> dict[str, Any] | None:
    """Today's rate, and whether some amount of the month still stands at one that is not final."""
    if not period.rates.known:
        return None
    rate = period.rates.of(period.today.isoformat())
    return {
        "rate": float(rate.rate),
        "effective_date": rate.effective_date.isoformat(),
        "table_no": rate.table_no,
        "rate_source": "NBP table A",
        "fx_policy": period.rates.policy,
        "provisional": any(period.rates.of(day).provisional for day in days),
    }


def usage_by_user(db: Db, period: Period, words: Words) -> list[dict[str, Any]]:
    """Everybody of the client, the dearest first; people without usage are listed with zeros."""
    rows = summaries.usage_rows(db, "user", period.client.id, first_of_month(period.today), period.today)
    groups = grouped(rows, lambda row: row.user_id)
    known = {row["user_id"]: row for row in people.directory(db, period.client.id) if row["is_active"]}
    for user_id in known:
        groups.setdefault(user_id, [])
    entries = dearest_first(groups)
    in_zlote = list_in_zlote([some for _, some, _ in entries], period.pln_of)
    return [
        {
            "user_id": user_id,
            "user_name": _name(words, known.get(user_id), user_id, some),
            "user_email": known.get(user_id, {}).get("email"),
            "external_user_id": _external(known.get(user_id), some),
            "total_tokens": total.tokens,
            "total_requests": total.requests,
            "markup_cost": usd(total.charged_pusd),
            "cost_pln": cost_pln,
            "days_active": total.days,
            "last_activity": local_instant(total.last_at_ms, period.zone_name) or total.last_day or None,
            "user_mapping_enabled": bool(known.get(user_id, {}).get("external_user")),
        }
        for (user_id, some, total), cost_pln in zip(entries, in_zlote, strict=True)
    ]


def _external(known: dict[str, Any] | None, rows: list[UsageRow]) -> str | None:
    return max((row.external_user for row in rows), default="") or (known["external_user"] if known else None)


def _name(words: Words, known: dict[str, Any] | None, user_id: str, rows: list[UsageRow]) -> str:
    if known and known["name"]:
        return str(known["name"])
    key = _external(known, rows) or user_id
    return words("person.unnamed", label=anonymous_label(key)) if key else words("person.unknown")


def usage_by_model(db: Db, period: Period) -> list[dict[str, Any]]:
    rows = summaries.usage_rows(db, "model", period.client.id, first_of_month(period.today), period.today)
    entries = dearest_first(grouped(rows, lambda row: (row.model, row.provider)))
    in_zlote = list_in_zlote([some for _, some, _ in entries], period.pln_of)
    return [
        {
            "model_name": model,
            "provider": provider,
            "total_tokens": total.tokens,
            "total_requests": total.requests,
            "markup_cost": usd(total.charged_pusd),
            "cost_pln": cost_pln,
            "days_used": total.days,
        }
        for ((model, provider), _, total), cost_pln in zip(entries, in_zlote, strict=True)
    ]


def today_so_far(db: Db, client: Client, now_ms: int) -> dict[str, Any]:
    zone_name = clients.zone_now(db, client.id, now_ms)
    today = usage_day(now_ms, zone_name)
    rows = summaries.usage_rows(db, "client", client.id, today, today)
    period = Period(client, today, zone_name, summaries.rates_of_days(db, client, today, today))
    total = total_of(rows)
    return {
        "client_org_id": client.id,
        "date": today.isoformat(),
        "total_tokens": total.tokens,
        "total_requests": total.requests,
        "total_cost": usd(total.charged_pusd),
        "total_cost_pln": list_in_zlote([rows], period.pln_of)[0],
        "exchange_rate_info": _rate_info(period, {today.isoformat()}),
        "active_users": people_count(rows),
        "last_activity": local_instant(total.last_at_ms, zone_name),
    }


def subscription_billing(db: Db, client: Client, now_ms: int, words: Words) -> dict[str, Any]:
    zones = clients.zones(db, client.id)
    today = usage_day(now_ms, zones)
    members: dict[str, dict[str, Any]] = {}
    for row in people.directory(db, client.id):
        standing = members.get(row["user_id"])
        if row["is_active"] and (standing is None or row["created_at"] < standing["created_at"]):
            members[row["user_id"]] = row
    first_usage = summaries.first_days(db, client.id)
    joined = [(user_id, _joined(zones, row, first_usage.get(user_id))) for user_id, row in members.items()]
    seats = subscription.seats(joined, today)
    tier = subscription.tier_for(len(seats))
    return {
        "month": today.month,
        "year": today.year,
        "total_users": len(seats),
        "current_tier_price_pln": zlote(tier.price_grosze),
        "total_cost_pln": zlote(sum(seat.grosze for seat in seats)),
        "tier_breakdown": [
            {
                "tier_range": one.range,
                "price_per_user_pln": zlote(one.price_grosze),
                "is_current_tier": bool(seats) and one == tier,
            }
            for one in subscription.TIERS
        ],
        "user_details": [
            {
                "user_id": seat.user_id,
                "user_name": _name(words, members[seat.user_id], seat.user_id, []),
                "user_email": members[seat.user_id]["email"],
                "created_date": seat.joined.isoformat(),
                "days_remaining_when_added": seat.days,
                "billing_proportion": round(seat.days / seat.of_days, 4),
                "monthly_cost_pln": zlote(seat.grosze),
            }
            for seat in seats
        ],
    }


def _joined(zones: Sequence[ZoneSince], member: dict[str, Any], first_usage: str | None) -> date:
    """The day a person became known, or of the first usage where that was brought in later."""
    known = usage_day(member["created_at"] * 1000, zones)
    return known if first_usage is None else min(known, date.fromisoformat(first_usage))
