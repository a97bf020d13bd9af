"""Text that a spreadsheet must not take for a formula."""

from __future__ import annotations

import re
from typing import TypeVar

T = TypeVar("T")

SIGNS = "[=+\\-@\uff1d\uff0b\uff0d\uff20]"
"""What a formula begins with, wide forms too."""

_A_NUMBER = r"[+-][\d.]+\s*([,;\])}]|$)"
_A_FORMULA = re.compile(rf"(^|(?<=[;,\t\r\n]))\s*(?!{_A_NUMBER}){SIGNS}|^[\t\r\n]")
"""At the beginning, and behind what parts cells for a spreadsheet of another country: it parts there whether the text
is quoted or not."""


def harmless(value: T) -> T | str:
    """Text that begins like a formula gets an apostrophe before it; numbers stay numbers."""
    if isinstance(value, str) and _A_FORMULA.search(value):
        return _A_FORMULA.sub(lambda found: f"'{found[0]}", value)
    return value
