"""Usage of completions, as a program that called OpenRouter (or compatible) has it in hand. Two kinds of item, one or
a list of them per body:

1. A completion, or the last chunk of its stream (`choices` is empty there; in the responses API it is the event
   `response.completed`): `id`, `model` and `usage` are read, in the spelling of either API; texts are never kept.
   `external_user` (or `user`) names the person, `created` (unix seconds) the time.

       {"id": "gen-1795176000-abc", "model": "openai/gpt-4o", "provider": "OpenAI", "created": 1795176000,
        "external_user": "mai_client_63a4eb6d_user_11112222", "usage": {"prompt_tokens": 10, "completion_tokens": 4,
        "cost": 0.00014}}

2. A turn of a chat, as the Open WebUI filter reports it. `generation_ids` are those seen in the stream, `usage` is the
   sum over all of them. With exactly one id this is a completion like any other; with several (tool calls) or none the
   total is kept as a witness to compare with, and is never billed: the generations come by themselves, as items of the
   first kind or by Broadcast.

       {"turn_id": "msg-uuid", "external_user": "mai_client_63a4eb6d_user_11112222", "model": "openai/gpt-4o",
        "session_id": "chat-77", "generation_ids": ["gen-1795176000-abc"], "usage": {...}}
"""

from __future__ import annotations

from typing import Any

from mai_core.errors import BadValue
from mai_core.intake import exact_json
from mai_core.intake.fields import instant_ms, mapping, name, remark, required_name
from mai_core.intake.items import one_or_many, parse_items
from mai_core.intake.parsed import Headers, Parsed, Source, TurnWitness
from mai_core.intake.usage_object import read_usage
from mai_core.model import Observation, Rank

_SUMMED = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens"}


def parse(body: bytes, headers: Headers) -> Parsed:
    witnesses: list[TurnWitness] = []

    def read(item: dict[str, Any]) -> Observation | None:
        if isinstance(item.get("response"), dict):
            item = {**item, **item["response"]}
        if "turn_id" not in item:
            return _observation(item, required_name(item.get("id"), "id"))
        turn_id, generation_ids = required_name(item["turn_id"], "turn_id"), _generation_ids(item)
        if len(generation_ids) == 1:
            return _observation(item, generation_ids[0])
        witnesses.append(_witness(item, turn_id, generation_ids))
        return None

    parsed = parse_items(one_or_many(exact_json.decode(body)), read)
    parsed.witnesses.extend(witnesses)
    return parsed


def _observation(item: dict[str, Any], generation_id: str) -> Observation:
    if not isinstance(item.get("usage"), dict):
        raise BadValue("usage", "is missing: in a stream only the last chunk has it")
    return Observation(
        generation_id=generation_id,
        rank=Rank.COMPLETION,
        source=SOURCE.name,
        started_at_ms=instant_ms(item.get("created") or item.get("created_at"), "created"),
        external_user=name(item.get("external_user") or item.get("user"), "external_user"),
        model=required_name(item.get("model"), "model"),
        provider=name(item.get("provider"), "provider"),
        session_id=remark(item.get("session_id")),
        finish_reason=_finish_reason(item.get("choices")),
        **read_usage(item["usage"]),
    )


def _finish_reason(choices: Any) -> str | None:
    first = choices[0] if isinstance(choices, list) and choices else None
    return remark(first.get("finish_reason")) if isinstance(first, dict) else None


def _generation_ids(item: dict[str, Any]) -> tuple[str, ...]:
    """Each once, in their order: every chunk of a stream repeats the id."""
    given = item.get("generation_ids")
    if not isinstance(given, list):
        raise BadValue("generation_ids", "is not a list")
    return tuple(dict.fromkeys(required_name(one, "generation_ids") for one in given))


def _witness(item: dict[str, Any], turn_id: str, generation_ids: tuple[str, ...]) -> TurnWitness:
    """Open WebUI sums one spelling of the tokens up; the other one keeps what the last generation told."""
    usage = mapping(item.get("usage"), "usage")
    told = read_usage({key: usage[key] for key in usage if _SUMMED.get(key) not in usage})
    return TurnWitness(
        turn_id,
        name(item.get("external_user"), "external_user"),
        generation_ids,
        told["input_tokens"],
        told["output_tokens"],
        told["reported_pusd"],
    )


SOURCE = Source("completions", parse)
