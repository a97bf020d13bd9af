"""Which colour a model has for this client: decided by its last 90 days, so that every page agrees."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from pages.parts import colours
from pages.parts.view import View

_DECIDING_DAYS = 90


class ModelColours:
    """The decided places, and the theme they are shown in."""

    def __init__(self, ranked: Iterable[str], dark: bool) -> None:
        self._places = colours.slots(ranked)
        self._dark = dark

    def __getitem__(self, model: str) -> str:
        return colours.colour(self._places, model, self._dark)

    @property
    def others(self) -> str:
        return colours.OTHERS[self._dark]


def model_colours(view: View) -> ModelColours:
    first, yesterday = view.today - timedelta(days=_DECIDING_DAYS), view.today - timedelta(days=1)
    (models,), _ = view.read_days(first, yesterday, "by_model")
    ranked = [row["model"] for row in models]
    if len(ranked) < colours.MOST:
        (new,), _ = view.read_days(view.today, view.today, "by_model")
        ranked += [row["model"] for row in new if row["model"] not in ranked]
    return ModelColours(ranked, view.dark)
