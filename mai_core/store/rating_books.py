"""Loads the rating book, and tells when a loaded one is out of date."""

from __future__ import annotations

from decimal import Decimal

from mai_core.rating_book import Agreement, RatingBook
from mai_core.sale_prices import SalePrices
from mai_core.settings import Settings
from mai_core.store import price_books, sale_prices
from mai_core.store.clients import zones
from mai_core.store.connection import Db, rows


def version(db: Db) -> int:
    """Counts every change of what rating reads."""
    return int(rows(db, "SELECT value FROM change_counters WHERE name = 'rating'")[0][0])


def load(db: Db, settings: Settings) -> RatingBook:
    agreements = {}
    for client, is_active, include_upstream in rows(
        db, "SELECT id, is_active, byok_include_upstream FROM client_organizations"
    ):
        history = rows(
            db,
            "SELECT effective_from_ms, markup FROM markup_history WHERE client_org_id = ? ORDER BY effective_from_ms",
            (client,),
        )
        agreements[client] = Agreement(
            client_org_id=client,
            is_active=bool(is_active),
            zones=zones(db, client),
            markup_since_ms=tuple(since for since, _ in history),
            markups=tuple(None if markup is None else Decimal(markup) for _, markup in history),
            byok_include_upstream=bool(include_upstream),
        )
    price_book = price_books.load(db)
    standing = rows(db, "SELECT default_markup_rate FROM global_settings")
    return RatingBook(
        version=version(db),
        agreements=agreements,
        environment_markup=settings.usage_markup_multiplier,
        global_markup=Decimal(standing[0][0]) if standing and standing[0][0] is not None else None,
        prices=price_book,
        sale_prices=SalePrices(sale_prices.load(db), price_book.name_of),
    )


def current(db: Db, settings: Settings, known: RatingBook | None) -> RatingBook:
    """The known book while it is still true, else a fresh one."""
    return known if known is not None and known.version == version(db) else load(db, settings)
