"""Which form of a word goes with a number."""

from __future__ import annotations

from typing import Literal

Form = Literal["one", "few", "many", "other"]

FORMS: dict[str, tuple[Form, ...]] = {"pl": ("one", "few", "many"), "en": ("one", "other")}


def plural_form(language: str, n: int) -> Form:
    """1 osoba, 2 osoby, 5 osób, 12 osób, 22 osoby; 1 person, 2 people."""
    n = abs(n)
    if n == 1:
        return "one"
    if language != "pl":
        return "other"
    return "few" if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else "many"
