"""Text that a spreadsheet must not take for a formula."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")

BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(value: T) -> T | str:
    """Text that begins like a formula gets an apostrophe before it; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(BEGINS_A_FORMULA) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    """'-1.25' is an amount that came as text; '-1+cmd()' is not."""
    return text[1:].replace(".", "", 1).isdecimal() and text.isascii() and text[0] in "+-"
