"""The price book in force: what was ever seen at OpenRouter, else the bundled list."""

from __future__ import annotations

from mai_core.pricing import PriceBook
from mai_core.store import bundled_prices, prices
from mai_core.store.connection import Db


def load(db: Db) -> PriceBook:
    return PriceBook(prices.load(db) or bundled_prices.model_prices())
