"""`lake verify` and `lake rebuild`: the reporting files, compared with the ledger and written anew from it."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from mai_core.cli import opened

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("lake", help="the reporting files (Parquet): verify, rebuild")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    verify = actions.add_parser("verify", help="compare every file with what was written and with the ledger")
    verify.set_defaults(run=run_verify)
    rebuild = actions.add_parser("rebuild", help="write the files anew from the ledger; pages keep working meanwhile")
    rebuild.add_argument("--damaged", action="store_true", help="only files that verify finds fault with")
    rebuild.set_defaults(run=run_rebuild)
    for action in (verify, rebuild):
        action.add_argument("--client", help="only this client")


def run_verify(arguments: argparse.Namespace) -> int:
    from mai_core.reports import upkeep

    with opened() as installation:
        damages = upkeep.verify(installation, arguments.client)
    for damage in damages:
        print(f"{damage.client_org_id} {damage.period}: {damage.reason} ({damage.file})")
    print("every file is as written and equals the ledger" if not damages else "remedy: lake rebuild --damaged")
    return 1 if damages else 0


def run_rebuild(arguments: argparse.Namespace) -> int:
    from mai_core.reports import upkeep

    with opened() as installation:
        files = upkeep.rebuild(installation, arguments.client, damaged_only=arguments.damaged)
    print(f"{len(files)} files written", file=sys.stderr)
    return 0
