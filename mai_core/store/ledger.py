"""The ledger's named operations: one generation once, its day's facts beside it in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from mai_core.merging import MERGED_FIELDS, Ranked
from mai_core.store.connection import Db, rows

Row = Sequence[Any]
"""The values of an event in the order of EVENT_COLUMNS."""


class DayKey(NamedTuple):
    """One row of the fact table."""

    client_org_id: str
    usage_date: str
    external_user: str
    model: str
    provider: str


class Facts(NamedTuple):
    """What one generation adds to its day."""

    requests: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    raw_pusd: int
    charged_pusd: int
    unpriced_requests: int
    byok_requests: int

    def negated(self) -> Facts:
        return Facts(*(-value for value in self))


EVENT_COLUMNS = (
    "client_org_id",
    "generation_id",
    "at_ms",
    "started_at_ms",
    "usage_date",
    "external_user",
    "model",
    "provider",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
    "audio_tokens",
    "output_images",
    "searches",
    "reported_pusd",
    "upstream_pusd",
    "estimated_pusd",
    "priced_pusd",
    "given_charge_pusd",
    "raw_pusd",
    "charged_pusd",
    "cost_basis",
    "markup",
    "markup_from",
    "price_id",
    "sale_price_id",
    "is_byok",
    "cancelled",
    "streamed",
    "finish_reason",
    "session_id",
    "api_key_name",
    "flags",
    "source",
    "field_ranks",
    "held",
    "received_at_ms",
    "updated_at_ms",
)

row_of = itemgetter(*EVENT_COLUMNS)

_PLACES = f"({', '.join('?' * len(EVENT_COLUMNS))})"
_INSERT_EVENT = f"INSERT INTO usage_events ({', '.join(EVENT_COLUMNS)}) VALUES {_PLACES}"
_BUNDLES = (100, 30, 10, 3, 1)
"""Few sizes, so that every statement stays prepared (apsw keeps none that is longer than 16 KB)."""
_INSERT_EVENTS = {size: _INSERT_EVENT + f", {_PLACES}" * (size - 1) for size in _BUNDLES}
_UPDATE_EVENT = (
    f"UPDATE usage_events SET {', '.join(f'{name} = ?' for name in EVENT_COLUMNS[2:])}"
    " WHERE client_org_id = ? AND generation_id = ?"
)
_SELECT_EVENT = f"SELECT {', '.join(EVENT_COLUMNS)} FROM usage_events WHERE client_org_id = ? AND generation_id = ?"
_ADD_TO_DAY = (
    f"INSERT INTO usage_daily ({', '.join(DayKey._fields + Facts._fields)}, last_at_ms)"
    f" VALUES ({', '.join('?' * (len(DayKey._fields) + len(Facts._fields) + 1))})"
    f" ON CONFLICT ({', '.join(DayKey._fields)}) DO UPDATE SET "
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in Facts._fields)
    + ", last_at_ms = max(last_at_ms, excluded.last_at_ms)"
)

_REMEMBER = (
    "INSERT INTO processed_generations (id, client_org_id, generation_date, processed_at, total_cost, total_tokens)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (client_org_id, id) DO NOTHING"
)
_QUEUE = (
    "INSERT INTO outbox (client_org_id, generation_id, queued_at_ms) VALUES (?, ?, ?)"
    " ON CONFLICT DO UPDATE SET queued_at_ms = max(queued_at_ms + 1, excluded.queued_at_ms), refused = NULL"
)

_SINCE = " FROM usage_events WHERE seq > ?"
_RAW_COST = (
    "rtrim(rtrim(format('%s%d.%012d', iif(raw_pusd < 0, '-', ''), abs(raw_pusd) / 1000000000000,"
    " abs(raw_pusd) % 1000000000000), '0'), '.')"
)
"""`money.shortest_text` of raw_pusd."""


def _copied_since(insert: str, columns: str) -> str:
    """The same insertion, of every event after a place."""
    head, rest = insert.split(" VALUES ")
    return f"{head} SELECT {columns}{_SINCE}{rest[rest.index(')') + 1 :]}"


_REMEMBER_SINCE = _copied_since(
    _REMEMBER, f"generation_id, client_org_id, usage_date, ?, {_RAW_COST}, input_tokens + output_tokens"
)
_ADD_TO_DAYS_SINCE = _copied_since(
    _ADD_TO_DAY,
    ", ".join(DayKey._fields) + ", 1, input_tokens, output_tokens, cached_tokens, cache_write_tokens,"
    " reasoning_tokens, raw_pusd, charged_pusd, cost_basis = 'unpriced', is_byok IS 1, at_ms",
)
_QUEUE_SINCE = _copied_since(_QUEUE, "client_org_id, generation_id, ?")


def remember(
    db: Db, generation_id: str, client_org_id: str, day: str, now_ms: int, total_cost: str, total_tokens: int
) -> bool:
    """True when this generation was not known: the dedupe memory decides, in the event's own transaction."""
    db.execute(_REMEMBER, (generation_id, client_org_id, day, now_ms // 1000, total_cost, total_tokens))
    return db.changes() == 1


def is_known(db: Db, client_org_id: str, generation_id: str) -> bool:
    return bool(
        db.execute(
            "SELECT 1 FROM processed_generations WHERE client_org_id = ?1 AND id = ?2"
            " UNION ALL SELECT 1 FROM usage_events WHERE client_org_id = ?1 AND generation_id = ?2 LIMIT 1",
            (client_org_id, generation_id),
        ).fetchall()
    )


def known_generations(db: Db, keys: Iterable[tuple[str, str]], *, also_events: bool) -> set[tuple[str, str]]:
    """Which of (client, generation) are known; `also_events` asks the events too, whose memory may be gone."""
    by_client: dict[str, list[str]] = {}
    for client, generation_id in keys:
        by_client.setdefault(client, []).append(generation_id)
    tables = (("processed_generations", "id"), ("usage_events", "generation_id"))[: 2 if also_events else 1]
    return {
        (client, str(found))
        for client, ids in by_client.items()
        for some in _pieces(ids, 1000)
        for table, column in tables
        for (found,) in rows(
            db,
            f"SELECT {column} FROM {table} WHERE client_org_id = ? AND {column} IN ({', '.join('?' * len(some))})",
            (client, *some),
        )
    }


def insert_new_events(db: Db, events: Sequence[Row], now_ms: int, *, outbox: bool) -> None:
    """Events of generations that are not known, with all that one at a time would write: the dedupe memory, their
    days' facts and the outbox are copied from the rows that stand. SQLite works on many rows per statement, and
    meanwhile other threads read and parse requests.
    """
    [(last,)] = rows(db, "SELECT coalesce(max(seq), 0) FROM usage_events")
    place = 0
    for bundle in _BUNDLES:
        while len(events) - place >= bundle:
            db.execute(_INSERT_EVENTS[bundle], tuple(chain.from_iterable(events[place : place + bundle])))
            place += bundle
    db.execute(_REMEMBER_SINCE, (now_ms // 1000, last))
    db.execute(_ADD_TO_DAYS_SINCE, (last,))
    if outbox:
        db.execute(_QUEUE_SINCE, (now_ms, last))


def _pieces(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def insert_event(db: Db, event: dict[str, Any]) -> None:
    db.execute(_INSERT_EVENT, [event[name] for name in EVENT_COLUMNS])


def update_event(db: Db, event: dict[str, Any]) -> None:
    values = [event[name] for name in EVENT_COLUMNS[2:]]
    db.execute(_UPDATE_EVENT, [*values, event["client_org_id"], event["generation_id"]])


def find_event(db: Db, client_org_id: str, generation_id: str) -> dict[str, Any] | None:
    for row in db.execute(_SELECT_EVENT, (client_org_id, generation_id)).fetchall():
        return dict(zip(EVENT_COLUMNS, row, strict=True))
    return None


def add_to_day(db: Db, key: DayKey, facts: Facts, at_ms: int) -> None:
    db.execute(_ADD_TO_DAY, (*key, *facts, at_ms))


def take_from_day(db: Db, key: DayKey, facts: Facts, at_ms: int) -> None:
    """Undo what an event added, so that the row is what it would be had the event never been there."""
    add_to_day(db, key, facts.negated(), 0)
    where = " AND ".join(f"{name} = ?" for name in DayKey._fields)
    db.execute(f"DELETE FROM usage_daily WHERE {where} AND requests = 0", key)
    db.execute(
        "UPDATE usage_daily SET last_at_ms = coalesce((SELECT max(at_ms) FROM usage_events WHERE"
        f" {where} AND held = 0), last_at_ms) WHERE {where} AND last_at_ms = ?",
        (*key, *key, at_ms),
    )


def reopen_day(db: Db, client_org_id: str, usage_date: str) -> bool:
    """A sealed day that changes is read from the ledger again; True when it was sealed."""
    db.execute("DELETE FROM sealed_days WHERE client_org_id = ? AND usage_date = ?", (client_org_id, usage_date))
    return db.changes() > 0


def is_invoiced(db: Db, client_org_id: str, usage_date: str) -> bool:
    return bool(
        db.execute(
            "SELECT 1 FROM invoiced_months WHERE client_org_id = ? AND month = ?", (client_org_id, usage_date[:7])
        ).fetchall()
    )


def queue_for_influx(db: Db, client_org_id: str, generation_id: str, now_ms: int) -> None:
    db.execute(_QUEUE, (client_org_id, generation_id, now_ms))


def put_correction(
    db: Db,
    now_ms: int,
    event: dict[str, Any],
    reason: str,
    before: str,
    after: str,
    delta_raw_pusd: int,
    delta_charged_pusd: int,
) -> None:
    """An invoiced day is not touched: what would have changed waits here, once per generation."""
    db.execute(
        "INSERT INTO corrections (client_org_id, usage_date, generation_id, reason, before, after, delta_raw_pusd,"
        " delta_charged_pusd, created_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (client_org_id, generation_id) WHERE state = 'waiting' DO UPDATE SET"
        " after = excluded.after, delta_raw_pusd = excluded.delta_raw_pusd,"
        " delta_charged_pusd = excluded.delta_charged_pusd, reason = excluded.reason",
        (
            event["client_org_id"],
            event["usage_date"],
            event["generation_id"],
            reason,
            before,
            after,
            delta_raw_pusd,
            delta_charged_pusd,
            now_ms,
        ),
    )


def waiting_correction(db: Db, client_org_id: str, generation_id: str) -> str | None:
    """The proposed state of a generation on an invoiced day, as it was written by put_correction."""
    for (after,) in db.execute(
        "SELECT after FROM corrections WHERE client_org_id = ? AND generation_id = ? AND state = 'waiting'",
        (client_org_id, generation_id),
    ).fetchall():
        return str(after)
    return None


_ABSENT = "."
_RANKS = "0123456789"


def ranks_text(source_rank: int, fields: Ranked) -> str:
    """The source's rank, then who told which field in the order of MERGED_FIELDS: '77..77777...7'."""
    told = [_RANKS[pair[0]] if (pair := fields.get(name)) else _ABSENT for name in MERGED_FIELDS]
    return f"{source_rank}{''.join(told)}"


@lru_cache(maxsize=1024)
def ranks_text_of_one(rank: int, told: tuple[str, ...]) -> str:
    """The same where one source told all; few combinations ever occur."""
    return ranks_text(rank, dict.fromkeys(told, (rank, None)))


def source_rank(event: dict[str, Any]) -> int:
    """The rank of the way in that `source` names."""
    return int(event["field_ranks"][0])


def fields_from(event: dict[str, Any]) -> Ranked:
    """The merged fields of a stored event with their ranks, as merging knows them."""
    return {
        name: (int(rank), bool(event[name]) if name in ("is_byok", "cancelled", "streamed") else event[name])
        for name, rank in zip(MERGED_FIELDS, event["field_ranks"][1:], strict=True)
        if rank != _ABSENT
    }
