"""`import-influx`: points of InfluxDB into the ledger, older writers' ones too."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from mai_core.cli.influx import connected
from mai_core.days import parse_day
from mai_core.influx.comparing import import_days

if TYPE_CHECKING:
    from mai_core.cli import Commands

_SHOWN_REFUSALS = 5


def register(commands: Commands) -> None:
    parser = commands.add_parser("import-influx", help="bring in points of InfluxDB, older writers' ones too")
    parser.add_argument("--from", dest="first", required=True, help="first day (UTC)")
    parser.add_argument("--to", dest="last", required=True, help="last day (UTC)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    new = known = 0
    refused: list[str] = []
    with connected() as (installation, server):
        first, last = parse_day(args.first, "--from"), parse_day(args.last, "--to")
        for day, imported in import_days(installation, server, first, last):
            new, known = new + imported.new, known + imported.known
            refused += imported.refused
            print(f"{day}: new {imported.new}, known {imported.known}", file=sys.stderr)
    print(f"new {new}, known {known}, refused {len(refused)}")
    for reason in refused[:_SHOWN_REFUSALS]:
        print(f"  {reason}")
    return 0
