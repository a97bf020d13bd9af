"""What one read of the ledger brings: open rows, the list of sealed files, rates, people, clients, freshness."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from mai_core.reports.engine import literal, literals
from mai_core.reports.rates import DayRates, read_rates
from mai_core.reports.source import DAY, TEXT, WHOLE, Query, empty_table

OPEN_COLUMNS: dict[str, pa.DataType] = {
    "facet": TEXT,
    "client_org_id": TEXT,
    "day": DAY,
    "person": TEXT,
    "user_id": TEXT,
    "model": TEXT,
    "provider": TEXT,
    "requests": WHOLE,
    "input_tokens": WHOLE,
    "output_tokens": WHOLE,
    "cached_tokens": WHOLE,
    "cache_write_tokens": WHOLE,
    "reasoning_tokens": WHOLE,
    "total_tokens": WHOLE,
    "unpriced_requests": WHOLE,
    "byok_requests": WHOLE,
    "last_at_ms": WHOLE,
    "charged_pusd": WHOLE,
    "raw_pusd": WHOLE,
}
"""A row of usage as the ledger has it; `raw_pusd` is read for operators and for the internal lake only."""

_EVENT_ROWS = """
SELECT 'event', d.client_org_id, d.usage_date, d.external_user, '', d.model, d.provider, d.requests, d.input_tokens,
       d.output_tokens, d.cached_tokens, d.cache_write_tokens, d.reasoning_tokens, d.input_tokens + d.output_tokens,
       d.unpriced_requests, d.byok_requests, d.last_at_ms, d.charged_pusd{raw}
FROM spans CROSS JOIN usage_daily AS d
WHERE d.client_org_id = spans.client AND d.usage_date BETWEEN spans.first AND spans.last"""

_IMPORTED_ROWS = """
SELECT d.facet, d.client_org_id, d.usage_date, d.external_user, d.user_id, d.model, d.provider, d.total_requests, 0,
       0, 0, 0, 0, d.total_tokens, 0, 0, d.updated_at * 1000, d.charged_pusd{raw}
