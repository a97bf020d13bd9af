"""The desk where deliveries enter the ledger: route, book, or put in quarantine; a whole group in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache, partial

from mai_core.days import DAY_MS
from mai_core.errors import StoreUnavailable
from mai_core.ids import generation_time_ms
from mai_core.installation import Installation
from mai_core.intake.archived import is_in_archive, is_of_imported_day
from mai_core.intake.booking import Outcome, Result, book
from mai_core.intake.delivery import (
    IMPORTED_DAY,
    NOT_BOOKABLE,
    REASONS,
    TOO_OLD,
    UNROUTED,
    Delivery,
    Kept,
    Problem,
    Receipt,
)
from mai_core.intake.delivery import kept_observation as kept
from mai_core.intake.drafts import CLIENT
from mai_core.intake.routing import client_of
from mai_core.model import SEALED_ID, Arrival, Observation
from mai_core.rating_book import RatingBook
from mai_core.store import Db, quarantine, rating_books, savepoint, witnesses
from mai_core.store.ledger import Row

log = logging.getLogger(__name__)

LIVE_MEMORY_MS = 59 * DAY_MS
"""Live ways in do not ask the archive, so they take nothing that the dedupe memory (60 days) may have forgotten."""

_MOST_KNOWN_PEOPLE = 100_000


class Desk:
    """One per process; remembers the rating book and the people it has already seen."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._rating_book: RatingBook | None = None
        self._known_people: set[tuple[str, str]] = set()

    @property
    def rating_book(self) -> RatingBook | None:
        """The one that was in force when it last delivered."""
        return self._rating_book

    def deliver(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """One durable transaction for all of them; raises StoreUnavailable when nothing was stored."""
        if len(self._known_people) > _MOST_KNOWN_PEOPLE:
            self._known_people.clear()
        try:
            with self._installation.store.write() as db:
                return self._deliver(db, deliveries)
        except BaseException:
            self._known_people.clear()
            raise

    def _deliver(self, db: Db, deliveries: Sequence[Delivery]) -> list[Receipt]:
        self._rating_book = rating_books.current(db, self._installation.settings, self._rating_book)
        try:
            with savepoint(db):
                return self._book_together(db, deliveries)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("a group of %d deliveries could not be booked together", len(deliveries))
            self._known_people.clear()
        return [self._book_one_by_one(db, delivery) for delivery in deliveries]

    def _book_together(self, db: Db, deliveries: Sequence[Delivery]) -> list[Receipt]:
        receipts = [Receipt(ignored=delivery.parsed.ignored) for delivery in deliveries]
        arrivals: list[Arrival] = []
        owners: list[Receipt] = []
        for delivery, receipt in zip(deliveries, receipts, strict=True):
            routed = self._route(db, delivery, receipt)
            arrivals.extend(routed)
            owners.extend([receipt] * len(routed))
        for outcome, receipt in zip(self._book(db, arrivals), owners, strict=True):
            _count(outcome, receipt)
        for delivery, receipt in zip(deliveries, receipts, strict=True):
            self._store_the_rest(db, delivery, receipt)
        return receipts

    def _book_one_by_one(self, db: Db, delivery: Delivery) -> Receipt:
        """The slow way, after something went wrong: one event that cannot be booked takes nobody with it."""
        receipt = Receipt(ignored=delivery.parsed.ignored)
        for position, arrival in self._routed_with_positions(db, delivery, receipt):
            try:
                with savepoint(db):
                    outcomes = self._book(db, [arrival])
                _count(outcomes[0], receipt)
            except StoreUnavailable:
                raise
            except Exception:
                log.exception("generation %s cannot be booked", arrival.observation.generation_id)
                self._known_people.clear()
                self._keep(db, delivery, receipt, position, kept(NOT_BOOKABLE, arrival.observation))
        self._store_the_rest(db, delivery, receipt)
        return receipt

    def _book(self, db: Db, arrivals: Sequence[Arrival]) -> list[Outcome]:
        assert self._rating_book is not None
        return book(
            db,
            self._rating_book,
            arrivals,
            self._installation.now_ms(),
            outbox=self._installation.settings.influx_enabled,
            known_people=self._known_people,
        )

    def _route(self, db: Db, delivery: Delivery, receipt: Receipt) -> list[Arrival]:
        return [arrival for _, arrival in self._routed_with_positions(db, delivery, receipt)]

    def _routed_with_positions(self, db: Db, delivery: Delivery, receipt: Receipt) -> list[tuple[int, Arrival]]:
        routed = []
        parsed, owner = delivery.parsed, cache(partial(client_of, db))
        drafts = self._drafts_that_hold(delivery)
        for position, observation, draft in zip(parsed.positions, parsed.observations, drafts, strict=True):
            if not delivery.historical and _is_older_than_memory(observation, delivery.received_at_ms):
                self._keep(db, delivery, receipt, position, kept(TOO_OLD, observation))
                continue
            if SEALED_ID in observation.flags and not delivery.decided:
                self._keep(db, delivery, receipt, position, kept(SEALED_ID, observation))
                continue
            client = delivery.client_org_id or owner(observation.external_user, observation.api_key_name)
            if client is None:
                self._keep(db, delivery, receipt, position, kept(UNROUTED, observation))
                continue
            if delivery.historical and is_in_archive(self._installation, db, client, observation):
                receipt.duplicates += 1
                continue
            if delivery.historical and not delivery.decided and is_of_imported_day(db, client, observation):
                self._keep(db, delivery, receipt, position, kept(IMPORTED_DAY, observation))
                continue
            arrival = Arrival(
                client_org_id=client,
                observation=observation,
                received_at_ms=delivery.received_at_ms,
                historical=delivery.historical,
                draft=draft if draft and draft[CLIENT] == client else None,
            )
            routed.append((position, arrival))
        return routed

    def _drafts_that_hold(self, delivery: Delivery) -> Sequence[Row | None]:
        drafts = delivery.parsed.drafts
        assert self._rating_book is not None
        if drafts and drafts.hold_for(self._rating_book, delivery.received_at_ms):
            return drafts.rows
        return [None] * len(delivery.parsed.observations)

    def _store_the_rest(self, db: Db, delivery: Delivery, receipt: Receipt) -> None:
        for index, one in enumerate(delivery.kept):
            self._keep(db, delivery, receipt, index, one)
        for witness in delivery.parsed.witnesses:
            client = delivery.client_org_id or client_of(db, witness.external_user, None)
            if client is None:
                receipt.refused.append(Problem(0, UNROUTED, REASONS[UNROUTED]))
                continue
            witnesses.put(
                db,
                self._installation.now_ms(),
                client_org_id=client,
                turn_id=witness.turn_id,
                generation_ids=witness.generation_ids,
                input_tokens=witness.input_tokens,
                output_tokens=witness.output_tokens,
                cost_pusd=witness.cost_pusd,
            )
            receipt.witnesses += 1

    def _keep(self, db: Db, delivery: Delivery, receipt: Receipt, index: int, one: Kept) -> None:
        quarantine.put(
            db,
            self._installation.now_ms(),
            source=delivery.source.name,
            client_org_id=delivery.client_org_id,
            reason_code=one.reason_code,
            reason=one.reason,
            sha256=one.sha256,
            body=one.body,
            encrypted_body=one.encrypted_body,
        )
        receipt.quarantined.append(Problem(index, one.reason_code, one.reason))


def _count(outcome: Outcome, receipt: Receipt) -> None:
    if outcome.result is Result.DUPLICATE:
        receipt.duplicates += 1
    elif outcome.result is Result.CHANGED:
        receipt.changed += 1
    else:
        receipt.new += 1


def _is_older_than_memory(observation: Observation, received_at_ms: int) -> bool:
    at_ms = generation_time_ms(observation.generation_id) or observation.started_at_ms
    return at_ms is not None and at_ms < received_at_ms - LIVE_MEMORY_MS
