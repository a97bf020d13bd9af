"""The same usage at another model's price."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mai_core.money import UNITS_PER_ONE, round_half_up

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Prices:
    """What a client pays: USD per million tokens and per request."""

    input_per_million: Decimal
    output_per_million: Decimal
    cached_per_million: Decimal | None = None
    """None: cached tokens cost what input costs."""
    per_request: Decimal = Decimal(0)

    def times(self, markup: Decimal) -> Prices:
        cached = None if self.cached_per_million is None else self.cached_per_million * markup
        return Prices(
            self.input_per_million * markup, self.output_per_million * markup, cached, self.per_request * markup
        )


def at_prices(rows: Iterable[dict[str, Any]], prices: Prices) -> int:
    """What the usage of these rows (requests, input_, output_, cached_tokens) would have cost, in 10^-12 USD."""
    cached_price = prices.input_per_million if prices.cached_per_million is None else prices.cached_per_million
    amount = Decimal(0)
    for row in rows:
        cached = min(row["cached_tokens"], row["input_tokens"])
        amount += (row["input_tokens"] - cached) * prices.input_per_million / _MILLION
        amount += cached * cached_price / _MILLION + row["output_tokens"] * prices.output_per_million / _MILLION
        amount += row["requests"] * prices.per_request
    return round_half_up(amount * UNITS_PER_ONE)
