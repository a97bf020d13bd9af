"""Answers that are remembered until what they were made of changes.

The ledger changes with every event of anybody. An answer depends on less: on one client, and of that on the days it is
about. So the snapshot is taken again when the ledger has changed, and an answer only when its days in it have.

Everybody in this process shares this memory, so whoever looks (role, tenant, client) is part of every key.
"""

from __future__ import annotations

import math
import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mai_core.reports import Reporting, Viewer
from mai_core.reports.periods import previous_period
from mai_core.reports.prepared import Prepared
from mai_core.reports.registry import QUESTIONS
from mai_core.reports.reporting import Page, check_period
from mai_core.reports.snapshot import Snapshot

Ask = tuple[str, tuple[tuple[str, Any], ...]]
"""A question's name and its parameters."""

MOST_BYTES = 64_000_000
MOST_VIEWERS = 200
MOST_PREPARED = 40
"""Of these, so many keep their connection: one and a half megabytes each."""
AT_LEAST_EVERY_S = 60

_NOTHING = (b"", b"", 0)
"""Digest, packed answer, what it weighs together with its question."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked about: by whom, of which client, over which days, with which filters. Without a question that
    compares, no days before the first matter."""

    viewer: Viewer
    client: str | None
    first: date
    last: date
    previous: tuple[date, date]
    filters: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def of(
        cls,
        viewer: Viewer,
        client: str | None,
        first: date,
        last: date,
        previous: tuple[date, date] | None,
        filters: Mapping[str, tuple[str, ...]],
        asks: tuple[Ask, ...],
    ) -> Wanted:
        check_period(first, last)
        kept = tuple(sorted((name, values) for name, values in filters.items() if values))
        if not any(name in QUESTIONS and QUESTIONS[name].compares for name, _ in asks):
            previous = first, first
        return cls(viewer, viewer.client(client), first, last, previous or previous_period(first, last), kept)

    @property
    def whose(self) -> Hashable:
        return self.viewer.role, self.viewer.client_org_id, self.client

    @property
    def days(self) -> tuple[date, date]:
        return min(self.first, self.previous[0]), max(self.last, self.previous[1])


