"""Lists in grosze: the exact sum is rounded once, and lines get theirs by largest remainder, so they add up to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mai_core.money import UNITS_PER_GROSZ, allocate_largest_remainder, divide_half_up


def with_grosze(
    rows: Sequence[dict[str, Any]], amount: str = "charged_ppln", name: str = "grosze"
) -> list[dict[str, Any]]:
    """Each row with its whole grosze; None everywhere when a row's amount is not known (no exchange rate)."""
    exact = [row[amount] for row in rows]
    parts: list[int | None] = [None] * len(rows) if None in exact else [*allocate_largest_remainder(exact)]
    return [{**row, name: part} for row, part in zip(rows, parts, strict=True)]


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


def net_grosze(exact_ppln: int | None) -> int | None:
    """A month's net: the exact sum, rounded half up once."""
    return None if exact_ppln is None else divide_half_up(exact_ppln, UNITS_PER_GROSZ)
