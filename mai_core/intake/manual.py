"""Usage entered by hand or by the Python contract: the amounts given are final and are never re-rated."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from mai_core.days import ZoneSince, noon_ms, usage_day, zone_in_force
from mai_core.errors import Conflict
from mai_core.given import cost_given, count_given, text_given, usage_day_given
from mai_core.installation import Installation
from mai_core.intake.archived import is_in_archive
from mai_core.intake.booking import Outcome, Result, book
from mai_core.model import Arrival, Observation, Rank
from mai_core.rating_book import RatingBook
from mai_core.store import Db, ledger, people


def manual_arrival(
    *,
    client_org_id: str,
    zones: Sequence[ZoneSince],
    now_ms: int,
    source: str,
    usage_date: Any,
    external_user: Any,
    model: Any,
    input_tokens: Any = 0,
    output_tokens: Any = 0,
    raw_cost: Any = 0,
    charged: Any = 0,
    provider: Any = None,
    generation_id: Any = None,
) -> Arrival:
    """One entry, checked field by field; it lies at local noon of its day. `charged` None: rated like any event."""
    day = usage_day_given(usage_date, usage_day(now_ms, zones))
    identity = text_given("generation_id", generation_id) or f"manual-{uuid.uuid4()}"
    noon = noon_ms(day, zone_in_force(noon_ms(day, "UTC"), zones))
    return Arrival(
        client_org_id=client_org_id,
        observation=Observation(
            generation_id=identity,
            rank=Rank.OPERATOR,
            source=source,
            started_at_ms=noon,
            external_user=text_given("user", external_user),
            model=text_given("model_name", model, required=True),
            provider=text_given("provider", provider) or None,
            input_tokens=count_given("input_tokens", input_tokens),
            output_tokens=count_given("output_tokens", output_tokens),
            reported_pusd=cost_given("raw_cost", raw_cost),
            given_charge_pusd=None if charged is None else cost_given("markup_cost", charged),
        ),
        received_at_ms=now_ms,
    )


def book_entry(
    db: Db, installation: Installation, rating_book: RatingBook, arrival: Arrival, user_id: str | None
) -> Outcome:
    """Book one entry, its person known. What was processed elsewhere or long ago is refused: it would count twice."""
    client, entry, now_ms = arrival.client_org_id, arrival.observation, arrival.received_at_ms
    already = Conflict(f"generation_id: {entry.generation_id} was processed before")
    if is_in_archive(installation, db, client, entry):
        raise already
    people.ensure_mapping(db, now_ms, client, entry.external_user or "", user_id)
    (outcome,) = book(db, rating_book, [arrival], now_ms, outbox=installation.settings.influx_enabled)
    if outcome.result is Result.DUPLICATE and ledger.find_event(db, client, outcome.generation_id) is None:
        raise already
    return outcome
