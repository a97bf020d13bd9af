"""`check`: what must always be true of the ledger."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mai_core import checks, cli

if TYPE_CHECKING:
    from mai_core.cli import Commands

MOST_SHOWN = 20


def register(commands: Commands) -> None:
    parser = commands.add_parser("check", help="events = days = views, no orphans, no unknown clients")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    with cli.opened() as installation:
        done = checks.all_checks(installation.store)
    for check in done:
        print(f"{'ok' if check.ok else 'BROKEN':<7} {check.name:<30} {check.compared:>9} compared")
        for finding in check.findings[:MOST_SHOWN]:
            print(f"        {finding.subject}: {finding.what}")
        if len(check.findings) > MOST_SHOWN:
            print(f"        and {len(check.findings) - MOST_SHOWN} more")
    return 0 if all(check.ok for check in done) else 1
