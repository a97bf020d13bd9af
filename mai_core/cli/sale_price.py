"""`sale-price`: prices agreed with clients instead of a markup."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mai_core.cli import ACTOR, opened
from mai_core.days import from_ms
from mai_core.store import sale_prices

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("sale-price", help="own prices of models: set, list, end")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    put = actions.add_parser("set", help="sell a model at this price; the markup does not apply to it")
    put.add_argument("--input", required=True, metavar="USD", help="per million input tokens")
    put.add_argument("--output", required=True, metavar="USD", help="per million output tokens")
    put.add_argument("--cached", metavar="USD", help="per million cached input tokens; default: as input")
    put.add_argument("--request", default="0", metavar="USD", help="per request")
    put.set_defaults(run=agree)
    end = actions.add_parser("end", help="let the markup apply again")
    end.set_defaults(run=stop)
    for action in (put, end):
        action.add_argument("model", help="such as openai/gpt-4o")
        action.add_argument("--client", help="id of the client; default: all clients without an own price")
        action.add_argument("--since", help="an instant, or a day (its local midnight); default: now")
    listing = actions.add_parser("list", help="every own price and since when")
    listing.add_argument("--client")
    listing.set_defaults(run=show)


def agree(args: argparse.Namespace) -> int:
    with opened() as installation, installation.store.write() as db:
        number = sale_prices.put(
            db,
            installation.now_ms(),
            model=args.model,
            client_org_id=args.client,
            input_per_million=args.input,
            output_per_million=args.output,
            cached_per_million=args.cached,
            per_request=args.request,
            effective_from_ms=sale_prices.since_ms(db, args.since, args.client),
            actor=ACTOR,
        )
    print(
        f"own price {number} of {args.model} for {args.client or 'all clients'}; `rerate` applies it to what is booked"
    )
    return 0


def stop(args: argparse.Namespace) -> int:
    with opened() as installation, installation.store.write() as db:
        sale_prices.end(
            db,
            installation.now_ms(),
            model=args.model,
            client_org_id=args.client,
            effective_from_ms=sale_prices.since_ms(db, args.since, args.client),
            actor=ACTOR,
        )
    print(f"the markup applies to {args.model} again")
    return 0


def show(args: argparse.Namespace) -> int:
    with opened() as installation, installation.store.read() as db:
        found = sale_prices.list_all(db, args.client)
    for row in found:
        price = (
            "ended"
            if row["ended"]
            else f"in {row['input_per_million']} out {row['output_per_million']}"
            f" cached {row['cached_per_million'] or row['input_per_million']} request {row['per_request']}"
        )
        since = f"{from_ms(row['effective_from_ms']):%Y-%m-%d %H:%M} UTC"
        print(f"{row['model']:<44} {row['client_org_id'] or 'all clients':<24} from {since}  {price}")
    print(f"{len(found)} own prices, USD per million tokens")
    return 0
