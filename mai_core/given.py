"""Values as callers give them, taken or refused with the field's name. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from mai_core.days import parse_day
from mai_core.errors import BadValue
from mai_core.money import units_of

LONGEST_TEXT = 500
MOST_TOKENS = 10**12
OLDEST_DAY = date(2000, 1, 1)


def text_given(field: str, value: Any, *, required: bool = False) -> str:
    """A text that can be stored; None is an empty one."""
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise BadValue(field, "must be a text")
    if len(value) > LONGEST_TEXT:
        raise BadValue(field, f"is longer than {LONGEST_TEXT} characters")
    if "\x00" in value or _has_lone_surrogate(value):
        raise BadValue(field, "has characters that cannot be stored")
    if required and not value.strip():
        raise BadValue(field, "is empty")
    return value


def count_given(field: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadValue(field, "must be a whole number")
    if not 0 <= value <= MOST_TOKENS:
        raise BadValue(field, f"must be between 0 and {MOST_TOKENS}")
    return value


def cost_given(field: str, value: Any) -> int:
    """A cost in units of 10^-12."""
    units = units_of(value, field)
    if units < 0:
        raise BadValue(field, "must be 0 or more")
    return units


def usage_day_given(value: Any, today: date) -> date:
    """A day up to tomorrow, because the caller's clock may be in another zone than the client."""
    if isinstance(value, datetime):
        value = value.date()
    day = value if isinstance(value, date) else parse_day(value, "usage_date")
    if day > today + timedelta(days=1):
        raise BadValue("usage_date", f"{day} lies in the future")
    if day < OLDEST_DAY:
        raise BadValue("usage_date", f"{day} lies before {OLDEST_DAY}")
    return day


def _has_lone_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
