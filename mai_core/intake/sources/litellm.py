"""LiteLLM's `generic_api` callback: a list, lines or one StandardLoggingPayload.

Failed calls and cache hits cost nothing at the provider and are no events. `response_cost` is LiteLLM's own estimate.
"""

from __future__ import annotations

from typing import Any

from mai_core.intake import exact_json
from mai_core.intake.exact_json import Unreadable
from mai_core.intake.fields import amount, count, mapping, name, remark, required_name, unix_ms, yes_or_no
from mai_core.intake.items import one_or_many, parse_items
from mai_core.intake.parsed import Headers, Parsed, Source
from mai_core.intake.usage_object import read_usage
from mai_core.model import Observation, Rank

_OPENROUTER = "openrouter"


def parse(body: bytes, headers: Headers) -> Parsed:
    return parse_items(_items(body), _read)


def _items(body: bytes) -> list[Any]:
    lines = [line for line in body.splitlines() if line.strip()]
    if len(lines) > 1:
        try:
            return [exact_json.decode(line) for line in lines]
        except Unreadable:
            pass
    return one_or_many(exact_json.decode(body))


def _read(item: dict[str, Any]) -> Observation | None:
    if item.get("status") == "failure" or item.get("cache_hit") in (True, "True", "true"):
        return None
    metadata = mapping(item.get("metadata"), "metadata")
    told = read_usage(mapping(metadata.get("usage_object"), "metadata.usage_object"))
    told["input_tokens"] = _told_or(told["input_tokens"], item, "prompt_tokens")
    told["output_tokens"] = _told_or(told["output_tokens"], item, "completion_tokens")
    relay = name(item.get("custom_llm_provider"), "custom_llm_provider")
    return Observation(
        generation_id=_identity(item),
        rank=Rank.LITELLM,
        source=SOURCE.name,
        started_at_ms=unix_ms(item.get("startTime"), "startTime", 1),
        external_user=name(
            item.get("end_user") or metadata.get("user_api_key_end_user_id") or metadata.get("user_api_key_user_id"),
            "end_user",
        ),
        model=required_name(item.get("model"), "model").removeprefix(f"{_OPENROUTER}/"),
        provider=None if relay == _OPENROUTER else relay,
        estimated_pusd=amount(item.get("response_cost"), "response_cost"),
        streamed=yes_or_no(item.get("stream")),
        session_id=remark(item.get("session_id")),
        api_key_name=remark(metadata.get("user_api_key_alias")),
        **told,
    )


def _identity(item: dict[str, Any]) -> str:
    """The generation's own id where OpenRouter gave one; else LiteLLM's id of the call."""
    given = name(item.get("id"), "id")
    if given is not None and given.startswith("gen-"):
        return given
    return required_name(item.get("litellm_call_id"), "litellm_call_id")


def _told_or(told: int | None, item: dict[str, Any], field: str) -> int | None:
    return told if told is not None else count(item.get(field), field)


SOURCE = Source(
    "litellm",
    parse,
    content_types=frozenset({"application/json", "application/x-ndjson", "application/ndjson"}),
    can_act_on_errors=False,
)
