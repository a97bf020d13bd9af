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
from mai_core.intake.items import INVALID, parse_items
from mai_core.intake.parsed import MIB, Headers, Parsed, Refusal, Source
from mai_core.intake.sources.video_job import KIND, read_video_job
from mai_core.model import Observation, Rank

_TEST_SPANS = ("Test Generation", "openrouter-connection-test")
"""What the buttons of OpenRouter's settings page send; the first one carries made-up usage."""

_USAGE = "gen_ai.usage."
_META = "trace.metadata.openrouter."
_IN = _USAGE + "input_tokens"
_OUT = _USAGE + "output_tokens"
_CACHED = _IN + ".cached"
_WRITE = _IN + ".cache_write"
_WRITE_5M = _IN + ".cache_write_5m"
_WRITE_1H = _IN + ".cache_write_1h"
_AUDIO = _IN + ".audio"
_REASONING = _OUT + ".reasoning"
_COST = _USAGE + "total_cost"
_COST_SIDES = (_USAGE + "input_cost", _USAGE + "output_cost")
_READ = frozenset(
    (
        "gen_ai.response.id",
        "gen_ai.response.model",
        "gen_ai.request.model",
        "gen_ai.response.finish_reason",
        "user.id",
        "session.id",
        *(_META + field for field in ("user_id", "provider_name", "finish_reason", "api_key_name")),
        *(_IN, _OUT, _USAGE + "prompt_tokens", _USAGE + "completion_tokens"),
        *(_CACHED, _WRITE, _WRITE_5M, _WRITE_1H, _AUDIO, _REASONING, _COST, *_COST_SIDES),
    )
)

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
    resourceSpans: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET


_BODY = msgspec.json.Decoder(_Body, float_hook=Decimal)
_RESOURCE_SPANS = msgspec.json.Decoder(_ResourceSpans, float_hook=Decimal)
_SPAN = msgspec.json.Decoder(_Span, float_hook=Decimal)

_VALUE = msgspec.json.Decoder(_Value | None, float_hook=Decimal)

_MISSHAPED = "is not the OTLP/JSON shape of a trace"

Attributes = dict[str, Any]


def parse(body: bytes, headers: Headers) -> Parsed:
    parsed = Parsed()
    if headers.get("x-test-connection", "").lower() == "true":
        return parsed
    try:
        document = exact_json.decode_as(_BODY, body)
    except msgspec.ValidationError:
        parsed.refusals.append(Refusal(0, INVALID, f"body: {_MISSHAPED}", exact_json.decode(body)))
        return parsed
    if document.resourceSpans is msgspec.UNSET:
        return _other_message(exact_json.decode(body))
    for raw in document.resourceSpans or ():
        try:
            groups = _groups_of(raw)
        except msgspec.ValidationError:
            item = {"resourceSpans": [exact_json.decode(bytes(raw))]}
            parsed.refusals.append(Refusal(_position(parsed), INVALID, f"resourceSpans: {_MISSHAPED}", item))
            continue
        for inherited, raw_spans in groups:
            for raw_span in raw_spans:
                _add_span(parsed, raw_span, inherited)
    return parsed


def _other_message(document: dict[str, Any]) -> Parsed:
    """An empty trace, a video job; anything else may be usage that we cannot read, so a person looks at it."""

    def read(item: dict[str, Any]) -> Observation | None:
        if str(item.get("type")).startswith(KIND):
            return read_video_job(item, SOURCE.name)
        raise BadValue("body", "is neither a trace nor a video job")

    return parse_items([document] if document else [], read)


def _groups_of(raw: msgspec.Raw) -> list[tuple[Attributes, list[msgspec.Raw]]]:
    try:
        return _groups(raw)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _groups(msgspec.Raw(exact_json.repaired(bytes(raw))))


def _groups(raw: msgspec.Raw) -> list[tuple[Attributes, list[msgspec.Raw]]]:
    """The spans of one resource by scope, with what resource and scope say of all of them."""
    resource_spans = _RESOURCE_SPANS.decode(raw)
    resource = _told(resource_spans.resource.attributes) if resource_spans.resource else {}
    groups = []
    for scope_spans in resource_spans.scopeSpans or ():
        scope = _told(scope_spans.scope.attributes) if scope_spans.scope else {}
        groups.append(({**resource, **scope}, scope_spans.spans or []))
    return groups


