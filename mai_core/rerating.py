"""What booked generations cost at the prices and agreements known now: a difference first, applied when asked for.

One transaction per client and day, so that it can be killed anywhere and run again. Amounts are a pure function of
the event and the rating book; the order of events, days and runs does not matter.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from mai_core import archive, merging
from mai_core.days import utc_day
from mai_core.errors import BadValue
from mai_core.installation import Installation
from mai_core.intake.event_row import day_key, derive_event, facts
from mai_core.rating import RATING_FLAGS
from mai_core.rating_book import RatingBook
from mai_core.store import Db, archives, audit, clients, ledger, rating_books, rerated

RATED = (
    "raw_pusd",
    "charged_pusd",
    "priced_pusd",
    "cost_basis",
    "markup",
    "markup_from",
    "price_id",
    "sale_price_id",
    "flags",
)
_AMOUNTS = ("raw_pusd", "charged_pusd", "cost_basis", "markup", "markup_from")
"""What a correction of an invoice is about; on other days everything of RATED is brought up to date."""

GIVEN = "given"
"""Amounts told by the Python contract or a person are final."""

UNPRICED = "unpriced"

UNPRICED_DAYS = 62
"""Two months: what waits longer for a price is rated by command."""

REASON = "rated again after its month was invoiced"


@dataclass(frozen=True, slots=True)
class Line:
    """One client, day and model whose amounts change."""

    client_org_id: str
    day: str
    model: str
    invoiced: bool
    """Nothing of it is changed: the difference waits as a correction."""
    events: int
    raw_before: int
    raw_after: int
    charged_before: int
    charged_after: int


@dataclass(frozen=True, slots=True)
class Rerated:
    lines: tuple[Line, ...]
    events: int
    """All that were rated again, changed or not."""
    details: int
    """Events whose amounts stay, but not what the price book says beside a reported cost."""
    applied: bool


def rerate(
    installation: Installation,
    first: date,
    last: date,
    client_org_id: str | None = None,
    *,
    apply: bool = False,
    actor: str = "system",
) -> Rerated:
    """The difference between what stands and what rating says now, by client, day and model."""
    if first > last:
        raise BadValue("from", "is after to")
    with installation.store.read() as db:
        named = [clients.require(db, client_org_id)] if client_org_id else clients.list_all(db)
        book = rating_books.load(db, installation.settings)
        days = [(client.id, day) for client in named for day in rerated.days(db, client.id, first, last)]
    lines: list[Line] = []
    events = details = 0
    for client, day in days:
        if apply:
            with installation.store.write() as db:
                rated, changes, invoiced = _changes(installation, db, book, client, day)
                if changes:
                    _apply(installation, db, client, day, changes, invoiced, actor)
        else:
            with installation.store.read() as db:
                rated, changes, invoiced = _changes(installation, db, book, client, day)
        about_money = [change for change in changes if change.differs_in(_AMOUNTS)]
        events += rated
        details += len(changes) - len(about_money)
        lines += _lines(client, day, about_money, invoiced)
    return Rerated(tuple(lines), events, details, apply)


def rate_unpriced(installation: Installation, since: date | None = None) -> int:
    """What was stored at 0 gets its amount once a price is known; nothing else moves. Returns how many generations."""
    since = since or utc_day(installation.now_ms()) - timedelta(days=UNPRICED_DAYS)
    with installation.store.read() as db:
        days = rerated.unpriced_days(db, since.isoformat())
        if not days:
            return 0
        book = rating_books.load(db, installation.settings)
    priced = 0
    for client, day in days:
        with installation.store.read() as db:
            _, changes, _ = _changes(installation, db, book, client, day, only_unpriced=True)
        if not changes:
            continue
        with installation.store.write() as db:
            _, changes, invoiced = _changes(installation, db, book, client, day, only_unpriced=True)
            if changes:
                _apply(installation, db, client, day, changes, invoiced, "system")
        priced += len(changes)
    return priced


class Change(NamedTuple):
    booked: dict[str, Any]
    """The event's row."""
    standing: dict[str, Any]
    """The same, but on an invoiced day as its last correction leaves it."""
    after: dict[str, Any]
    """As rating makes it now."""

    def differs_in(self, names: Iterable[str]) -> bool:
        return any(self.after[name] != self.standing[name] for name in names)


