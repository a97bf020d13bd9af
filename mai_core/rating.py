"""What a generation costs us and what it is sold for: one pure function, same input, same output, for ever."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

from mai_core.money import multiply

CostBasis = Literal["reported", "price_book", "given", "unpriced"]
MarkupFrom = Literal["client", "environment", "global", "default", "sale_price", "given"]

DEFAULT_MARKUP = Decimal("1.3")


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used: the measured side of a generation, after merging."""

    model: str
    at_ms: int
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    reasoning_tokens: int = 0
    audio_tokens: int = 0
    output_images: int = 0
    searches: int = 0
    reported_pusd: int | None = None
    upstream_pusd: int | None = None
    given_charge_pusd: int | None = None
    is_byok: bool = False
    cancelled: bool = False


class Price(Protocol):
    """A price book entry in force: what the usage costs at it."""

    @property
    def id(self) -> int | None: ...

    def cost_pusd(self, usage: Usage) -> int: ...


class SalePrice(Protocol):
    """An own price in force: what the usage is sold for."""

    @property
    def id(self) -> int: ...

    def charge_pusd(self, usage: Usage) -> int: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed with the client at the instant of the event."""

    markup: Decimal
    markup_from: MarkupFrom
    byok_include_upstream: bool = False


@dataclass(frozen=True, slots=True)
class Rated:
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
    flags = list(price_flags) if price is not None else []
    if usage.cached_tokens > usage.input_tokens:
        flags.append("cached_over_prompt")
    priced = price.cost_pusd(usage) if price is not None else None
    basis: CostBasis
    if usage.reported_pusd is not None:
        raw, basis = usage.reported_pusd, "reported"
        if usage.is_byok and terms.byok_include_upstream and usage.upstream_pusd is not None:
            raw += usage.upstream_pusd
    elif priced is not None:
        raw, basis = priced, "price_book"
    else:
        raw, basis = 0, "unpriced"

    markup, markup_from = terms.markup, terms.markup_from
    if usage.given_charge_pusd is not None:
        charged, basis, markup_from = usage.given_charge_pusd, "given", "given"
    elif sale_price is not None:
        charged, markup_from = sale_price.charge_pusd(usage), "sale_price"
    else:
        charged = multiply(raw, markup)
    if basis == "unpriced":
        flags.append("unpriced")
    return Rated(
        raw_pusd=raw,
        charged_pusd=charged,
        priced_pusd=priced,
        cost_basis=basis,
        markup=format(markup, "f"),
        markup_from=markup_from,
        price_id=price.id if price is not None else None,
        sale_price_id=sale_price.id if sale_price is not None else None,
        flags=tuple(flags),
    )
