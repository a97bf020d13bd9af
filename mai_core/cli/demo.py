"""`demo`: a company that never was, to look around in."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from mai_core.cli import opened
from mai_core.demo.make import make_demo
from mai_core.errors import Conflict
from mai_core.store import clients

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("demo", help="fill an empty ledger with 13 months of made-up usage")
    parser.add_argument("--if-empty", action="store_true", help="do nothing, without complaint, when a client is known")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    with opened() as installation:
        with installation.store.read() as db:
            has_clients = bool(clients.list_all(db))
        if has_clients and args.if_empty:
            return 0
        if has_clients:
            raise Conflict(
                f"{installation.settings.usage_summary_db} has clients already; the demo is made in an empty ledger. "
                "Name another folder with MAI_DATA_DIR."
            )
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("13 months of usage", total=None)
            made = make_demo(installation, lambda done, of: bar.update(task, completed=done, total=of))
        print(f"Demo: {made.clients} clients, {made.people} people, {made.events} generations.")
    return 0
