"""What quarantine may keep of a body: numbers, and the texts that metering reads. Every other text is replaced by its
length and hash, because prompts travel under names that nobody foresees.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

_NAMES = frozenset(
    """
    id generation_id generation_ids turn_id request_id litellm_call_id gen_ai.response.id
    model model_permaslug gen_ai.response.model gen_ai.request.model
    provider provider_name custom_llm_provider trace.metadata.openrouter.provider_name
    user user_id external_user subject end_user user.id trace.metadata.openrouter.user_id
    user_api_key_end_user_id user_api_key_user_id session_id session.id llm_provider-x-generation-id
    api_key_name trace.metadata.openrouter.api_key_name user_api_key_alias
    specversion type source status finish_reason gen_ai.response.finish_reason finish_reason_normalized
    traceId spanId parentSpanId
    """.split()  # noqa: SIM905
)
_NUMBERS_AND_TIMES = frozenset(
    """
    time timestamp created created_at startTime startTimeUnixNano endTimeUnixNano
    gen_ai.usage.input_tokens gen_ai.usage.output_tokens gen_ai.usage.prompt_tokens gen_ai.usage.completion_tokens
    gen_ai.usage.total_tokens gen_ai.usage.input_cost gen_ai.usage.output_cost gen_ai.usage.total_cost
    tokens_used cost cost_total tokens_prompt tokens_completion tokens_reasoning tokens_cached byok_usage_inference
    prompt_tokens completion_tokens input_tokens output_tokens cached_tokens reasoning_tokens
    response_cost total_cost
    """.split()  # noqa: SIM905
)
_A_NAME = re.compile(r"[\w.:/@+~-]{1,200}")
"""One word: names of people, models and keys that have blanks in them are replaced too."""
_A_NUMBER_OR_TIME = re.compile(r"[0-9.eE+:TZ-]{1,40}")
_OTLP_VALUES = frozenset({"stringValue", "intValue", "doubleValue", "boolValue"})
_DEEPEST = 40
_NESTED = {"redacted": "nested"}
_API_KEY = re.compile(r"sk-[A-Za-z0-9_-]{8,}|[Bb]earer\s+\S+|eyJ[A-Za-z0-9_-]{10,}\.")
_FIELD = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_MARK = re.compile(r"\[\d+ characters, sha256 [0-9a-f]{64}\]")


def redact(value: Any, key: str = "", depth: int = 0) -> Any:
    """A copy that may be stored; it parses like the original as far as metering is concerned."""
    if depth > _DEEPEST:
        return _NESTED
    if isinstance(value, dict):
        if isinstance(value.get("key"), str) and "value" in value:
            return {"key": _safe_name(value["key"]), "value": _otlp_value(value["value"], value["key"], depth)}
        return {_safe_name(name): redact(item, name, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [redact(item, key, depth + 1) for item in value]
    if isinstance(value, str):
        return value if _may_stay(key, value) else _replaced(value)
    return value


def without_depths(value: Any, depth: int = 0) -> Any:
    """A copy that every reader and writer of ours can go through, however deep the stack that it stands on."""
    if depth > 2 * _DEEPEST:
        return _NESTED
    if isinstance(value, dict):
        return {name: without_depths(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [without_depths(item, depth + 1) for item in value]
    return value


def values_in(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(values_in(item) for item in inside)


def _otlp_value(value: Any, key: str, depth: int) -> Any:
    """`{"stringValue": ...}`: whether the text stays depends on the attribute's name."""
    if not isinstance(value, dict):
        return redact(value, key, depth + 1)
    return {
        _safe_name(kind): redact(item, key if kind in _OTLP_VALUES else kind, depth + 1) for kind, item in value.items()
    }


def _may_stay(key: str, text: str) -> bool:
    shape = _A_NAME if key in _NAMES else _A_NUMBER_OR_TIME if key in _NUMBERS_AND_TIMES else None
    return shape is not None and shape.fullmatch(text) is not None and not _API_KEY.search(text)


def _safe_name(name: Any) -> str:
    """Names of fields are kept, unless they are no names at all."""
    text = str(name)
    return text if _FIELD.fullmatch(text) and not _API_KEY.search(text) else _replaced(text)


def _replaced(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"[{len(text)} characters, sha256 {digest}]"


def is_mark(value: Any) -> bool:
    """True for what stands where a text was."""
    return isinstance(value, str) and _MARK.fullmatch(value) is not None
