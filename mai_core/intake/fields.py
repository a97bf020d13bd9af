"""Reading single values of an event. A refusal names the field and never repeats the value, which may be a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from mai_core.days import to_ms
from mai_core.errors import BadValue
from mai_core.money import units_of

MOST_TOKENS = 10**12
LONGEST_NAME = 256
_EARLIEST_MS = 946_684_800_000
"""2000-01-01; what lies outside these two is a wrong unit, not a time."""
_LATEST_MS = 7_258_118_400_000


def name(value: Any, field: str) -> str | None:
    """A short text that becomes part of a key: an id, a model, a person. Empty counts as not said."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadValue(field, "is not a text")
    if len(value) > LONGEST_NAME:
        raise BadValue(field, f"is longer than {LONGEST_NAME} characters")
    if not value.isprintable():
        raise BadValue(field, "contains control characters")
    return value.strip() or None


def required_name(value: Any, field: str) -> str:
    text = name(value, field)
    if text is None:
        raise BadValue(field, "is missing")
    return text


def remark(value: Any) -> str | None:
    """A text that describes and decides nothing: where it cannot be kept it is left out."""
    usable = isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable()
    return value if usable else None


def yes_or_no(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def count(value: Any, field: str) -> int | None:
    """A number of tokens, images, searches: an integer in any spelling that JSON and OTLP have for it."""
    if value is None or value == "":
        return None
    number = value if type(value) is int else _whole_number(value)
    if number is None:
        raise BadValue(field, "is not a whole number")
    if not 0 <= number <= MOST_TOKENS:
        raise BadValue(field, "is out of range")
    return number


def _whole_number(value: Any) -> int | None:
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else None
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < 18 and value == int(value):
        return int(value)
    return None


def amount(value: Any, field: str) -> int | None:
    """US dollars as integer units of 10^-12."""
    if value is None or value == "":
        return None
    units = units_of(value, field)
    if units < 0:
        raise BadValue(field, "is negative")
    return units


def unix_ms(value: Any, field: str, per_second: int) -> int | None:
    """A unix time counted in seconds (1), milliseconds (1000) or nanoseconds (10**9)."""
    if value is None or value in ("", 0, "0"):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        return _plausible(int(value) * 1000 // per_second, field)
    try:
        if isinstance(value, bool) or len(str(value)) > 40:
            raise ValueError
        number = Decimal(value)
        if not number.is_finite() or abs(number.adjusted()) > 30:
            raise ValueError
        at_ms = int(number * 1000 / per_second)
    except (ValueError, TypeError, ArithmeticError):
        raise BadValue(field, "is not a unix time") from None
    return _plausible(at_ms, field)


def instant_ms(value: Any, field: str) -> int | None:
    """An RFC 3339 instant, or a unix time in seconds or milliseconds."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise BadValue(field, "is not an instant such as 2026-11-21T13:00:00Z") from None
        return _plausible(to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC)), field)
    milliseconds = not isinstance(value, bool) and len(str(value).split(".")[0]) > 11
    return unix_ms(value, field, 1000 if milliseconds else 1)


def _plausible(at_ms: int, field: str) -> int:
    if not _EARLIEST_MS <= at_ms <= _LATEST_MS:
        raise BadValue(field, "is out of range")
    return at_ms


def mapping(value: Any, field: str) -> Mapping[str, Any]:
    """An object; absent and null count as empty."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadValue(field, "is not an object")
    return value
