"""Compares a day in the ledger with the same day in InfluxDB, and tops up either side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mai_core.days import day_bounds_ms, days_between, zone_in_force
from mai_core.errors import MaiError
from mai_core.influx.points import cost_of, derived_id, observation_of
from mai_core.influx.server import Server
from mai_core.installation import Installation
from mai_core.intake.delivery import Delivery
from mai_core.intake.desk import Desk
from mai_core.intake.parsed import Parsed
from mai_core.intake.sources.influx import SOURCE
from mai_core.store import clients, outbox

HOUR_NS = 3600 * 1_000_000_000


@dataclass
class Compared:
    client_org_id: str
    day: date
    equal: int = 0
    missing_there: list[str] = field(default_factory=list)
    missing_here: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return not (self.missing_there or self.missing_here or self.different)


@dataclass
class Imported:
    new: int = 0
    known: int = 0
    refused: list[str] = field(default_factory=list)


def compare_day(installation: Installation, server: Server, client_org_id: str, day: date) -> Compared:
    """Generation by generation. Of several points of one generation (a tag changed) the newest counts."""
    there = newest_by_generation(points_of_day(installation, server, client_org_id, day))
    with installation.store.read() as db:
        here = {event["generation_id"]: event for event in outbox.events_of_day(db, client_org_id, day)}
    compared = Compared(client_org_id, day)
    compared.missing_there = sorted(here.keys() - there.keys())
    compared.missing_here = sorted(there.keys() - here.keys())
    for generation_id in here.keys() & there.keys():
        if cost_of(there[generation_id]) == here[generation_id]["raw_pusd"]:
            compared.equal += 1
        else:
            compared.different.append(generation_id)
    compared.different.sort()
    return compared


def top_up_day(installation: Installation, server: Server, client_org_id: str, day: date) -> Imported:
    """Bring in what InfluxDB has and the ledger lacks; queue what InfluxDB lacks or has differently."""
    imported = import_points(installation, points_of_day(installation, server, client_org_id, day), client_org_id)
    compared = compare_day(installation, server, client_org_id, day)
    with installation.store.write() as db:
        outbox.queue_again(db, client_org_id, compared.missing_there + compared.different, installation.now_ms())
    return imported


def import_days(installation: Installation, server: Server, first: date, last: date) -> Iterator[tuple[date, Imported]]:
    """All clients' points of a span of days, hour by hour, as an ordinary way in."""
    for day in days_between(first, last):
        since_ms, before_ms = day_bounds_ms(day, "UTC")
        yield day, import_points(installation, _points(server, since_ms, before_ms, None), None)


def import_points(installation: Installation, points: Iterator[dict[str, Any]], client_org_id: str | None) -> Imported:
    """An ordinary way in, as history: the archive is asked about each point, and what is known stays as it is."""
    imported, desk = Imported(), Desk(installation)
    with installation.store.read() as db:
        known_clients = {client.id for client in clients.list_all(db)}
    by_client: dict[str, Parsed] = {}
    for point in points:
        client = client_org_id or str(point.get("client_org_id") or "")
        if client not in known_clients:
            imported.refused.append(f"{point.get('time')}: no client {client[:80]!r} is known")
            continue
        try:
            by_client.setdefault(client, Parsed()).add(0, observation_of(point))
        except (MaiError, ArithmeticError, ValueError) as error:
            imported.refused.append(f"{point.get('time')}: {error}")
    for client, parsed in by_client.items():
        (receipt,) = desk.deliver([Delivery(SOURCE, client, parsed, installation.now_ms(), historical=True)])
        imported.new += receipt.new
        imported.known += receipt.changed + receipt.duplicates
        imported.refused += [f"{client}: {problem.reason}" for problem in receipt.quarantined]
    return imported


def points_of_day(
    installation: Installation, server: Server, client_org_id: str, day: date
) -> Iterator[dict[str, Any]]:
    with installation.store.read() as db:
        zones = clients.zones(db, client_org_id)
    since_ms, _ = day_bounds_ms(day, zones[0][1])
    since_ms, before_ms = day_bounds_ms(day, zone_in_force(since_ms, zones))
    return _points(server, since_ms, before_ms, client_org_id)


def _points(server: Server, since_ms: int, before_ms: int, client_org_id: str | None) -> Iterator[dict[str, Any]]:
    """Hour by hour, so that a busy day does not come as one answer."""
    start, end = since_ms * 1_000_000, before_ms * 1_000_000
    while start < end:
        yield from server.points(start, min(start + HOUR_NS, end), client_org_id)
        start += HOUR_NS


def newest_by_generation(points: Iterator[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    newest: dict[str, dict[str, Any]] = {}
    for point in points:
        generation_id = str(point.get("generation_id") or derived_id(point))
        standing = newest.get(generation_id)
        if standing is None or int(point.get("updated_at_ms") or 0) >= int(standing.get("updated_at_ms") or 0):
            newest[generation_id] = point
    return newest
