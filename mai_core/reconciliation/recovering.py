"""One generation from OpenRouter's own record into the ledger, by the way that all events go."""

from __future__ import annotations

import msgspec

from mai_core.installation import Installation
from mai_core.intake.booking import Result, book
from mai_core.intake.routing import client_of
from mai_core.intake.sources import generation as generation_source
from mai_core.model import Arrival, Observation
from mai_core.rating_book import RatingBook
from mai_core.reconciliation.groups import Group
from mai_core.store import Db, rating_books
from mai_core.upstream.openrouter_account import Account

RECOVERED = "recovered"
"""Flag of an event that no webhook brought."""


def recover(
    installation: Installation,
    account: Account,
    group: Group,
    generation_id: str,
    known_book: RatingBook,
    *,
    is_new: bool,
) -> str | None:
    """Ask for the record and book it. The client it was booked for; None when OpenRouter or we cannot say."""
    body = account.generation(generation_id)
    if body is None:
        return None
    parsed = generation_source.SOURCE.parse(body, {})
    if not parsed.observations or parsed.observations[0].generation_id != generation_id:
        return None
    observation = parsed.observations[0]
    if is_new:
        observation = msgspec.structs.replace(observation, flags=(*observation.flags, RECOVERED))
    now_ms = installation.now_ms()
    with installation.store.write() as db:
        client_org_id = group.client_org_id or _client_of_person(db, group, observation)
        if client_org_id is None:
            return None
        rating_book = rating_books.current(db, installation.settings, known_book)
        arrival = Arrival(client_org_id=client_org_id, observation=observation, received_at_ms=now_ms)
        outcomes = book(db, rating_book, [arrival], now_ms, outbox=installation.settings.influx_enabled)
    return None if outcomes[0].result is Result.DUPLICATE else client_org_id


def _client_of_person(db: Db, group: Group, observation: Observation) -> str | None:
    """Several clients share what is left of the account: the person or the key's name says whose it is."""
    found = client_of(db, observation.external_user, observation.api_key_name)
    return found if found in group.client_ids else None
