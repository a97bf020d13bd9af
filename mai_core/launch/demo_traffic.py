"""The demo's own traffic: variations of what the demo clients did lately, through the real webhook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from mai_core.money import decimal_text
from mai_core.store import Db, dicts

SECONDS_BETWEEN = (3, 9)


@dataclass(frozen=True, slots=True)
class Habit:
    """What one person lately asked of one model."""

    external_user: str
    model: str
    provider: str
    input_tokens: int
    output_tokens: int
    cost_pusd: int


def recent_habits(db: Db, limit: int = 400) -> list[Habit]:
    rows = dicts(
        db,
        "SELECT external_user, model, provider, input_tokens, output_tokens, reported_pusd AS cost_pusd"
        " FROM usage_events JOIN client_organizations AS client ON client.id = client_org_id"
        " WHERE client.is_active = 1 AND reported_pusd > 0 AND external_user <> ''"
        " ORDER BY seq DESC LIMIT ?",
        (limit,),
    )
    return [Habit(**row) for row in rows]


def next_generation(habits: Sequence[Habit], random: Random, now_ms: int) -> tuple[str, dict[str, Any]]:
    """(generation id, Broadcast body): somebody does again what somebody did, a little more or a little less."""
    habit = random.choice(habits)
    percent = random.randint(60, 150)
    generation_id = f"gen-{now_ms // 1000}-{random.getrandbits(80):020x}"
    cost = habit.cost_pusd * percent // 100
    return generation_id, broadcast_body(
        generation_id,
        now_ms,
        Habit(
            habit.external_user,
            habit.model,
            habit.provider,
            max(1, habit.input_tokens * percent // 100),
            max(1, habit.output_tokens * percent // 100),
            cost,
        ),
    )


def broadcast_body(generation_id: str, at_ms: int, said: Habit) -> dict[str, Any]:
    """OTLP/JSON as OpenRouter's Broadcast sends it in privacy mode."""
    texts = {
        "gen_ai.operation.name": "chat",
        "gen_ai.response.id": generation_id,
        "gen_ai.request.model": said.model,
        "gen_ai.response.model": said.model,
        "gen_ai.response.finish_reason": "stop",
        "user.id": said.external_user,
        "trace.metadata.openrouter.provider_name": said.provider,
    }
    counts = {
        "gen_ai.usage.input_tokens": said.input_tokens,
        "gen_ai.usage.output_tokens": said.output_tokens,
        "gen_ai.usage.total_tokens": said.input_tokens + said.output_tokens,
    }
    cost = Decimal(decimal_text(said.cost_pusd, 12))
    attributes: list[dict[str, Any]] = [
        *({"key": key, "value": {"stringValue": value}} for key, value in texts.items()),
        *({"key": key, "value": {"intValue": value}} for key, value in counts.items()),
        {"key": "gen_ai.usage.total_cost", "value": {"doubleValue": float(cost)}},
    ]
    span = {
        "traceId": generation_id[-32:].rjust(32, "0"),
        "spanId": generation_id[-16:],
        "name": "LLM Generation",
        "kind": 3,
        "startTimeUnixNano": f"{at_ms}000000",
        "endTimeUnixNano": f"{at_ms + 1500}000000",
        "status": {"code": 1},
        "attributes": attributes,
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "openrouter"}}]}
    return {
        "resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "openrouter"}, "spans": [span]}]}]
    }
