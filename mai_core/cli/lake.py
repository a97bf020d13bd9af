"""`lake verify` and `lake rebuild`: the reporting files, compared with the ledger and written anew from it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mai_core.cli import opened
from mai_core.cli.progress import shown_progress

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
    script = actions.add_parser("reporting-sql", help="make reporting.sql for DuckDB on this machine")
    script.add_argument("--client", required=True, help="whose relations")
    script.add_argument("--out", default="reporting.sql", help="file to write (default: reporting.sql)")
    script.set_defaults(run=run_reporting_sql)


def run_verify(arguments: argparse.Namespace) -> int:
    from mai_core.reports import upkeep

    with opened() as installation, shown_progress("verify") as progress:
        damages = upkeep.verify(installation, arguments.client, progress)
    for damage in damages:
        print(f"{damage.client_org_id} {damage.period}: {damage.reason} ({damage.file})")
    print("every file is as written and equals the ledger" if not damages else "remedy: lake rebuild --damaged")
    return 1 if damages else 0


def run_rebuild(arguments: argparse.Namespace) -> int:
    from mai_core.reports import upkeep

    with opened() as installation, shown_progress("rebuild") as progress:
        files = upkeep.rebuild(installation, arguments.client, damaged_only=arguments.damaged, progress=progress)
    print(f"{len(files)} files written", file=sys.stderr)
    return 0


def run_reporting_sql(arguments: argparse.Namespace) -> int:
    from mai_core.days import from_ms, usage_day
    from mai_core.reports import Reporting
    from mai_core.sandbox.reporting_sql import local_sql, page_of_everything
    from mai_core.store import clients

    with opened() as installation:
        with installation.store.read() as db:
            client = clients.require(db, arguments.client)
            zones = clients.zones(db, client.id)
        reporting = Reporting.of_store(installation.store, installation.settings)
        today = usage_day(installation.now_ms(), zones)
        with page_of_everything(reporting, client.id, today) as page:
            text = local_sql(page, from_ms(installation.now_ms()))
    Path(arguments.out).write_text(text, encoding="utf-8")
    print(f"{arguments.out}: in DuckDB, `.read {arguments.out}`")
    return 0
