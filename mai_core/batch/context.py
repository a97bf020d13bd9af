"""What a run is about, and the shape of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from mai_core import archive
from mai_core.days import usage_day
from mai_core.installation import Installation
from mai_core.reading_ahead import DayRead, compare_ahead, read_ahead
from mai_core.store import archives, clients


class Unit(NamedTuple):
    """What one row in batch_runs is about: a client's day, a client, or (both empty) the whole installation."""

    client_org_id: str | None = None
    day: date | None = None

    @property
    def client_day(self) -> tuple[str, date]:
        assert self.client_org_id is not None
        assert self.day is not None
        return self.client_org_id, self.day

    def __str__(self) -> str:
        return " ".join(str(part) for part in self if part is not None)


@dataclass
class Context:
    installation: Installation
    days: tuple[date, ...]
    """The usage days that were asked for, oldest first."""
    client_org_id: str | None
    also_open_days: bool
    now_ms: int
    run_id: int = 0
    failed: set[Unit] = field(default_factory=set)
    """Days that a step failed for: later steps leave them alone, so that nothing is sealed that was not validated."""

    worked: bool = False
    """Some day was validated anew in this run, so a backup made before it does not have everything."""

    ahead: dict[date, dict[str, DayRead]] = field(default_factory=dict)
    """What sweeps brought, by day and client: nothing for a small day."""

    compared: dict[date, dict[str, str]] = field(default_factory=dict)
    """The same for verifying: the SHA-256 of archive files that hold what the ledger has."""

    ended: tuple[Any, ...] | None = None
    """How the last unit ended: it is written with the next row, which saves a commit per unit."""

    def read_ahead(self, unit: Unit) -> DayRead | None:
        """What a sweep over all clients of the unit's day brought for it; the first client of a day makes the sweep."""
        client_org_id, day = unit.client_day
        if day not in self.ahead:
            self.ahead[day] = read_ahead(self.installation, day, self._clients_of(day))
        return self.ahead[day].get(client_org_id)

    def was_read_ahead(self, unit: Unit) -> DayRead | None:
        """The same without another sweep; nothing once it was dropped as out of date."""
        client_org_id, day = unit.client_day
        return self.ahead.get(day, {}).get(client_org_id)

    def drop_ahead(self, unit: Unit) -> None:
        client_org_id, day = unit.client_day
        self.ahead.get(day, {}).pop(client_org_id, None)

    def compare_ahead(self, unit: Unit) -> str | None:
        client_org_id, day = unit.client_day
        if day not in self.compared:
            files = archive.unverified(self.installation, self._clients_of(day), day)
            self.compared[day] = compare_ahead(self.installation, day, files)
        return self.compared[day].get(client_org_id)

    def _clients_of(self, day: date) -> list[str]:
        return [str(one.client_org_id) for one in self.client_days if one.day == day]

    @cached_property
    def client_days(self) -> tuple[Unit, ...]:
        """Closed days with usage, oldest first: named ones, and those that are open because something arrived late."""
        named = {day.isoformat() for day in self.days}
        units = []
        with self.installation.store.read() as db:
            for client in clients.list_all(db):
                if self.client_org_id not in (None, client.id):
                    continue
                today = usage_day(self.now_ms, clients.zones(db, client.id))
                units += [
                    Unit(client.id, date.fromisoformat(day))
                    for day in archives.days_to_close(db, client.id, named, self.also_open_days)
                    if day < today.isoformat()
                ]
        return tuple(sorted(units, key=lambda unit: (str(unit.day), str(unit.client_org_id))))

    def days_of(self, client_org_id: str | None) -> list[date]:
        """The days of one client that no step failed for, oldest first."""
        return [
            unit.day
            for unit in self.client_days
            if unit.client_org_id == client_org_id and unit.day is not None and unit not in self.failed
        ]


@dataclass(frozen=True)
class Step:
    name: str
    units: Callable[[Context], Iterable[Unit]]
    work: Callable[[Context, Unit], dict[str, Any]]


def whole_installation(context: Context) -> list[Unit]:
    """Steps that are about no client; a run for one client leaves them out."""
    return [] if context.client_org_id else [Unit()]


def each_client_day(context: Context) -> list[Unit]:
    return [unit for unit in context.client_days if unit not in context.failed]


def each_client_named_day(context: Context) -> list[Unit]:
    """The days that were asked for, of every client, whether the ledger knows of usage there or not."""
    units = []
    with context.installation.store.read() as db:
        for client in clients.list_active(db):
            if context.client_org_id in (None, client.id):
                today = usage_day(context.now_ms, clients.zones(db, client.id))
                units += [Unit(client.id, day) for day in context.days if day < today]
    return units


def each_client(context: Context) -> list[Unit]:
    return [Unit(client) for client in sorted({str(unit.client_org_id) for unit in context.client_days})]
