"""The bundled price list: what counts while OpenRouter was never reached. Always shown and flagged as fallback."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from mai_core.days import parse_instant_ms
from mai_core.pricing import Listing, ModelPrice, parse_models
from mai_core.store import prices
from mai_core.store.connection import Db


@cache
def listing() -> tuple[Listing, int]:
    """The list, and the instant from which it counts."""
    book = json.loads(resources.files("mai_core.data").joinpath("price_book.json").read_text("utf-8"))
    return parse_models(book["data"]), parse_instant_ms(f"{book['as_of']}T00:00:00Z")


@cache
def model_prices() -> tuple[ModelPrice, ...]:
    """The list as a book that is not stored yet."""
    bundled, since_ms = listing()
    return tuple(
        ModelPrice(
            model=listed.model,
            valid_from_ms=since_ms,
            pricing=listed.pricing,
            source="fallback",
            name=listed.name,
            canonical_slug=listed.canonical_slug,
            context_length=listed.context_length,
            alias_target=listed.alias_target,
        )
        for listed in bundled.models
    )


def store_bundled(db: Db) -> None:
    """Put the list into an empty book, so that what is rated with it can be explained later."""
    bundled, since_ms = listing()
    for listed in bundled.models:
        prices.add(db, listed, listed.pricing, since_ms, "fallback")
