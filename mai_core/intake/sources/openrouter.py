"""OpenRouter Broadcast: OTLP traces as JSON, one span per generation, and spans around it that are not generations.

A span counts when it has a `gen_ai.response.id` without ':'. Its children (the stream, every provider attempt)
repeat usage under a suffixed id; span names and parents say nothing, because callers may set both.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec

from mai_core.errors import BadValue
from mai_core.intake import exact_json, otlp
from mai_core.intake.fields import amount, count, name, remark, required_name, unix_ms
from mai_core.intake.items import INVALID, parse_items
from mai_core.intake.otlp import Span, Told
from mai_core.intake.parsed import MIB, Headers, Parsed, Source
from mai_core.intake.sources.video_job import KIND, read_video_job
from mai_core.model import Observation, Rank

_TEST_SPANS = ("Test Generation", "openrouter-connection-test")
"""What the buttons of OpenRouter's settings page send; the first one carries made-up usage."""

_ID = "gen_ai.response.id"
_MODEL = "gen_ai.response.model"
_MODEL_ASKED_FOR = "gen_ai.request.model"
_FINISH = "gen_ai.response.finish_reason"
_USER = "user.id"
_SESSION = "session.id"

_IN = "gen_ai.usage.input_tokens"
_OUT = "gen_ai.usage.output_tokens"
_PROMPT = "gen_ai.usage.prompt_tokens"
_COMPLETION = "gen_ai.usage.completion_tokens"
_CACHED = _IN + ".cached"
_WRITE = _IN + ".cache_write"
_WRITE_5M = _IN + ".cache_write_5m"
_WRITE_1H = _IN + ".cache_write_1h"
_AUDIO = _IN + ".audio"
_REASONING = _OUT + ".reasoning"
_COST = "gen_ai.usage.total_cost"
_COST_SIDES = ("gen_ai.usage.input_cost", "gen_ai.usage.output_cost")

_META_USER = "trace.metadata.openrouter.user_id"
_META_PROVIDER = "trace.metadata.openrouter.provider_name"
_META_FINISH = "trace.metadata.openrouter.finish_reason"
_META_KEY_NAME = "trace.metadata.openrouter.api_key_name"

_READ = frozenset(
    (
        *(_ID, _MODEL, _MODEL_ASKED_FOR, _FINISH, _USER, _SESSION),
        *(_IN, _OUT, _PROMPT, _COMPLETION),
        *(_CACHED, _WRITE, _WRITE_5M, _WRITE_1H, _AUDIO, _REASONING, _COST, *_COST_SIDES),
        *(_META_USER, _META_PROVIDER, _META_FINISH, _META_KEY_NAME),
    )
)

_MISSHAPED = "is not the OTLP/JSON shape of a trace"

LARGEST_AT_ONCE = 2 * MIB


def parse(body: bytes, headers: Headers) -> Parsed:
    if headers.get("x-test-connection", "").lower() == "true":
        return Parsed()
    if len(body) <= LARGEST_AT_ONCE:
        with suppress(*otlp.NOT_AT_ONCE, BadValue):
            return _parsed_at_once(body)
    return _parsed_in_pieces(body)


def _parsed_at_once(body: bytes) -> Parsed:
    parsed = Parsed()
    for index, (span, told, inherited) in enumerate(otlp.spans_at_once(body, _READ)):
        _add(parsed, index, _read_span(span, told, inherited))
    return parsed


def _parsed_in_pieces(body: bytes) -> Parsed:
    exact_json.refuse_too_many_values(body)
    parsed = Parsed()
    try:
        resources = otlp.resources_of(body)
    except msgspec.ValidationError:
        parsed.refuse(0, INVALID, f"body: {_MISSHAPED}", exact_json.decode(body))
        return parsed
    if resources is None:
        return _other_message(exact_json.decode(body))
    for raw in resources:
        try:
            groups = otlp.groups_of(raw, _READ)
        except msgspec.ValidationError:
            item = {"resourceSpans": [exact_json.decode(bytes(raw))]}
            parsed.refuse(_position(parsed), INVALID, f"resourceSpans: {_MISSHAPED}", item)
            continue
        for inherited, raw_spans in groups:
            for raw_span in raw_spans:
                _add_raw_span(parsed, raw_span, inherited)
    return parsed