def _add_span(parsed: Parsed, raw_span: msgspec.Raw, inherited: Attributes) -> None:
    index = _position(parsed)
    try:
        observation = _read_raw_span(raw_span, inherited)
    except msgspec.ValidationError:
        parsed.refusals.append(Refusal(index, INVALID, f"span: {_MISSHAPED}", _alone(raw_span, inherited)))
    except BadValue as error:
        parsed.refusals.append(Refusal(index, INVALID, str(error), _alone(raw_span, inherited)))
    else:
        if observation is None:
            parsed.ignored += 1
        else:
            parsed.add(index, observation)


def _read_raw_span(raw_span: bytes | msgspec.Raw, inherited: Attributes) -> Observation | None:
    try:
        return _read_span(_SPAN.decode(raw_span), inherited)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _read_span(_SPAN.decode(exact_json.repaired(bytes(raw_span))), inherited)


def _position(parsed: Parsed) -> int:
    return len(parsed.observations) + len(parsed.refusals) + parsed.ignored


def _read_span(span: _Span, inherited: Attributes) -> Observation | None:
    told = _told(span.attributes)
    if inherited:
        if "gen_ai.response.id" not in told and span.parentSpanId:
            return None
        told = {**inherited, **told}
    given_id = told.get("gen_ai.response.id")
    if given_id is None or span.name in _TEST_SPANS:
        return None
    generation_id = required_name(given_id, "gen_ai.response.id")
    if ":" in generation_id:
        return None
    get = told.get
    return Observation(
        generation_id=generation_id,
        rank=Rank.BROADCAST,
        source=SOURCE.name,
        started_at_ms=unix_ms(span.startTimeUnixNano, "startTimeUnixNano", 10**9),
        external_user=name(get("user.id") or get(_META + "user_id"), "user.id"),
        model=name(get("gen_ai.response.model") or get("gen_ai.request.model"), "gen_ai.response.model"),
        provider=remark(get(_META + "provider_name")),
        input_tokens=_count(told, _IN, _USAGE + "prompt_tokens"),
        output_tokens=_count(told, _OUT, _USAGE + "completion_tokens"),
        cached_tokens=count(get(_CACHED), _CACHED),
        cache_write_tokens=_cache_writes(told),
        cache_write_1h_tokens=count(get(_WRITE_1H), _WRITE_1H),
        reasoning_tokens=count(get(_REASONING), _REASONING),
        audio_tokens=count(get(_AUDIO), _AUDIO),
        reported_pusd=_cost(told),
        finish_reason=remark(get("gen_ai.response.finish_reason") or get(_META + "finish_reason")),
        session_id=remark(get("session.id")),
        api_key_name=remark(get(_META + "api_key_name")),
    )


def _count(told: Attributes, *keys: str) -> int | None:
    for key in keys:
        if key in told:
            return count(told[key], key)
    return None


def _cache_writes(told: Attributes) -> int | None:
    if _WRITE in told:
        return count(told[_WRITE], _WRITE)
    parts = [count(told[key], key) for key in (_WRITE_5M, _WRITE_1H) if key in told]
    return sum(part for part in parts if part is not None) if parts else None


def _cost(told: Attributes) -> int | None:
    """The total; without it the sum of both sides, where both are told."""
    total = amount(told.get(_COST), _COST)
    if total is not None:
        return total
    sides = [amount(told.get(key), key) for key in _COST_SIDES]
    return None if None in sides else sum(side for side in sides if side is not None)


def _told(attributes: list[_Attribute] | None) -> Attributes:
    """The attributes that metering reads, as plain values; null and what has no scalar value is not there."""
    told: Attributes = {}
    for attribute in attributes or ():
        if attribute.key in _READ:
            value = _VALUE.decode(attribute.value)
            if value is None:
                continue
            for spelled in (value.stringValue, value.intValue, value.doubleValue, value.boolValue):
                if spelled is not None:
                    told[attribute.key] = spelled
                    break
    return told


def _alone(raw_span: msgspec.Raw, inherited: Attributes) -> dict[str, Any]:
    """A body that holds this span only; what it inherited is spelled as text, which every reader takes."""
    attributes = [{"key": key, "value": {"stringValue": str(value)}} for key, value in inherited.items()]
    span = exact_json.decode(bytes(raw_span))
    return {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"spans": [span]}]}]}


SOURCE = Source("openrouter", parse, largest_body=32 * MIB, can_act_on_errors=False)
