"""A model keeps its colour on every page. The palette is told apart with every common colour blindness."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

LIGHT = ("#2f6fde", "#e07b00", "#1d9a8a", "#c2478f", "#8a63d2", "#7a9a01", "#d1495b", "#3aa0c8", "#9a6b3f", "#5a6b85")
DARK = ("#6ea3ff", "#ffb454", "#4fcdbb", "#f08cc4", "#b79bf5", "#b3d35c", "#ff8a96", "#7fcdee", "#d0a47a", "#9fb0cb")
MOST = len(LIGHT)
OTHERS = ("#a9b2c0", "#5b6676")
"""What is summed up as 'others': light, dark."""


def slots(models_by_rank: Iterable[str]) -> dict[str, int]:
    """Each model's place in the palette: the one its name points to, or the next free one; the larger model first."""
    taken: dict[str, int] = {}
    for model in models_by_rank:
        if len(taken) == MOST:
            break
        wanted = int(hashlib.sha256(model.encode()).hexdigest(), 16) % len(LIGHT)
        used = set(taken.values())
        taken[model] = next(
            place % len(LIGHT) for place in range(wanted, wanted + len(LIGHT)) if place % len(LIGHT) not in used
        )
    return taken


def colour(places: dict[str, int], model: str, dark: bool) -> str:
    place = places.get(model)
    return OTHERS[dark] if place is None else (DARK if dark else LIGHT)[place]
