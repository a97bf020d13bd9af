"""Quotas, and what counts against them: the charged amounts of the client's month so far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from mai_core import conversion
from mai_core.days import day_start_ms, month_days, month_of, usage_day
from mai_core.errors import BadValue, NotFound
from mai_core.model import Client
from mai_core.money import Currency, multiply, units_of
from mai_core.quotas import Holder, Quota, Standing
from mai_core.store import audit, clients, rates
from mai_core.store.connection import Db, dicts, rows
from mai_core.store.months import charged_by_day

WHOLE_CLIENT = ""

_SELECT = (
    "SELECT client_org_id, external_user, currency, soft_units, hard_units, updated_at_ms FROM quotas"
    " WHERE client_org_id = ?"
)
REMEMBERED_MS = 60_000
MOST_REMEMBERED = 500


def put(
    db: Db,
    now_ms: int,
    actor: str,
    client_org_id: str,
    external_user: str,
    currency: Currency,
    soft_units: int | None,
    hard_units: int | None,
) -> dict[str, Any]:
    if soft_units is None and hard_units is None:
        raise BadValue("hard", "is missing: a quota needs a soft or a hard limit")
    if soft_units is not None and hard_units is not None and soft_units > hard_units:
        raise BadValue("soft", "must not be above the hard limit")
    before = find(db, client_org_id, external_user)
    db.execute(
        "INSERT INTO quotas (client_org_id, external_user, currency, soft_units, hard_units, updated_at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (client_org_id, external_user) DO UPDATE SET"
        " currency = excluded.currency, soft_units = excluded.soft_units, hard_units = excluded.hard_units,"
        " updated_at_ms = excluded.updated_at_ms",
        (client_org_id, external_user, currency, soft_units, hard_units, now_ms),
    )
    after = find(db, client_org_id, external_user)
    assert after is not None
    audit.write(db, now_ms, actor, "quota.set", external_user or client_org_id, client_org_id, before, after)
    return after


def remove(db: Db, now_ms: int, actor: str, client_org_id: str, external_user: str) -> None:
    before = find(db, client_org_id, external_user)
    if before is None:
        raise NotFound("there is no such quota")
    db.execute("DELETE FROM quotas WHERE client_org_id = ? AND external_user = ?", (client_org_id, external_user))
    audit.write(db, now_ms, actor, "quota.remove", external_user or client_org_id, client_org_id, before)


def find(db: Db, client_org_id: str, external_user: str) -> dict[str, Any] | None:
    found = dicts(db, f"{_SELECT} AND external_user = ?", (client_org_id, external_user))
    return found[0] if found else None


def listed(db: Db, client_org_id: str) -> list[dict[str, Any]]:
    return dicts(db, f"{_SELECT} ORDER BY external_user", (client_org_id,))


def standings(
    db: Db, client: Client, external_user: str | None, now_ms: int, memory: Memory | None = None
) -> list[Standing]:
    """The quotas that apply to a person of a client (None: to the client), with what counts against them."""
    today = usage_day(now_ms, clients.zones(db, client.id))
    days = [today.replace(day=number) for number in range(1, today.day + 1)]
    result = []
    for person, quota in _applying(db, client, external_user):
        if person is None and memory is not None:
            used = memory.past_days(db, client.id, days[:-1], now_ms) | charged_by_day(db, client.id, days[-1:])
        else:
            used = charged_by_day(db, client.id, days, person)
        result.append(Standing(quota, _counted(db, client, quota.currency, used)))
    return result


class Memory:
    """What a client used before today, remembered for a minute: a chat waits for the answer, and a big client's month
    has tens of thousands of rows. Today is always read."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, date], tuple[int, dict[date, int]]] = {}

    def past_days(self, db: Db, client_org_id: str, days: Sequence[date], now_ms: int) -> dict[date, int]:
        if not days:
            return {}
        key = (client_org_id, days[-1])
        read_at_ms, sums = self._sums.get(key, (None, {}))
        if read_at_ms is None or not 0 <= now_ms - read_at_ms < REMEMBERED_MS:
            if len(self._sums) >= MOST_REMEMBERED:
                self._sums.clear()
            sums = charged_by_day(db, client_org_id, days)
            self._sums[key] = (now_ms, sums)
        return sums


def resets_at_ms(db: Db, client: Client, now_ms: int) -> int:
    """The first instant of the client's next month."""
    zones = clients.zones(db, client.id)
    _, last = month_days(month_of(usage_day(now_ms, zones)))
    return day_start_ms(last + timedelta(days=1), zones)


def _applying(db: Db, client: Client, external_user: str | None) -> list[tuple[str | None, Quota]]:
    """A client's monthly_limit is its hard limit in USD where no quota was set for it."""
    applying: list[tuple[str | None, Quota]] = []
    if external_user and (own := find(db, client.id, external_user)):
        applying.append((external_user, _quota(own, "person")))
    if whole := find(db, client.id, WHOLE_CLIENT):
        applying.append((None, _quota(whole, "client")))
    elif client.monthly_limit is not None:
        applying.append((None, Quota("client", "USD", None, units_of(client.monthly_limit))))
    return applying


def _quota(row: dict[str, Any], holder: Holder) -> Quota:
    return Quota(holder, row["currency"], row["soft_units"], row["hard_units"])


def _counted(db: Db, client: Client, currency: Currency, by_day: dict[date, int]) -> int | None:
    """In PLN every day counts at its rate: the fixed one, else the provisional one."""
    if currency == "USD" or not by_day:
        return sum(by_day.values())
    fixed = {
        date.fromisoformat(day): str(rate)
        for day, rate in rows(
            db,
            "SELECT usage_date, rate FROM day_rates WHERE client_org_id = ? AND usage_date BETWEEN ? AND ?",
            (client.id, min(by_day).isoformat(), max(by_day).isoformat()),
        )
    }
    known = rates.known(db)
    policy = rates.policy_of(db, client.id, max(by_day), cast(conversion.FxPolicy, client.fx_policy))
    total = 0
    for day, charged in by_day.items():
        if day in fixed:
            total += multiply(charged, Decimal(fixed[day]))
            continue
        try:
            total += conversion.rate_of_day(day, policy, known).pln(charged)
        except conversion.NoRate:
            return None
    return total
