"""What a generation costs us and what it is sold for: one pure function, same input, same output, for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

import msgspec

from mai_core.money import multiply

CostBasis = Literal["reported", "price_book", "given", "unpriced"]
MarkupFrom = Literal["client", "environment", "global", "default", "sale_price", "given"]

RATING_FLAGS = frozenset(
    {
        "byok_fee_unknown",
        "byok_upstream_from_price_book",
        "byok_upstream_unknown",
        "cached_over_prompt",
        "fallback_price",
        "price_before_first_known",
        "price_of_base_model",
        "unpriced",
    }
)
"""Flags that rating sets and takes away; all others tell how an event came."""

DEFAULT_MARKUP = Decimal("1.3")


class Usage(msgspec.Struct, frozen=True):
    """What was used: the measured side of a generation, after merging."""

    model: str
    at_ms: int
    input_tokens: int = 0
    """All of the prompt: cached, cache-written and audio tokens are part of it."""
    output_tokens: int = 0
    """All of the completion: reasoning tokens are part of it."""
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    """All cache writes, those with the 1 h lifetime included."""
    cache_write_1h_tokens: int = 0
    reasoning_tokens: int = 0
    audio_tokens: int = 0
    input_images: int = 0
    output_images: int = 0
    searches: int = 0
    reported_pusd: int | None = None
    upstream_pusd: int | None = None
    given_charge_pusd: int | None = None
    is_byok: bool = False
    cancelled: bool = False
    """Stopped by the caller, or ended in an error."""
    tokens_known: bool = True

    @property
    def is_nothing(self) -> bool:
        """OpenRouter bills neither a hit of its response cache (usage all 0) nor a stopped answer without a word."""
        if self.reported_pusd or not self.tokens_known:
            return False
        delivered = self.output_tokens or self.output_images
        if self.cancelled:
            return not delivered
        return not (delivered or self.input_tokens or self.searches or self.input_images)


@dataclass(frozen=True, slots=True)
class Component:
    """One line of an amount: so many units at so much each, exact; the sum of the lines is rounded once."""

    key: str
    quantity: int
    unit_usd: Decimal
    amount_usd: Decimal


class Price(Protocol):
    """A price book entry in force: what the usage costs at it."""

    @property
    def id(self) -> int | None: ...

    @property
    def valid_from_ms(self) -> int: ...

    @property
    def source(self) -> str: ...

    def cost_pusd(self, usage: Usage) -> int | None:
        """None when something was used that has no price."""

    def components(self, usage: Usage) -> Sequence[Component]: ...


class SalePrice(Protocol):
    """An own price in force: what the usage is sold for."""

    @property
    def id(self) -> int: ...

    @property
    def input_per_million(self) -> Decimal: ...

    @property
    def output_per_million(self) -> Decimal: ...

    @property
    def cached_per_million(self) -> Decimal | None: ...

    @property
    def per_request(self) -> Decimal: ...

    def charge_pusd(self, usage: Usage) -> int: ...

    def components(self, usage: Usage) -> Sequence[Component]: ...


class Terms(msgspec.Struct, frozen=True):
    """What is agreed with the client at the instant of the event."""

    markup: Decimal
    markup_from: MarkupFrom
    byok_include_upstream: bool = False


class Rated(msgspec.Struct, frozen=True):
    raw_pusd: int
    charged_pusd: int
    priced_pusd: int | None
    cost_basis: CostBasis
    markup: str
    markup_from: MarkupFrom
    price_id: int | None
    sale_price_id: int | None
    flags: tuple[str, ...] = ()


def rate(
    usage: Usage,
    price: Price | None,
    sale_price: SalePrice | None,
    terms: Terms,
    price_flags: tuple[str, ...] = (),
) -> Rated:
    """OpenRouter's reported cost first, the price book second; sold at the own price, else at the markup."""
    flags: list[str] = []
    if usage.cached_tokens > usage.input_tokens:
        flags.append("cached_over_prompt")
    priced = _priced(usage, price)
    raw, basis = _raw(usage, priced, terms.byok_include_upstream, flags)
    if basis == "price_book":
        flags += price_flags
    markup_from = terms.markup_from
    if usage.given_charge_pusd is not None:
        charged, basis, markup_from = usage.given_charge_pusd, "given", "given"
    elif sale_price is not None and usage.tokens_known and not usage.is_nothing:
        charged, markup_from = sale_price.charge_pusd(usage), "sale_price"
    else:
        charged = multiply(raw, terms.markup)
    if basis == "unpriced":
        flags.append("unpriced")
    return Rated(
        raw_pusd=raw,
        charged_pusd=charged,
        priced_pusd=priced,
        cost_basis=basis,
        markup=format(terms.markup, "f"),
        markup_from=markup_from,
        price_id=price.id if price is not None else None,
        sale_price_id=sale_price.id if sale_price is not None and markup_from == "sale_price" else None,
        flags=tuple(flags),
    )


def _priced(usage: Usage, price: Price | None) -> int | None:
    """What the price book says; known beside a reported cost too, so that drift can be seen."""
    if usage.is_nothing:
        return 0
    return price.cost_pusd(usage) if price is not None and usage.tokens_known else None


def _raw(usage: Usage, priced: int | None, include_upstream: bool, flags: list[str]) -> tuple[int, CostBasis]:
    took_upstream = include_upstream and bool(usage.upstream_pusd)
    if usage.is_byok and (took_upstream or not usage.is_nothing):
        return _raw_of_own_key(usage, priced, include_upstream, flags)
    if usage.reported_pusd is not None:
        return usage.reported_pusd, "reported"
    return (0, "unpriced") if priced is None else (priced, "price_book")


def _raw_of_own_key(
    usage: Usage, priced: int | None, include_upstream: bool, flags: list[str]
) -> tuple[int, CostBasis]:
    """With the client's own provider key OpenRouter takes a fee; the provider's price is ours only when agreed so."""
    fee = usage.reported_pusd
    if fee is None:
        flags.append("byok_fee_unknown")
    if not include_upstream:
        return (0, "unpriced") if fee is None else (fee, "reported")
    if usage.upstream_pusd is not None:
        return (fee or 0) + usage.upstream_pusd, "reported"
    if priced is not None:
        flags.append("byok_upstream_from_price_book")
        return (fee or 0) + priced, "price_book"
    flags.append("byok_upstream_unknown")
    return (0, "unpriced") if fee is None else (fee, "reported")
