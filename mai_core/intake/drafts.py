"""Event rows made ahead of the commit, beside the process that writes. A draft is only a saving: it is taken where it
says what the desk would say itself, for the same client, instant and rating book; anything else is worked out anew.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from mai_core.intake.event_row import first_event
from mai_core.intake.routing import client_named_in
from mai_core.model import Observation
from mai_core.rating_book import RatingBook
from mai_core.store.ledger import EVENT_COLUMNS, Row, row_of

MOST_DRAFTED = 1_000
"""Per body: the drafts of a really large one would take more memory than they save time."""

CLIENT = EVENT_COLUMNS.index("client_org_id")

log = logging.getLogger(__name__)


class Drafts(msgspec.Struct, frozen=True, array_like=True):
    """One row per observation."""

    book_version: int
    received_at_ms: int
    rows: list[Row | None]

    def hold_for(self, book: RatingBook, received_at_ms: int) -> bool:
        return (self.book_version, self.received_at_ms) == (book.version, received_at_ms)


def drafts_of(
    book: RatingBook, client_org_id: str | None, received_at_ms: int, observations: Sequence[Observation]
) -> Drafts:
    return Drafts(
        book.version, received_at_ms, [_draft(book, client_org_id, received_at_ms, told) for told in observations]
    )


def _draft(book: RatingBook, client_org_id: str | None, received_at_ms: int, told: Observation) -> Row | None:
    """None where a credential carries many clients and the person's id names none, or where the desk had better see
    for itself what is wrong."""
    client = client_org_id or client_named_in(told.external_user or "", book.agreements.__contains__)
    try:
        return row_of(first_event(book, client, told, received_at_ms)) if client else None
    except Exception:
        log.debug("generation %s gets no draft", told.generation_id, exc_info=True)
        return None
