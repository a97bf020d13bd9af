"""OTLP traces as JSON: resources, scopes and spans, and what their attributes say.

A trace in which everything has its shape is read at once. Any other is read in pieces, so that a misshaped span is
refused alone, broken text is repaired, and a prompt of ten megabytes is passed over without becoming a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec

from mai_core.intake import exact_json

Told = dict[str, Any]
"""Attributes as plain values; null and what has no scalar value is not there."""

Wanted = frozenset[str]

_NULL = msgspec.Raw(b"null")


class _Value(msgspec.Struct, gc=False):
    stringValue: Any = None
    intValue: Any = None
    doubleValue: Any = None
    boolValue: Any = None


class _Attribute(msgspec.Struct, gc=False):
    key: str
    value: _Value | None = None


class _RawAttribute(msgspec.Struct):
    """The value stays as it came until somebody asks for it."""

    key: str
    value: msgspec.Raw = _NULL


A = TypeVar("A")
S = TypeVar("S")


class _Holder(msgspec.Struct, Generic[A]):
    """A resource or a scope: what its attributes say holds for every span below, unless the span says otherwise."""

    attributes: list[A] | None = None


class Span(msgspec.Struct):
    name: Any = None
    parentSpanId: Any = None
    startTimeUnixNano: Any = None


class _Span(Span, Generic[A]):
    attributes: list[A] | None = None


class _ScopeSpans(msgspec.Struct, Generic[A, S]):
    scope: _Holder[A] | None = None
    spans: list[S] | None = None


class _ResourceSpans(msgspec.Struct, Generic[A, S]):
    resource: _Holder[A] | None = None
    scopeSpans: list[_ScopeSpans[A, S]] | None = None


class _Trace(msgspec.Struct):
    resourceSpans: list[_ResourceSpans[_Attribute, _Span[_Attribute]]]


class _Body(msgspec.Struct):
    resourceSpans: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET


_TRACE = msgspec.json.Decoder(_Trace, float_hook=Decimal)
_BODY = msgspec.json.Decoder(_Body)
_RESOURCE_SPANS = msgspec.json.Decoder(
    _ResourceSpans[_RawAttribute, msgspec.Raw], float_hook=exact_json.decimal_or_text
)
_RAW_SPAN = msgspec.json.Decoder(_Span[_RawAttribute], float_hook=exact_json.decimal_or_text)
_VALUE = msgspec.json.Decoder(_Value | None, float_hook=exact_json.decimal_or_text)

NOT_AT_ONCE = (msgspec.MsgspecError, UnicodeDecodeError, ArithmeticError, RecursionError)
"""What `spans_at_once` raises when a body has to be read in pieces."""


def spans_at_once(body: bytes, wanted: Wanted) -> Iterator[tuple[Span, Told, Told]]:
    """Every span with its own attributes and those that it inherits."""
    for resource_spans in _TRACE.decode(body).resourceSpans:
        resource = _told(resource_spans.resource, wanted)
        for scope_spans in resource_spans.scopeSpans or ():
            inherited = {**resource, **_told(scope_spans.scope, wanted)}
            for span in scope_spans.spans or ():
                yield span, _told(span, wanted), inherited


def resources_of(body: bytes) -> list[msgspec.Raw] | None:
    """The resourceSpans of a trace in pieces; None: it is another message. Raises what `exact_json.decode_as` does."""
    pieces = exact_json.decode_as(_BODY, body).resourceSpans
    return None if pieces is msgspec.UNSET else pieces or []


def groups_of(resource_spans: msgspec.Raw, wanted: Wanted) -> list[tuple[Told, list[msgspec.Raw]]]:
    """The spans of one resource by scope, with what resource and scope say of all of them."""

    def read(text: bytes | msgspec.Raw) -> list[tuple[Told, list[msgspec.Raw]]]:
        whole = _RESOURCE_SPANS.decode(text)
        resource = _told_raw(whole.resource, wanted)
        return [({**resource, **_told_raw(group.scope, wanted)}, group.spans or []) for group in whole.scopeSpans or ()]

    return exact_json.reading(read, resource_spans)


def span_of(raw_span: msgspec.Raw, wanted: Wanted) -> tuple[Span, Told]:
    def read(text: bytes | msgspec.Raw) -> tuple[Span, Told]:
        span = _RAW_SPAN.decode(text)
        return span, _told_raw(span, wanted)

    return exact_json.reading(read, raw_span)


def _told(holder: _Holder[_Attribute] | _Span[_Attribute] | None, wanted: Wanted) -> Told:
    return _scalars(holder.attributes, wanted) if holder and holder.attributes else {}


def _told_raw(holder: _Holder[_RawAttribute] | _Span[_RawAttribute] | None, wanted: Wanted) -> Told:
    attributes = (holder.attributes if holder else None) or ()
    read = [_Attribute(one.key, _VALUE.decode(one.value)) for one in attributes if one.key in wanted]
    return _scalars(read, wanted)


def _scalars(attributes: list[_Attribute], wanted: Wanted) -> Told:
    told: Told = {}
    for attribute in attributes:
        key, value = attribute.key, attribute.value
        if value is None or key not in wanted:
            continue
        scalar = value.stringValue
        if scalar is None:
            scalar = value.intValue
        if scalar is None:
            scalar = value.doubleValue
        if scalar is None:
            scalar = value.boolValue
        if scalar is not None:
            told[key] = scalar
    return told
