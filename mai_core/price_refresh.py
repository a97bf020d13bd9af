"""Brings the price book up to date, or keeps the last good one and says why."""

from __future__ import annotations

from dataclasses import dataclass

from mai_core.errors import MaiError
from mai_core.installation import Installation
from mai_core.pricing import Listing, Plan, parse_models, plan_refresh
from mai_core.rerating import rate_unpriced
from mai_core.store import bundled_prices, prices
from mai_core.upstream import openrouter_models


@dataclass(frozen=True, slots=True)
class Refreshed:
    ok: bool
    models: int
    changed: int
    error: str | None
    source: str
    doubtful: tuple[tuple[str, str], ...] = ()
    priced: int = 0
    """Generations that were stored at 0 and got their amount."""


def refresh_prices(installation: Installation) -> Refreshed:
    """Ask OpenRouter and take over what changed, and rate what waited for a price. A failure leaves the book as it was,
    with the reason on record."""
    now_ms = installation.now_ms()
    store = installation.store
    try:
        listing = fetch_listing(installation)
        with store.write() as db:
            plan = plan_refresh(prices.latest(db), listing, now_ms)
            fetch = prices.apply(db, plan, len(listing.models), now_ms)
            source = prices.source(db, now_ms)
    except MaiError as error:
        with store.write() as db:
            fetch = prices.failed(db, now_ms, str(error))
            if prices.is_empty(db):
                bundled_prices.store_bundled(db)
            source = prices.source(db, now_ms)
    priced = rate_unpriced(installation)
    return Refreshed(fetch.ok, fetch.models, fetch.changed, fetch.error, source, fetch.doubtful, priced)


def preview_prices(installation: Installation) -> Plan:
    """What a refresh would change now; nothing is written."""
    listing = fetch_listing(installation)
    with installation.store.read() as db:
        return plan_refresh(prices.latest(db), listing, installation.now_ms())


def fetch_listing(installation: Installation) -> Listing:
    return parse_models(openrouter_models.fetch_models(installation.settings.openrouter_api_url))
