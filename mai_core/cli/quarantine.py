"""`quarantine`: what could not be booked; look, book it after all, or drop it."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from mai_core.cli import ACTOR, opened
from mai_core.days import from_ms
from mai_core.errors import MaiError
from mai_core.intake.desk import Desk
from mai_core.intake.replay import drop, replay
from mai_core.store import quarantine

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("quarantine", help="what could not be booked: list, show, replay, drop")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="entries that wait, oldest first")
    listing.add_argument("--all", action="store_true", help="also those replayed or dropped")
    listing.set_defaults(run=show_list)
    show = actions.add_parser("show", help="one entry with its redacted body")
    show.add_argument("number", type=int)
    show.add_argument("--reveal", action="store_true", help="decrypt an unreadable body; it may hold prompts")
    show.set_defaults(run=show_one)
    again = actions.add_parser("replay", help="book entries, after a route was added or with --client")
    again.add_argument("number", type=int, nargs="*")
    again.add_argument("--all", action="store_true", help="all that wait")
    again.add_argument("--client", help="whose events they are, when nothing routes them")
    again.set_defaults(run=replay_some)
    dropping = actions.add_parser("drop", help="give entries up; the row stays as a record")
    dropping.add_argument("number", type=int, nargs="+")
    dropping.set_defaults(run=drop_some)


def show_list(args: argparse.Namespace) -> int:
    with opened() as installation, installation.store.read() as db:
        entries = quarantine.entries(db, state=None if args.all else "waiting")
    for entry in entries:
        times = f" ({entry['times_seen']} times)" if entry["times_seen"] > 1 else ""
        state = "" if entry["state"] == "waiting" else f" [{entry['state']}]"
        print(
            f"{entry['id']:>6}  {from_ms(entry['received_at_ms']):%Y-%m-%d %H:%M:%S}Z  {entry['source']:<12}"
            f"  {entry['client_org_id'] or '-'}  {entry['reason_code']}: {entry['reason']}{times}{state}"
        )
    print(f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'}")
    return 0


def show_one(args: argparse.Namespace) -> int:
    with opened() as installation:
        with installation.store.read() as db:
            entry = quarantine.get(db, args.number)
        encrypted, body = entry.pop("encrypted_body"), entry.pop("body")
        for name, value in entry.items():
            print(f"{name}: {from_ms(value).isoformat() if name.endswith('_at_ms') and value else value}")
        if body is not None:
            print(json.dumps(json.loads(body), indent=1, ensure_ascii=False))
        elif encrypted is not None and args.reveal:
            print(installation.secrets.decrypt_bytes(encrypted).decode("utf-8", "backslashreplace"))
        else:
            print("unreadable body, kept encrypted (--reveal)" if encrypted is not None else "the body was not kept")
    return 0


def replay_some(args: argparse.Namespace) -> int:
    with opened() as installation:
        numbers = args.number
        if args.all:
            with installation.store.read() as db:
                numbers = [entry["id"] for entry in quarantine.entries(db)]
        elif not numbers:
            raise MaiError("say which entries, or --all")
        failed, desk = 0, Desk(installation)
        for number in numbers:
            try:
                receipt = replay(installation, number, ACTOR, args.client, desk)
            except MaiError as error:
                failed += 1
                print(error)
            else:
                print(f"{number}: {receipt.new} new, {receipt.changed} changed, {receipt.duplicates} known already")
    return 1 if failed else 0


def drop_some(args: argparse.Namespace) -> int:
    with opened() as installation:
        for number in args.number:
            drop(installation, number, ACTOR)
            print(f"{number}: dropped")
    return 0
