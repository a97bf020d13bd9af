"""The price of a model at an instant, by whatever name the model goes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mai_core.pricing.price import ModelPrice

ROUTING_VARIANTS = frozenset({"nitro", "floor", "online", "exacto"})
"""Suffixes that choose a provider of the same model, at the same listed price. `:free`, `:batch`, `:extended` and
`:thinking` are offers of their own: without a row of their own they have no price."""

MOST_REMEMBERED = 10_000
"""Names come from outside: remembering them must not take the memory."""

BEFORE_FIRST = "price_before_first_known"
BASE_MODEL = "price_of_base_model"
FALLBACK = "fallback_price"


@dataclass(frozen=True, slots=True)
class _History:
    since_ms: tuple[int, ...]
    prices: tuple[ModelPrice, ...]
    flags: tuple[str, ...]

    def at(self, at_ms: int) -> tuple[ModelPrice, tuple[str, ...]]:
        place = bisect_right(self.since_ms, at_ms) - 1
        if place < 0:
            return self.prices[0], (*self.flags, BEFORE_FIRST)
        return self.prices[place], self.flags


class PriceBook:
    """Every price ever seen. Looking up is a dictionary and a bisection; the names are worked out once per model."""

    def __init__(self, prices: Iterable[ModelPrice]) -> None:
        rows: dict[str, list[ModelPrice]] = {}
        for price in prices:
            rows.setdefault(price.model, []).append(price)
        self._by_model = {model: _trusted(history) for model, history in rows.items()}
        self._by_slug = self._slugs()
        self._found: dict[str, _History | None] = {}

    def __getstate__(self) -> dict[str, Any]:
        """What was looked up stays behind: another thread may be adding to it."""
        return {**self.__dict__, "_found": {}}

    def at(self, model: str, at_ms: int) -> tuple[ModelPrice | None, tuple[str, ...]]:
        """The price in force, with flags that say how sure that is."""
        try:
            history = self._found[model]
        except KeyError:
            if len(self._found) >= MOST_REMEMBERED:
                self._found.clear()
            history = self._found[model] = self._history(model)
        return (None, ()) if history is None else history.at(at_ms)

    def latest(self) -> list[ModelPrice]:
        """The newest price of every model, by name."""
        return [self._by_model[model][-1] for model in sorted(self._by_model)]

    def history(self, model: str) -> list[ModelPrice]:
        name, _ = self.resolve(model)
        return list(self._by_model.get(name or "", ()))

    def resolve(self, model: str) -> tuple[str | None, bool]:
        """The name under which the book has this model, and whether that is the base of a routing variant."""
        name = self._named(model)
        if name is not None:
            return name, False
        base, colon, variant = model.rpartition(":")
        if not colon:
            return None, False
        name = self._named(base)
        if name is not None and f"{name}:{variant}" in self._by_model:
            return f"{name}:{variant}", False
        return (name, True) if variant in ROUTING_VARIANTS else (None, False)

    def name_of(self, model: str) -> str | None:
        return self.resolve(model)[0]

    def _named(self, model: str) -> str | None:
        name = model if model in self._by_model else self._by_slug.get(model)
        if name is None:
            return None
        latest = self._by_model[name][-1]
        is_only_a_name = not latest.has_price and latest.alias_target in self._by_model
        return latest.alias_target if is_only_a_name else name

    def __len__(self) -> int:
        return len(self._by_model)

    def _history(self, model: str) -> _History | None:
        name, is_base = self.resolve(model)
        if name is None:
            return None
        prices = tuple(self._by_model[name])
        flags = (BASE_MODEL,) if is_base else ()
        if prices[0].source == "fallback":
            flags = (*flags, FALLBACK)
        return _History(tuple(price.valid_from_ms for price in prices), prices, flags)

    def _slugs(self) -> dict[str, str]:
        """Permanent slug -> routable name; a variant never answers for the plain name."""
        slugs: dict[str, str] = {}
        for model in sorted(self._by_model, key=lambda name: (name.startswith("~"), name)):
            for price in self._by_model[model]:
                if price.canonical_slug and ":" not in model:
                    slugs.setdefault(price.canonical_slug, model)
        return slugs


def _trusted(history: list[ModelPrice]) -> list[ModelPrice]:
    """Oldest first. The bundled list speaks only for models that were never seen at OpenRouter."""
    seen = [price for price in history if price.source != "fallback"]
    return sorted(seen or history, key=lambda price: price.valid_from_ms)
