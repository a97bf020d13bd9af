"""Own prices: what a model is sold for where a price was agreed instead of a markup. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mai_core.money import divide_half_up, round_half_up
from mai_core.rating import Component, Usage

MOST_REMEMBERED = 10_000
"""Names come from outside: remembering them must not take the memory."""

_PLACES = 24
"""Prices per million are kept to 10^-24 USD per token."""
_PER_PUSD = 10 ** (_PLACES - 12)


@dataclass(frozen=True, slots=True)
class SalePrice:
    """USD per million tokens and per request, from an instant on. An ended one hands over to the markup again."""

    id: int
    client_org_id: str | None
    """None: for every client that has no own price for the model."""
    model: str
    effective_from_ms: int
    input_per_million: Decimal
    output_per_million: Decimal
    cached_per_million: Decimal | None = None
    """Default: as input."""
    per_request: Decimal = Decimal(0)
    ended: bool = False

    def charge_pusd(self, usage: Usage) -> int:
        total = sum(quantity * _units(price) for _, quantity, price in self._lines(usage))
        return divide_half_up(total, _PER_PUSD)

    def components(self, usage: Usage) -> tuple[Component, ...]:
        return tuple(Component(key, quantity, price, price * quantity) for key, quantity, price in self._lines(usage))

    def _lines(self, usage: Usage) -> list[tuple[str, int, Decimal]]:
        cached = min(usage.cached_tokens, usage.input_tokens)
        dear = self.input_per_million if self.cached_per_million is None else self.cached_per_million
        lines = [
            ("input", usage.input_tokens - cached, self.input_per_million.scaleb(-6)),
            ("cached", cached, dear.scaleb(-6)),
            ("output", usage.output_tokens, self.output_per_million.scaleb(-6)),
            ("request", 1, self.per_request),
        ]
        return [line for line in lines if line[1] and line[2]]


def _units(price: Decimal) -> int:
    return round_half_up(price.scaleb(_PLACES))


class SalePrices:
    """Every own price ever agreed. The client's own comes first, then the one for all clients."""

    def __init__(self, prices: Iterable[SalePrice], named: Callable[[str], str | None] | None = None) -> None:
        self._histories: dict[tuple[str | None, str], list[SalePrice]] = {}
        for price in sorted(prices, key=lambda price: price.effective_from_ms):
            self._histories.setdefault((price.client_org_id, price.model), []).append(price)
        self._named = named
        """The price book's name for a model that goes by another one; None when it has none."""
        self._found: dict[tuple[str, str], tuple[list[SalePrice], ...]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """What was looked up stays behind: another thread may be adding to it."""
        return {**self.__dict__, "_found": {}}

    def at(self, client_org_id: str, model: str, at_ms: int) -> SalePrice | None:
        if not self._histories:
            return None
        key = (client_org_id, model)
        if key not in self._found:
            if len(self._found) >= MOST_REMEMBERED:
                self._found.clear()
            self._found[key] = self._candidates(client_org_id, model)
        for history in self._found[key]:
            place = bisect_right(history, at_ms, key=lambda price: price.effective_from_ms) - 1
            if place >= 0 and not history[place].ended:
                return history[place]
        return None

    def _candidates(self, client_org_id: str, model: str) -> tuple[list[SalePrice], ...]:
        names = [model]
        other = self._named(model) if self._named else None
        if other is not None and other != model:
            names.append(other)
        keys = [(owner, name) for owner in (client_org_id, None) for name in names]
        return tuple(self._histories[key] for key in keys if key in self._histories)
