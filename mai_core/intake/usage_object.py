"""The `usage` object of a completion, in the spelling of chat completions, of the responses API and of messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mai_core.intake.fields import amount, count, mapping, yes_or_no


def read_usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an Observation that a usage object tells."""
    input_details = _first_mapping(usage, "prompt_tokens_details", "input_tokens_details")
    output_details = _first_mapping(usage, "completion_tokens_details", "output_tokens_details")
    tools = _first_mapping(usage, "server_tool_use_details", "server_tool_use")
    read, written = usage.get("cache_read_input_tokens"), usage.get("cache_creation_input_tokens")
    lifetimes = _first_mapping({**usage, **input_details}, "cache_creation", "cache_creation_token_details")
    input_tokens = _first_count(usage, "prompt_tokens", "input_tokens")
    if input_tokens is not None and usage.get("prompt_tokens") is None:
        # The messages API counts what was read from the cache or written to it beside the input, not in it.
        for beside in (read, written):
            input_tokens += count(beside, "cache_input_tokens") or 0
    is_byok = yes_or_no(usage.get("is_byok"))
    upstream = mapping(usage.get("cost_details"), "cost_details").get("upstream_inference_cost")
    return {
        "input_tokens": input_tokens,
        "output_tokens": _first_count(usage, "completion_tokens", "output_tokens"),
        "cached_tokens": count(_first(input_details.get("cached_tokens"), read), "cached_tokens"),
        "cache_write_tokens": count(
            _first(input_details.get("cache_write_tokens"), input_details.get("cache_creation_tokens"), written),
            "cache_write_tokens",
        ),
        "cache_write_1h_tokens": count(lifetimes.get("ephemeral_1h_input_tokens"), "ephemeral_1h_input_tokens"),
        "audio_tokens": count(input_details.get("audio_tokens"), "audio_tokens"),
        "reasoning_tokens": count(output_details.get("reasoning_tokens"), "reasoning_tokens"),
        "searches": count(tools.get("web_search_requests"), "web_search_requests"),
        "reported_pusd": amount(usage.get("cost"), "cost"),
        "upstream_pusd": amount(upstream, "upstream_inference_cost") if is_byok else None,
        "is_byok": is_byok,
    }


def _first(*told: Any) -> Any:
    """SDKs and LiteLLM write null for what a provider does not tell in that place."""
    return next((value for value in told if value is not None), None)


def _first_mapping(usage: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for field in names:
        if usage.get(field) is not None:
            return mapping(usage[field], field)
    return {}


def _first_count(usage: Mapping[str, Any], *names: str) -> int | None:
    for field in names:
        if usage.get(field) is not None:
            return count(usage[field], field)
    return None
