"""OpenRouter Broadcast: OTLP traces as JSON, one span per generation, and spans around it that are not generations.

A span counts when it has a `gen_ai.response.id` without ':'. Its children (the stream, every provider attempt)
repeat usage under a suffixed id; span names and parents say nothing, because callers may set both.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from mai_core.errors import BadValue
from mai_core.intake import exact_json
from mai_core.intake.fields import amount, count, name, remark, required_name, unix_ms
from mai_core.intake.items import INVALID
from mai_core.intake.parsed import MIB, Headers, Parsed, Refusal, Source
from mai_core.model import Observation, Rank

_TEST_SPANS = ("Test Generation", "openrouter-connection-test")
"""What the buttons of OpenRouter's settings page send; the first one carries made-up usage."""

_USAGE = "gen_ai.usage."
_IN = "gen_ai.usage.input_tokens"
_OUT = "gen_ai.usage.output_tokens"
_META = "trace.metadata.openrouter."


_NULL = msgspec.Raw(b"null")


class _Value(msgspec.Struct):
    stringValue: Any = None
    intValue: Any = None
    doubleValue: Any = None
    boolValue: Any = None


class _Attribute(msgspec.Struct):
    """The value stays as it came until somebody asks for it: it may be a prompt of ten megabytes."""

    key: str
    value: msgspec.Raw = _NULL


class _Span(msgspec.Struct):
    name: Any = None
    parentSpanId: Any = None
    startTimeUnixNano: Any = None
    attributes: list[_Attribute] | None = None


class _Holder(msgspec.Struct):
    """A resource or a scope: what its attributes say holds for every span below, unless the span says otherwise."""

    attributes: list[_Attribute] | None = None


class _ScopeSpans(msgspec.Struct):
    scope: _Holder | None = None
    spans: list[msgspec.Raw] | None = None


class _ResourceSpans(msgspec.Struct):
    resource: _Holder | None = None
    scopeSpans: list[_ScopeSpans] | None = None


class _Body(msgspec.Struct):
    resourceSpans: list[msgspec.Raw] | None = None


_BODY = msgspec.json.Decoder(_Body, float_hook=Decimal)
_RESOURCE_SPANS = msgspec.json.Decoder(_ResourceSpans, float_hook=Decimal)
_SPAN = msgspec.json.Decoder(_Span, float_hook=Decimal)

_VALUE = msgspec.json.Decoder(_Value | None, float_hook=Decimal)

_MISSHAPED = "is not the OTLP/JSON shape of a trace"

Attributes = dict[str, msgspec.Raw]


def parse(body: bytes, headers: Headers) -> Parsed:
    parsed = Parsed()
    if headers.get("x-test-connection", "").lower() == "true":
        return parsed
    try:
        document = exact_json.decode_as(_BODY, body)
    except msgspec.ValidationError:
        parsed.refusals.append(Refusal(0, INVALID, f"body: {_MISSHAPED}", exact_json.decode(body)))
        return parsed
    for raw in document.resourceSpans or ():
        try:
            resource_spans = _RESOURCE_SPANS.decode(raw)
        except msgspec.ValidationError:
            item = {"resourceSpans": [exact_json.decode(bytes(raw))]}
            parsed.refusals.append(Refusal(_position(parsed), INVALID, f"resourceSpans: {_MISSHAPED}", item))
            continue
        resource = _attributes(resource_spans.resource)
        for scope_spans in resource_spans.scopeSpans or ():
            inherited = {**resource, **_attributes(scope_spans.scope)} if scope_spans.scope else resource
            for raw_span in scope_spans.spans or ():
                _add_span(parsed, raw_span, inherited)
    return parsed


def _add_span(parsed: Parsed, raw_span: msgspec.Raw, inherited: Attributes) -> None:
    index = _position(parsed)
    try:
        span = _SPAN.decode(raw_span)
        observation = _read_span(span, inherited)
    except msgspec.ValidationError:
        parsed.refusals.append(Refusal(index, INVALID, f"span: {_MISSHAPED}", _alone(raw_span, inherited)))
    except BadValue as error:
        parsed.refusals.append(Refusal(index, INVALID, str(error), _alone(raw_span, inherited)))
    else:
        if observation is None:
            parsed.ignored += 1
        else:
            parsed.add(index, observation)


