"""`Reporting`: opened once per process; a `Page` is one snapshot of the ledger and the questions asked of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from mai_core.errors import BadValue, MaiError, NotFound
from mai_core.reports.engine import DAMAGE_ERRORS, Connection, DuckDBError, open_reader
from mai_core.reports.generations import read_generations
from mai_core.reports.lake import Lake
from mai_core.reports.periods import previous_period
from mai_core.reports.registry import QUESTIONS, Question, parameters_of, sql_of
from mai_core.reports.relation import Filters, create_filtered, create_generations, create_usage, narrow_usage
from mai_core.reports.roll_ups import FOREIGN_FACET, create_roll_up, named_in
from mai_core.reports.snapshot import NOTHING_SEALED, SealedFile, SealedList, Snapshot, clipped, read_snapshot
from mai_core.reports.source import LedgerFile, Source, StoreSource
from mai_core.reports.viewer import Viewer
from mai_core.settings import Settings

if TYPE_CHECKING:
    from mai_core.store import Store

T = TypeVar("T")

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
"""What lies outside is a mistyped year; calendars end there too."""


def check_period(start: date, end: date) -> None:
    if end < start:
        raise BadValue("end", f"{end} is before {start}")
    if start < FIRST_DAY or end > LAST_DAY:
        raise BadValue("from" if start < FIRST_DAY else "to", f"must lie between {FIRST_DAY} and {LAST_DAY}")


class QuestionFailed(MaiError):
    """DuckDB could not answer, and no file is to blame."""


class Reporting:
    def __init__(self, source: Source, lake: Lake, spill_folder: Path | None = None, *, sparing: bool = False) -> None:
        self.source = source
        self.lake = lake
        self._spill_folder = spill_folder
        self._reader = open_reader(spill_folder, sparing=sparing)
        if lake.bucket is not None:
            lake.bucket.open_for(self._reader)
        self._lock = threading.Lock()
        self._sealed: SealedList = NOTHING_SEALED
        self.damaged: frozenset[str] = frozenset()
        """Files that were found missing or changed; their days are read from the ledger until they are rebuilt."""

    @classmethod
    def of_store(cls, store: Store, settings: Settings) -> Reporting:
        return cls(StoreSource(store), Lake.to_read(settings), settings.mai_data_dir / "tmp")

    @classmethod
    def of_ledger_file(cls, settings: Settings) -> Reporting:
        return cls(LedgerFile(settings.usage_summary_db), Lake.to_read(settings), settings.mai_data_dir / "tmp")

    @contextmanager
    def apart(self) -> Iterator[Reporting]:
        """The same ledger and lake through an instance of its own, for long work in little memory."""
        reporting = Reporting(self.source, self.lake, self._spill_folder, sparing=True)
        try:
            yield reporting
        finally:
            reporting._reader.close()

    def ask(
        self, question: str, viewer: Viewer, start: date, end: date, client: str | None = None, **parameters: Any
    ) -> pa.Table:
        with self.open(viewer, start, end, client, **_taken(parameters, _PAGE_WORDS)) as page:
            return page.ask(question, **parameters)

    def rows(
        self, question: str, viewer: Viewer, start: date, end: date, client: str | None = None, **parameters: Any
    ) -> list[dict[str, Any]]:
        return rows_of(self.ask(question, viewer, start, end, client, **parameters))

    def open(
        self,
        viewer: Viewer,
        start: date,
        end: date,
        client: str | None = None,
        *,
        previous: tuple[date, date] | None = None,
        taken: Snapshot | None = None,
        **filters: Any,
    ) -> Page:
        """One snapshot that reaches from the previous period to `end`, or such days of one that was `taken` before."""
        check_period(start, end)
        previous = previous or previous_period(start, end)
        client = viewer.client(client)
        first, last = min(start, previous[0]), max(end, previous[1])
        snapshot = taken.between(first, last) if taken else self.snapshot(client, first, last, viewer.sees_cost)
        if client is not None and not snapshot.clients.num_rows:
            raise NotFound(f"there is no client {client!r}")
        return Page(self, viewer, client, start, end, previous, snapshot, Filters(**filters))

    def snapshot(self, client: str | None, first: date, last: date, with_cost: bool) -> Snapshot:
        with self.source.snapshot() as query:
            snapshot, sealed = read_snapshot(
                query, self._sealed, client, first, last, with_cost=with_cost, damaged=self.damaged
            )
        with self._lock:
            self._sealed = sealed
        return snapshot

    def examine(self, files: Iterable[SealedFile], with_cost: bool) -> frozenset[str]:
        """Remember and return those of the files that are not what was written."""
        found = frozenset(
            file.file for file in files if not self.lake.half(with_cost).is_intact(file.file, file.sha256)
        )
        if found:
            with self._lock:
                self.damaged |= found
        return found

    def cursor(self) -> Connection:
        """A connection of R for one thread and one use; close it."""
        return self._reader.cursor()

    @staticmethod
    def questions(viewer: Viewer) -> list[Question]:
        return [question for question in QUESTIONS.values() if viewer.sees_cost or not question.cost_only]


_PAGE_WORDS = ("previous", "models", "people", "departments", "providers")


@dataclass(frozen=True, slots=True)
class Freshness:
    last_event_ms: int | None
    """When the newest generation of the period happened."""
    sealed_through: date | None
    """The last day up to which everything is sealed."""
    damaged_files: tuple[str, ...] = ()
    """Files that could not be read: the figures are right (from the ledger); `lake rebuild --damaged` mends."""


class Page:
    """One viewer, one period, one snapshot; used by one thread, closed after use (or when it is forgotten)."""

    def __init__(
        self,
        reporting: Reporting,
        viewer: Viewer,
        client: str | None,
        start: date,
        end: date,
        previous: tuple[date, date],
        snapshot: Snapshot,
        filters: Filters,
    ) -> None:
        self.viewer, self.client, self.start, self.end, self.previous = viewer, client, start, end, previous
        self.snapshot, self.filters = snapshot, filters
        self.reporting = reporting
        self._cursor: Connection | None = None
        self._has_generations = False
        self._rolled_up: set[str] = set()

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._cursor is not None:
            with suppress(DuckDBError):
                self._cursor.close()
            self._cursor = None
            self._has_generations = False
            self._rolled_up.clear()

    def ask(self, name: str, **parameters: Any) -> pa.Table:
        question = QUESTIONS.get(name)
        if question is None or (question.cost_only and not self.viewer.sees_cost):
            raise NotFound(f"there is no question {name!r}")
        unknown = set(parameters) - set(question.parameters)
        if unknown:
            raise BadValue(sorted(unknown)[0], f"is not a parameter of {name}")
        sql = sql_of(name, self.viewer.sees_cost)
        values = {
            "start": self.start,
            "end": self.end,
            "previous_start": self.previous[0],
            "previous_end": self.previous[1],
            **question.parameters,
            **parameters,
        }
        bound = {key: values[key] for key in parameters_of(sql)}

        def run(cursor: Connection) -> pa.Table:
            if question.relation == "generations":
                self.add_generations(cursor)
            for kind in named_in(sql):
                self._add_roll_up(cursor, kind, set(question.facets))
            return cursor.execute(sql, bound).to_arrow_table()

        return self.answer(set(question.facets), run)

    def rows(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        return rows_of(self.ask(name, **parameters))

    def answer(self, facets: set[str], run: Callable[[Connection], T]) -> T:
        """Run something over `usage`, as it stands for keys of these facets and the page's filters.

        A file that is missing or damaged is left out and its days are read from the ledger instead: once more.
        """
        try:
            return run(self.prepared(facets))
        except DuckDBError as error:
            if not isinstance(error, DAMAGE_ERRORS):
                raise QuestionFailed(f"the question could not be answered: {str(error).splitlines()[0]}") from error
        self.close()
        snapshot, cost = self.snapshot, self.viewer.sees_cost
        self.reporting.examine(snapshot.files, cost)
        self.snapshot = self.reporting.snapshot(self.client, snapshot.first, snapshot.last, cost)
        try:
            return run(self.prepared(facets))
        except DuckDBError as error:
            raise QuestionFailed(f"the question could not be answered: {str(error).splitlines()[0]}") from error

    def prepared(self, facets: set[str]) -> Connection:
        if self._cursor is None:
            cursor = self.reporting.cursor()
            half = self.reporting.lake.half(self.viewer.sees_cost)
            create_usage(cursor, self.snapshot, half.locate, self.viewer.sees_cost)
            self._cursor = cursor
        create_filtered(self._cursor, facets, self.filters)
        return self._cursor

    def _add_roll_up(self, cursor: Connection, kind: str, facets: set[str]) -> None:
        if FOREIGN_FACET[kind] in self.filters.facets:
            cursor.execute(f"CREATE OR REPLACE TEMP VIEW usage_{kind} AS SELECT * FROM usage")
            return
        if kind not in self._rolled_up:
            cost = self.viewer.sees_cost
            create_roll_up(cursor, kind, self.snapshot, self.reporting.lake.half(cost), cost)
            self._rolled_up.add(kind)
        create_filtered(cursor, facets, self.filters, kind)

    def narrow(self, cursor: Connection, client: str, first: date, last: date) -> None:
        """From now on `usage` is a part of the page: one client, fewer days."""
        cost = self.viewer.sees_cost
        narrow_usage(cursor, self.snapshot, self.reporting.lake.half(cost).locate, cost, client, first, last)

    def add_generations(self, cursor: Connection) -> None:
        """`generations` and `hours` of the period: sealed days from Parquet, open ones from the ledger."""
        if self._has_generations:
            return
        with self.reporting.source.snapshot() as query:
            spans = clipped(self.snapshot.open_spans, self.start, self.end)
            live = read_generations(query, spans)
        locate = self.reporting.lake.shared.locate
        create_generations(cursor, self.snapshot, self.start, self.end, live, locate, self.filters)
        self._has_generations = True

    @property
    def provisional_tables(self) -> list[str]:
        """NBP tables at which amounts of the period stand for now; a sealed day is final."""
        return sorted(
            {
                row["rate_table"]
                for row in self.snapshot.rates.table.to_pylist()
                if row["provisional"] and self.start <= row["day"] <= self.end
            }
        )

    @property
    def freshness(self) -> Freshness:
        newest = self.snapshot.open_rows["last_at_ms"]
        last = max((value.as_py() for value in newest), default=None)
        if last is None:
            last = self.answer(
                set(), lambda cursor: cursor.execute("SELECT max(last_at_ms) FROM all_usage").fetchall()
            )[0][0]
        return Freshness(last, self._sealed_through(), tuple(sorted(self.reporting.damaged)))

    def _sealed_through(self) -> date | None:
        """The day before the first one that is still open somewhere. A client that left holds nobody back."""
        last = max(self.snapshot.sealed_through.values(), default=None)
        open_days: list[date] = self.snapshot.open_rows["day"].unique().to_pylist()
        if last is None or not open_days:
            return last
        return min(last, min(open_days) - timedelta(days=1))


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """Rows as dicts; amounts (decimal128(38, 0)) as int."""
    whole = [field.name for field in table.schema if pa.types.is_decimal(field.type) and field.type.scale == 0]
    rows: list[dict[str, Any]] = table.to_pylist()
    for row in rows:
        for name in whole:
            value = row[name]
            row[name] = int(value) if isinstance(value, Decimal) else value
    return rows


def _taken(parameters: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: parameters.pop(name) for name in names if name in parameters}
