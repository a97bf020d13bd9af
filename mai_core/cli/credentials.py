"""`credentials`: secrets that open the ways in, beside the one that the environment names."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mai_core.cli import ACTOR, opened
from mai_core.days import from_ms
from mai_core.errors import BadValue
from mai_core.identity.secret_texts import new_secret
from mai_core.installation import named_client
from mai_core.store import clients, credentials

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("credentials", help="secrets that open the ways in: list, add, revoke")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    actions.add_parser("list", help="those that are in force, never the secret").set_defaults(run=show)
    add = actions.add_parser("add", help="make a secret; it is shown once")
    add.add_argument("label", help="which sender uses it")
    whose = add.add_mutually_exclusive_group()
    whose.add_argument("--client", help="id of the client whose events it brings; default: the container's")
    whose.add_argument("--many", action="store_true", help="for many clients: each of its events is routed")
    add.set_defaults(run=create)
    revoke = actions.add_parser("revoke", help="end a secret; the ways in refuse it within two seconds")
    revoke.add_argument("number", type=int)
    revoke.set_defaults(run=end)


def show(_: argparse.Namespace) -> int:
    with opened() as installation, installation.store.read() as db:
        rows = credentials.live(db)
    if not rows:
        print("none beside the environment's")
    for row in rows:
        whose = row["client_org_id"] or "many clients"
        print(f"{row['id']:>4}  {from_ms(row['created_at_ms']):%Y-%m-%d}  {whose:<24} {row['label']}")
    return 0


def create(args: argparse.Namespace) -> int:
    secret = new_secret("maiw")
    with opened() as installation, installation.store.write() as db:
        named = named_client(installation.settings)
        client = None if args.many else args.client or (named[0] if named else None)
        if client is not None:
            clients.require(db, client)
        elif not args.many:
            raise BadValue("client", "is missing: name it with --client, or say --many")
        number = credentials.add(
            db, installation.now_ms(), installation.secrets, label=args.label, secret=secret, client_org_id=client,
            actor=ACTOR,
        )  # fmt: skip
    print(f"credential {number}, shown once:\n{secret}")
    return 0


def end(args: argparse.Namespace) -> int:
    with opened() as installation, installation.store.write() as db:
        credentials.revoke(db, installation.now_ms(), args.number, ACTOR)
    print(f"credential {args.number} is revoked")
    return 0
