"""`rates`: NBP's tables, what they settle, and those that wait for a person."""

from __future__ import annotations

import argparse
from datetime import date
from typing import TYPE_CHECKING

from mai_core.cli import ACTOR, opened
from mai_core.days import from_ms, parse_day
from mai_core.errors import MaiError
from mai_core.rate_refresh import refresh_rates
from mai_core.store import rates

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("rates", help="NBP exchange rates: list, fetch, accept, refuse")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="the tables that are known")
    fetch = actions.add_parser("fetch", help="ask for what is missing, or for the days named")
    for action, run in ((listing, show), (fetch, bring)):
        action.add_argument("--from", dest="since", metavar="DAY")
        action.add_argument("--to", dest="through", metavar="DAY")
        action.set_defaults(run=run)
    accept = actions.add_parser("accept", help="use a rate that was held because it is 15 %% off the one before")
    refuse = actions.add_parser("refuse", help="never use a rate that was held")
    for action, run in ((accept, accept_held), (refuse, refuse_held)):
        action.add_argument("day", help="the table's effective date")
        action.set_defaults(run=run)
    for action in (listing, fetch, accept, refuse):
        action.add_argument("--currency", default=rates.USD)


def _day(text: str | None, field: str) -> date | None:
    return None if text is None else parse_day(text, field)


def show(args: argparse.Namespace) -> int:
    since, through = _day(args.since, "--from"), _day(args.through, "--to")
    with opened() as installation, installation.store.read() as db:
        tables = rates.list_tables(
            db, args.currency.upper(), since.isoformat() if since else "", through.isoformat() if through else "9999"
        )
        answer = rates.last_answer(db, args.currency.upper())
    for table in tables:
        state = "" if table["state"] == "used" else f"  {table['state'].upper()}"
        print(f"{table['effective_date']}  {table['rate']:<10} {table['table_no']}{state}")
    if answer is None or answer["from_date"] is None:
        print("NBP has not answered yet: `python -m mai_core rates fetch`")
    else:
        print(
            f"{len(tables)} tables. NBP answered for {answer['from_date']} to {answer['through_date']}, "
            f"last at {from_ms(answer['answered_at_ms']):%Y-%m-%d %H:%M} UTC"
        )
    if answer is not None and answer["last_error"]:
        print(f"The last question failed: {answer['last_error']}")
    return 0


def bring(args: argparse.Namespace) -> int:
    with opened() as installation:
        result = refresh_rates(
            installation, _day(args.since, "--from"), _day(args.through, "--to"), args.currency.upper()
        )
    for day in result.held:
        print(f"{day} is held: 15 % off the table before; `rates accept {day}` or `rates refuse {day}`")
    for day in result.contradicted:
        print(f"{day}: NBP now tells another rate than the one in use, which stays")
    print(f"{result.new} new tables, {result.fixed} usage days settled")
    if result.error is not None:
        raise MaiError(f"{result.error}; the rates that are known stay in use")
    return 0


def accept_held(args: argparse.Namespace) -> int:
    with opened() as installation, installation.store.write() as db:
        now_ms = installation.now_ms()
        days = rates.accept(db, now_ms, parse_day(args.day), ACTOR, args.currency.upper())
        fixed = rates.fix_day_rates(db, now_ms)
    print(f"in use: {', '.join(map(str, days))}; {len(fixed)} usage days settled")
    return 0


def refuse_held(args: argparse.Namespace) -> int:
    with opened() as installation, installation.store.write() as db:
        now_ms = installation.now_ms()
        rates.refuse(db, now_ms, parse_day(args.day), ACTOR, args.currency.upper())
        fixed = rates.fix_day_rates(db, now_ms)
    print(f"{args.day} is refused; {len(fixed)} usage days settled with the table before")
    return 0
