"""Builders with defaults: a test names only what it is about."""

from __future__ import annotations

from typing import Any

from mai_core.days import parse_instant_ms
from mai_core.model import Arrival, Client, Observation, Rank
from mai_core.money import units_of
from mai_core.store import Store, clients

CLIENT = "mai_client_63a4eb6d"
NOON = parse_instant_ms("2026-10-14T10:00:00Z")
"""12:00 in Warsaw on a Wednesday."""


def make_client(store: Store, client_org_id: str = CLIENT, *, now_ms: int = NOON, **agreed: Any) -> Client:
    with store.write() as db:
        return clients.create(
            db, now_ms, client_org_id=client_org_id, **{"name": "Acme sp. z o.o.", "markup_rate": "1.3", **agreed}
        )


def make_observation(generation_id: str = "gen-a", *, cost: str | None = "0.10", **told: Any) -> Observation:
    """A Broadcast span of Wednesday noon, ten cents, unless told otherwise."""
    values: dict[str, Any] = {
        "rank": Rank.BROADCAST,
        "source": "openrouter",
        "started_at_ms": NOON,
        "external_user": f"{CLIENT}_user_11112222",
        "model": "openai/gpt-4o",
        "provider": "OpenAI",
        "input_tokens": 100,
        "output_tokens": 50,
        "reported_pusd": None if cost is None else units_of(cost),
    }
    return Observation(generation_id=generation_id, **{**values, **told})


def make_arrival(
    generation_id: str = "gen-a", *, client: str = CLIENT, received_at_ms: int = NOON, **told: Any
) -> Arrival:
    return Arrival(
        client_org_id=client, observation=make_observation(generation_id, **told), received_at_ms=received_at_ms
    )


def make_span(
    generation_id: str = f"gen-{NOON // 1000}-a", /, *, name: str = "LLM Generation", **told: Any
) -> dict[str, Any]:
    """A Broadcast span; `told` are attributes with `__` for '.', and None leaves a default out."""
    attributes: dict[str, Any] = {
        "gen_ai.response.id": generation_id,
        "gen_ai.response.model": "openai/gpt-4o",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.usage.total_cost": 0.1,
        "user.id": f"{CLIENT}_user_11112222",
        "trace.metadata.openrouter.provider_name": "OpenAI",
    }
    attributes.update({key.replace("__", "."): value for key, value in told.items()})
    return {
        "name": name,
        "startTimeUnixNano": str(NOON * 10**6),
        "attributes": [attribute(key, value) for key, value in attributes.items() if value is not None],
    }


def attribute(key: str, value: Any) -> dict[str, Any]:
    """OTLP's spelling of a key and its value; a dict is taken as it is."""
    kinds = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}
    return {"key": key, "value": value if isinstance(value, dict) else {kinds[type(value)]: value}}


def make_trace(*spans: dict[str, Any], resource: Any = None, scope: Any = None) -> dict[str, Any]:
    """An OTLP body around spans."""
    of_resource = [attribute(key, value) for key, value in (resource or {"service.name": "openrouter"}).items()]
    of_scope = [attribute(key, value) for key, value in (scope or {}).items()]
    scope_spans = [{"scope": {"name": "openrouter", "attributes": of_scope}, "spans": list(spans)}]
    return {"resourceSpans": [{"resource": {"attributes": of_resource}, "scopeSpans": scope_spans}]}
