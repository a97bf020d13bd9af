"""Quotas, and what counts against them: the charged amounts of the client's month so far."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from mai_core import conversion
from mai_core.days import day_start_ms, month_days, month_of, usage_day
from mai_core.errors import BadValue, NotFound
from mai_core.model import Client
from mai_core.money import Currency, multiply, units_of
from mai_core.quotas import Holder, Quota, Standing
from mai_core.store import audit, rates
from mai_core.store.connection import Db, dicts, rows

WHOLE_CLIENT = ""


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
    found = [row for row in listed(db, client_org_id) if row["external_user"] == external_user]
    return found[0] if found else None


def listed(db: Db, client_org_id: str) -> list[dict[str, Any]]:
    return dicts(
        db,
        "SELECT client_org_id, external_user, currency, soft_units, hard_units, updated_at_ms FROM quotas"
        " WHERE client_org_id = ? ORDER BY external_user",
        (client_org_id,),
    )


def standings(db: Db, client: Client, external_user: str | None, now_ms: int) -> list[Standing]:
    """The quotas that apply to a person of a client (None: to the client), with what counts against them."""
    month = month_of(usage_day(now_ms, client.timezone))
    result = []
    for person, quota in _applying(db, client, external_user):
        used = charged_by_day(db, client.id, month, person)
        result.append(Standing(quota, _counted(db, client, quota.currency, used)))
    return result


def resets_at_ms(client: Client, now_ms: int) -> int:
    """The first instant of the client's next month."""
    _, last = month_days(month_of(usage_day(now_ms, client.timezone)))
    return day_start_ms(last + timedelta(days=1), client.timezone)


def charged_by_day(db: Db, client_org_id: str, month: str, external_user: str | None) -> dict[date, int]:
    """Charged 10^-12 USD per day, of a person or (None) of everybody. Summed in two halves: SQLite's SUM overflows."""
    first, last = month_days(month)
    parts = "usage_date, SUM(charged_pusd / 1000000), SUM(charged_pusd % 1000000)"
    bounds = [client_org_id, first.isoformat(), last.isoformat()]
    person = "" if external_user is None else " AND external_user = ?"
    facet = "client" if external_user is None else "user"
    sums: dict[date, int] = {}
    for table in ("usage_daily WHERE", f"imported_days WHERE facet = '{facet}' AND"):
        for day, millions, units in rows(
            db,
            f"SELECT {parts} FROM {table} client_org_id = ? AND usage_date BETWEEN ? AND ?{person} GROUP BY usage_date",
            bounds if external_user is None else [*bounds, external_user],
        ):
            at = date.fromisoformat(day)
            sums[at] = sums.get(at, 0) + millions * 1_000_000 + units
    return sums


def _applying(db: Db, client: Client, external_user: str | None) -> list[tuple[str | None, Quota]]:
    """A client's monthly_limit is its hard limit in USD where no quota was set for it."""
    by_holder = {row["external_user"]: row for row in listed(db, client.id)}
    applying: list[tuple[str | None, Quota]] = []
    if external_user and external_user in by_holder:
        applying.append((external_user, _quota(by_holder[external_user], "person")))
    if WHOLE_CLIENT in by_holder:
        applying.append((None, _quota(by_holder[WHOLE_CLIENT], "client")))
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
    policy = cast(conversion.FxPolicy, client.fx_policy)
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
