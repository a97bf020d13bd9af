"""An event as a point that cannot collide with another one, and a point as what it says about an event. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mai_core.errors import BadValue
from mai_core.ids import generation_time_ms
from mai_core.model import Observation, Rank
from mai_core.money import shortest_text, units_of

MEASUREMENT = "usage_tracking"

_WHOLE_FIELDS = (
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "raw_pusd",
    "charged_pusd",
    "updated_at_ms",
)
_TELL_TOTALS = ("flat", "influx")


def timestamp_ns(at_ms: int, generation_id: str) -> int:
    """Two events of one person and model may share a millisecond: the id fills in the nanoseconds below it."""
    return at_ms * 1_000_000 + int(hashlib.sha256(generation_id.encode()).hexdigest()[:8], 16) % 1_000_000


def line_of(event: Mapping[str, Any], has_float_tokens: bool = False) -> str:
    """Line protocol. Integers carry the money; `cost_usd` is a float beside them for other tools, and so is `tokens`
    where an older writer has made it one: a field has one type.
    """
    # Loaded where InfluxDB is used: the client's generated classes weigh more than the rest of this package.
    from influxdb_client.client.write.point import Point
    from influxdb_client.domain.write_precision import WritePrecision

    tokens = event["input_tokens"] + event["output_tokens"]
    point = (
        Point(MEASUREMENT)
        .tag("client_org_id", event["client_org_id"])
        .tag("model", event["model"] or "unknown")
        .tag("external_user", opaque(event["external_user"]) or "unknown")
        .field("generation_id", event["generation_id"])
        .field("tokens", float(tokens) if has_float_tokens else tokens)
        .field("cost_usd", float(shortest_text(event["raw_pusd"])))
        .field("provider", event["provider"])
        .field("source", event["source"])
        .time(timestamp_ns(event["at_ms"], event["generation_id"]), WritePrecision.NS)
    )
    for name in _WHOLE_FIELDS:
        point.field(name, event[name])
    if event["reported_pusd"] is not None:
        point.field("reported_pusd", event["reported_pusd"])
    line: str = point.to_line_protocol()
    return line


def opaque(external_user: str) -> str:
    """An address must not become a tag: tags can hardly be rewritten, and an address is personal."""
    if "@" not in external_user:
        return external_user
    return f"user_{hashlib.sha256(external_user.lower().encode()).hexdigest()[:8]}"


def observation_of(point: Mapping[str, Any]) -> Observation:
    """What a point says."""
    at_ms = int(point["time"]) // 1_000_000
    generation_id = str(point.get("generation_id") or derived_id(point))
    input_tokens, output_tokens = _sides(point)
    person = point.get("external_user") or opaque(str(point.get("user_email") or ""))
    return Observation(
        generation_id=generation_id,
        rank=Rank.INFLUX,
        source="influx",
        started_at_ms=None if generation_time_ms(generation_id) else at_ms,
        external_user=None if person in ("", "unknown", None) else str(person),
        model=None if point.get("model") in (None, "", "unknown") else str(point["model"]),
        provider=str(point["provider"]) if point.get("provider") else None,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_tokens=_whole(point, "cached_tokens") or None,
        cache_write_tokens=_whole(point, "cache_write_tokens") or None,
        reasoning_tokens=_whole(point, "reasoning_tokens") or None,
        reported_pusd=_reported(point),
    )


def _sides(point: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Input and output. Older writers knew a total, of which no share is guessed; our own points hold zeros where
    nobody told a number.
    """
    told, output = _whole(point, "input_tokens"), _whole(point, "output_tokens")
    if told is None:
        return _whole(point, "tokens"), output
    if not output and (not told or point.get("source") in _TELL_TOTALS):
        return told or None, None
    return told, output


def cost_of(point: Mapping[str, Any]) -> int:
    """What a point says the generation cost us; points of older writers say it as a float only."""
    raw = _whole(point, "raw_pusd")
    return raw if raw is not None else _old_cost(point) or 0


def _reported(point: Mapping[str, Any]) -> int | None:
    """Our own points tell a reported cost from one that the price book made; older ones knew only the first."""
    return _whole(point, "reported_pusd") if point.get("raw_pusd") is not None else _old_cost(point)


def _old_cost(point: Mapping[str, Any]) -> int | None:
    cost = point.get("cost_usd")
    return None if cost is None else units_of(cost, "cost_usd")


def derived_id(point: Mapping[str, Any]) -> str:
    """A point without a generation id is named by its series and time, so that it comes in once."""
    series = "|".join(str(point.get(tag) or "") for tag in ("client_org_id", "model", "external_user", "user_email"))
    at_ns = point["time"]
    return f"influx-{hashlib.sha256(f'{series}|{at_ns}'.encode()).hexdigest()[:32]}"


def _whole(point: Mapping[str, Any], name: str) -> int | None:
    value = point.get(name)
    if value is None:
        return None
    number = Decimal(str(value))
    if number < 0 and name.endswith("tokens"):
        raise BadValue(name, "is negative")
    return int(number)