FROM (SELECT 'client' AS facet UNION ALL SELECT 'user' UNION ALL SELECT 'model') AS f
CROSS JOIN spans CROSS JOIN imported_days AS d
WHERE d.facet = f.facet AND d.client_org_id = spans.client AND d.usage_date BETWEEN spans.first AND spans.last"""

Span = tuple[str, date, date]
"""(client, first day, last day), inclusive."""


@dataclass(frozen=True, slots=True)
class SealedFile:
    client_org_id: str
    file: str
    days: tuple[date, ...]
    """The days that are read from it, in order; a late event takes its day out of the list."""
    written_days: int
    sha256: str = "{}"
    """JSON: half/kind -> digest of that file."""

    @property
    def is_whole(self) -> bool:
        return len(self.days) == self.written_days


@dataclass(frozen=True, slots=True)
class SealedList:
    """All of `sealed_days`, as of one value of its change counter."""

    version: int
    files: tuple[SealedFile, ...]
    days: Mapping[str, frozenset[date]]

    def without(self, damaged: frozenset[str]) -> SealedList:
        """The days of damaged files are open days: the ledger still has every row of them."""
        if not damaged:
            return self
        kept = tuple(file for file in self.files if file.file not in damaged)
        days: dict[str, set[date]] = {}
        for file in kept:
            days.setdefault(file.client_org_id, set()).update(file.days)
        return SealedList(self.version, kept, {client: frozenset(found) for client, found in days.items()})

    def files_between(self, clients: Iterable[str], first: date, last: date) -> list[SealedFile]:
        wanted = set(clients)
        return [
            file
            for file in self.files
            if file.client_org_id in wanted and file.days[0] <= last and file.days[-1] >= first
        ]

    def open_spans(self, clients: Iterable[str], first: date, last: date) -> list[Span]:
        """What is not sealed, as runs of days: the index of the ledger serves each of them directly."""
        return [
            (client, *run)
            for client in clients
            for run in _runs_outside(self.days.get(client, frozenset()), first, last)
        ]


NOTHING_SEALED = SealedList(-1, (), {})


@dataclass(frozen=True, slots=True)
class Snapshot:
    first: date
    last: date
    clients: pa.Table
    """client_org_id, client_name, fx_policy, timezone"""
    people: pa.Table
    """client_org_id, person, user_id, user_name, department"""
    open_rows: pa.Table
    open_spans: tuple[Span, ...]
    files: tuple[SealedFile, ...]
    rates: DayRates
    sealed_through: Mapping[str, date] = field(default_factory=dict)

    @property
    def client_ids(self) -> list[str]:
        return [str(client) for client in self.clients["client_org_id"].to_pylist()]

    @property
    def first_day(self) -> date:
        """No usage before it; after `last_day` where there is no usage at all."""
        return min([file.days[0] for file in self.files if file.days] + self._open_days(), default=date.max)

    @property
    def last_day(self) -> date:
        return max([file.days[-1] for file in self.files if file.days] + self._open_days(), default=date.min)

    def _open_days(self) -> list[date]:
        days: list[date] = self.open_rows["day"].unique().to_pylist()
        return days

    def between(self, first: date, last: date) -> Snapshot:
        """What reading these days alone would have brought."""
        return replace(
            self,
            first=first,
            last=last,
            open_rows=_of_days(self.open_rows, first, last),
            open_spans=tuple(clipped(self.open_spans, first, last)),
            files=tuple(file for file in self.files if file.days[0] <= last and file.days[-1] >= first),
            rates=DayRates(_of_days(self.rates.table, first, last)),
        )

    def digest(self) -> bytes:
        """Two snapshots of the same days with the same digest answer every question alike."""
        found = hashlib.blake2b(digest_size=16)
        found.update(repr((self.first, self.last, self.open_spans, sorted(self.sealed_through.items()))).encode())
        for file in self.files:
            found.update(repr((file.client_org_id, file.file, file.days)).encode())
        for table in (self.clients, self.people, self.open_rows, self.rates.table):
            found.update(repr(table.num_rows).encode())
            for column in table.combine_chunks().columns:
                for buffer in (buffer for chunk in column.chunks for buffer in chunk.buffers() if buffer):
                    found.update(buffer)
        return found.digest()


def _of_days(table: pa.Table, first: date, last: date) -> pa.Table:
    day = table["day"]
    wanted = pc.and_(pc.greater_equal(day, pa.scalar(first, DAY)), pc.less_equal(day, pa.scalar(last, DAY)))
    return table.filter(wanted)


def read_snapshot(
    query: Query,
    known: SealedList,
    client: str | None,
    first: date,
    last: date,
    *,
    with_cost: bool,
    damaged: frozenset[str] = frozenset(),
) -> tuple[Snapshot, SealedList]:
    """Everything in one snapshot of the ledger; the caller's copy of the list is taken again when it is old."""
    listed = read_sealed_list(query, known)
    sealed = listed.without(damaged)
    clients = read_clients(query, client)
    names = [str(name) for name in clients["client_org_id"].to_pylist()]
    spans = sealed.open_spans(names, first, last)
    open_rows = read_open_rows(query, spans, with_cost)
    snapshot = Snapshot(
        first,
        last,
        clients,
        read_people(query, client),
        open_rows,
        tuple(spans),
        tuple(sealed.files_between(names, first, last)),
        read_rates(query, clients, open_rows),
        {name: max(days) for name in names if (days := sealed.days.get(name))},
    )
    return snapshot, listed