def _position(parsed: Parsed) -> int:
    return len(parsed.observations) + len(parsed.refusals) + parsed.ignored


def _read_span(span: _Span, inherited: Attributes) -> Observation | None:
    own = {attribute.key: attribute.value for attribute in span.attributes or ()}
    told: Attributes = {**inherited, **own} if inherited else own
    get = _getter(told)
    if "gen_ai.response.id" not in own and span.parentSpanId:
        return None
    generation_id = get("gen_ai.response.id")
    if generation_id is None or span.name in _TEST_SPANS:
        return None
    generation_id = required_name(generation_id, "gen_ai.response.id")
    if ":" in generation_id:
        return None
    return Observation(
        generation_id=generation_id,
        rank=Rank.BROADCAST,
        source=SOURCE.name,
        started_at_ms=unix_ms(span.startTimeUnixNano, "startTimeUnixNano", 10**9),
        external_user=name(get("user.id") or get(_META + "user_id"), "user.id"),
        model=name(get("gen_ai.response.model") or get("gen_ai.request.model"), "gen_ai.response.model"),
        provider=remark(get(_META + "provider_name")),
        input_tokens=_count(get, _IN, _USAGE + "prompt_tokens"),
        output_tokens=_count(get, _OUT, _USAGE + "completion_tokens"),
        cached_tokens=_count(get, _IN + ".cached"),
        cache_write_tokens=_cache_writes(get),
        cache_write_1h_tokens=_count(get, _IN + ".cache_write_1h"),
        reasoning_tokens=_count(get, _OUT + ".reasoning"),
        audio_tokens=_count(get, _IN + ".audio"),
        reported_pusd=_cost(get),
        finish_reason=remark(get("gen_ai.response.finish_reason") or get(_META + "finish_reason")),
        session_id=remark(get("session.id")),
        api_key_name=remark(get(_META + "api_key_name")),
    )


def _getter(told: Attributes) -> Any:
    def get(key: str) -> Any:
        raw = told.get(key)
        value = None if raw is None else exact_json.decode_as(_VALUE, raw)
        if value is None:
            return None
        for spelled in (value.stringValue, value.intValue, value.doubleValue, value.boolValue):
            if spelled is not None:
                return spelled
        return None

    return get


def _count(get: Any, *keys: str) -> int | None:
    for key in keys:
        value = get(key)
        if value is not None:
            return count(value, key)
    return None


def _cache_writes(get: Any) -> int | None:
    total = _count(get, _IN + ".cache_write")
    if total is not None:
        return total
    parts = [_count(get, _IN + suffix) for suffix in (".cache_write_5m", ".cache_write_1h")]
    told = [part for part in parts if part is not None]
    return sum(told) if told else None


def _cost(get: Any) -> int | None:
    total = amount(get(_USAGE + "total_cost"), "total_cost")
    if total is not None:
        return total
    input_cost, output_cost = (
        amount(get(_USAGE + "input_cost"), "input_cost"),
        amount(get(_USAGE + "output_cost"), "output_cost"),
    )
    return None if input_cost is None or output_cost is None else input_cost + output_cost


def _attributes(holder: _Holder | None) -> Attributes:
    return {} if holder is None else {attribute.key: attribute.value for attribute in holder.attributes or ()}


def _alone(raw_span: msgspec.Raw, inherited: Attributes) -> dict[str, Any]:
    """A body that holds this span only."""
    attributes = [{"key": key, "value": exact_json.decode(bytes(value))} for key, value in inherited.items()]
    span = exact_json.decode(bytes(raw_span))
    return {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"spans": [span]}]}]}


SOURCE = Source("openrouter", parse, largest_body=32 * MIB, can_act_on_errors=False)
