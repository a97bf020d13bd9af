"""All that rating needs to know of the world, as one frozen value: agreements, prices, zones, routes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from mai_core.days import ZoneSince
from mai_core.errors import NotFound
from mai_core.rating import DEFAULT_MARKUP, MarkupFrom, Price, SalePrice, Terms


class Prices(Protocol):
    """The price book: what a model cost at an instant, and flags that say how sure that is."""

    def at(self, model: str, at_ms: int) -> tuple[Price | None, tuple[str, ...]]: ...


class SalePrices(Protocol):
    def at(self, client_org_id: str, model: str, at_ms: int) -> SalePrice | None: ...


@dataclass(frozen=True, slots=True)
class NoPrices:
    def at(self, model: str, at_ms: int) -> tuple[Price | None, tuple[str, ...]]:
        return None, ()


@dataclass(frozen=True, slots=True)
class NoSalePrices:
    def at(self, client_org_id: str, model: str, at_ms: int) -> SalePrice | None:
        return None


@dataclass(frozen=True, slots=True)
class Agreement:
    """One client's terms over time, oldest first."""

    client_org_id: str
    is_active: bool
    zones: tuple[ZoneSince, ...]
    markup_since_ms: tuple[int, ...]
    markups: tuple[Decimal | None, ...]
    byok_include_upstream: bool = False

    def markup_at(self, at_ms: int) -> Decimal | None:
        place = bisect_right(self.markup_since_ms, at_ms) - 1
        return self.markups[place] if place >= 0 else None


OF_THE_HOUSE: tuple[MarkupFrom, ...] = ("environment", "global", "default")
"""Markups without a history: what was resolved from them stands on the event."""


@dataclass(frozen=True, slots=True)
class RatingBook:
    version: int
    agreements: Mapping[str, Agreement]
    environment_markup: Decimal | None = None
    global_markup: Decimal | None = None
    prices: Prices = field(default_factory=NoPrices)
    sale_prices: SalePrices = field(default_factory=NoSalePrices)

    def agreement(self, client_org_id: str) -> Agreement:
        try:
            return self.agreements[client_org_id]
        except KeyError:
            raise NotFound(f"no client {client_org_id[:80]!r} is known") from None

    def terms_at(self, agreement: Agreement, at_ms: int) -> Terms:
        """Precedence of the markup: client, environment, global, 1.3."""
        markup, source = self._markup_at(agreement, at_ms)
        return Terms(markup, source, agreement.byok_include_upstream)

    def _markup_at(self, agreement: Agreement, at_ms: int) -> tuple[Decimal, MarkupFrom]:
        agreed = agreement.markup_at(at_ms)
        if agreed is not None:
            return agreed, "client"
        if self.environment_markup is not None:
            return self.environment_markup, "environment"
        if self.global_markup is not None:
            return self.global_markup, "global"
        return DEFAULT_MARKUP, "default"


def as_resolved(terms: Terms, standing: Mapping[str, Any]) -> Terms:
    """The terms of an event that is booked already: a default of the house that changed since moves no old amount."""
    if terms.markup_from in OF_THE_HOUSE and standing["markup_from"] in OF_THE_HOUSE:
        return Terms(Decimal(standing["markup"]), standing["markup_from"], terms.byok_include_upstream)
    return terms
