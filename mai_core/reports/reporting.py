"""`Reporting`: opened once per process; a `Page` is one snapshot of the ledger and the questions asked of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from mai_core.errors import BadValue, MaiError, NotFound
from mai_core.reports.engine import DAMAGE_ERRORS, Connection, DuckDBError, open_reader
from mai_core.reports.generations import read_generations
from mai_core.reports.lake import Lake
from mai_core.reports.periods import previous_period
from mai_core.reports.prepared import Prepared
from mai_core.reports.registry import QUESTIONS, Question, parameters_of, sql_of
from mai_core.reports.relation import Filters, create_generations
from mai_core.reports.snapshot import NOTHING_SEALED, SealedFile, SealedList, Snapshot, clipped, read_snapshot
from mai_core.reports.source import PATIENCE_MS, LedgerFile, Source, StoreSource
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
    def __init__(self, source: Source, settings: Settings, *, sparing: bool = False) -> None:
        self.source = source
        self.lake = Lake.to_read(settings)
        self.archive = Lake.of(settings).internal
        """Where raw events lie that left the ledger: always here, in no bucket."""
        self._settings = settings
        self._reader = self._open_reader(sparing=sparing)
        self._small_reader: Connection | None = None
        self._lock = threading.Lock()
        self._sealed: SealedList = NOTHING_SEALED
        self.damaged: frozenset[str] = frozenset()
        """Files that were found missing or changed; their days are read from the ledger until they are replaced."""

    def _open_reader(self, **how: bool) -> Connection:
        reader = open_reader(self._settings.mai_data_dir / "tmp", **how)
        if self.lake.bucket is not None:
            self.lake.bucket.open_for(reader)
        return reader

    @classmethod
    def of_store(cls, store: Store, settings: Settings) -> Reporting:
        return cls(StoreSource(store), settings)

    @classmethod
    def of_ledger_file(cls, settings: Settings, patience_ms: int = PATIENCE_MS) -> Reporting:
        return cls(LedgerFile(settings.usage_summary_db, patience_ms), settings)

    @contextmanager
    def apart(self) -> Iterator[Reporting]:
        """The same ledger and lake through an instance of its own, for long work in little memory."""
        reporting = Reporting(self.source, self._settings, sparing=True)
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
        with self.open(viewer, start, end, client, **_taken(parameters, _PAGE_WORDS)) as page:
            return page.rows(question, **parameters)

    def open(
        self,
        viewer: Viewer,
        start: date,
        end: date,
        client: str | None = None,
        *,
        previous: tuple[date, date] | None = None,
        lent: Prepared | None = None,
        **filters: Any,
    ) -> Page:
        """One snapshot that reaches from the previous period to `end`, or such days of one that is `lent`."""
        check_period(start, end)
        previous = previous or previous_period(start, end)
        client = viewer.client(client)
        first, last = min(start, previous[0]), max(end, previous[1])
        snapshot = lent.snapshot.between(first, last) if lent else self.snapshot(client, first, last, viewer.sees_cost)
        if client is not None and not snapshot.clients.num_rows:
            raise NotFound(f"there is no client {client!r}")
        return Page(self, viewer, client, start, end, previous, snapshot, Filters(**filters), lent)

    def prepare(self, snapshot: Snapshot, with_cost: bool, *, small: bool = False) -> Prepared:
        """Small questions cost less on an instance of one thread: a seventh, where twenty people ask at once."""
        connect = self._small_cursor if small else self.cursor
        return Prepared(connect, self.lake.half(with_cost), snapshot, with_cost)

    def snapshot(self, client: str | None, first: date, last: date, with_cost: bool) -> Snapshot:
        with self.source.snapshot() as query:
            snapshot, sealed = read_snapshot(
                query, self._sealed, client, first, last, with_cost=with_cost, damaged=self.damaged
            )
        with self._lock:
            self._sealed = sealed
            self.damaged &= {file.file for file in sealed.files}
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

    def _small_cursor(self) -> Connection:
        with self._lock:
            if self._small_reader is None:
                self._small_reader = self._open_reader(one_thread=True)
            return self._small_reader.cursor()

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
        lent: Prepared | None = None,
    ) -> None:
        self.viewer, self.client, self.start, self.end, self.previous = viewer, client, start, end, previous
        self.snapshot, self.filters = snapshot, filters
        self.reporting = reporting
        self._prepared = lent or reporting.prepare(snapshot, viewer.sees_cost)
        self._is_lent = lent is not None
        self._has_generations = False

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """What is lent stays open, but does not keep generations."""
        if not self._is_lent or self._has_generations:
            self._prepared.close()
        self._has_generations = False

    def ask(self, name: str, **parameters: Any) -> pa.Table:
        return self._asked(name, parameters, lambda result: result.to_arrow_table())

    def rows(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """The same without Arrow between: a tenth sooner."""
        return self._asked(name, parameters, _dicts)

    def _asked(self, name: str, parameters: dict[str, Any], taken: Callable[[Connection], T]) -> T:
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

        def run(prepared: Prepared) -> T:
            cursor = prepared.connection()
            if question.relation == "generations":
                self.add_generations(cursor)
            return taken(cursor.execute(prepared.with_relations(sql, set(question.facets), self.filters), bound))

        return self._without_damaged_files(run)

    def answer(self, facets: set[str], run: Callable[[Connection], T]) -> T:
        """Run something over `usage`, as it stands for keys of these facets and the page's filters."""
        return self._without_damaged_files(lambda prepared: run(prepared.usage(facets, self.filters)))

    def _without_damaged_files(self, run: Callable[[Prepared], T]) -> T:
        """A file that is missing or damaged is left out and its days are read from the ledger instead: once more."""
        try:
            return run(self._prepared)
        except DuckDBError as error:
            if not isinstance(error, DAMAGE_ERRORS):
                raise QuestionFailed(f"the question could not be answered: {str(error).splitlines()[0]}") from error
        self.close()
        snapshot, cost = self.snapshot, self.viewer.sees_cost
        self.reporting.examine(snapshot.files, cost)
        self.snapshot = self.reporting.snapshot(self.client, snapshot.first, snapshot.last, cost)
        self._prepared, self._is_lent = self.reporting.prepare(self.snapshot, cost), False
        try:
            return run(self._prepared)
        except DuckDBError as error:
            raise QuestionFailed(f"the question could not be answered: {str(error).splitlines()[0]}") from error

    def narrow(self, cursor: Connection, client: str, first: date, last: date) -> None:
        """From now on `usage` is a part of the page: one client, fewer days."""
        self._prepared.narrow(cursor, client, first, last)

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
        last = pc.max(self.snapshot.open_rows["last_at_ms"]).as_py()
        if last is None:
            days = [self.snapshot.first, self.snapshot.last]
            newest_sealed = "SELECT max(last_at_ms) FROM all_usage WHERE day BETWEEN ? AND ?"
            [(last,)] = self._without_damaged_files(
                lambda prepared: prepared.connection().execute(newest_sealed, days).fetchall()
            )
        return Freshness(last, self._sealed_through(), tuple(sorted(self.reporting.damaged)))

    def _sealed_through(self) -> date | None:
        """The day before the first one that is still open somewhere. A client that left holds nobody back."""
        last = max(self.snapshot.sealed_through.values(), default=None)
        open_days: list[date] = self.snapshot.open_rows["day"].unique().to_pylist()
        if last is None or not open_days:
            return last
        return min(last, min(open_days) - timedelta(days=1))


def _dicts(result: Connection) -> list[dict[str, Any]]:
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _taken(parameters: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: parameters.pop(name) for name in names if name in parameters}
