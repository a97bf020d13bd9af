"""JSON as it was written: a number with a point becomes Decimal, never float; broken text is repaired if it can be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, TypeVar

import msgspec

from mai_core.errors import MaiError

Document = TypeVar("Document")


def decimal_or_text(number: str) -> Decimal | str:
    """A number that no Decimal holds (1e9999999999999999999) stays text: whoever reads it refuses that field alone."""
    try:
        return Decimal(number)
    except InvalidOperation:
        return number


def integer_or_text(number: str) -> int | str:
    """The same for an integer of more digits than Python reads."""
    try:
        return int(number)
    except ValueError:
        return number


_DECODER = msgspec.json.Decoder(Any, float_hook=decimal_or_text)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


MOST_VALUES = 2_000_000
"""In 32 MB that events fill there are fewer; of 32 MB of `1,` every value would become an object of seventy bytes."""


_TOO_MANY_VALUES = re.compile(rb'(?:(?:[^",]++|"(?:[^"\\]++|\\.)*+")*+,){%d}+' % MOST_VALUES, re.DOTALL)
"""So many commas outside of texts; possessive, so that it neither goes back nor remembers."""


class Unreadable(MaiError):
    """A body that is not JSON, nested deeper than any event is, or full of what is none."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def decode(body: bytes) -> Any:
    """A JSON document; raises Unreadable."""
    try:
        return decode_as(_DECODER, body)
    except msgspec.ValidationError:  # without a shape that could be wrong: an integer is too long
        return _DECODER.decode(repaired(body))


def decode_as(decoder: msgspec.json.Decoder[Document], body: bytes | msgspec.Raw) -> Document:
    """A typed document. Raises Unreadable, or msgspec.ValidationError where only the shape is wrong."""
    return reading(decoder.decode, body)


def reading(read: Callable[[bytes | msgspec.Raw], Document], text: bytes | msgspec.Raw) -> Document:
    """What `read` makes of the text, or of the repaired text where it is broken."""
    try:
        return read(text)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        return read(repaired(bytes(text)))
    except RecursionError:
        raise Unreadable("nested_too_deep", "the body is nested too deeply") from None


def refuse_too_many_values(body: bytes) -> None:
    """Raises Unreadable before any of them becomes an object."""
    if body.count(b",") >= MOST_VALUES and _TOO_MANY_VALUES.match(body):
        raise Unreadable("too_many_values", f"the body has more than {MOST_VALUES} values")


def encode(value: Any) -> bytes:
    """The counterpart: a Decimal is written as the number that it is."""
    return _ENCODER.encode(value)


def repaired(body: bytes) -> bytes:
    """The same document without lone surrogates and endless integers: a sender that cuts long prompts cuts some emoji
    in half, and the usage beside them is still good.
    """
    try:
        document = json.loads(
            body.decode("utf-8-sig"),
            parse_float=decimal_or_text,
            parse_int=integer_or_text,
            parse_constant=_refuse_constant,
        )
        return encode(_without_surrogates(document))
    except RecursionError:
        raise Unreadable("nested_too_deep", "the body is nested too deeply") from None
    except (ValueError, msgspec.MsgspecError):
        raise Unreadable("not_json", "the body is not JSON") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
