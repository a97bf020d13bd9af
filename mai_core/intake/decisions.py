"""A person decides a conflict: one of the values that sources told is booked as the operator's word, which no source
outranks; without a value the standing one is confirmed."""

from __future__ import annotations

import json
import types
import typing
from typing import Any

import msgspec

from mai_core.errors import BadValue
from mai_core.intake.booking import book
from mai_core.model import Arrival, Observation, Rank
from mai_core.settings import Settings
from mai_core.store import Db, conflicts, rating_books

SOURCE = "operator"


def decide(db: Db, settings: Settings, now_ms: int, actor: str, conflict_id: int, value: str | None) -> dict[str, Any]:
    """The decided conflict. The event is re-rated and its day reopened by booking, like any other change."""
    conflict = conflicts.decide(db, now_ms, conflict_id, actor)
    if value is None:
        return conflict
    if value not in [str(seen) for seen in json.loads(conflict["seen_values"])]:
        raise BadValue("value", "is none of the values that sources told")
    told = Observation(
        generation_id=conflict["generation_id"],
        rank=Rank.OPERATOR,
        source=SOURCE,
        **{conflict["field"]: _typed(conflict["field"], value)},
    )
    arrival = Arrival(client_org_id=conflict["client_org_id"], observation=told, received_at_ms=now_ms, historical=True)
    book(db, rating_books.load(db, settings), [arrival], now_ms, outbox=settings.influx_enabled)
    return conflict


def _typed(field: str, value: str) -> Any:
    """Seen values are kept as texts; the field's type says what they were."""
    kinds = typing.get_args(typing.get_type_hints(Observation)[field])
    wanted = next(kind for kind in kinds if kind is not types.NoneType)
    return msgspec.convert(value.lower() if wanted is bool else value, wanted, strict=False)
