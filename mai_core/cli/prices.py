"""`prices`: the price book, where it comes from, what changed, a refresh now."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mai_core.cli import opened
from mai_core.days import from_ms
from mai_core.money import plain_text
from mai_core.price_refresh import preview_prices, refresh_prices
from mai_core.pricing import ModelPrice, pricing_text
from mai_core.store import price_books, prices

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("prices", help="OpenRouter's prices: list, show, diff, refresh")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="every model with its price in USD per million tokens")
    listing.add_argument("search", nargs="?", default="", help="only models whose name contains this")
    listing.set_defaults(run=show_list)
    show = actions.add_parser("show", help="one model: every price it ever had")
    show.add_argument("model")
    show.set_defaults(run=show_model)
    actions.add_parser("diff", help="what a refresh would change now; nothing is written").set_defaults(run=diff)
    actions.add_parser("refresh", help="ask OpenRouter now").set_defaults(run=refresh)


def show_list(args: argparse.Namespace) -> int:
    with opened() as installation, installation.store.read() as db:
        now_ms = installation.now_ms()
        book = price_books.load(db)
        source, last, good = prices.source(db, now_ms), prices.last_fetch(db), prices.last_fetch(db, good=True)
    found = [price for price in book.latest() if args.search.lower() in price.model.lower()]
    for price in found:
        print(f"{price.model:<52} {_shown(price, 'prompt'):>12} {_shown(price, 'completion'):>12}  {_since(price)}")
    when = "never" if good is None else f"{from_ms(good.fetched_at_ms):%Y-%m-%d %H:%M} UTC"
    print(
        f"{len(found)} of {len(book)} models, USD per million tokens in and out. "
        f"Source: {source}; last good answer: {when}"
    )
    if last is not None and last.error:
        print(f"The last refresh failed: {last.error}")
    return 0


def _shown(price: ModelPrice, key: str) -> str:
    per_million = price.per_million(key)
    return "no price" if per_million is None else plain_text(per_million)


def _since(price: ModelPrice) -> str:
    return f"{from_ms(price.valid_from_ms):%Y-%m-%d %H:%M}  {price.source}"


def show_model(args: argparse.Namespace) -> int:
    with opened() as installation, installation.store.read() as db:
        book = price_books.load(db)
    name, is_base = book.resolve(args.model)
    if name is None:
        print(f"{args.model} has no price: what is used without a reported cost is flagged unpriced")
        return 1
    if name != args.model:
        print(f"{args.model} is {'routed to and priced as' if is_base else 'another name of'} {name}")
    for price in book.history(name):
        print(f"from {_since(price)}\n  {pricing_text(price.pricing)}")
    return 0


def diff(_: argparse.Namespace) -> int:
    with opened() as installation:
        plan = preview_prices(installation)
    for difference in plan.differences:
        before = "new" if difference.before is None else pricing_text(difference.before.pricing)
        print(f"{difference.listed.model}\n  - {before}\n  + {pricing_text(difference.pricing)}")
    for model, reason in plan.doubtful:
        print(f"{model}: not taken, {reason}")
    print(f"{len(plan.differences)} changes, {len(plan.doubtful)} not taken; nothing was written")
    return 0


def refresh(_: argparse.Namespace) -> int:
    with opened() as installation:
        result = refresh_prices(installation)
    for model, reason in result.doubtful:
        print(f"{model}: not taken, {reason}")
    if not result.ok:
        print(f"not refreshed: {result.error}\nthe last good prices stay in force (source: {result.source})")
        return 1
    print(f"{result.models} models, {result.changed} new or changed prices")
    return 0
