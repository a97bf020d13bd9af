"""Books observations into the ledger: each generation once, whatever way and order it arrives in.

`book` runs inside the caller's write transaction. Event, dedupe memory, the day's facts, the outbox and everything
that a change has to reopen are one commit.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import Enum
from operator import itemgetter
from typing import Any, NamedTuple

from mai_core import merging
from mai_core.intake.event_row import day_key, derive_event, facts, first_event
from mai_core.merging import Disagreement, Ranked
from mai_core.model import Arrival
from mai_core.money import shortest_text
from mai_core.rating_book import RatingBook
from mai_core.store import audit, conflicts, ledger, people, rerated
from mai_core.store.connection import Db
from mai_core.store.ledger import EVENT_COLUMNS, Row, row_of

_DAY_OF = itemgetter(EVENT_COLUMNS.index("client_org_id"), EVENT_COLUMNS.index("usage_date"))
_PERSON_OF = itemgetter(EVENT_COLUMNS.index("client_org_id"), EVENT_COLUMNS.index("external_user"))
_DERIVED = ("raw_pusd", "charged_pusd", "usage_date", "external_user", "model", "provider")


class Result(Enum):
    NEW = "new"
    CHANGED = "changed"
    """Another source knew more or better."""
    DUPLICATE = "duplicate"
    HELD = "held"
    """Its month stands on an invoice: it waits as a correction."""


class Outcome(NamedTuple):
    generation_id: str
    result: Result
    disagreements: tuple[Disagreement, ...] = ()


class Booking:
    """One transaction's bookings; remembers what it has already looked up in it."""

    def __init__(self, db: Db, book: RatingBook, now_ms: int, outbox: bool, known_people: set[tuple[str, str]]) -> None:
        self._db = db
        self._book = book
        self._now_ms = now_ms
        self._outbox = outbox
        self._known_people = known_people
        self._invoiced: dict[tuple[str, str], bool] = {}
        self._reopened: set[tuple[str, str]] = set()

    def add_new_together(self, arrivals: Sequence[Arrival]) -> dict[int, Outcome]:
        """Books those of which nobody told before in few statements; the others are left to `add`."""
        places: dict[tuple[str, str], int] = {}
        for place, arrival in enumerate(arrivals):
            places.setdefault((arrival.client_org_id, arrival.observation.generation_id), place)
        also_events = any(arrival.historical for arrival in arrivals)
        known = ledger.known_generations(self._db, places, also_events=also_events)
        new = {place: self._new_row(arrivals[place]) for key, place in places.items() if key not in known}
        days = dict.fromkeys(_DAY_OF(row) for row in new.values())
        invoiced = {day for day in days if self._is_invoiced(*day)}
        if invoiced:
            new = {place: row for place, row in new.items() if _DAY_OF(row) not in invoiced}
        ledger.insert_new_events(self._db, list(new.values()), self._now_ms, outbox=self._outbox)
        for person in dict.fromkeys(_PERSON_OF(row) for row in new.values()):
            self._know_person(*person)
        for day in days:
            if day not in invoiced:
                self._reopen(*day)
        return {place: Outcome(arrivals[place].observation.generation_id, Result.NEW) for place in new}

    def add(self, arrival: Arrival) -> Outcome:
        event = first_event(
            self._book, arrival.client_org_id, arrival.observation, arrival.received_at_ms, self._now_ms
        )
        is_new = ledger.remember(self._db, *self._memory(event))
        if not is_new or (arrival.historical and self._is_stored(arrival)):
            return self._add_to_known(arrival, merging.fields_of(arrival.observation))
        event["held"] = int(self._is_in_invoiced_month(event))
        ledger.insert_event(self._db, event)
        self._know_person(event["client_org_id"], event["external_user"])
        if self._outbox:
            ledger.queue_for_influx(self._db, event["client_org_id"], event["generation_id"], self._now_ms)
        if event["held"]:
            self._propose_correction("arrived after its month was invoiced", None, event)
            return Outcome(event["generation_id"], Result.HELD)
        self._reopen(event["client_org_id"], event["usage_date"])
        ledger.add_to_day(self._db, day_key(event), facts(event), event["at_ms"])
        return Outcome(event["generation_id"], Result.NEW)

    def _new_row(self, arrival: Arrival) -> Row:
        draft = arrival.draft or row_of(
            first_event(self._book, arrival.client_org_id, arrival.observation, arrival.received_at_ms)
        )
        return (*draft[:-1], self._now_ms)

    def _memory(self, event: dict[str, Any]) -> tuple[str, str, str, int, str, int]:
        return (
            event["generation_id"],
            event["client_org_id"],
            event["usage_date"],
            self._now_ms,
            shortest_text(event["raw_pusd"]),
            event["input_tokens"] + event["output_tokens"],
        )

    def _is_stored(self, arrival: Arrival) -> bool:
        """An event may outlive its dedupe memory, as long as its day is not archived."""
        return ledger.find_event(self._db, arrival.client_org_id, arrival.observation.generation_id) is not None

    def _add_to_known(self, arrival: Arrival, told: Ranked) -> Outcome:
        generation_id = arrival.observation.generation_id
        before = ledger.find_event(self._db, arrival.client_org_id, generation_id)
        if before is None:
            return Outcome(generation_id, Result.DUPLICATE)
        standing = self._proposed(before) or before
        known = ledger.fields_from(standing)
        fields, disagreements = merging.merge(known, told)
        self._note(arrival, known, fields, disagreements)
        standing_flags = set(standing["flags"].split())
        flags = frozenset((standing_flags | set(arrival.observation.flags)) & _KEPT_FLAGS)
        received = min(arrival.received_at_ms, standing["received_at_ms"])
        rank, source = _best_source(standing, arrival)
        is_news = (
            fields != known
            or (rank, source) != (ledger.source_rank(standing), standing["source"])
            or received != standing["received_at_ms"]
            or not flags <= standing_flags
        )
        if not is_news:
            return Outcome(generation_id, Result.DUPLICATE, tuple(disagreements))
        after = derive_event(
            self._book,
            arrival.client_org_id,
            generation_id,
            merging.values_in(fields),
            field_ranks=ledger.ranks_text(rank, fields),
            flags=flags,
            received_at_ms=received,
            source=source,
            now_ms=self._now_ms,
            standing=standing,
        )
        self._replace(before, after, known)
        return Outcome(generation_id, Result.CHANGED, tuple(disagreements))

    def _replace(self, before: dict[str, Any], after: dict[str, Any], standing: Ranked) -> None:
        if before["held"]:
            after["held"] = 1
            ledger.update_event(self._db, after)
            self._propose_correction("arrived after its month was invoiced", None, after)
            return
        if self._is_in_invoiced_month(before) or self._is_in_invoiced_month(after):
            self._propose_correction("a source told better after its month was invoiced", before, after)
            return
        self.replace_rated(before, after)
        self._know_person(after["client_org_id"], after["external_user"])
        overwritten = {
            name: [before[name], after[name]]
            for name in (*merging.MERGED_FIELDS, *_DERIVED)
            if (name in standing or name in _DERIVED) and before[name] != after[name]
        }
        if overwritten:
            audit.write(
                self._db,
                self._now_ms,
                after["source"],
                "event.change",
                after["generation_id"],
                after["client_org_id"],
                {name: pair[0] for name, pair in overwritten.items()},
                {name: pair[1] for name, pair in overwritten.items()},
            )

    def replace_rated(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Another version of an event takes the place of the standing one, in its day's facts too."""
        ledger.update_event(self._db, after)
        for event in (before, after):
            self._reopen(event["client_org_id"], event["usage_date"])
        ledger.take_from_day(self._db, day_key(before), facts(before), before["at_ms"])
        ledger.add_to_day(self._db, day_key(after), facts(after), after["at_ms"])
        if self._outbox:
            ledger.queue_for_influx(self._db, after["client_org_id"], after["generation_id"], self._now_ms)

    def _note(self, arrival: Arrival, standing: Ranked, fields: Ranked, disagreements: list[Disagreement]) -> None:
        client, generation = arrival.client_org_id, arrival.observation.generation_id
        for field, (rank, _) in fields.items():
            if field in standing and rank > standing[field][0]:
                conflicts.supersede_disagreements(self._db, self._now_ms, client, generation, field, rank)
        for told in disagreements:
            conflicts.note_disagreement(
                self._db, self._now_ms, client, generation, told.field, told.rank, [str(value) for value in told.values]
            )

    def _propose_correction(self, reason: str, booked: dict[str, Any] | None, after: dict[str, Any]) -> None:
        """What earlier corrections have brought on an invoice is not proposed again."""
        before = rerated.last_invoiced(self._db, after["client_org_id"], after["generation_id"]) or booked
        ledger.put_correction(
            self._db,
            self._now_ms,
            before or after,
            reason,
            json.dumps(before, sort_keys=True),
            json.dumps(after, sort_keys=True),
            after["raw_pusd"] - (before["raw_pusd"] if before else 0),
            after["charged_pusd"] - (before["charged_pusd"] if before else 0),
        )

    def _proposed(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """On an invoiced day the merged state lives in the last correction, waiting or invoiced, not in the event."""
        key = (event["client_org_id"], event["generation_id"])
        if self._is_in_invoiced_month(event):
            proposed = rerated.last_proposal(self._db, *key)
        else:
            proposed = ledger.waiting_correction(self._db, *key)
        return None if proposed is None else dict(json.loads(proposed))

    def _is_in_invoiced_month(self, event: dict[str, Any]) -> bool:
        return self._is_invoiced(event["client_org_id"], event["usage_date"])

    def _is_invoiced(self, client_org_id: str, usage_date: str) -> bool:
        key = (client_org_id, usage_date[:7])
        if key not in self._invoiced:
            self._invoiced[key] = ledger.is_invoiced(self._db, client_org_id, usage_date)
        return self._invoiced[key]

    def _reopen(self, client_org_id: str, usage_date: str) -> None:
        key = (client_org_id, usage_date)
        if key not in self._reopened:
            ledger.reopen_day(self._db, *key)
            self._reopened.add(key)

    def _know_person(self, client_org_id: str, external_user: str) -> None:
        key = (client_org_id, external_user)
        if key not in self._known_people:
            people.ensure_mapping(self._db, self._now_ms, *key)
            self._known_people.add(key)


SMALLEST_BUNDLE = 4

_KEPT_FLAGS = frozenset({"recovered", "historical"})
"""Flags that say how an event came; all others are derived anew at every rating."""


def book(
    db: Db,
    rating_book: RatingBook,
    arrivals: Sequence[Arrival],
    now_ms: int,
    *,
    outbox: bool = False,
    known_people: set[tuple[str, str]] | None = None,
) -> list[Outcome]:
    """Book arrivals in the open write transaction; their order makes no difference."""
    booking = Booking(db, rating_book, now_ms, outbox, set() if known_people is None else known_people)
    together = booking.add_new_together(arrivals) if len(arrivals) >= SMALLEST_BUNDLE else {}
    return [together.get(place) or booking.add(arrival) for place, arrival in enumerate(arrivals)]


def _best_source(standing_event: dict[str, Any], arrival: Arrival) -> tuple[int, str]:
    """The highest-ranked way in that told of the generation; ties by name, so order does not matter."""
    told = (int(arrival.observation.rank), arrival.observation.source)
    standing = (ledger.source_rank(standing_event), str(standing_event["source"]))
    if told[0] != standing[0]:
        return max(told, standing)
    return min(told, standing)
