"""`onboard`: sets up one client from its .env to its first event, resumed where it stopped."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mai_core.onboarding.client_setup import add_agreed_flags, agreed_in, asked_management_key, terminal_ask
from mai_core.onboarding.questions import add_flags, given_in

if TYPE_CHECKING:
    from mai_core.cli import Commands

WAIT_AT_A_TERMINAL_S = 600.0


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "onboard", help="set up a client: .env, database, key, destination, service, invitation, first event"
    )
    parser.add_argument("--folder", type=Path, default=Path(), help="the client's folder (default: this one)")
    parser.add_argument("--management-key", help="OpenRouter's management key; used, never kept")
    parser.add_argument("--manager-email", help="who is invited to look at the client's pages")
    parser.add_argument("--publish-app-port", type=int, default=8080, help="port of the pages on this server")
    parser.add_argument("--publish-api-port", type=int, default=8000, help="port of the API on this server")
    parser.add_argument("--wait", type=float, help="seconds to wait for the first event (a terminal: 600, else 0)")
    parser.add_argument("--unattended", action="store_true", help="ask nothing, even at a terminal")
    add_flags(parser)
    add_agreed_flags(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from mai_core.onboarding.chain import Order, onboard

    interactive = sys.stdin.isatty() and not args.unattended
    args.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(args.folder)
    wait_s = args.wait if args.wait is not None else WAIT_AT_A_TERMINAL_S if interactive else 0.0
    order = Order(
        folder=Path(),
        given=given_in(args),
        agreed=agreed_in(args),
        management_key=asked_management_key(args.management_key, interactive),
        manager_email=args.manager_email,
        app_port=args.publish_app_port,
        api_port=args.publish_api_port,
        wait_s=wait_s,
        ask=terminal_ask if interactive else None,
    )
    try:
        complete = onboard(order, print)
    except (KeyboardInterrupt, EOFError):
        print("\nStopped; what was done stays. Run it again to go on.", file=sys.stderr)
        return 130
    print("Done: the client is set up and metered." if complete else "Not complete yet; run it again to go on.")
    return 0