@dataclass
class Standing:
    """The newest snapshot for one viewer and client, ready to be asked; whoever computes for them holds the lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    version: Hashable = None
    damaged: Hashable = None
    at: float = 0.0
    prepared: Prepared | None = None
    digests: dict[tuple[date, date], bytes] = field(default_factory=dict)

    def reach(self, reporting: Reporting, wanted: Wanted, version: Hashable, since: float) -> Prepared:
        """A snapshot of this version, or one taken since, that has the wanted days; one that was wider stays so."""
        (first, last), prepared = wanted.days, self.prepared
        kept = prepared.snapshot if prepared else None
        damaged = reporting.damaged
        fits = self.damaged == damaged and (self.version == version or self.at >= since)
        fresh = fits and time.monotonic() - self.at < AT_LEAST_EVERY_S
        if fresh and prepared and kept and kept.first <= first and last <= kept.last:
            return prepared
        if kept is not None:
            first, last = min(first, kept.first), max(last, kept.last)
        at = time.monotonic()
        snapshot = reporting.snapshot(wanted.client, first, last, wanted.viewer.sees_cost)
        # Only now: a read that failed leaves the old snapshot as it was, and what fails from here on leaves none.
        self.at, self.version, self.digests = 0.0, None, {}
        if prepared:
            prepared.renew(snapshot)
        else:
            of_one_client = wanted.client is not None
            self.prepared = prepared = reporting.prepare(snapshot, wanted.viewer.sees_cost, small=of_one_client)
        self.at, self.version, self.damaged = at, version, damaged
        return prepared

    def rest(self) -> None:
        """Nobody has asked for a while: what it is answered from is made again when somebody does."""
        if self.prepared is not None and self.lock.acquire(blocking=False):
            try:
                self.prepared.close()
            finally:
                self.lock.release()

    def digest(self, snapshot: Snapshot, days: tuple[date, date]) -> bytes:
        if days not in self.digests:
            self.digests[days] = snapshot.between(*days).digest()
        return self.digests[days]


_AT_ONCE = threading.BoundedSemaphore(2)
"""Twenty questions at the same moment are answered sooner two by two than all at once: DuckDB's threads wait for each
other, and the last of twenty waits no longer for it."""


class Answers:
    """Least recently used first out; what is handed out is the reader's own copy."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._standings: OrderedDict[Hashable, Standing] = OrderedDict()
        self._kept: OrderedDict[Hashable, tuple[bytes, bytes, int]] = OrderedDict()
        self._bytes = 0

    def of(
        self,
        reporting: Reporting,
        wanted: Wanted,
        version: Hashable,
        asks: tuple[Ask, ...],
        since: float = math.inf,
    ) -> tuple[list[Any], Any]:
        """The rows of every question, and how fresh they are."""
        standing = self._standing(wanted.whose)
        with standing.lock, _AT_ONCE:
            prepared = standing.reach(reporting, wanted, version, since)
            digest = standing.digest(prepared.snapshot, wanted.days)
            with _Opened(reporting, wanted, prepared) as opened:
                rows = [self._rows(wanted, ask, digest, version, opened) for ask in asks]
                fresh = self._one((wanted, "freshness"), digest, lambda page: page.freshness, opened)
        return rows, fresh

    def _standing(self, whose: Hashable) -> Standing:
        with self._lock:
            standing = self._standings.setdefault(whose, Standing())
            self._standings.move_to_end(whose)
            while len(self._standings) > MOST_VIEWERS:
                self._standings.popitem(last=False)
            for other in list(self._standings.values())[:-MOST_PREPARED]:
                other.rest()
            return standing

    def _rows(self, wanted: Wanted, ask: Ask, digest: bytes, version: Hashable, opened: _Opened) -> Any:
        name, parameters = ask
        if name in QUESTIONS and QUESTIONS[name].relation == "generations":  # which no snapshot holds
            digest += repr(version).encode()
        return self._one((wanted, ask), digest, lambda page: page.rows(name, **dict(parameters)), opened)

    def _one(self, key: Hashable, digest: bytes, make: Callable[[Page], Any], opened: _Opened) -> Any:
        with self._lock:
            stood_at, packed, _ = self._kept.get(key, _NOTHING)
            if stood_at == digest:
                self._kept.move_to_end(key)
        if stood_at != digest:
            packed = pickle.dumps(make(opened.page()), pickle.HIGHEST_PROTOCOL)
            self._keep(key, digest, packed)
        return pickle.loads(packed)

    def _keep(self, key: Hashable, digest: bytes, packed: bytes) -> None:
        weight = len(packed) + len(repr(key))  # whoever is logged in may write addresses as long as they like
        with self._lock:
            self._bytes += weight - self._kept.pop(key, _NOTHING)[2]
            self._kept[key] = (digest, packed, weight)
            while self._bytes > MOST_BYTES:
                self._bytes -= self._kept.popitem(last=False)[1][2]


class _Opened:
    """A page that is opened when the first question needs it."""

    def __init__(self, reporting: Reporting, wanted: Wanted, prepared: Prepared) -> None:
        self._reporting, self._wanted, self._prepared = reporting, wanted, prepared
        self._page: Page | None = None

    def __enter__(self) -> _Opened:
        return self

    def __exit__(self, *_: object) -> None:
        if self._page is not None:
            self._page.close()

    def page(self) -> Page:
        if self._page is None:
            asked = self._wanted
            self._page = self._reporting.open(
                asked.viewer, asked.first, asked.last, asked.client,
                previous=asked.previous, lent=self._prepared, **dict(asked.filters),
            )  # fmt: skip
        return self._page