def read_sealed_list(query: Query, known: SealedList = NOTHING_SEALED) -> SealedList:
    version = query("SELECT value FROM change_counters WHERE name = 'lake'", {"value": WHOLE})["value"][0].as_py()
    if version == known.version:
        return known
    written = query(
        "SELECT client_org_id, file, days, sha256 FROM sealed_files",
        {"client_org_id": TEXT, "file": TEXT, "days": WHOLE, "sha256": TEXT},
    )
    told = {(row["client_org_id"], row["file"]): (row["days"], row["sha256"]) for row in written.to_pylist()}
    listed = query(
        "SELECT client_org_id, file, usage_date FROM sealed_days ORDER BY client_org_id, usage_date",
        {"client_org_id": TEXT, "file": TEXT, "day": DAY},
    )
    by_file: dict[tuple[str, str], list[date]] = {}
    by_client: dict[str, set[date]] = {}
    for row in listed.to_pylist():
        by_file.setdefault((row["client_org_id"], row["file"]), []).append(row["day"])
        by_client.setdefault(row["client_org_id"], set()).add(row["day"])
    return SealedList(
        version,
        tuple(SealedFile(*key, tuple(days), *told.get(key, (-1, "{}"))) for key, days in by_file.items()),
        {client: frozenset(days) for client, days in by_client.items()},
    )


def read_clients(query: Query, client: str | None) -> pa.Table:
    only = "" if client is None else f" WHERE id = {literal(client)}"
    return query(
        f"SELECT id, name, fx_policy, timezone FROM client_organizations{only} ORDER BY id",
        {"client_org_id": TEXT, "client_name": TEXT, "fx_policy": TEXT, "timezone": TEXT},
    )


def read_people(query: Query, client: str | None) -> pa.Table:
    only = "" if client is None else f" WHERE m.client_org_id = {literal(client)}"
    return query(
        f"""
        SELECT m.client_org_id, m.openrouter_user_id, m.user_id, nullif(p.name, ''), nullif(p.department, '')
        FROM user_client_mapping AS m
        LEFT JOIN people AS p ON p.client_org_id = m.client_org_id AND p.user_id = m.user_id{only}
        UNION ALL
        SELECT m.client_org_id, m.user_id, m.user_id, nullif(m.name, ''), nullif(m.department, '')
        FROM people AS m{only}{" AND" if only else " WHERE"} NOT EXISTS (
            SELECT 1 FROM user_client_mapping AS k
            WHERE k.client_org_id = m.client_org_id AND k.openrouter_user_id = m.user_id)
        """,
        {"client_org_id": TEXT, "person": TEXT, "user_id": TEXT, "user_name": TEXT, "department": TEXT},
    )


def read_open_rows(query: Query, spans: Sequence[Span], with_cost: bool) -> pa.Table:
    columns = dict(OPEN_COLUMNS)
    if not with_cost:
        del columns["raw_pusd"]
    if not spans:
        return empty_table(columns)
    raw = ", d.raw_pusd" if with_cost else ""
    return query(
        span_values(spans) + _EVENT_ROWS.format(raw=raw) + "\nUNION ALL" + _IMPORTED_ROWS.format(raw=raw),
        columns,
    )


def clipped(spans: Sequence[Span], first: date, last: date) -> list[Span]:
    """The part of the spans that lies in a period."""
    return [(client, max(a, first), min(b, last)) for client, a, b in spans if a <= last and b >= first]


def span_values(spans: Sequence[Span]) -> str:
    """The beginning of a query over `spans`, each served by the index."""
    return f"WITH spans (client, first, last) AS (VALUES {', '.join(f'({literals(span)})' for span in spans)})\n"


def _runs_outside(sealed: frozenset[date], first: date, last: date) -> list[tuple[date, date]]:
    runs: list[tuple[date, date]] = []
    start = first
    for day in sorted(day for day in sealed if first <= day <= last):
        if day > start:
            runs.append((start, day - timedelta(days=1)))
        start = day + timedelta(days=1)
    if start <= last:
        runs.append((start, last))
    return runs