def _other_message(document: dict[str, Any]) -> Parsed:
    """An empty trace, a video job; anything else may be usage that we cannot read, so a person looks at it."""

    def read(item: dict[str, Any]) -> Observation | None:
        if str(item.get("type")).startswith(KIND):
            return read_video_job(item, SOURCE.name)
        raise BadValue("body", "is neither a trace nor a video job")

    return parse_items([document] if document else [], read)


def _add_raw_span(parsed: Parsed, raw_span: msgspec.Raw, inherited: Told) -> None:
    index = _position(parsed)
    try:
        _add(parsed, index, _read_span(*otlp.span_of(raw_span, _READ), inherited))
    except msgspec.ValidationError:
        parsed.refuse(index, INVALID, f"span: {_MISSHAPED}", _alone(raw_span, inherited))
    except BadValue as error:
        parsed.refuse(index, INVALID, str(error), _alone(raw_span, inherited))


def _add(parsed: Parsed, index: int, observation: Observation | None) -> None:
    if observation is None:
        parsed.ignored += 1
    else:
        parsed.add(index, observation)


def _position(parsed: Parsed) -> int:
    return len(parsed.observations) + len(parsed.refusals) + parsed.ignored


def _read_span(span: Span, told: Told, inherited: Told) -> Observation | None:
    if inherited:
        if _ID not in told and span.parentSpanId:
            return None
        told = {**inherited, **told}
    given_id = told.get(_ID)
    if given_id is None or span.name in _TEST_SPANS:
        return None
    generation_id = required_name(given_id, _ID)
    if ":" in generation_id:
        return None
    get = told.get
    return Observation(
        generation_id=generation_id,
        rank=Rank.BROADCAST,
        source=SOURCE.name,
        started_at_ms=unix_ms(span.startTimeUnixNano, "startTimeUnixNano", 10**9),
        external_user=name(get(_USER) or get(_META_USER), _USER),
        model=name(get(_MODEL) or get(_MODEL_ASKED_FOR), _MODEL),
        provider=remark(get(_META_PROVIDER)),
        input_tokens=_tokens(told, _IN, _PROMPT),
        output_tokens=_tokens(told, _OUT, _COMPLETION),
        cached_tokens=count(get(_CACHED), _CACHED),
        cache_write_tokens=_cache_writes(told),
        cache_write_1h_tokens=count(get(_WRITE_1H), _WRITE_1H),
        reasoning_tokens=count(get(_REASONING), _REASONING),
        audio_tokens=count(get(_AUDIO), _AUDIO),
        reported_pusd=_cost(told),
        finish_reason=remark(get(_FINISH) or get(_META_FINISH)),
        session_id=remark(get(_SESSION)),
        api_key_name=remark(get(_META_KEY_NAME)),
    )


def _tokens(told: Told, key: str, older_key: str) -> int | None:
    return count(told[key], key) if key in told else count(told.get(older_key), older_key)


def _cache_writes(told: Told) -> int | None:
    """The total; without it the sum of both lifetimes."""
    if _WRITE in told:
        return count(told[_WRITE], _WRITE)
    short, long = count(told.get(_WRITE_5M), _WRITE_5M), count(told.get(_WRITE_1H), _WRITE_1H)
    return None if short is None and long is None else (short or 0) + (long or 0)


def _cost(told: Told) -> int | None:
    """The total; without it the sum of both sides, where both are told."""
    total = amount(told.get(_COST), _COST)
    if total is not None:
        return total
    sides = [amount(told.get(key), key) for key in _COST_SIDES]
    return None if None in sides else sum(side for side in sides if side is not None)


def _alone(raw_span: msgspec.Raw, inherited: Told) -> dict[str, Any]:
    """A body that holds this span only; what it inherited is spelled as text, which every reader takes."""
    attributes = [{"key": key, "value": {"stringValue": str(value)}} for key, value in inherited.items()]
    span = exact_json.decode(bytes(raw_span))
    return {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"spans": [span]}]}]}


SOURCE = Source("openrouter", parse, largest_body=32 * MIB, can_act_on_errors=False)
