"""What NBP has told so far: tables, for which days that is complete, and how old it is. Survives a restart."""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from mai_core import conversion
from mai_core.clock import Clock
from mai_core.conversion import RateTable
from mai_core.days import parse_day
from mai_core.errors import MaiError
from mai_core.upstream import nbp

log = logging.getLogger(__name__)

PAUSE_AFTER_FAILURE_MS = 30_000
_DAY = timedelta(days=1)

Span = tuple[date, date]


@dataclass(slots=True)
class KnownTables:
    """Asks NBP for what is missing, one question at a time; whoever can be served from memory does not wait."""

    api_url: str
    cache_ttl_s: int
    clock: Clock
    file: Path | None = None
    tables: dict[date, RateTable] = field(default_factory=dict)
    answered: list[Span] = field(default_factory=list)
    """Days for which the answer is complete, as separate pieces."""
    fetched_at_ms: int | None = None
    failed_at_ms: int | None = None
    last_error: str | None = None
    _asking: threading.Lock = field(default_factory=threading.Lock)

    def bring(self, since: date, through: date) -> None:
        """Have the tables of [since, through], as far as NBP lets us. Never raises for what NBP does."""
        since = max(since, nbp.FIRST_TABLE)  # what lies before would be asked for again and again
        through = min(through, conversion.warsaw_today(self.clock.now_ms()))
        if since > through or not self._is_worth_asking(since, through):
            return
        knows_the_beginning = self.complete_through(since, through) >= since
        if not self._asking.acquire(blocking=not knows_the_beginning):
            return
        try:
            if self._is_worth_asking(since, through):
                self._ask(since, through)
        finally:
            self._asking.release()

    def between(self, since: date, through: date) -> list[RateTable]:
        return [self.tables[day] for day in sorted(self.tables) if since <= day <= through]

    def not_after(self, day: date) -> RateTable | None:
        days = [known for known in list(self.tables) if known <= day]
        return self.tables[max(days)] if days else None

    def complete_through(self, since: date, through: date) -> date:
        """The last day from `since` on without a hole; the day before `since` when even that is missing."""
        for start, end in list(self.answered):
            if start <= since <= end:
                return min(end, through)
        return max(since, date.min + _DAY) - _DAY

    def clear(self) -> None:
        with self._asking:
            self.tables, self.answered = {}, []
            self.fetched_at_ms = self.failed_at_ms = None
            self._keep()

    def age_s(self) -> int | None:
        return None if self.fetched_at_ms is None else max(0, self.clock.now_ms() - self.fetched_at_ms) // 1000

    def _is_worth_asking(self, since: date, through: date) -> bool:
        now_ms = self.clock.now_ms()
        if self.failed_at_ms is not None and 0 <= now_ms - self.failed_at_ms < PAUSE_AFTER_FAILURE_MS:
            return False
        complete = self.complete_through(since, through)
        if complete >= through:
            return False
        if conversion.answered_through(through, now_ms) > complete:
            return True
        age_s = self.age_s()
        return age_s is None or age_s >= self.cache_ttl_s

    def _ask(self, since: date, through: date) -> None:
        now_ms = self.clock.now_ms()
        start = min(max(self.complete_through(since, through) + _DAY, since), through)
        try:
            answer = nbp.fetch(self.api_url, "USD", start, through, now_ms)
        except MaiError as error:
            self.failed_at_ms, self.last_error = now_ms, str(error)
            log.warning("NBP could not be asked: %s", error)
            return
        self.tables = {**self.tables, **{table.effective_date: table for table in answer.tables}}
        if answer.through >= answer.since:
            self.answered = merged([*self.answered, (answer.since, answer.through)])
        self.fetched_at_ms, self.failed_at_ms, self.last_error = now_ms, None, None
        self._keep()

    def _keep(self) -> None:
        if self.file is None:
            return
        body = {
            "fetched_at_ms": self.fetched_at_ms,
            "answered": [[start.isoformat(), end.isoformat()] for start, end in self.answered],
            "tables": [
                [day.isoformat(), str(table.rate), table.table_no] for day, table in sorted(self.tables.items())
            ],
        }
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            draft = self.file.with_name(f"{self.file.name}.{os.getpid()}")
            draft.write_text(json.dumps(body))
            draft.replace(self.file)
        except OSError as error:
            log.warning("the rates cannot be kept in %s: %s", self.file, error)

    def recall(self) -> None:
        """What was known before the restart; a damaged file counts as none."""
        if self.file is None or not self.file.is_file():
            return
        try:
            body = json.loads(self.file.read_text())
            tables = [RateTable(parse_day(day), Decimal(rate), number) for day, rate, number in body["tables"]]
            answered = [(parse_day(start), parse_day(end)) for start, end in body["answered"]]
            fetched_at_ms = body["fetched_at_ms"]
        except (OSError, ValueError, TypeError, KeyError, InvalidOperation, MaiError) as error:
            log.warning("%s is damaged and not used: %s", self.file, error)
            return
        self.tables = {table.effective_date: table for table in tables}
        self.answered, self.fetched_at_ms = merged(answered), fetched_at_ms


def merged(spans: list[Span]) -> list[Span]:
    """Pieces that touch or overlap as one."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1] + _DAY:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result
