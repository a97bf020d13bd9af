"""Closing a day: its events, its facts, where they were archived, and what may be removed after that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from mai_core.store import sealing
from mai_core.store.connection import Db, dicts, rows
from mai_core.store.ledger import EVENT_COLUMNS, DayKey, Facts

MOST_LEFT_BEHIND = 60
"""Days without an archive that one run takes along, so that a long history does not make it a long run."""

FACT_COLUMNS = ("external_user", "model", "provider", *Facts._fields, "last_at_ms")

_AGGREGATE = """
    SELECT external_user, model, provider, count(*), sum(input_tokens), sum(output_tokens), sum(cached_tokens),
           sum(cache_write_tokens), sum(reasoning_tokens), sum(raw_pusd), sum(charged_pusd),
           sum(cost_basis = 'unpriced'), sum(is_byok IS 1), max(at_ms)
    FROM usage_events WHERE client_org_id = ? AND usage_date = ? AND held = 0
    GROUP BY external_user, model, provider ORDER BY external_user, model, provider
"""
_STANDING = f"""
    SELECT {", ".join(FACT_COLUMNS)} FROM usage_daily WHERE client_org_id = ? AND usage_date = ?
    ORDER BY external_user, model, provider
"""
_PUT = (
    f"INSERT INTO usage_daily ({', '.join((*DayKey._fields, *Facts._fields))}, last_at_ms)"
    f" VALUES ({', '.join('?' * (len(DayKey._fields) + len(Facts._fields) + 1))})"
)


def days_to_close(db: Db, client_org_id: str, named: set[str], also_open: bool) -> list[str]:
    """Days of a client that have usage: those named, and with `also_open` every one that is not sealed, and the oldest
    of those that were sealed by hand and never archived."""
    with_events = sealing.distinct_days(db, "usage_events", client_org_id)
    with_usage = with_events | sealing.distinct_days(db, "usage_daily", client_org_id)
    sealed = {
        str(day)
        for (day,) in db.execute("SELECT usage_date FROM sealed_days WHERE client_org_id = ?", (client_org_id,))
    }
    wanted = with_usage & named
    if also_open:
        archived = {
            str(day) for (day,) in rows(db, "SELECT usage_date FROM archives WHERE client_org_id = ?", (client_org_id,))
        }
        wanted |= with_usage - sealed
        wanted |= set(sorted(with_events - archived)[:MOST_LEFT_BEHIND])
    return sorted(wanted)


class Extent(NamedTuple):
    """About how many events a day has (as its facts say), and between which row numbers they lie."""

    many: int
    first: int
    last: int


def extent_of_day(db: Db, client_org_id: str, day: str) -> Extent:
    """Three steps in an index; counting the events themselves would visit every one."""
    found = rows(
        db,
        """
        SELECT (SELECT coalesce(sum(requests), 0) FROM usage_daily WHERE client_org_id = ?1 AND usage_date = ?2),
               (SELECT coalesce(min(seq), 9223372036854775807) FROM usage_events
                WHERE client_org_id = ?1 AND usage_date = ?2),
               (SELECT coalesce(max(seq), 0) FROM usage_events WHERE client_org_id = ?1 AND usage_date = ?2)
        """,
        (client_org_id, day),
    )
    return Extent(*found[0])


SWEEPS = 2
"""Views `sweep_1` and up: each shows its part of the rows between two row numbers."""


def begin_sweep(db: Db, day: str, first: int, last: int) -> None:
    """Shows the events of a day, of all clients, in the views that DuckDB reads."""
    length = (last - first) // SWEEPS + 1
    db.executemany(
        "INSERT INTO sweeps (part, usage_date, first_seq, last_seq) VALUES (?, ?, ?, ?) ON CONFLICT (part) DO UPDATE"
        " SET usage_date = excluded.usage_date, first_seq = excluded.first_seq, last_seq = excluded.last_seq",
        [(part, day, first + (part - 1) * length, first + part * length - 1) for part in range(1, SWEEPS + 1)],
    )


def begin_closing(db: Db, client_org_id: str, day: str) -> None:
    db.execute(
        "INSERT INTO closings (client_org_id, usage_date) VALUES (?, ?) ON CONFLICT DO NOTHING", (client_org_id, day)
    )


def still_closing(db: Db, client_org_id: str, day: str) -> bool:
    """False when an event of that day was added, changed or removed since `begin_closing`."""
    return _archived(db, client_org_id, day) is not None


def is_archived(db: Db, client_org_id: str, day: str) -> bool:
    """True while the archive holds what the ledger has (or had, before cleanup took the events out)."""
    row = get(db, client_org_id, day)
    if row is None:
        return False
    return row["events_removed_at_ms"] is not None or _archived(db, client_org_id, day) == 1


def mark_archived(db: Db, client_org_id: str, day: str) -> None:
    db.execute("UPDATE closings SET archived = 1 WHERE client_org_id = ? AND usage_date = ?", (client_org_id, day))


def _archived(db: Db, client_org_id: str, day: str) -> int | None:
    row = db.execute(
        "SELECT archived FROM closings WHERE client_org_id = ? AND usage_date = ?", (client_org_id, day)
    ).fetchone()
    return None if row is None else int(row[0])


def seal_agrees(db: Db, client_org_id: str, day: str) -> bool:
    """A sealed day whose facts in the ledger still add up to what was sealed."""
    found = rows(
        db,
        "SELECT rows, sum_raw, sum_charged FROM sealed_days WHERE client_org_id = ? AND usage_date = ?",
        (client_org_id, day),
    )
    return bool(found) and sealing.sums_of_days(db, client_org_id, [day]).get(day, (0, "0", "0")) == found[0]


def facts_of_events(db: Db, client_org_id: str, day: str) -> list[tuple[Any, ...]]:
    """What the events of a day add up to, in the shape of `usage_daily`."""
    return list(db.execute(_AGGREGATE, (client_org_id, day)))


def standing_facts(db: Db, client_org_id: str, day: str) -> list[tuple[Any, ...]]:
    return list(db.execute(_STANDING, (client_org_id, day)))


def replace_facts(db: Db, client_org_id: str, day: str, facts: Iterable[Sequence[Any]]) -> None:
    db.execute("DELETE FROM usage_daily WHERE client_org_id = ? AND usage_date = ?", (client_org_id, day))
    db.executemany(_PUT, [(client_org_id, day, *row) for row in facts])


def note_day_correction(
    db: Db, now_ms: int, client_org_id: str, day: str, before: str, after: str, delta_raw: int, delta_charged: int
) -> None:
    db.execute(
        "INSERT INTO day_corrections (client_org_id, usage_date, found_at_ms, before, after, delta_raw_pusd,"
        " delta_charged_pusd) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (client_org_id, day, now_ms, before, after, delta_raw, delta_charged),
    )


def events_of_day(db: Db, client_org_id: str, day: str) -> list[tuple[Any, ...]]:
    """Every event of a day in the one order that archives use, whatever order they came in."""
    return db.execute(
        f"SELECT {', '.join(EVENT_COLUMNS)} FROM usage_events WHERE client_org_id = ? AND usage_date = ?"
        " ORDER BY at_ms, generation_id",
        (client_org_id, day),
    ).fetchall()


def put(db: Db, row: dict[str, Any]) -> None:
    names = ", ".join(row)
    db.execute(
        f"INSERT INTO archives ({names}) VALUES ({', '.join('?' * len(row))})"
        f" ON CONFLICT (client_org_id, usage_date) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in row if name not in ("client_org_id", "usage_date"))
        + ", verified_at_ms = NULL, events_removed_at_ms = NULL",
        list(row.values()),
    )


def get(db: Db, client_org_id: str, day: str) -> dict[str, Any] | None:
    rows = dicts(db, "SELECT * FROM archives WHERE client_org_id = ? AND usage_date = ?", (client_org_id, day))
    return rows[0] if rows else None


def mark_verified(db: Db, client_org_id: str, day: str, now_ms: int | None) -> None:
    db.execute(
        "UPDATE archives SET verified_at_ms = ? WHERE client_org_id = ? AND usage_date = ?",
        (now_ms, client_org_id, day),
    )


def removable(db: Db, before_day: str) -> list[dict[str, Any]]:
    """Archived days older than the limit whose events are still in the ledger, oldest first."""
    return dicts(
        db,
        "SELECT a.* FROM archives AS a WHERE a.usage_date < ? AND a.events_removed_at_ms IS NULL ORDER BY a.usage_date,"
        " a.client_org_id",
        (before_day,),
    )


def remove_events(db: Db, client_org_id: str, day: str, now_ms: int) -> int:
    db.execute("DELETE FROM usage_events WHERE client_org_id = ? AND usage_date = ?", (client_org_id, day))
    removed = int(db.changes())
    db.execute(
        "UPDATE archives SET events_removed_at_ms = ? WHERE client_org_id = ? AND usage_date = ?",
        (now_ms, client_org_id, day),
    )
    return removed


def put_back_events(db: Db, client_org_id: str, day: str, events: Iterable[Sequence[Any]]) -> int:
    """Archived events into the ledger again; one that is there already stays as it is."""
    before = _many(db, client_org_id, day)
    db.executemany(
        f"INSERT INTO usage_events ({', '.join(EVENT_COLUMNS)}) VALUES ({', '.join('?' * len(EVENT_COLUMNS))})"
        " ON CONFLICT (client_org_id, generation_id) DO NOTHING",
        events,
    )
    db.execute(
        "UPDATE archives SET events_removed_at_ms = NULL WHERE client_org_id = ? AND usage_date = ?",
        (client_org_id, day),
    )
    return _many(db, client_org_id, day) - before


def _many(db: Db, client_org_id: str, day: str) -> int:
    question = "SELECT count(*) FROM usage_events WHERE client_org_id = ? AND usage_date = ?"
    return int(rows(db, question, (client_org_id, day))[0][0])


def event_files(db: Db, client_org_id: str, first: str, last: str) -> list[dict[str, Any]]:
    """Archive files of days whose events are no longer in the ledger: where a generation of such a day is found."""
    return dicts(
        db,
        "SELECT usage_date, file FROM archives WHERE client_org_id = ? AND usage_date BETWEEN ? AND ?"
        " AND events_removed_at_ms IS NOT NULL ORDER BY usage_date",
        (client_org_id, first, last),
    )
