"""`token`: API tokens for programs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mai_core.cli import ACTOR, opened
from mai_core.days import from_ms
from mai_core.identity import tokens as token_rules
from mai_core.identity.callers import ROLES, ROLES_OF_ALL_CLIENTS, SCOPES
from mai_core.installation import named_client
from mai_core.store import tokens

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("token", help="API tokens for programs: new, list, revoke")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    new = actions.add_parser("new", help="make a token; it is shown once")
    new.add_argument("name", help="which program uses it")
    new.add_argument("--role", choices=ROLES, default="manager")
    new.add_argument("--client", help="id of the client (manager, analyst); default: the container's")
    new.add_argument(
        "--scope", action="append", choices=SCOPES, default=[], help="only this; repeatable; default: all of the role"
    )
    new.add_argument("--days", type=int, help="ends after so many days; default: until revoked")
    new.set_defaults(run=create)
    actions.add_parser("list", help="all tokens, never the secret").set_defaults(run=show)
    revoke = actions.add_parser("revoke", help="end a token at once")
    revoke.add_argument("number", type=int)
    revoke.set_defaults(run=end)


def create(args: argparse.Namespace) -> int:
    with opened() as installation, installation.store.write() as db:
        named = named_client(installation.settings)
        client = args.client or (None if args.role in ROLES_OF_ALL_CLIENTS or not named else named[0])
        number, token = token_rules.create(
            db, installation.now_ms(), ACTOR, name=args.name, role=args.role, client_org_id=client,
            scopes=args.scope, days=args.days,
        )  # fmt: skip
    print(f"token {number}, shown once:\n{token}")
    return 0


def show(_: argparse.Namespace) -> int:
    with opened() as installation, installation.store.read() as db:
        rows = tokens.listed(db)
        now_ms = installation.now_ms()
    for row in rows:
        end = f"until {from_ms(row['expires_at_ms']):%Y-%m-%d}" if row["expires_at_ms"] else "no end"
        if row["revoked_at_ms"]:
            end = "revoked"
        elif row["expires_at_ms"] and row["expires_at_ms"] <= now_ms:
            end = "expired"
        who, scopes = row["client_org_id"] or "all clients", row["scopes"] or "all"
        print(f"{row['id']:>4}  …{row['last_four']}  {row['role']:<11} {who:<24} {scopes:<16} {end:<18} {row['name']}")
    return 0


def end(args: argparse.Namespace) -> int:
    with opened() as installation, installation.store.write() as db:
        row = token_rules.revoke(db, installation.now_ms(), ACTOR, args.number)
    print(f"token {args.number} ({row['name']}) is revoked")
    return 0
