"""The flat webhook of the existing system: `{api_key, user_id?, model, tokens_used, cost, timestamp, external_user?,
request_id?}`. It does not split tokens, and no share is guessed: all of them stand as input.
"""

from __future__ import annotations

import hashlib
from typing import Any

from mai_core.errors import BadValue
from mai_core.intake import exact_json
from mai_core.intake.fields import amount, count, instant_ms, name, required_name
from mai_core.intake.items import one_or_many, parse_items
from mai_core.intake.parsed import Headers, Parsed, Source
from mai_core.model import Observation, Rank


def parse(body: bytes, headers: Headers) -> Parsed:
    items = one_or_many(exact_json.decode(body))
    parsed = parse_items(items, _read)
    keys = {item.get("api_key") for item in items if isinstance(item, dict) and isinstance(item.get("api_key"), str)}
    parsed.api_key = keys.pop() if len(keys) == 1 else None
    return parsed


def _read(item: dict[str, Any]) -> Observation:
    tokens = count(item.get("tokens_used"), "tokens_used")
    cost = amount(item.get("cost"), "cost")
    if tokens is None and cost is None:
        raise BadValue("tokens_used", "is missing, and so is cost")
    return Observation(
        generation_id=name(item.get("request_id"), "request_id") or _derived_id(item),
        rank=Rank.FLAT,
        source=SOURCE.name,
        started_at_ms=instant_ms(item.get("timestamp"), "timestamp"),
        external_user=name(item.get("external_user") or item.get("user_id"), "external_user"),
        model=required_name(item.get("model"), "model"),
        input_tokens=tokens,
        reported_pusd=cost,
    )


def _derived_id(item: dict[str, Any]) -> str:
    """Without request_id the event is named by what it says, so that a redelivery is recognised."""
    if item.get("timestamp") in (None, ""):
        raise BadValue("request_id", "is missing, and without a timestamp a redelivery could not be recognised")
    told = [item.get(field) for field in ("user_id", "external_user", "model", "tokens_used", "cost", "timestamp")]
    return f"flat-{hashlib.sha256(exact_json.encode(told)).hexdigest()[:32]}"


SOURCE = Source("flat", parse, can_act_on_errors=False, names_client_by_key=True)
