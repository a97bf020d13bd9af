"""`import-csv`: OpenRouter's activity export, one line per request."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mai_core.cli import opened
from mai_core.cli.import_report import report, show_progress
from mai_core.intake.importing import import_csv

if TYPE_CHECKING:
    from mai_core.cli import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("import-csv", help="bring in OpenRouter's activity export (CSV, by column names)")
    parser.add_argument("file", type=Path)
    parser.add_argument("--client", help="whose events they are; default: the container's client, else routed by line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    with opened() as installation:
        return report(import_csv(installation, args.file, args.client, show_progress))
