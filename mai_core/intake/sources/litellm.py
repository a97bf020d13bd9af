"""LiteLLM's `generic_api` callback: a list, lines or one StandardLoggingPayload.

Failed calls and cache hits cost nothing at the provider and are no events. `response_cost` is LiteLLM's own estimate.
A call weighs 13 KB without its texts and comes with up to 511 others, hence the large body; only what metering reads is
unpacked. A batch that is refused is lost: LiteLLM does not keep it.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from mai_core.errors import BadValue
from mai_core.intake import exact_json
from mai_core.intake.exact_json import Unreadable
from mai_core.intake.fields import amount, count, mapping, name, remark, required_name, unix_ms, yes_or_no
from mai_core.intake.items import INVALID
from mai_core.intake.parsed import MIB, Headers, Parsed, Source
from mai_core.intake.usage_object import read_usage
from mai_core.model import SEALED_ID, Observation, Rank

_OPENROUTER = "openrouter"
_GENERATION, _RESPONSE = "gen-", "resp_"
_TEST_MODEL = "litellm-mock-response-model"
"""What the button of LiteLLM's settings page sends, with made-up usage."""
_GENERATION_HEADER = "llm_provider-x-generation-id"
"""OpenRouter's own header, as LiteLLM keeps it: `id` is LiteLLM's where it translates between two APIs."""


class _Call(msgspec.Struct):
    id: Any = None
    litellm_call_id: Any = None
    status: Any = None
    cache_hit: Any = None
    model: Any = None
    custom_llm_provider: Any = None
    prompt_tokens: Any = None
    completion_tokens: Any = None
    response_cost: Any = None
    startTime: Any = None
    end_user: Any = None
    stream: Any = None
    session_id: Any = None
    metadata: Any = None
    hidden_params: Any = None


_ONE = msgspec.json.Decoder(msgspec.Raw)
_MANY = msgspec.json.Decoder(list[msgspec.Raw])
_CALL = msgspec.json.Decoder(_Call, float_hook=exact_json.decimal_or_text)


def parse(body: bytes, headers: Headers) -> Parsed:
    parsed = Parsed()
    for index, item in enumerate(_items(body)):
        try:
            observation = _read(exact_json.decode_as(_CALL, item))
        except msgspec.ValidationError:
            parsed.refuse(index, INVALID, "event: is not an object", _whole(item))
        except BadValue as error:
            parsed.refuse(index, INVALID, str(error), _whole(item))
        else:
            if observation is None:
                parsed.ignored += 1
            else:
                parsed.add(index, observation)
    return parsed


def _items(body: bytes) -> list[msgspec.Raw]:
    exact_json.refuse_too_many_values(body)
    try:
        return exact_json.decode_as(_MANY, body)
    except msgspec.ValidationError:
        pass
    try:
        return [exact_json.decode_as(_ONE, body)]
    except Unreadable:
        lines = [line for line in body.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        return [exact_json.decode_as(_ONE, line) for line in lines]


def _whole(item: msgspec.Raw) -> Any:
    return exact_json.decode(bytes(item))


def _read(call: _Call) -> Observation | None:
    if call.status == "failure" or call.cache_hit in (True, "True", "true") or call.model == _TEST_MODEL:
        return None
    metadata = mapping(call.metadata, "metadata")
    told = read_usage(mapping(metadata.get("usage_object"), "metadata.usage_object"))
    told["input_tokens"] = _told_or(told["input_tokens"], call.prompt_tokens, "prompt_tokens")
    told["output_tokens"] = _told_or(told["output_tokens"], call.completion_tokens, "completion_tokens")
    relay = name(call.custom_llm_provider, "custom_llm_provider")
    generation_id = _identity(call)
    return Observation(
        generation_id=generation_id,
        rank=Rank.LITELLM,
        source=SOURCE.name,
        started_at_ms=unix_ms(call.startTime, "startTime", 1),
        external_user=name(
            call.end_user or metadata.get("user_api_key_end_user_id") or metadata.get("user_api_key_user_id"),
            "end_user",
        ),
        model=required_name(call.model, "model").removeprefix(f"{_OPENROUTER}/"),
        provider=None if relay == _OPENROUTER else relay,
        estimated_pusd=amount(call.response_cost, "response_cost"),
        streamed=yes_or_no(call.stream),
        session_id=remark(call.session_id),
        api_key_name=remark(metadata.get("user_api_key_alias")),
        flags=(SEALED_ID,) if relay == _OPENROUTER and _is_sealed(call, generation_id) else (),
        **told,
    )


def _identity(call: _Call) -> str:
    """The generation's own id where OpenRouter gave one; else LiteLLM's id of the call."""
    hidden = call.hidden_params if isinstance(call.hidden_params, dict) else {}
    headers = hidden.get("additional_headers")
    for given in (call.id, headers.get(_GENERATION_HEADER) if isinstance(headers, dict) else None, _wrapped(call.id)):
        if isinstance(given, str) and given.startswith(_GENERATION):
            return required_name(given, "id")
    return required_name(call.litellm_call_id, "litellm_call_id")


def _is_sealed(call: _Call, generation_id: str) -> bool:
    """LiteLLM encrypts the id of a streamed response, unless it is set not to."""
    return str(call.id).startswith(_RESPONSE) and not generation_id.startswith(_GENERATION)


def _wrapped(response_id: Any) -> str | None:
    """A streamed response comes without headers, but its id is base64 around the provider's own."""
    if not isinstance(response_id, str) or not response_id.startswith(_RESPONSE):
        return None
    try:
        told = base64.b64decode(response_id.removeprefix(_RESPONSE), validate=True)
    except ValueError:
        return None
    return told.rpartition(b"response_id:")[2].decode("ascii", "replace")


def _told_or(told: int | None, otherwise: Any, field: str) -> int | None:
    return told if told is not None else count(otherwise, field)


SOURCE = Source(
    "litellm",
    parse,
    content_types=frozenset({"application/json", "application/x-ndjson", "application/ndjson"}),
    largest_body=32 * MIB,
    can_act_on_errors=False,
)
