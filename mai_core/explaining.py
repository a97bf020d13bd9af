"""Why a generation costs what it costs: the lines behind its amounts, worked out when somebody asks. Pure.

What stands on the event is the truth; the lines are made anew from the book. Where the book has changed since,
`is_current` says so, and re-rating shows the difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mai_core.intake.event_row import usage_of
from mai_core.merging import values_in
from mai_core.rating import Component, Price, SalePrice, rate
from mai_core.rating_book import RatingBook
from mai_core.store.ledger import fields_from


@dataclass(frozen=True, slots=True)
class Explanation:
    """One generation. `cost` is for operators only; a client's people see `charge`."""

    cost: tuple[Component, ...]
    """Which tokens x which listed price; empty without a price."""
    price: Price | None
    price_flags: tuple[str, ...]
    charge: tuple[Component, ...]
    """Which tokens x which agreed price; empty where the charge is cost x markup."""
    sale_price: SalePrice | None
    is_current: bool
    """Rating says today what stands on the event."""


def explain(book: RatingBook, event: Mapping[str, Any]) -> Explanation:
    """The lines behind a stored event's amounts."""
    client, at_ms = event["client_org_id"], event["at_ms"]
    usage = usage_of(values_in(fields_from(dict(event))), at_ms)
    price, flags = book.prices.at(usage.model, at_ms)
    sale_price = book.sale_prices.at(client, usage.model, at_ms)
    rated = rate(usage, price, sale_price, book.terms_at(book.agreement(client), at_ms), flags)
    sold = sale_price if event["markup_from"] == "sale_price" else None
    return Explanation(
        cost=() if price is None else tuple(price.components(usage)),
        price=price,
        price_flags=flags,
        charge=() if sold is None else tuple(sold.components(usage)),
        sale_price=sold,
        is_current=(rated.raw_pusd, rated.charged_pusd) == (event["raw_pusd"], event["charged_pusd"]),
    )
