"""Writing what an older system knew: history of days, clients, people and remembered generations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mai_core.store import ledger
from mai_core.store.connection import Db, dicts, rows

_KEY = ("facet", "client_org_id", "usage_date", "external_user", "model", "provider", "user_id")
_VALUES = (
    "total_tokens",
    "total_requests",
    "raw_pusd",
    "charged_pusd",
    "raw_cost",
    "markup_cost",
    "primary_model",
    "unique_users",
    "created_at",
    "updated_at",
)
_PUT_DAY = (
    f"INSERT INTO imported_days ({', '.join((*_KEY, *_VALUES))}) VALUES ({', '.join('?' * 17)})"
    f" ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in _VALUES)
)


EVERY_FACET = "facet IN ('client', 'user', 'model')"
"""Named, because the key of the table begins with it: a question that leaves it out reads all of every client."""


def history_of(db: Db, client_org_id: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """A client's imported rows by their key."""
    found = dicts(db, f"SELECT * FROM imported_days WHERE {EVERY_FACET} AND client_org_id = ?", (client_org_id,))
    return {tuple(row[name] for name in _KEY): row for row in found}


def has_day(db: Db, client_org_id: str, usage_date: str) -> bool:
    found = rows(
        db,
        "SELECT 1 FROM imported_days WHERE facet = 'client' AND client_org_id = ? AND usage_date = ? LIMIT 1",
        (client_org_id, usage_date),
    )
    return bool(found)


def put_history(db: Db, days: Iterable[Mapping[str, Any]]) -> None:
    """Write days; each is read from the ledger again from now on."""
    reopened: set[tuple[str, str]] = set()
    for day in days:
        place = (day["client_org_id"], day["usage_date"])
        if place not in reopened:
            ledger.reopen_day(db, *place)
            reopened.add(place)
        db.execute(_PUT_DAY, [day[name] for name in (*_KEY, *_VALUES)])


def own_days(db: Db, client_org_id: str) -> dict[str, tuple[int, int, int, int]]:
    """Days that the ledger has from events: requests, tokens, raw and charged amounts."""
    days: dict[str, tuple[int, int, int, int]] = {}
    for day, *facts in db.execute(
        "SELECT usage_date, requests, input_tokens + output_tokens, raw_pusd, charged_pusd FROM usage_daily"
        " WHERE client_org_id = ?",
        (client_org_id,),
    ):
        standing = days.get(day, (0, 0, 0, 0))
        requests, tokens, raw, charged = (one + other for one, other in zip(standing, facts, strict=True))
        days[day] = (requests, tokens, raw, charged)
    return days


def any_event_known(db: Db, client_org_id: str, generation_ids: Sequence[str]) -> bool:
    return any(
        rows(db, "SELECT 1 FROM usage_events WHERE client_org_id = ? AND generation_id = ?", (client_org_id, one))
        for one in generation_ids
    )


def invoiced_months(db: Db, client_org_id: str) -> frozenset[str]:
    found = db.execute("SELECT month FROM invoiced_months WHERE client_org_id = ?", (client_org_id,))
    return frozenset(str(month) for (month,) in found)


def remember_generations(db: Db, generations: Iterable[Sequence[Any]]) -> int:
    """(id, client, day, processed at, cost, tokens); how many were not known before."""
    before = db.total_changes()
    db.executemany(
        "INSERT INTO processed_generations (id, client_org_id, generation_date, processed_at, total_cost, total_tokens)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (client_org_id, id) DO NOTHING",
        generations,
    )
    return db.total_changes() - before


def unknown_generations(db: Db, generations: Iterable[Sequence[Any]]) -> int:
    """How many `remember_generations` would add."""
    return sum(
        not rows(db, "SELECT 1 FROM processed_generations WHERE client_org_id = ? AND id = ?", (row[1], row[0]))
        for row in generations
    )


def stamp_client(db: Db, client_org_id: str, created_at: int, updated_at: int, is_active: bool) -> None:
    db.execute(
        "UPDATE client_organizations SET created_at = ?, updated_at = ?, is_active = ? WHERE id = ?",
        (created_at, updated_at, int(is_active), client_org_id),
    )


def stamp_mapping(db: Db, row_id: str, created_at: int, updated_at: int, is_active: bool) -> None:
    db.execute(
        "UPDATE user_client_mapping SET created_at = ?, updated_at = ?, is_active = ? WHERE id = ?",
        (created_at, updated_at, int(is_active), row_id),
    )


def mapping_of(db: Db, client_org_id: str, external_user: str) -> dict[str, Any] | None:
    found = dicts(
        db,
        "SELECT * FROM user_client_mapping WHERE client_org_id = ? AND openrouter_user_id = ?",
        (client_org_id, external_user),
    )
    return found[0] if found else None