def _changes(
    installation: Installation, db: Db, book: RatingBook, client: str, day: str, *, only_unpriced: bool = False
) -> tuple[int, list[Change], bool]:
    invoiced = ledger.is_invoiced(db, client, day)
    rated, changes = 0, []
    for event in _events(installation, db, client, day):
        rated += 1
        standing = _standing(db, event) if invoiced else event
        if standing["cost_basis"] == GIVEN or (only_unpriced and standing["cost_basis"] != UNPRICED):
            continue
        change = Change(event, standing, rated_again(book, standing))
        if change.differs_in(_AMOUNTS if invoiced else RATED):
            changes.append(change)
    return rated, changes, invoiced


def rated_again(book: RatingBook, event: dict[str, Any]) -> dict[str, Any]:
    """The event with its amounts as the book makes them; its time, day and everything told of it stay. So does a
    default markup: it has no history, and to agree on a markup from a day on is how an old one is changed."""
    derived = derive_event(
        book,
        event["client_org_id"],
        event["generation_id"],
        merging.values_in(ledger.fields_from(event)),
        field_ranks=event["field_ranks"],
        flags=frozenset(event["flags"].split()) - RATING_FLAGS,
        received_at_ms=event["received_at_ms"],
        source=event["source"],
        now_ms=event["updated_at_ms"],
        standing=event,
    )
    return {**event, **{name: derived[name] for name in RATED}}


def _events(installation: Installation, db: Db, client: str, day: str) -> Iterator[dict[str, Any]]:
    """The events of a day, from the archive where cleanup has taken them out of the ledger."""
    removed = archives.get(db, client, day)
    rows: Iterable[Any] = archives.events_of_day(db, client, day)
    if removed is not None and removed["events_removed_at_ms"] is not None:
        table = archive.checked_file(installation, removed)
        rows = zip(*(table.column(name).to_pylist() for name in ledger.EVENT_COLUMNS), strict=True)
    for row in rows:
        yield dict(zip(ledger.EVENT_COLUMNS, row, strict=True))


def _standing(db: Db, event: dict[str, Any]) -> dict[str, Any]:
    """On an invoiced day: what is proposed by a waiting correction, else what was agreed with the last one."""
    proposed = rerated.last_proposal(db, event["client_org_id"], event["generation_id"])
    return event if proposed is None else {**event, **json.loads(proposed)}


def _apply(
    installation: Installation, db: Db, client: str, day: str, changes: list[Change], invoiced: bool, actor: str
) -> None:
    now_ms = installation.now_ms()
    if invoiced:
        for change in changes:
            rerated.propose(db, now_ms, change.booked, change.after, REASON)
    else:
        archive.bring_back(installation, db, client, day)
        was_sealed = ledger.reopen_day(db, client, day)
        outbox = installation.settings.influx_enabled
        for change in changes:
            _replace(db, change.booked, {**change.after, "updated_at_ms": now_ms}, outbox, now_ms)
    audit.write(
        db,
        now_ms,
        actor,
        "day.rerate.proposed" if invoiced else "day.rerate",
        day,
        client,
        {"events": len(changes), **_sums(change.standing for change in changes)},
        {"was_sealed": not invoiced and was_sealed, **_sums(change.after for change in changes)},
    )


def _replace(db: Db, before: dict[str, Any], after: dict[str, Any], outbox: bool, now_ms: int) -> None:
    ledger.update_event(db, after)
    ledger.take_from_day(db, day_key(before), facts(before), before["at_ms"])
    ledger.add_to_day(db, day_key(after), facts(after), after["at_ms"])
    if outbox:
        ledger.queue_for_influx(db, after["client_org_id"], after["generation_id"], now_ms)


def _sums(events: Iterable[dict[str, Any]]) -> dict[str, int]:
    rows = list(events)
    return {name: sum(event[name] for event in rows) for name in ("raw_pusd", "charged_pusd")}


def _lines(client: str, day: str, changes: list[Change], invoiced: bool) -> list[Line]:
    by_model: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_model[change.booked["model"]].append(change)
    lines = []
    for model in sorted(by_model):
        before = _sums(change.standing for change in by_model[model])
        after = _sums(change.after for change in by_model[model])
        lines.append(
            Line(
                client,
                day,
                model,
                invoiced,
                len(by_model[model]),
                before["raw_pusd"],
                after["raw_pusd"],
                before["charged_pusd"],
                after["charged_pusd"],
            )
        )
    return lines
