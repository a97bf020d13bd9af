"""NBP's tables as they were told, which days they settle, and what is still to be confirmed by a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

from mai_core import conversion
from mai_core.conversion import Answered, DayRate, KnownRates, RateTable
from mai_core.days import month_of, parse_day
from mai_core.errors import Conflict, NotFound
from mai_core.store import audit
from mai_core.store.connection import Db, dicts, rows

USD = "USD"


@dataclass(slots=True)
class Recorded:
    """What an answer of NBP brought."""

    new: int = 0
    held: list[date] = field(default_factory=list)
    contradicted: list[date] = field(default_factory=list)
    """Days for which NBP now tells another rate than the one in use; the one in use stays."""


def known(db: Db, currency: str = USD) -> KnownRates:
    """What conversion chooses from."""
    tables, held = [], []
    for table, state in _tables(db, currency):
        if state == "used":
            tables.append(table)
        elif state == "held":
            held.append(table.effective_date)
    since, through = _answered(db, currency) or (None, None)
    return KnownRates.of(tables, since, through, held)


def record(db: Db, now_ms: int, answered: Answered, currency: str = USD) -> Recorded:
    """Take over an answer. A table that is 15 % off the one before is held for a person and not used."""
    standing = {table.effective_date: (table, state) for table, state in _tables(db, currency)}
    used = {day: table.rate for day, (table, state) in standing.items() if state == "used"}
    result = Recorded()
    for table in answered.tables:
        day = table.effective_date
        stored, state = standing.get(day, (None, None))
        if state == "used" or (state == "refused" and stored == table):
            if stored != table:
                result.contradicted.append(day)
            continue
        before = max((other for other in used if other < day), default=None)
        held = conversion.is_implausible(table.rate, used[before] if before else None)
        _put(db, now_ms, currency, table, "held" if held else "used")
        if held:
            result.held.append(day)
        else:
            used[day] = table.rate
            result.new += 1
    piece = conversion.joined(_answered(db, currency), answered.since, answered.through)
    since, through = (None, None) if piece is None else (piece[0].isoformat(), piece[1].isoformat())
    db.execute(
        "INSERT INTO rate_answers (currency, from_date, through_date, answered_at_ms) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (currency) DO UPDATE SET from_date = excluded.from_date, through_date = excluded.through_date,"
        " answered_at_ms = excluded.answered_at_ms, last_error = NULL, last_error_at_ms = NULL",
        (currency, since, through, now_ms),
    )
    return result


def record_error(db: Db, now_ms: int, error: str, currency: str = USD) -> None:
    """NBP could not be asked: what is known stays, the reason is shown."""
    db.execute(
        "INSERT INTO rate_answers (currency, last_error, last_error_at_ms) VALUES (?, ?, ?)"
        " ON CONFLICT (currency) DO UPDATE SET last_error = excluded.last_error,"
        " last_error_at_ms = excluded.last_error_at_ms",
        (currency, error, now_ms),
    )


def last_answer(db: Db, currency: str = USD) -> dict[str, Any] | None:
    """from_date, through_date, answered_at_ms, last_error, last_error_at_ms."""
    found = dicts(db, "SELECT * FROM rate_answers WHERE currency = ?", (currency,))
    return found[0] if found else None


def list_tables(db: Db, currency: str = USD, since: str = "", through: str = "9999") -> list[dict[str, Any]]:
    return dicts(
        db,
        "SELECT effective_date, rate, table_no, state, fetched_at_ms FROM exchange_rates"
        " WHERE currency = ? AND effective_date BETWEEN ? AND ? ORDER BY effective_date",
        (currency, since, through),
    )


def accept(db: Db, now_ms: int, day: date, actor: str, currency: str = USD) -> list[date]:
    """A person confirms a held table. Later held ones that are plausible after it are used too; returns all of them."""
    table = _held(db, currency, day)
    _set_state(db, now_ms, currency, table, "used", actor)
    accepted, before = [day], table.rate
    for later, state in _tables(db, currency):
        if later.effective_date <= day or state == "refused":
            continue
        if state == "held":
            if conversion.is_implausible(later.rate, before):
                break
            _set_state(db, now_ms, currency, later, "used", actor)
            accepted.append(later.effective_date)
        before = later.rate
    return accepted


def refuse(db: Db, now_ms: int, day: date, actor: str, currency: str = USD) -> None:
    """A person says that a held table is wrong: it is never used."""
    _set_state(db, now_ms, currency, _held(db, currency, day), "refused", actor)


def policy_of(db: Db, client_org_id: str, day: date, agreed: conversion.FxPolicy) -> conversion.FxPolicy:
    """One policy for all of a month: that of its first fixed day. A change counts from the first month without one."""
    month = month_of(day)
    found = rows(
        db,
        "SELECT policy FROM day_rates WHERE client_org_id = ? AND usage_date BETWEEN ? AND ?"
        " ORDER BY usage_date LIMIT 1",
        (client_org_id, f"{month}-01", f"{month}-31"),
    )
    return cast(conversion.FxPolicy, found[0][0]) if found else agreed


def days_without_rate(db: Db) -> list[tuple[str, date, conversion.FxPolicy]]:
    """(client, day, policy) of every day with usage whose rate is not fixed yet; found by steps along the index."""
    return [
        (client, parse_day(day), policy)
        for client, day, policy in rows(
            db,
            "WITH RECURSIVE used (client, day) AS ("
            " SELECT id, (SELECT min(usage_date) FROM usage_daily WHERE client_org_id = id) FROM client_organizations"
            " UNION ALL SELECT client, (SELECT min(usage_date) FROM usage_daily"
            "  WHERE client_org_id = client AND usage_date > day) FROM used WHERE day IS NOT NULL),"
            " everything (client, day) AS (SELECT client, day FROM used WHERE day IS NOT NULL"
            " UNION SELECT client_org_id, usage_date FROM imported_days)"
            " SELECT e.client, e.day, coalesce((SELECT m.policy FROM day_rates AS m WHERE m.client_org_id = e.client"
            "  AND m.usage_date BETWEEN substr(e.day, 1, 7) || '-01' AND substr(e.day, 1, 7) || '-31'"
            "  ORDER BY m.usage_date LIMIT 1), c.fx_policy) FROM everything AS e"
            " JOIN client_organizations AS c ON c.id = e.client"
            " LEFT JOIN day_rates AS r ON r.client_org_id = e.client AND r.usage_date = e.day"
            " WHERE r.rate IS NULL ORDER BY e.client, e.day",
        )
    ]


def fix_day_rates(db: Db, now_ms: int) -> list[tuple[str, date, DayRate]]:
    """Write down every rate that has become final. It never moves from then on."""
    rates = known(db)
    if not rates.tables:
        return []
    fixed = []
    for client, day, policy in days_without_rate(db):
        rate = conversion.rate_of_day(day, policy, rates)
        if rate.provisional:
            continue
        db.execute(
            "INSERT INTO day_rates (client_org_id, usage_date, rate, table_no, effective_date, policy, fixed_at_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                client,
                day.isoformat(),
                format(rate.rate, "f"),
                rate.table_no,
                rate.effective_date.isoformat(),
                policy,
                now_ms,
            ),
        )
        fixed.append((client, day, rate))
    return fixed


def _tables(db: Db, currency: str) -> list[tuple[RateTable, str]]:
    return [
        (_table(day, rate, number), state)
        for day, rate, number, state in rows(
            db,
            "SELECT effective_date, rate, table_no, state FROM exchange_rates WHERE currency = ?"
            " ORDER BY effective_date",
            (currency,),
        )
    ]


@lru_cache(maxsize=20_000)
def _table(day: str, rate: str, number: str) -> RateTable:
    """Asked for at every quota question; there are 250 tables a year."""
    return RateTable(parse_day(day), Decimal(rate), number)


def _answered(db: Db, currency: str) -> tuple[date, date] | None:
    answer = last_answer(db, currency)
    if answer is None or answer["from_date"] is None:
        return None
    return parse_day(answer["from_date"]), parse_day(answer["through_date"])


def _put(db: Db, now_ms: int, currency: str, table: RateTable, state: str) -> None:
    db.execute(
        "INSERT INTO exchange_rates (currency, effective_date, rate, table_no, fetched_at_ms, state)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (currency, effective_date) DO UPDATE SET rate = excluded.rate,"
        " table_no = excluded.table_no, fetched_at_ms = excluded.fetched_at_ms, state = excluded.state",
        (currency, table.effective_date.isoformat(), format(table.rate, "f"), table.table_no, now_ms, state),
    )


def _held(db: Db, currency: str, day: date) -> RateTable:
    for table, state in _tables(db, currency):
        if table.effective_date == day:
            if state != "held":
                raise Conflict(f"the {currency} rate of {day} is not held: it is {state}")
            return table
    raise NotFound(f"no {currency} rate of {day} is known")


def _set_state(db: Db, now_ms: int, currency: str, table: RateTable, state: str, actor: str) -> None:
    _put(db, now_ms, currency, table, state)
    subject = f"{currency} {table.effective_date} {table.rate}"
    audit.write(db, now_ms, actor, f"rate.{'accept' if state == 'used' else 'refuse'}", subject, None, "held", state)
