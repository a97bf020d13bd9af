"""OpenRouter's books beside ours: its days as told, our days cut at UTC midnight, and the named differences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from mai_core.days import day_bounds_ms, utc_day
from mai_core.reconciliation.comparing import Line, Recorded, Residual
from mai_core.store.connection import Db, dicts, rows
from mai_core.store.imported import EVERY_FACET
from mai_core.upstream.openrouter_account import Credits, Key, ProviderDay

WHOLE_ACCOUNT = ""
"""`key_hash` of rows that are about everything OpenRouter billed to the account."""

SHARED = ""
"""`client_org_id` of compared days that several clients without a key of their own share."""

_EVENT = (
    "generation_id, client_org_id, at_ms, model, provider, coalesce(reported_pusd, raw_pusd), reported_pusd IS NULL"
)


def put_provider_days(db: Db, key_hash: str, told: Sequence[ProviderDay], now_ms: int) -> None:
    """The days that were told, as they were told now; days that OpenRouter no longer tells stay."""
    for day in {one.day for one in told}:
        db.execute("DELETE FROM provider_days WHERE utc_date = ? AND key_hash = ?", (day.isoformat(), key_hash))
    db.executemany(
        "INSERT INTO provider_days VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                one.day.isoformat(),
                key_hash,
                one.model,
                one.provider,
                one.requests,
                one.input_tokens,
                one.output_tokens,
                one.cost_pusd,
                one.byok_pusd,
                now_ms,
            )
            for one in told
        ],
    )


def put_balances(db: Db, utc_day: str, credit: Credits, keys: Iterable[Key], now_ms: int) -> None:
    balances: list[tuple[str, str, int, int | None]] = [("credits", "credits", credit.used_pusd, credit.bought_pusd)]
    balances += [(key.hash, key.name or key.label, key.usage_pusd, key.limit_pusd) for key in keys]
    db.executemany(
        "INSERT INTO provider_balances VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (utc_date, subject) DO UPDATE SET"
        " label = excluded.label, used_pusd = excluded.used_pusd, limit_pusd = excluded.limit_pusd,"
        " fetched_at_ms = excluded.fetched_at_ms",
        [(utc_day, *balance, now_ms) for balance in balances],
    )


def balances(db: Db) -> list[dict[str, Any]]:
    return dicts(
        db,
        "SELECT * FROM provider_balances WHERE utc_date = (SELECT max(utc_date) FROM provider_balances)"
        " ORDER BY subject",
    )


def events_of_utc_days(db: Db, client_ids: Iterable[str], first: date, last: date) -> list[Recorded]:
    """The ledger of UTC days: local usage days reach into the neighbours, so those are looked at too."""
    start_ms, end_ms = day_bounds_ms(first, "UTC")[0], day_bounds_ms(last, "UTC")[1]
    found: list[Recorded] = []
    for client_org_id in client_ids:
        found += [
            _recorded(row)
            for row in rows(
                db,
                f"SELECT {_EVENT} FROM usage_events WHERE client_org_id = ? AND usage_date BETWEEN ? AND ?"
                " AND at_ms >= ? AND at_ms < ?",
                (
                    client_org_id,
                    (first - timedelta(days=1)).isoformat(),
                    (last + timedelta(days=1)).isoformat(),
                    start_ms,
                    end_ms,
                ),
            )
        ]
    return found


def events_by_id(db: Db, client_ids: Iterable[str], generation_ids: Iterable[str]) -> dict[str, Recorded]:
    ids = list(client_ids)
    found: dict[str, Recorded] = {}
    for generation_id in generation_ids:
        for client_org_id in ids:
            for row in rows(
                db,
                f"SELECT {_EVENT} FROM usage_events WHERE client_org_id = ? AND generation_id = ?",
                (client_org_id, generation_id),
            ):
                found[generation_id] = _recorded(row)
    return found


def _recorded(row: Sequence[Any]) -> Recorded:
    generation_id, client_org_id, at_ms, model, provider, cost, is_estimate = row
    return Recorded(generation_id, client_org_id, utc_day(at_ms), model, provider, cost, bool(is_estimate))


def standing_elsewhere(db: Db, generation_ids: Iterable[str], all_clients: Iterable[str]) -> set[str]:
    """Ids that are booked, for whichever client."""
    return set(events_by_id(db, all_clients, generation_ids))


def waiting_unrouted(db: Db, generation_ids: Iterable[str]) -> set[str]:
    """Ids that wait in quarantine for a route."""
    waiting = {
        str(generation_id)
        for (generation_id,) in rows(
            db,
            "SELECT body ->> '$.observation.generation_id' FROM quarantine"
            " WHERE state = 'waiting' AND reason_code = 'unrouted' AND body IS NOT NULL",
        )
    }
    return waiting & set(generation_ids)


def unrouted_days(db: Db) -> set[date]:
    return {
        utc_day(at_ms)
        for (at_ms,) in rows(
            db, "SELECT received_at_ms FROM quarantine WHERE state = 'waiting' AND reason_code = 'unrouted'"
        )
    }


def days_with_imports(db: Db, client_ids: Iterable[str]) -> set[date]:
    """Days whose usage came in as totals of an older system: filling gaps there would count twice."""
    return {
        date.fromisoformat(day)
        for client_org_id in client_ids
        for (day,) in rows(
            db,
            f"SELECT DISTINCT usage_date FROM imported_days WHERE {EVERY_FACET} AND client_org_id = ?",
            (client_org_id,),
        )
    }


def replace_open_residuals(
    db: Db, client_org_id: str | None, first: date, last: date, residuals: Iterable[Residual], now_ms: int
) -> None:
    """What still differs after this look; lines that no longer differ are resolved, and stay as history."""
    standing = {
        (row["utc_date"], row["model"], row["provider"], row["class"], row["generation_id"]): row
        for row in open_residuals(db, client_org_id, first, last)
    }
    for one in residuals:
        key = (one.day.isoformat(), one.model, one.provider, one.residual_class, one.generation_id)
        known = standing.pop(key, None)
        if known is None:
            _insert(db, client_org_id, one, now_ms, None)
        else:
            db.execute(
                "UPDATE residuals SET billed_pusd = ?, recorded_pusd = ? WHERE id = ?",
                (one.billed_pusd, one.recorded_pusd, known["id"]),
            )
    for row in standing.values():
        db.execute("UPDATE residuals SET resolved_at_ms = ? WHERE id = ?", (now_ms, row["id"]))


def put_compared(db: Db, client_org_id: str | None, days: Iterable[date], lines: Iterable[Line], now_ms: int) -> None:
    """How the two sums of each day stand after this look; a day without a line was compared, too."""
    sums = dict.fromkeys(days, (0, 0))
    for line in lines:
        billed, recorded = sums[line.day]
        sums[line.day] = (billed + line.billed_pusd, recorded + line.recorded_pusd)
    db.executemany(
        "INSERT INTO reconciled_days VALUES (?, ?, ?, ?, ?) ON CONFLICT (utc_date, client_org_id) DO UPDATE SET"
        " billed_pusd = excluded.billed_pusd, recorded_pusd = excluded.recorded_pusd,"
        " compared_at_ms = excluded.compared_at_ms",
        [(day.isoformat(), client_org_id or SHARED, *pair, now_ms) for day, pair in sums.items()],
    )


def compared_days(db: Db, first: date, last: date) -> list[dict[str, Any]]:
    """Each compared UTC day of each client (or of what is shared), the latest first."""
    return dicts(
        db,
        "SELECT * FROM reconciled_days WHERE utc_date BETWEEN ? AND ? ORDER BY utc_date DESC, client_org_id",
        (first.isoformat(), last.isoformat()),
    )


def note_resolved(db: Db, client_org_id: str | None, residual: Residual, now_ms: int) -> None:
    _insert(db, client_org_id, residual, now_ms, now_ms)


def _insert(db: Db, client_org_id: str | None, one: Residual, now_ms: int, resolved_at_ms: int | None) -> None:
    db.execute(
        "INSERT INTO residuals (utc_date, client_org_id, model, provider, class, generation_id, billed_pusd,"
        " recorded_pusd, found_at_ms, resolved_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            one.day.isoformat(),
            client_org_id,
            one.model,
            one.provider,
            one.residual_class,
            one.generation_id,
            one.billed_pusd,
            one.recorded_pusd,
            now_ms,
            resolved_at_ms,
        ),
    )


def open_residuals(db: Db, client_org_id: str | None, first: date, last: date) -> list[dict[str, Any]]:
    """Of one client, or (None) of what belongs to no client."""
    return dicts(
        db,
        "SELECT * FROM residuals WHERE client_org_id IS ? AND utc_date BETWEEN ? AND ? AND resolved_at_ms IS NULL"
        " ORDER BY utc_date, model, provider, id",
        (client_org_id, first.isoformat(), last.isoformat()),
    )


def listed(db: Db, first: date, last: date) -> list[dict[str, Any]]:
    """Everything that was found about a span of UTC days, for pages and the command line."""
    return dicts(
        db,
        "SELECT * FROM residuals WHERE utc_date BETWEEN ? AND ? ORDER BY utc_date DESC, client_org_id, model, id",
        (first.isoformat(), last.isoformat()),
    )
