"""Lists in grosze: the exact sum is rounded once, and lines get theirs by largest remainder, so they add up to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mai_core.money import UNITS_PER_GROSZ, allocate_largest_remainder


def with_grosze(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each row with its whole `grosze`; None everywhere when a row's amount is not known (no exchange rate)."""
    exact = [row["charged_ppln"] for row in rows]
    parts: list[int | None] = [None] * len(rows) if None in exact else [*allocate_largest_remainder(exact)]
    return [{**row, "grosze": part} for row, part in zip(rows, parts, strict=True)]


def to_the_grosz(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each row with `shown_ppln`, what a list shows of it: whole grosze that add up to the list's total."""
    return [
        {**row, "shown_ppln": None if row["grosze"] is None else row["grosze"] * UNITS_PER_GROSZ}
        for row in with_grosze(rows)
    ]


def shown_total(rows: Sequence[dict[str, Any]]) -> int | None:
    """What the shown rows of such a list add up to; None while no exchange rate is known."""
    shown = [row["shown_ppln"] for row in rows]
    return None if None in shown else sum(shown)
