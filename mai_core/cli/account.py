"""`account`: people who log in. The first operator of an installation is made here."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from mai_core.cli import ACTOR, opened
from mai_core.errors import BadValue
from mai_core.identity import accounts as account_rules
from mai_core.identity import links
from mai_core.identity.callers import ROLES, ROLES_OF_ALL_CLIENTS, Caller
from mai_core.identity.passwords import check_rules, hash_password
from mai_core.installation import Installation, named_client
from mai_core.store import accounts

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("account", help="people who log in: add, invite, passwd, list, disable")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for name, run, text in (
        ("add", add, "an account with a password, asked for or read from standard input"),
        ("invite", invite, "an account whose owner sets the password through a one-time link"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("email")
        action.add_argument("--role", choices=ROLES, default="operator")
        action.add_argument("--client", help="id of the client (manager, analyst); default: the container's")
        action.add_argument("--name", default="")
        action.add_argument("--language", choices=("pl", "en"))
        action.set_defaults(run=run)
    for name, run, text in (
        ("passwd", passwd, "set a new password; every session of the account ends"),
        ("disable", disable, "the account cannot log in any more; every session ends"),
        ("enable", enable, "the account can log in again"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("email")
        action.set_defaults(run=run)
    actions.add_parser("list", help="all accounts").set_defaults(run=show)


def add(args: argparse.Namespace) -> int:
    password_hash = hash_password(_asked_password(account_rules.clean_email(args.email)))
    with opened() as installation, installation.store.write() as db:
        now_ms = installation.now_ms()
        account = account_rules.create(
            db, now_ms, ACTOR, email=args.email, name=args.name, role=args.role,
            client_org_id=_client(args, installation), language=args.language,
        )  # fmt: skip
        account_rules.set_password(db, now_ms, ACTOR, account, password_hash)
    print(f"{account['email']} can log in as {account['role']}")
    return 0


def invite(args: argparse.Namespace) -> int:
    with opened() as installation:
        caller = Caller("environment", "operator", None, None, ACTOR)
        with installation.store.write() as db:
            _, secret = links.invite(
                db, installation.now_ms(), caller, email=args.email, name=args.name, role=args.role,
                client_org_id=_client(args, installation), language=args.language,
            )  # fmt: skip
        email = account_rules.clean_email(args.email)
        if links.deliver(installation.settings, email, args.language, "invitation", secret, "mAI Usage"):
            print(f"the invitation was sent to {email}")
        else:
            print(f"hand over this link (24 hours, once): {links.address_of(installation.settings, secret)}")
    return 0


def passwd(args: argparse.Namespace) -> int:
    with opened() as installation:
        with installation.store.read() as db:
            account = account_rules.by_email(db, args.email)
        password_hash = hash_password(_asked_password(account["email"]))
        with installation.store.write() as db:
            account_rules.set_password(db, installation.now_ms(), ACTOR, account, password_hash)
    print(f"{account['email']} has a new password; every session has ended")
    return 0


def disable(args: argparse.Namespace) -> int:
    return _activate(args.email, False)


def enable(args: argparse.Namespace) -> int:
    return _activate(args.email, True)


def show(_: argparse.Namespace) -> int:
    with opened() as installation, installation.store.read() as db:
        rows = accounts.listed(db)
    for row in rows:
        state = "disabled" if not row["is_active"] else "" if row["has_password"] else "invited"
        print(f"{row['email']:<40} {row['role']:<11} {row['client_org_id'] or 'all clients':<24} {state}".rstrip())
    if not rows:
        print("no accounts yet: python -m mai_core account add you@example.com")
    return 0


def _activate(email: str, active: bool) -> int:
    with opened() as installation, installation.store.write() as db:
        account = account_rules.by_email(db, email)
        account_rules.change(db, installation.now_ms(), ACTOR, account["id"], {"is_active": int(active)})
    print(f"{account['email']} is {'enabled' if active else 'disabled'}")
    return 0


def _client(args: argparse.Namespace, installation: Installation) -> str | None:
    named = named_client(installation.settings)
    return args.client or (None if args.role in ROLES_OF_ALL_CLIENTS or not named else named[0])


def _asked_password(email: str) -> str:
    """Typed twice at a terminal, else one line of standard input, so that set-up can run unattended."""
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    check_rules(password, email)
    if sys.stdin.isatty() and getpass.getpass("Again: ") != password:
        raise BadValue("password", "the two do not match")
    return password
